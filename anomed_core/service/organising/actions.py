"""The buttons of organisers' pages; each does what a command does, and the audit says whose."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from anomed_core.ledger import decided_by
from anomed_core.service.organising.fields import Fields
from anomed_core.service.organising.organiser import Done, Organising


@attrs.frozen(kw_only=True)
class Action:
    """A button of the organiser's pages.

    Attributes
    ----------
    name
        Last part of its address.
    word
        What stands on it.
    audits
        The row that it leaves in the audit.
    do
        Does it.
    """

    name: str
    word: str
    audits: str
    do: Callable[[Organising, Fields], Done]

    def done(self, organising: Organising, fields: Fields) -> Done:
        """Do it in the organiser's name.

        Raises
        ------
        UsageError
            If something that the organiser gave is wrong; nothing has changed.
        """
        with decided_by(organising.name):
            return self.do(organising, fields)


ACTIONS = (
    Action(name="annul", word="Annul", audits="score annulled", do=Organising.annul),
    Action(
        name="reevaluate",
        word="Evaluate again",
        audits="scores reevaluated",
        do=Organising.reevaluate,
    ),
    Action(name="grant", word="Grant attempts", audits="account granted", do=Organising.grant),
    Action(
        name="disqualify", word="Disqualify", audits="team disqualified", do=Organising.disqualify
    ),
    Action(name="reinstate", word="Reinstate", audits="team reinstated", do=Organising.reinstate),
    Action(name="rename", word="Rename", audits="team renamed", do=Organising.rename),
    Action(name="reissue", word="New token", audits="token created", do=Organising.reissue),
    Action(name="revoke", word="Revoke tokens", audits="token revoked", do=Organising.revoke),
    Action(name="invite", word="Make the tokens", audits="token created", do=Organising.invite),
    Action(name="retry", word="Deliver now", audits="deliveries retried", do=Organising.retry),
)
"""All of them: pages, the table of roles, and tests are made of this list."""


def named(name: str) -> Action:
    """Return the action of a name."""
    return next(action for action in ACTIONS if action.name == name)
