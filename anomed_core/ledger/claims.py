"""Claims: who may be evaluated now, and what it takes of which accounts.

A claim holds lines, and is granted with all of them or not at all. A tuning attempt is a line on an
account that holds as many as the quota allows in its period; a final is a line on an account that
holds one for ever; a call of an operation has the lines of its price. A claim is *reserved*, and
*started* when it begins to touch what costs; then it is *committed* with what came of it, or it
lapses (`anomed_core.ledger.settling`). A committed one may be *returned* by an annulment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import attrs
import sqlalchemy as sa

from anomed_core.ledger import refusals
from anomed_core.ledger.accounts import (
    Balance,
    Standing,
    account_columns,
    bounds_of,
    granted_in,
    limit_of,
    open_account,
    period_at,
    standing,
    store,
)
from anomed_core.ledger.claim_requests import (
    ONE,
    SUBMISSION,
    Claim,
    ClaimLine,
    ClaimRequest,
    Left,
    about,
    holder_of,
    keys_of,
    lines_of,
    replay_key_of,
)
from anomed_core.ledger.schema import claim_lines, claims
from anomed_core.ledger.times import MICROSECOND, NEVER
from anomed_core.model import AccountState, Resource, Split, amount_text
from anomed_core.model.amounts import NOTHING, total
from anomed_core.system.process_identity import this_process

_ABOUT = ("challenge", "what", "kind", "role", "anonymizer", "deanonymizer", "split")

# Built once: building a statement costs several times as much as answering it.
_CLAIM = sa.insert(claims).returning(claims.c.id)
_TAKE = sa.insert(claim_lines)
_HAS_LINE = (
    sa.select(sa.literal(1))
    .where(
        claim_lines.c.claim == claims.c.id,
        claim_lines.c.account == sa.bindparam("account"),
        claim_lines.c.period == sa.bindparam("period"),
    )
    .exists()
)
_BESIDE = sa.select(claims.c.id, claims.c.state, claims.c.lease_until).where(
    *(claims.c[name] == sa.bindparam(name) for name in _ABOUT),
    claims.c.claimed_at >= sa.bindparam("began_at"),
    claims.c.state.in_(["reserved", "started", "committed"]),
    ~_HAS_LINE,
)


@attrs.define(kw_only=True)
class _Taken:
    """A line of a claim, and the balance that it moves."""

    line: ClaimLine
    amount: Decimal
    columns: Mapping[str, str]
    period: str
    balance: Balance = attrs.field(init=False)

    @property
    def resource(self) -> Resource:
        return self.line.account.resource(self.line.resource)

    @property
    def place(self) -> tuple[str, str, str]:
        return self.columns["key"], self.period, self.line.resource


def _taken_by(request: ClaimRequest, now: int) -> list[_Taken]:
    """Return what a request takes; its lines on the same resource are one."""
    taken: dict[tuple[str, str, str], _Taken] = {}
    for line in lines_of(request):
        account = line.account
        one = _Taken(
            line=line,
            amount=line.amount,
            columns=account_columns(
                request.challenge, account.name, holder_of(account, request.subject)
            ),
            period=period_at(account.period_s, now),
        )
        if one.place in taken:
            taken[one.place].amount = total((taken[one.place].amount, one.amount))
        else:
            taken[one.place] = one
    return list(taken.values())


def add_claim(
    connection: sa.Connection, request: ClaimRequest, *, started: bool, now: int
) -> Claim:
    """Add a claim with all its lines, while its accounts are held.

    Raises
    ------
    RequestError
        If an account refuses it.
    sqlalchemy.exc.IntegrityError
        If its idempotency key is taken; `refusals.of_replay` says by what.
    """
    taken = _taken_by(request, now)
    there = standing(connection, keys_of(request), {one.period for one in taken})
    refusals.refuse_closed(there.states)
    for one in taken:
        one.balance = there.balances.get(one.place) or _opened(connection, one, there)
        one.balance.allowed = limit_of(one.resource, one.columns)
        if one.columns["name"].startswith("attempts/"):
            _take_along(connection, request, one.balance)
    for one in taken:
        if not one.balance.fits(one.amount):
            raise refusals.of_amount(
                connection,
                one.line.account,
                one.balance,
                amount=one.amount,
                left=_left_in(connection, one, there, taken),
                now=now,
            )
    for one in taken:
        one.balance.reserved = total((one.balance.reserved, one.amount))
    claim_id = _insert(connection, request, started=started, now=now)
    _insert_lines(connection, claim_id, taken)
    return Claim(
        id=claim_id, request=request, remaining=_attempts_left(request, taken), left=_left(taken)
    )


def _left_in(
    connection: sa.Connection, refused: _Taken, there: Standing, taken: Iterable[_Taken]
) -> dict[str, Decimal]:
    """Return what an account has left of each of its resources that has a limit."""
    balances = {one.place: one.balance for one in taken}
    key, period, _ = refused.place
    left = {}
    for resource in refused.line.account.resources:
        place = key, period, resource.name
        balance = balances.get(place) or there.balances.get(place)
        allowed = limit_of(resource, refused.columns)
        if balance is None:
            granted = granted_in(connection, key, resource.name, period)
            balance = Balance(
                account=key, period=period, resource=resource.name, allowed=allowed, granted=granted
            )
        balance.allowed = allowed
        if balance.remaining is not None:
            left[resource.name] = balance.remaining
    return left


def _opened(connection: sa.Connection, one: _Taken, there: Standing) -> Balance:
    """Return a new balance, and add its account if nobody has used it or decided about it."""
    key, period, resource = one.place
    is_new = key not in there.states
    if is_new:
        open_account(connection, one.columns)
        there.states[key] = AccountState.OPEN
    return Balance(
        account=key,
        period=period,
        resource=resource,
        allowed=limit_of(one.resource, one.columns),
        granted=NOTHING if is_new else granted_in(connection, key, resource, period),
    )


def attempts_beside(
    connection: sa.Connection, request: Mapping[str, str], account: str, period: str
) -> list[sa.Row[tuple[int, str, int]]]:
    """Return claims of tuning attempts in a period that have no line on its account.

    They were made under another quota, or none, or before there were accounts.
    """
    about = {**request, "account": account, "period": period, "began_at": bounds_of(period)[0]}
    return list(connection.execute(_BESIDE, about))


def _take_along(connection: sa.Connection, request: ClaimRequest, balance: Balance) -> None:
    """Let an account know of attempts in its period that were made without it."""
    rows = attempts_beside(connection, about(request), balance.account, balance.period)
    for row in rows:
        is_held = row.state != "committed"
        line = {
            "claim": row.id,
            "account": balance.account,
            "period": balance.period,
            "resource": balance.resource,
            "amount": "1",
            "lapse": "released",
            "committed": None if is_held else "1",
        }
        connection.execute(_TAKE, line)
        if is_held:
            balance.reserved = total((balance.reserved, ONE))
        else:
            balance.spent = total((balance.spent, ONE))


def _insert(connection: sa.Connection, request: ClaimRequest, *, started: bool, now: int) -> int:
    lease_until = NEVER if request.by_job else now + int(request.lease_s * MICROSECOND)
    row = {
        **about(request),
        "replay_key": replay_key_of(request),
        "state": "started" if started else "reserved",
        "payload_digest": request.payload_digest,
        "request_id": request.request_id,
        "claimed_at": now,
        "lease_until": lease_until,
        "owner": "" if request.by_job else this_process(),
    }
    claim_id: int = connection.execute(_CLAIM, row).scalar_one()
    return claim_id


def _insert_lines(connection: sa.Connection, claim_id: int, taken: list[_Taken]) -> None:
    lines = [
        {
            "claim": claim_id,
            "account": one.columns["key"],
            "period": one.period,
            "resource": one.line.resource,
            "amount": amount_text(one.amount),
            "lapse": one.resource.lapse.value,
            "committed": None,
        }
        for one in taken
    ]
    if lines:
        connection.execute(_TAKE, lines)
        store(connection, [one.balance for one in taken])


def _left(taken: list[_Taken]) -> tuple[Left, ...]:
    return tuple(
        Left(
            account=one.line.account.name,
            resource=one.line.resource,
            remaining=one.balance.remaining,
        )
        for one in taken
    )


def _attempts_left(request: ClaimRequest, taken: list[_Taken]) -> int | None:
    if request.what != SUBMISSION or (request.quota is None and request.split is Split.TUNING):
        return None
    remaining = taken[0].balance.remaining
    return None if remaining is None else int(remaining)
