"""Who looks at a page of which challenge, and from where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import attrs

from anomed_core.errors import NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import Grant, Identity
from anomed_core.model import Phase, Role, Split, Subject
from anomed_core.service.acting import OWN_ID, is_here
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.server import Server

_PLAYERS = (Role.ANONYMIZER, Role.DEANONYMIZER)


@attrs.frozen(kw_only=True)
class Visit:
    """One request for a page of a challenge.

    Attributes
    ----------
    server, hosted
        What is visited.
    base
        URL path below which the challenge is, as its visitor sees it: with a proxy's prefix.
    root
        That prefix alone.
    origin
        Scheme, host and port as the visitor wrote them.
    identity
        Whose token it came with; ``None`` for nobody's.
    names
        Ids by role that a visitor of an open server goes by.
    query
        What the address asks for.
    """

    server: Server
    hosted: HostedChallenge
    base: str = ""
    root: str = ""
    origin: str = ""
    identity: Identity | None = None
    names: Mapping[str, str] = attrs.field(factory=dict)
    query: Mapping[str, str] = attrs.field(factory=dict)

    def at(self, path: str) -> str:
        """Return the address of a path of the challenge."""
        return f"{self.base}{path}" if path or self.base != self.root else f"{self.root}/"

    @property
    def is_open(self) -> bool:
        """Whether ids are believed."""
        return self.server.authorizer.trusts_ids

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What the visitor is here; under ``open``, whom it says to be."""
        if self.is_open:
            named = ((role, self.names.get(OWN_ID[role], "")) for role in _PLAYERS)
            return tuple(
                Grant(role=role, holder=name, challenge=self.hosted.id)
                for role, name in named
                if name
            )
        granted = self.identity.grants if self.identity else ()
        return tuple(grant for grant in granted if is_here(grant, self.hosted))

    @property
    def roles(self) -> frozenset[Role]:
        """As what the visitor takes part."""
        return frozenset(grant.role for grant in self.grants)

    @property
    def is_organiser(self) -> bool:
        """Whether an organiser's token came with the request."""
        return Role.ORGANISER in self.roles

    @property
    def players(self) -> tuple[Grant, ...]:
        """The grants under which the visitor can submit."""
        return tuple(grant for grant in self.grants if grant.role in _PLAYERS)

    @property
    def name(self) -> str:
        """What the visitor is called; empty for nobody in particular."""
        if self.identity is not None:
            return self.identity.team or next(iter(self.grants), _NOBODY).holder
        return next((grant.holder for grant in self.players), "")

    def is_own(self, *, anonymizer: str = "", deanonymizer: str = "") -> bool:
        """Return whether one of these ids is the visitor's."""
        named = {Role.ANONYMIZER: anonymizer, Role.DEANONYMIZER: deanonymizer}
        return any(named[grant.role] == grant.holder for grant in self.players)

    def may_rank(self, split: Split = Split.VALIDATION) -> bool:
        """Return whether rankings are shown to the visitor now."""
        return not self.refused_ranking(split)

    def refused_ranking(self, split: Split = Split.VALIDATION) -> str:
        """Return why rankings are not shown to the visitor; empty if they are."""
        try:
            self.server.authorizer.may_rank(
                self.hosted, self.identity, shown_from=self.shown_from(), split=split
            )
        except (NotAllowedError, NotAuthenticatedError) as error:
            return str(error)
        return ""

    def shown_from(self) -> datetime | None:
        """Return when rankings are shown, if that is still to come."""
        return self._shown_from

    @cached_property
    def _shown_from(self) -> datetime | None:
        return self.server.seals.of_rankings(self.hosted)

    @cached_property
    def now(self) -> datetime:
        """The present of the visit, in UTC."""
        return self.server.ledger.now()

    @property
    def closes(self) -> datetime | None:
        """When finals close, if that is set."""
        return self.hosted.phases.get(Split.VALIDATION, Phase()).closes

    @cached_property
    def ranking_moment(self) -> str:
        """Text that changes whenever rankings may, or what is said of their time."""
        is_closed = self.closes is not None and self.now >= self.closes
        moment = self.server.rankings.moment(self.hosted)
        return f"{moment} {self.shown_from()} {is_closed} {self.now.year}"

    def may_see(self, subject: Subject) -> bool:
        """Return whether a subject's scores and history are shown to the visitor."""
        try:
            self.server.authorizer.may_see(self.hosted, subject, self.identity)
        except (NotAllowedError, NotAuthenticatedError):
            return False
        return True

    def may_see_targets(self) -> bool:
        """Return whether the visitor is told whom one can attack."""
        try:
            self.server.authorizer.may_see_targets(self.hosted, self.identity)
        except (NotAllowedError, NotAuthenticatedError):
            return False
        return True

    def told(self, number: int) -> int:
        """Return the number of a score as the visitor is told it."""
        return self.server.numbers.told(number)


_NOBODY = Grant(role=Role.PUBLIC, holder="", challenge="")
