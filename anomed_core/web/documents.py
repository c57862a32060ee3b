"""Small resources: the alive message, the self-description, recorded scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import falcon

from anomed_core.service import HostedChallenge
from anomed_core.service.server import Server
from anomed_core.service.told_scores import told_score
from anomed_core.wire.digests import digest_bytes

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
        told = told_score(self._server, self._hosted, score_id, req.context.identity)
        resp.content_type = falcon.MEDIA_JSON
        resp.data = json.dumps(told.document).encode()

    on_head = on_get
