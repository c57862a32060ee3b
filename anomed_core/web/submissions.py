"""Submissions over HTTP: read the body, hand it to the desk, answer with the metrics."""

from __future__ import annotations

import json

import falcon

from anomed_core.errors import InvalidParameterError
from anomed_core.model import FormSchema, SubmissionKind
from anomed_core.service import HostedChallenge
from anomed_core.service.house import House
from anomed_core.web.bodies import read_body, read_form
from anomed_core.web.query import read_query

_LONGEST_KEY = 255


class SubmissionResource:
    """One submission kind of one challenge."""

    def __init__(
        self, hosted: HostedChallenge, kind: SubmissionKind, house: House, base: str
    ) -> None:
        self._hosted = hosted
        self._kind = kind
        self._house = house
        self._base = base
        self._is_form = any(isinstance(kind.schema_for(s), FormSchema) for s in kind.splits)

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Score a submission; the answer is the flat JSON object of its metrics."""
        req.context.base = self._base
        query = read_query(req, self._kind.parameters)
        self._house.gatekeeper.may_submit(self._hosted, self._kind, req.context.identity, query)
        replay_key = req.get_header("Idempotency-Key")
        if replay_key is not None and len(replay_key) > _LONGEST_KEY:
            raise InvalidParameterError(
                "Idempotency-Key",
                f"it has {len(replay_key)} characters; at most {_LONGEST_KEY} are allowed.",
            )
        limits = self._house.desk.limits
        body = read_form(req, limits) if self._is_form else read_body(req, limits)
        receipt = self._house.desk.submit(
            self._hosted,
            self._kind,
            query=query,
            body=body,
            request_id=req.context.request_id,
            replay_key=replay_key,
        )
        resp.status = falcon.HTTP_201
        resp.content_type = falcon.MEDIA_JSON
        resp.data = json.dumps(dict(receipt.score.metrics)).encode()
        resp.location = f"{self._base}/scores/{receipt.score.id}"
        if receipt.remaining is not None:
            resp.set_header("X-Attempts-Remaining", str(receipt.remaining))
        if receipt.replayed:
            resp.set_header("Idempotency-Replayed", "true")
