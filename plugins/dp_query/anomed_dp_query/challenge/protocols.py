"""Lomas' words below ``/lomas``: how refusals, jobs and whoever asks are written and read there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import attrs

from anomed_core import (
    ForeignJob,
    ForeignJobs,
    ForeignProtocol,
    Parameter,
    Refusal,
    Rendered,
)
from anomed_dp_query.accounting import epsilon_of_rho, largest_epsilon
from anomed_dp_query.challenge import queries
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.lomas import documents, words
from anomed_dp_query.lomas.words import LIBRARIES, LomasError

PREFIX = "/lomas"
HEADER = "user-name"

USER = Parameter(
    name="user_name",
    required=False,
    description="Comes from the header user-name of clients up to 0.4.",
)
_WAIT_S = 0.3


def protocols(arena: Arena) -> list[ForeignProtocol]:
    """Speak Lomas' words below its prefix, in both dialects."""
    refuse = partial(_refused, arena)
    return [
        ForeignProtocol(
            prefix=PREFIX,
            refuse=refuse,
            identity_header=HEADER,
            identity_aliases=dict(arena.config.aliases),
            identity_parameter=USER.name,
            sign_in="/oidc",
            jobs=ForeignJobs(
                path="/status",
                is_wanted=_wants_job,
                accept=_accepted,
                tell=partial(_job, arena),
                wait_s=_WAIT_S,
            ),
        )
    ]


def _wants_job(operation: str, headers: Mapping[str, str]) -> bool:
    """Tell questions to libraries of clients from 0.5 on, who are answered by jobs."""
    return HEADER not in headers and operation.endswith(("_query", "_cost"))


def _refused(arena: Arena, refusal: Refusal) -> Rendered:
    error = _error(arena, refusal)
    status = refusal.status if refusal.status in _KEPT else error.status
    return Rendered(status=status, body=json.dumps(error.document()).encode())


_KEPT = {404, 405, 408, 411, 413, 429}


def _error(arena: Arena, refusal: Refusal) -> LomasError:
    if refusal.code.startswith("budget_exhausted"):
        left = {
            name.removeprefix("remaining."): Decimal(amount)
            for name, amount in refusal.details.items()
            if name.startswith("remaining.")
        }
        if "delta" in left:
            epsilon, delta = as_epsilon(arena, left, down=True)
            return words.over_budget(epsilon, delta)
    return words.error_of(
        status=refusal.status,
        code=refusal.code,
        sentence=refusal.sentence or refusal.title,
        details=refusal.details,
        claimed=refusal.claimed,
    )


def _accepted(job: ForeignJob) -> Rendered:
    """Say that it goes on, also if it has ended: clients ask for it at once."""
    told = documents.job_document(job.id, requested_by=job.holder)
    return Rendered(status=202, body=json.dumps(told).encode())


def _job(arena: Arena, job: ForeignJob) -> Rendered:
    error = None if job.refusal is None else _error(arena, job.refusal)
    if job.state == "unknown":
        error = LomasError(
            type=words.INVALID, message="There is no such job of yours; ask for it anew."
        )
    told = documents.job_document(job.id, requested_by=job.holder, answer=job.answer, error=error)
    return Rendered(status=200, body=json.dumps(told).encode())


@attrs.frozen
class _NotOffered:
    """A route whose library is not there."""

    route: str

    def on_post(self, _: Any, resp: Any) -> None:
        error = words.not_offered(self.route)
        resp.status = error.status
        resp.content_type = "application/json"
        resp.data = json.dumps(error.document()).encode()


class _Root:
    """The prefix itself, where Lomas leads on to its pages."""

    def on_get(self, req: Any, resp: Any) -> None:
        resp.status = 307
        resp.location = f"{req.relative_uri.rstrip('/')}/state"


def extra_routes(arena: Arena) -> dict[str, Any]:
    """Answer for libraries that are not there, and at the prefix itself."""
    there = queries.offered(arena)
    missing = [spelt for name, spelt in LIBRARIES.items() if name not in there]
    routes = [route for spelt in missing for route in routes_of(spelt)]
    return {PREFIX: _Root(), **{f"{PREFIX}/{route}": _NotOffered(route) for route in routes}}


def routes_of(spelt: str) -> tuple[str, str, str]:
    """Return the routes of a library, by its name as Lomas spells it: cost, query, dummy query."""
    return f"estimate_{spelt}_cost", f"{spelt}_query", f"dummy_{spelt}_query"


def as_epsilon(
    arena: Arena, amounts: Mapping[str, Decimal], *, down: bool = False
) -> tuple[float, float]:
    """Return epsilon and delta of amounts, of whichever accounting."""
    delta = float(amounts["delta"])
    if "rho" not in amounts:
        return float(amounts["epsilon"]), delta
    rho = amounts["rho"]
    if down:
        return float(largest_epsilon(rho)), delta
    return float(epsilon_of_rho(rho, delta=arena.config.reporting_delta)) if rho else 0.0, delta
