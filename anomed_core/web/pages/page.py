"""What a page is to the server: where it is, who may see it, what can be sent from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from anomed_core.model import Role
from anomed_core.service import HostedChallenge
from anomed_core.service.pages.visit import Visit
from anomed_core.service.server import Server
from anomed_core.service.under_way import UnderWay

EVERYBODY = frozenset(Role)
PLAYERS = frozenset({Role.ANONYMIZER, Role.DEANONYMIZER})
PARTICIPANTS = PLAYERS | {Role.ORGANISER}
ORGANISERS = frozenset({Role.ORGANISER})


@attrs.frozen(kw_only=True)
class Place:
    """Where the pages of one challenge are mounted.

    Attributes
    ----------
    hosted, server, under_way
        What they show, and how many submissions may be under way.
    base
        URL path below which they are, without a proxy's prefix.
    programs
        What answers programs, by path below the challenge.
    """

    hosted: HostedChallenge
    server: Server
    under_way: UnderWay
    base: str
    programs: dict[str, Any] = attrs.field(factory=dict, repr=False)


@attrs.frozen(kw_only=True)
class Form:
    """A button: what a page lets somebody send.

    Attributes
    ----------
    path
        Where it is sent, below the challenge or the server.
    name
        The word on it.
    sent_by
        Who may.
    make
        Returns what answers at its path, given the `Page` and its `Place`, or all of them for the
        server's; ``None`` where the page itself does.
    """

    path: str
    name: str
    sent_by: frozenset[Role]
    make: Callable[[Page, Any], Any] | None = None


@attrs.frozen(kw_only=True)
class Page:
    """A page.

    Attributes
    ----------
    name
        Short and unique.
    path
        Below a challenge, or of the server.
    says
        One sentence about what stands on it.
    of_server
        Whether it is the server's and no challenge's.
    tab
        Its word in the navigation; empty if it is not there.
    belongs_to
        Name of the page whose tab is marked while this one is open; its own, if it is empty.
    seen_by
        Who may see it under tokens; ``public`` stands for whoever has none.
    is_there
        Whether this visitor can open it here and now: what it needs may be missing.
    for_browsers
        Whether programs get nothing there.
    forms
        What can be sent from it.
    make
        Returns what answers at its path: given a `Place`, or all of them for the server's.
    """

    name: str
    path: str
    says: str
    of_server: bool = False
    tab: str = ""
    belongs_to: str = ""
    seen_by: frozenset[Role]
    is_there: Callable[[Visit], bool] = lambda _: True
    for_browsers: bool = False
    forms: tuple[Form, ...] = ()
    make: Callable[[Any], Any]
