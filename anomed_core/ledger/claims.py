"""Claims: who may be evaluated now, and what it takes of which accounts.

A claim holds lines, and is granted with all of them or not at all. A tuning attempt is a line on an
account that holds as many as the quota allows in its period; a final is a line on an account that
holds one for ever; a call of an operation has the lines of its price. A claim is *reserved*, and
*started* when it begins to touch what costs; then it is *committed* with what came of it, or it
lapses (`anomed_core.ledger.settling`). A committed one may be *returned* by an annulment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

import attrs
import sqlalchemy as sa

from anomed_core.ledger import refusals
from anomed_core.ledger.accounts import (
    Balance,
    account_columns,
    bounds_of,
    granted_in,
    open_account,
    period_at,
    standing,
)
from anomed_core.ledger.schema import MICROSECOND, claim_lines, claims
from anomed_core.ledger.scores import NewScore, Provenance, subject_columns
from anomed_core.model import Account, AccountState, Line, Resource, Split, Subject, amount_text
from anomed_core.model.amounts import total
from anomed_core.system.process_identity import this_process
from anomed_core.wire.digests import canonical_json

SUBMISSION, OPERATION = "submission", "operation"
"""What is claimed for."""

ATTEMPT = "attempt"
"""The resource of quotas and finals."""

ONE = Decimal(1)

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


@attrs.frozen(kw_only=True)
class Quota:
    """How many attempts a subject has.

    Attributes
    ----------
    attempts
        Largest number of attempts within a period.
    period_s
        Length of the period in seconds; periods start at multiples of it since 1970-01-01 UTC, so
        a period of 86,400 s is a day in UTC.
    """

    attempts: int = attrs.field(validator=attrs.validators.ge(1))
    period_s: int = attrs.field(default=86_400, validator=attrs.validators.ge(1))

    def ends_at(self, moment: datetime) -> datetime:
        """Return when the period ends in which a moment lies, in UTC."""
        n_periods = int(moment.timestamp()) // self.period_s + 1
        return datetime.fromtimestamp(n_periods * self.period_s, UTC)


@attrs.frozen(kw_only=True)
class ClaimLine:
    """An amount that is to be reserved on an account.

    Attributes
    ----------
    account
        As it is declared, with the limits of its resources.
    resource
        Name of the resource.
    amount
        How much.
    """

    account: Account
    resource: str
    amount: Decimal


def lines_on(accounts: Iterable[Account], lines: Iterable[Line]) -> tuple[ClaimLine, ...]:
    """Return lines with the accounts that they name.

    Raises
    ------
    ValueError
        If an account or a resource was not declared.
    """
    declared = {account.name: account for account in accounts}
    found = []
    for line in lines:
        if line.account not in declared:
            there = ", ".join(declared) or "none"
            raise ValueError(f"there is no account {line.account!r}; declared are: {there}")
        account = declared[line.account]
        account.resource(line.resource)
        found.append(ClaimLine(account=account, resource=line.resource, amount=line.amount))
    return tuple(found)


@attrs.frozen(kw_only=True)
class ClaimRequest:
    """One submission, or one call of an operation, that asks to be evaluated.

    Attributes
    ----------
    challenge, kind, subject, split
        What is claimed; a submission on the validation split, once. No subject where nobody in
        particular claims, no split where there are none.
    what
        `SUBMISSION` or `OPERATION`; `kind` is its name.
    payload_digest
        SHA-256 of the body, hexadecimal.
    parameters
        Declared query parameters of the submission.
    fingerprint
        Of the challenge's data and metrics.
    lease_s
        Seconds after which the claim is void if nothing was recorded: the claimant has died.
    request_id
        Of the HTTP request, for the log.
    replay_key
        The request's idempotency key, if it has one.
    quota
        Tuning attempts per period; ``None`` for no limit.
    lines
        What else it takes, of which accounts; lines on the same resource add up.
    """

    challenge: str
    kind: str
    subject: Subject | None
    split: Split | None
    what: str = SUBMISSION
    payload_digest: str
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    fingerprint: str
    lease_s: float
    request_id: str = ""
    replay_key: str | None = None
    quota: Quota | None = None
    lines: tuple[ClaimLine, ...] = ()


@attrs.frozen(kw_only=True)
class Left:
    """What is left of a resource after a claim; ``None`` where there is no limit."""

    account: str
    resource: str
    remaining: Decimal | None


@attrs.frozen(kw_only=True)
class Claim:
    """A granted claim; settle it with `Ledger.record`, `Ledger.commit` or `Ledger.release`.

    Attributes
    ----------
    id
        Its number.
    request
        What was claimed.
    remaining
        Attempts left after this one in the current period; ``None`` without quota, 0 on finals.
    left
        What is left of all that it takes something of.
    """

    id: int
    request: ClaimRequest
    remaining: int | None
    left: tuple[Left, ...] = ()


@lru_cache
def attempts_account(kind: str, quota: Quota) -> Account:
    """Return the account that tuning attempts are taken from."""
    attempt = Resource(name=ATTEMPT, limit=quota.attempts)
    return Account(name=f"attempts/{kind}", resources=[attempt], period_s=quota.period_s)


@lru_cache
def final_account(kind: str) -> Account:
    """Return the account that a final is taken from."""
    return Account(name=f"final/{kind}", resources=[Resource(name=ATTEMPT, limit=ONE)])


def lines_of(request: ClaimRequest) -> tuple[ClaimLine, ...]:
    """Return all lines of a request, that of the attempt first."""
    if request.what != SUBMISSION:
        return request.lines
    if request.split is Split.VALIDATION:
        account = final_account(request.kind)
    elif request.quota is not None:
        account = attempts_account(request.kind, request.quota)
    else:
        return request.lines
    return (ClaimLine(account=account, resource=ATTEMPT, amount=ONE), *request.lines)


def holder_of(account: Account, subject: Subject | None) -> Subject | None:
    """Return whose an account is; nobody's if all share it."""
    return None if account.shared else subject


