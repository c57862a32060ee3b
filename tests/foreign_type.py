"""A type that is asked in the words of another server: header names, jobs, sign-in."""

from __future__ import annotations

import json
from typing import Any

from anomed_core import (
    Account,
    Call,
    CallRejected,
    Challenge,
    ForeignJob,
    ForeignJobs,
    ForeignProtocol,
    JSONSchema,
    Line,
    Operation,
    Parameter,
    Refusal,
    Rendered,
    Resource,
    hookimpl,
)
from tests.interactive_type import Asked

HEADER = "X-User"
PRIVACY = Account(
    name="privacy",
    resources=[
        Resource(name="epsilon", limit="0.3", limits={"rich": "10"}, lapse="spent"),
        Resource(name="delta", limit="0.5", lapse="spent"),
    ],
)
_USER = Parameter(name="user", required=False)


def refuse(refusal: Refusal) -> Rendered:
    told = {"detail": refusal.sentence, "details": refusal.details, "claimed": refusal.claimed}
    return Rendered(status=refusal.status, body=json.dumps(told).encode())


def _job(job: ForeignJob, status: int) -> Rendered:
    told = {
        "uid": job.id,
        "state": job.state,
        "of": job.holder,
        "operation": job.operation,
        "answer": None if job.answer is None else json.loads(job.answer),
        "why": job.refusal.details.get("word", job.refusal.code) if job.refusal else "",
    }
    return Rendered(status=status, body=json.dumps(told).encode())


JOBS = ForeignJobs(
    path="/status",
    is_wanted=lambda operation, headers: operation != "mine" and HEADER.lower() not in headers,
    accept=lambda job: _job(job, 202),
    tell=lambda job: _job(job, 200),
)


def _ask(call: Call) -> Any:
    if call.payload == "no":
        raise CallRejected("No is no question.", details={"word": "no"})
    return {"asked": call.payload, "by": call.caller.id, "as": call.parameters.get("user")}


def _price(call: Call) -> list[Line]:
    if call.payload == -1:
        raise CallRejected("Less than nothing is not asked.", details={"word": "negative"})
    return [Line(PRIVACY, "epsilon", call.payload)]


def _mine(call: Call) -> Any:
    return {
        "exchanges": [
            {"request": one.request, "answer": one.answer, "dated": one.at is not None}
            for one in call.transcript
        ],
        "remaining": {one.resource: str(one.remaining) for one in call.holdings},
    }


class Foreign(Asked):
    """Free and paid questions, and what was asked before, below ``/other``."""

    protocol = ForeignProtocol(
        prefix="/other",
        refuse=refuse,
        identity_header=HEADER,
        identity_aliases={"Dr. Who": "who"},
        identity_parameter="user",
        jobs=JOBS,
        sign_in="/oidc",
    )

    def __init__(self, **options: Any) -> None:
        schema = JSONSchema(schema={"type": ["number", "string"]})
        common: dict[str, Any] = {"audience": "anonymizer", "parameters": [_USER], "cheap": True}
        common |= options
        super().__init__(
            Operation(name="ask", path="/other/ask", request=schema, run=_ask, **common),
            Operation(
                name="pay",
                path="/other/pay",
                request=schema,
                run=_ask,
                accounts=[PRIVACY],
                price=_price,
                **common,
            ),
            Operation(
                name="mine",
                path="/other/mine",
                run=_mine,
                accounts=[PRIVACY],
                price=[],
                with_transcript=True,
                with_holdings=True,
                **common,
            ),
        )

    @hookimpl
    def anomed_protocols(self, challenge: Challenge) -> list[ForeignProtocol]:
        return [self.protocol]
