"""Who takes part: whom a token belongs to, and whom one can attack."""

from __future__ import annotations

import json

import attrs
import falcon

from anomed_core.service import HostedChallenge
from anomed_core.service.server import Server


@attrs.frozen
class WhoAmIResource:
    """``GET /whoami``: whose the caller's token is, and what it grants here."""

    hosted: HostedChallenge
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send team and grants; in open mode nobody's, as no token is looked at.

        Role and name are those of the first grant: most tokens have no other.
        """
        grants = self.server.authorizer.grants(self.hosted, req.context.identity)
        told = [{"role": grant.role.value, "name": grant.holder} for grant in grants]
        first = told[0] if told else {"role": None, "name": None}
        team = req.context.identity.team if grants else None
        _send(resp, {**first, "challenge": self.hosted.id, "team": team, "grants": told})

    on_head = on_get


@attrs.frozen
class TargetsResource:
    """``GET /targets``: the anonymizers that have submitted something that can be attacked."""

    hosted: HostedChallenge
    server: Server

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send names, and the splits for which each has submitted."""
        self.server.authorizer.may_see_targets(self.hosted, req.context.identity)
        chosen = {kind.attacks for kind in self.hosted.kinds if kind.attacks}
        kinds = sorted({*self.hosted.attacked_kinds, *chosen})
        splits: dict[str, list[str]] = {}
        for name, split in self.server.ledger.submitters(challenge=self.hosted.id, kinds=kinds):
            splits.setdefault(name, []).append(split.value)
        _send(resp, [{"name": name, "splits": told} for name, told in splits.items()])

    on_head = on_get


def _send(resp: falcon.Response, told: object) -> None:
    resp.content_type = falcon.MEDIA_JSON
    resp.set_header("Cache-Control", "private, no-store")
    resp.data = json.dumps(told).encode()