def keys_of(request: ClaimRequest) -> list[str]:
    """Return the keys of all accounts that a claim may move something in.

    That of a subject's tuning attempts is among them without a quota, too: it may be frozen, and
    an account that is opened later takes these attempts along.
    """
    keys = {
        account_columns(
            request.challenge, line.account.name, holder_of(line.account, request.subject)
        )["key"]
        for line in lines_of(request)
    }
    if request.what == SUBMISSION and request.split is Split.TUNING:
        name = f"attempts/{request.kind}"
        keys.add(account_columns(request.challenge, name, request.subject)["key"])
    return sorted(keys)


@attrs.define(kw_only=True)
class _Taken:
    """A line of a claim, and the balance that it moves."""

    line: ClaimLine
    amount: Decimal
    columns: dict[str, str]
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
        if one.columns["key"] not in there.states:
            open_account(connection, one.columns)
            there.states[one.columns["key"]] = AccountState.OPEN
        one.balance = there.balances.get(one.place) or _opened(connection, one)
        one.balance.allowed = one.resource.limit
        if one.columns["name"].startswith("attempts/"):
            _take_along(connection, request, one.balance)
        if not one.balance.fits(one.amount):
            raise refusals.of_amount(
                connection, one.line.account, one.balance, amount=one.amount, now=now
            )
        one.balance.reserved = total((one.balance.reserved, one.amount))
    claim_id = _insert(connection, request, started=started, now=now)
    _insert_lines(connection, claim_id, taken)
    return Claim(
        id=claim_id, request=request, remaining=_attempts_left(request, taken), left=_left(taken)
    )


def _opened(connection: sa.Connection, one: _Taken) -> Balance:
    key, period, resource = one.place
    return Balance(
        account=key,
        period=period,
        resource=resource,
        allowed=one.resource.limit,
        granted=granted_in(connection, key, resource, period),
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
    row = {
        **about(request),
        "replay_key": replay_key_of(request),
        "state": "started" if started else "reserved",
        "payload_digest": request.payload_digest,
        "request_id": request.request_id,
        "claimed_at": now,
        "lease_until": now + int(request.lease_s * MICROSECOND),
        "owner": this_process(),
    }
    claim_id: int = connection.execute(_CLAIM, row).scalar_one()
    return claim_id


def _insert_lines(connection: sa.Connection, claim_id: int, taken: list[_Taken]) -> None:
    for one in taken:
        key, period, resource = one.place
        line = {
            "claim": claim_id,
            "account": key,
            "period": period,
            "resource": resource,
            "amount": amount_text(one.amount),
            "lapse": one.resource.lapse.value,
            "committed": None,
        }
        connection.execute(_TAKE, line)
        one.balance.store(connection)


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


def about(request: ClaimRequest) -> dict[str, str]:
    """Return the columns that say what is claimed by whom."""
    columns = subject_columns(request.challenge, request.kind, request.subject, request.split)
    return {**columns, "what": request.what}


def replay_key_of(request: ClaimRequest) -> str | None:
    """Return the idempotency key of a request within its scope; ``None`` if it has none."""
    if request.replay_key is None:
        return None
    return replay_key(
        request.challenge,
        request.kind,
        request.subject,
        request.split,
        request.replay_key,
        what=request.what,
    )


def replay_key(
    challenge: str,
    kind: str,
    subject: Subject | None,
    split: Split | None,
    key: str,
    *,
    what: str = SUBMISSION,
) -> str:
    """Return an idempotency key within the scope of what is claimed by whom."""
    if what == SUBMISSION and subject is not None and split is not None:
        return canonical_json([challenge, kind, subject.key, split.value, key])
    scope = subject_columns(challenge, kind, subject, split)
    return canonical_json([what, *scope.values(), key])


def new_score(claim: Claim, metrics: Mapping[str, float], provenance: Provenance) -> NewScore:
    """Return the score that a claim was granted for.

    Raises
    ------
    ValueError
        If the claim is no submission's.
    """
    request = claim.request
    if request.subject is None or request.split is None:
        raise ValueError(f"claim {claim.id} is no submission's, and cannot be scored")
    return NewScore(
        challenge=request.challenge,
        kind=request.kind,
        subject=request.subject,
        split=request.split,
        metrics=metrics,
        parameters=request.parameters,
        payload_digest=request.payload_digest,
        fingerprint=request.fingerprint,
        provenance=provenance,
        attempt_id=claim.id,
    )
