"""The book of accounts: how they stand now, and what organisers and holders decide about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import attrs
import sqlalchemy as sa

from anomed_core.errors import UsageError
from anomed_core.ledger import account_decisions as decisions
from anomed_core.ledger.accounts import (
    FOR_EVER,
    Balance,
    account_columns,
    balance_of,
    bounds_of,
    granted_in,
    period_at,
    standing,
)
from anomed_core.ledger.claims import ATTEMPT, ONE, SUBMISSION, attempts_beside, holder_of
from anomed_core.ledger.database import Database, LedgerClock
from anomed_core.ledger.schema import accounts, as_datetime, balances, claim_lines, claims
from anomed_core.ledger.scores import subject_of
from anomed_core.model import Account, AccountState, Lapse, Split, Subject, amount_text
from anomed_core.model.amounts import less, total

_FEW = 100
"""Of more accounts, it would take about as long to ask for them as to ask for all."""


@attrs.frozen(kw_only=True)
class BalanceFacts:
    """How an account stands in one resource, in the period that runs.

    Attributes
    ----------
    resource
        Its name.
    limit
        What is allowed, with what was granted; ``None`` for no limit.
    granted
        What an organiser has granted beyond the declared limit.
    reserved, spent
        What is held by claims under way, and what is gone for good.
    remaining
        What is left; ``None`` where there is no limit.
    """

    resource: str
    limit: Decimal | None
    granted: Decimal
    reserved: Decimal
    spent: Decimal
    remaining: Decimal | None


@attrs.frozen(kw_only=True)
class AccountFacts:
    """How an account stands.

    Attributes
    ----------
    challenge, account
        Identifier of the challenge, name of the account.
    subject
        Whose it is; ``None`` if all share it.
    state
        Whether it may be used.
    period_ends_at
        When it begins anew, in UTC; ``None`` for never.
    balances
        By resource, in declared order; of a stored account, those that were used.
    """

    challenge: str
    account: str
    subject: Subject | None
    state: AccountState = AccountState.OPEN
    period_ends_at: datetime | None = None
    balances: tuple[BalanceFacts, ...] = ()


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
            return _stored_facts(connection, challenge, self._clock.now(connection))

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
        _require_grantable(account.name, limits)
        columns = account_columns(challenge, account.name, holder_of(account, subject))
        with self._database.writing() as connection:
            self._database.serialise(connection, columns["key"])
            now = self._clock.now(connection)
            self._clock.reach(connection, now)
            before = facts_now(connection, challenge, account, subject, now)
            held = {balance.resource: balance.limit for balance in before.balances}
            more = {name: _raised(name, held.get(name), limit) for name, limit in limits.items()}
            decisions.grant(
                connection, columns, more, action=decisions.RAISED, reason=reason, now=now
            )

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


def _raised(resource: str, before: Decimal | None, limit: Decimal) -> Decimal:
    if before is None:
        raise UsageError(f"{resource!r} has no limit that could be raised")
    if limit <= before:
        raise UsageError(f"the limit of {resource!r} is {amount_text(before)}; name a higher one")
    return less(limit, before)


def facts_now(
    connection: sa.Connection, challenge: str, account: Account, subject: Subject | None, now: int
) -> AccountFacts:
    """Return how a declared account stands, also if nobody has used it yet.

    What claims hold whose lease is over counts as what will become of it.
    """
    holder = holder_of(account, subject)
    columns = account_columns(challenge, account.name, holder)
    key, period = columns["key"], period_at(account.period_s, now)
    there = standing(connection, [key], [period])
    kept = []
    for resource in account.resources:
        balance = there.balances.get((key, period, resource.name)) or Balance(
            account=key,
            period=period,
            resource=resource.name,
            allowed=resource.limit,
            granted=granted_in(connection, key, resource.name, period),
        )
        balance.allowed = resource.limit
        if account.name.startswith("attempts/"):
            _count_attempts_beside(connection, columns, balance, now)
        kept.append(balance)
    _settle_lapsed(connection, kept, now)
    return AccountFacts(
        challenge=challenge,
        account=account.name,
        subject=holder,
        state=there.states.get(key, AccountState.OPEN),
        period_ends_at=_end_of(period),
        balances=tuple(map(_facts, kept)),
    )


def _count_attempts_beside(
    connection: sa.Connection, columns: Mapping[str, str], balance: Balance, now: int
) -> None:
    """Count attempts that the account will take along when it is next claimed of."""
    about = {
        **{name: columns[name] for name in ("challenge", "role", "anonymizer", "deanonymizer")},
        "what": SUBMISSION,
        "kind": columns["name"].removeprefix("attempts/"),
        "split": Split.TUNING.value,
    }
    for row in attempts_beside(connection, about, balance.account, balance.period):
        if row.state == "committed":
            balance.spent = total((balance.spent, ONE))
        elif row.lease_until > now:
            balance.reserved = total((balance.reserved, ONE))


def _settle_lapsed(connection: sa.Connection, kept: Sequence[Balance], now: int) -> None:
    """Count what claims hold whose lease is over as what will become of it."""
    places = {(one.account, one.period, one.resource): one for one in kept}
    theirs = claim_lines.c.account.in_({one.account for one in kept})
    over = (
        sa.select(claim_lines, claims.c.state)
        .join(claims, claims.c.id == claim_lines.c.claim)
        .where(
            theirs if len(kept) < _FEW else sa.true(),
            claim_lines.c.committed.is_(None),
            claims.c.lease_until <= now,
        )
    )
    for row in connection.execute(over).mappings():
        balance = places.get((row["account"], row["period"], row["resource"]))
        if balance is None:
            continue
        amount = Decimal(row["amount"])
        balance.reserved = less(balance.reserved, amount)
        if row["state"] == "started" and row["lapse"] == Lapse.SPENT:
            balance.spent = total((balance.spent, amount))


def _facts(balance: Balance) -> BalanceFacts:
    return BalanceFacts(
        resource=balance.resource,
        limit=balance.limit,
        granted=balance.granted,
        reserved=balance.reserved,
        spent=balance.spent,
        remaining=balance.remaining,
    )


def _end_of(period: str) -> datetime | None:
    return None if period == FOR_EVER else as_datetime(bounds_of(period)[1])


def _stored_facts(connection: sa.Connection, challenge: str | None, now: int) -> list[AccountFacts]:
    """Return how stored accounts stand in the periods that run now."""
    which = sa.true() if challenge is None else accounts.c.challenge == challenge
    stored = sa.select(balances).join(accounts, accounts.c.key == balances.c.account).where(which)
    order = [balances.c[name] for name in ("account", "period", "resource")]
    by_account: dict[str, dict[str, list[Balance]]] = {}
    kept = []
    for row in connection.execute(stored.order_by(*order)).mappings():
        began_at, ends_at = bounds_of(row["period"])
        if began_at <= now < ends_at:
            balance = balance_of(row)
            kept.append(balance)
            periods = by_account.setdefault(balance.account, {})
            periods.setdefault(balance.period, []).append(balance)
    _settle_lapsed(connection, kept, now)
    query = sa.select(accounts).where(which).order_by(accounts.c.key)
    return [
        AccountFacts(
            challenge=row["challenge"],
            account=row["name"],
            subject=subject_of(row) if row["role"] else None,
            state=AccountState(row["state"]),
            period_ends_at=_end_of(period),
            balances=tuple(map(_facts, of_period)),
        )
        for row in connection.execute(query).mappings()
        for period, of_period in by_account.get(row["key"], {FOR_EVER: []}).items()
    ]
