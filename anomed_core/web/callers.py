"""Who asks, for resources of plugins' own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import falcon

from anomed_core.ledger import Identity
from anomed_core.model import ANONYMIZER, DEANONYMIZER, Caller, Role
from anomed_core.service import HostedChallenge
from anomed_core.service.acting import OWN_ID, acting_grant, is_here
from anomed_core.web.query import read_query


def caller_of(req: falcon.Request) -> Caller | None:
    """Return who asks, in a resource that ``anomed_extra_routes`` mounts.

    What a route of one's own does is outside the core's rules; this is how it keeps its own.

    Parameters
    ----------
    req
        As the resource got it.

    Returns
    -------
    Caller or None
        Of a token with several ids, the one that the query names; else the first one. Where ids are
        believed (``open``), whom the query names. ``None`` without a token, with one of another
        challenge, and if nobody is named.

    Raises
    ------
    TypeError
        If the resource is none of a challenge.

    Examples
    --------
    >>> class Motto:
    ...     def on_get(self, req, resp):
    ...         caller = caller_of(req)
    ...         resp.media = {"motto": "primum non nocere", "to": caller.id if caller else None}
    """
    hosted: HostedChallenge | None = getattr(req.context, "hosted", None)
    if hosted is None:
        raise TypeError("caller_of is for resources that anomed_extra_routes has mounted")
    query = read_query(req, (ANONYMIZER, DEANONYMIZER))
    if req.context.trusts_ids:
        named = [role for role in (Role.DEANONYMIZER, Role.ANONYMIZER) if query[OWN_ID[role]]]
        return Caller(id=query[OWN_ID[named[0]]], role=named[0]) if named else None
    identity: Identity | None = req.context.identity
    grant = acting_grant(identity, hosted, tuple(Role), query)
    if identity is None or grant is None or not is_here(grant, hosted):
        return None
    return Caller(id=grant.holder, role=grant.role, team=identity.team)


class OwnRoutes:
    """Tells resources of plugins' own, as Falcon's middleware, which challenge they are of.

    Parameters
    ----------
    challenges
        Some of them have such resources.
    trusts_ids
        Whether the ids in a query are believed.
    """

    def __init__(self, challenges: Iterable[HostedChallenge], *, trusts_ids: bool) -> None:
        self._hosted = {
            id(resource): hosted
            for hosted in challenges
            for resource in hosted.extra_routes.values()
        }
        self._trusts_ids = trusts_ids

    def process_resource(
        self, req: falcon.Request, _resp: falcon.Response, resource: Any, _params: Any
    ) -> None:
        """Note where a request has come."""
        hosted = self._hosted.get(id(resource))
        if hosted is not None:
            req.context.hosted = hosted
            req.context.trusts_ids = self._trusts_ids
