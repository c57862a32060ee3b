"""The book of accounts: how they stand, and what organisers and holders decide about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import attrs
import sqlalchemy as sa

from anomed_core.errors import UsageError
from anomed_core.ledger import account_decisions as decisions
from anomed_core.ledger.account_facts import AccountFacts, facts_now, stored_facts
from anomed_core.ledger.accounts import account_columns
from anomed_core.ledger.claim_requests import ATTEMPT, holder_of
from anomed_core.ledger.database import Database
from anomed_core.ledger.ledger_clock import LedgerClock
from anomed_core.model import Account, AccountState, Subject, amount_text
from anomed_core.model.amounts import less


@attrs.frozen(kw_only=True)
class Wanted:
    """What an account shall be.

    Attributes
    ----------
    challenge, account, subject
        Which one, as it is declared.
    limits
        What it shall hold altogether, by resource; what is not named stays.
    state
        ``None`` if that stays.
    """

    challenge: str
    account: Account
    subject: Subject | None
    limits: Mapping[str, Decimal] = attrs.field(factory=dict)
    state: AccountState | None = None

    @property
    def columns(self) -> Mapping[str, str]:
        """The columns that tell the account."""
        holder = holder_of(self.account, self.subject)
        return account_columns(self.challenge, self.account.name, holder)


class AccountBook:
    """How accounts stand, and what is decided about them; each decision is a row of the audit.

    Parameters
    ----------
    database, clock
        Shared with the ledger.
    """

    def __init__(self, database: Database, clock: LedgerClock) -> None:
        self._database = database
        self._clock = clock

    def of(self, challenge: str, account: Account, subject: Subject | None) -> AccountFacts:
        """Return how a declared account stands now, also if nobody has used it yet."""
        with self._database.reading(snapshot=True) as connection:
            now = self._clock.now(connection)
            return facts_now(connection, challenge, account, subject, now)

    def all(self, challenge: str | None = None) -> Sequence[AccountFacts]:
        """Return how all accounts stand that were ever used or decided about, sorted."""
        with self._database.reading(snapshot=True) as connection:
            return stored_facts(connection, challenge, self._clock.now(connection))

    def grant(
        self,
        challenge: str,
        account: str,
        subjects: Iterable[Subject | None],
        amounts: Mapping[str, Decimal],
        *,
        reason: str,
    ) -> None:
        """Give accounts more of some resources; of those that begin anew, in this period.

        Parameters
        ----------
        challenge, account
            Identifier of the challenge, name of the account.
        subjects
            Each gets as much; ``None`` for an account that all share.
        amounts
            How much more, by resource.
        reason
            For the audit.

        Raises
        ------
        UsageError
            If it is the account of a final, which there is one of, or these are no attempts.
        """
        _require_grantable(account, amounts)
        is_attempts = account.startswith("attempts/")
        about = [account_columns(challenge, account, subject) for subject in subjects]
        action = decisions.GRANTED_ATTEMPTS if is_attempts else decisions.GRANTED
        with self._database.writing() as connection:
            self._database.serialise(connection, *(columns["key"] for columns in about))
            now = self._clock.now(connection)
            self._clock.reach(connection, now)  # else an earlier period could come again
            for columns in about:
                decisions.grant(connection, columns, amounts, action=action, reason=reason, now=now)

    def raise_limits(
        self,
        challenge: str,
        account: Account,
        subject: Subject | None,
        limits: Mapping[str, Decimal],
        *,
        reason: str,
    ) -> None:
        """Let an account hold so much altogether; of one that begins anew, in this period.

        Parameters
        ----------
        challenge, account, subject
            Which account, as it is declared.
        limits
            The new limits, by resource.
        reason
            For the audit.

        Raises
        ------
        UsageError
            If a limit is not raised by that, or there is none.
        """
        wanted = Wanted(challenge=challenge, account=account, subject=subject, limits=limits)
        if not self.adopt([wanted], reason=reason):
            told = ", ".join(f"{name}={amount_text(limit)}" for name, limit in limits.items())
            raise UsageError(f"the limits are {told} already; name higher ones")

    def adopt(self, wanted: Sequence[Wanted], *, reason: str) -> int:
        """Make accounts what they shall be, all or none; return how many decisions that took.

        Parameters
        ----------
        wanted
            What they shall be; what they are already is no decision.
        reason
            For the audit.

        Raises
        ------
        UsageError
            If a limit would be lowered, or a sealed account opened.
        """
        with self._database.writing() as connection:
            self._database.serialise(connection, *(one.columns["key"] for one in wanted))
            now = self._clock.now(connection)
            self._clock.reach(connection, now)  # else an earlier period could come again
            return sum(_adopt(connection, one, reason=reason, now=now) for one in wanted)

    def freeze(self, challenge: str, account: str, subject: Subject | None, *, reason: str) -> None:
        """Let nothing be claimed of an account; what is under way goes on.

        Raises
        ------
        UsageError
            If it is frozen already, or sealed.
        """
        self._decide(decisions.FROZEN, challenge, account, subject, reason=reason)

    def thaw(self, challenge: str, account: str, subject: Subject | None, *, reason: str) -> None:
        """Open an account again.

        Raises
        ------
        UsageError
            If it is open, or sealed.
        """
        self._decide(decisions.THAWED, challenge, account, subject, reason=reason)

    def seal(
        self,
        challenge: str,
        account: str,
        subject: Subject | None,
        *,
        reason: str,
        by: str = "organiser",
    ) -> None:
        """Close an account for ever; what is under way goes on.

        Parameters
        ----------
        challenge, account, subject
            Which account.
        reason, by
            For the audit: ``by`` is ``organiser`` or ``holder``.

        Raises
        ------
        UsageError
            If it is sealed already.
        """
        self._decide(decisions.SEALED, challenge, account, subject, reason=reason, by=by)

    def _decide(
        self,
        action: str,
        challenge: str,
        account: str,
        subject: Subject | None,
        *,
        reason: str,
        by: str = "organiser",
    ) -> None:
        columns = account_columns(challenge, account, subject)
        with self._database.writing() as connection:
            self._database.serialise(connection, columns["key"])
            now = self._clock.now(connection)
            decisions.decide_state(connection, columns, action, reason=reason, by=by, now=now)


def _require_grantable(account: str, amounts: Mapping[str, Decimal]) -> None:
    if account.startswith("final/"):
        raise UsageError(
            "there is one final for each; annul the one that was scored to return it: anomed "
            "scores annul ID --return-attempt"
        )
    if account.startswith("attempts/") and (set(amounts) != {ATTEMPT} or amounts[ATTEMPT] % 1):
        raise UsageError(f"attempts are granted as a whole number, as in {ATTEMPT}=1")


def _adopt(connection: sa.Connection, wanted: Wanted, *, reason: str, now: int) -> int:
    """Decide what makes an account what it shall be, while it is held; return how often."""
    before = facts_now(connection, wanted.challenge, wanted.account, wanted.subject, now)
    held = {balance.resource: balance.limit for balance in before.balances}
    raised = {name: _raised(name, held, limit) for name, limit in wanted.limits.items()}
    more = {name: amount for name, amount in raised.items() if amount}
    if more:
        _require_grantable(wanted.account.name, more)
        decisions.grant(
            connection, wanted.columns, more, action=decisions.RAISED, reason=reason, now=now
        )
    changes = wanted.state not in {None, before.state}
    if changes:
        action = {
            AccountState.OPEN: decisions.THAWED,
            AccountState.FROZEN: decisions.FROZEN,
            AccountState.SEALED: decisions.SEALED,
        }[AccountState(wanted.state or before.state)]
        decisions.decide_state(
            connection, wanted.columns, action, reason=reason, by="organiser", now=now
        )
    return bool(more) + changes


def _raised(resource: str, held: Mapping[str, Decimal | None], limit: Decimal) -> Decimal:
    before = held.get(resource)
    if before is None:
        raise UsageError(f"{resource!r} has no limit that could be raised")
    if limit < before:
        raise UsageError(f"the limit of {resource!r} is {amount_text(before)}; name a higher one")
    return less(limit, before)
