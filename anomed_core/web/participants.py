"""Who takes part: whom a token belongs to, and whom one can attack."""

from __future__ import annotations

import json

import attrs
import falcon

from anomed_core.errors import NotAllowedError
from anomed_core.service import HostedChallenge
from anomed_core.service.derived_tokens import SECONDS
from anomed_core.service.server import Server
from anomed_core.web.query import read_query


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
class TokensResource:
    """``POST /tokens``: a short-lived token that stands for the caller's own."""

    hosted: HostedChallenge
    server: Server

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Send the token, and when it ends."""
        query = read_query(req, (SECONDS,))
        if not self.server.authorizer.grants(self.hosted, req.context.identity):
            raise NotAllowedError("This server looks at no tokens, so none can be derived.")
        derived = self.server.derived_tokens.derive(
            req.context.identity, challenge=self.hosted.id, seconds=query[SECONDS.name]
        )
        resp.status = falcon.HTTP_201
        _send(resp, {"token": derived.token, "expires_at": derived.expires_at.isoformat()})


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
