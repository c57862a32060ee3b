"""Small resources: the alive message, the self-description, recorded scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import falcon

from anomed_core.errors import NotAllowedError, NotAuthenticatedError, UnknownResourceError
from anomed_core.model import Role, Score, Subject
from anomed_core.service import HostedChallenge
from anomed_core.service.acting import acting_grant
from anomed_core.service.ranking.telling import ranked_part
from anomed_core.service.server import Server
from anomed_core.wire.digests import digest_bytes

_NOBODY = Subject(role=Role.ORGANISER)

ALIVE = b'{"message": "Challenge server is alive!"}'


class JSONResource:
    """A document that is made once and stays as it is."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._body: bytes | None = None

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the document, unless the caller has it."""
        if self._body is None:
            self._body = json.dumps(self._make(), indent=1, allow_nan=False).encode()
        etag = falcon.ETag(digest_bytes(self._body))
        resp.etag = etag
        if any(tag in ("*", etag) for tag in req.if_none_match or ()):
            resp.status = falcon.HTTP_304
            return
        resp.content_type = falcon.MEDIA_JSON
        resp.data = self._body

    on_head = on_get


def listed(challenges: Mapping[str, HostedChallenge]) -> dict[str, Any]:
    """Return a server's challenges, as ``GET /challenges`` tells them."""
    return {
        "challenges": [
            {
                "id": hosted.id,
                "title": hosted.challenge.title,
                "type": hosted.challenge.type,
                "url": f"/challenges/{hosted.id}",
            }
            for hosted in challenges.values()
        ]
    }


class ScoreResource:
    """One recorded score of one challenge."""

    def __init__(self, hosted: HostedChallenge, server: Server) -> None:
        self._hosted = hosted
        self._server = server

    def on_get(self, req: falcon.Request, resp: falcon.Response, score_id: int) -> None:
        """Send a score with everything that was recorded about it."""
        score = self._server.ledger.score(self._server.numbers.meant(score_id))
        if score is None and self._is_organiser(req):  # whose commands name the ledger's numbers
            score = self._server.ledger.score(score_id)
        if score is not None and score.challenge != self._hosted.id:
            score = None
        # Whoever may not see others' scores is not told either which numbers there are.
        subject = score.subject if score is not None else _NOBODY
        told = self._told(score, req) if score is not None else None
        try:
            self._server.authorizer.may_see(self._hosted, subject, req.context.identity)
        except (NotAuthenticatedError, NotAllowedError):
            told = self._ranked_part(score, req)
            if told is None:
                raise
        if told is None:
            raise UnknownResourceError(f"There is no score {score_id} in this challenge.")
        resp.content_type = falcon.MEDIA_JSON
        resp.data = json.dumps(told).encode()

    def _told(self, score: Score, req: falcon.Request) -> dict[str, Any]:
        """Return a score, or a receipt for one that is sealed."""
        until = self._server.seals.of_score(self._hosted, score)
        if self._is_organiser(req):
            return score.as_dict()
        told = self._with_told_numbers(score.as_dict())
        return told if until is None else told | {"metrics": {}, "opens_at": until.isoformat()}

    def _is_organiser(self, req: falcon.Request) -> bool:
        grant = acting_grant(req.context.identity, self._hosted, {Role.ORGANISER})
        return grant is not None and grant.role is Role.ORGANISER

    def _with_told_numbers(self, document: dict[str, Any]) -> dict[str, Any]:
        """Replace the ledger's numbers, which are for organisers."""
        tell = self._server.numbers.told
        numbers = {name: document[name] for name in ("id", "supersedes") if name in document}
        return document | {
            name: None if number is None else tell(number) for name, number in numbers.items()
        }

    def _ranked_part(self, score: Score | None, req: falcon.Request) -> dict[str, Any] | None:
        """Return what rankings show of a score anyway; ``None`` if nothing is shown."""
        told = ranked_part(self._hosted, score) if score is not None else None
        told = told and self._with_told_numbers(told)
        try:
            self._server.authorizer.may_rank(
                self._hosted,
                req.context.identity,
                shown_from=self._server.seals.of_rankings(self._hosted),
            )
        except (NotAuthenticatedError, NotAllowedError):
            return None
        return told

    on_head = on_get
