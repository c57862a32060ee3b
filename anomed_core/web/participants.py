"""Who takes part: whom a token belongs to, and whom one can attack."""

from __future__ import annotations

import json

import attrs
import falcon

from anomed_core.model import Purpose, Role
from anomed_core.service import HostedChallenge
from anomed_core.service.server import Server


@attrs.frozen
class WhoAmIResource:
    """``GET /whoami``: whom the caller's token belongs to."""

    hosted: HostedChallenge
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send role, name and challenge; in open mode nobody's, as no token is looked at."""
        holder = self.server.authorizer.holder(self.hosted, req.context.identity)
        _send(
            resp,
            {
                "role": holder.role.value if holder is not None else None,
                "name": holder.holder if holder is not None else None,
                "challenge": self.hosted.id,
            },
        )

    on_head = on_get


@attrs.frozen
class TargetsResource:
    """``GET /targets``: the anonymizers that have submitted something that can be attacked."""

    hosted: HostedChallenge
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send names, and the splits for which each has submitted."""
        self.server.authorizer.may_see_targets(self.hosted, req.context.identity)
        kinds = [
            kind.name
            for kind in self.hosted.kinds
            if kind.purpose is Purpose.UTILITY and kind.submitter is Role.ANONYMIZER
        ]
        splits: dict[str, list[str]] = {}
        for name, split in self.server.ledger.submitters(challenge=self.hosted.id, kinds=kinds):
            splits.setdefault(name, []).append(split.value)
        _send(resp, [{"name": name, "splits": told} for name, told in splits.items()])

    on_head = on_get


def _send(resp: falcon.Response, told: object) -> None:
    resp.content_type = falcon.MEDIA_JSON
    resp.set_header("Cache-Control", "private, no-store")
    resp.data = json.dumps(told).encode()
