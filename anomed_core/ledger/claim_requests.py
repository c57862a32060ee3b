"""What is asked for in a claim: of whom, for what, and how much of which accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

import attrs

from anomed_core.ledger.accounts import account_columns
from anomed_core.ledger.scores import NewScore, Provenance, subject_columns
from anomed_core.model import Account, Line, Resource, Split, Subject
from anomed_core.wire.digests import canonical_json

SUBMISSION, OPERATION = "submission", "operation"
"""What is claimed for."""

ATTEMPT = "attempt"
"""The resource of quotas and finals."""

BYTES = "bytes"
"""The resource of submissions that are kept."""

ONE = Decimal(1)


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
    by_job
        Whether a job holds the claim until it is settled, whatever becomes of this process.
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
    by_job: bool = False


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


@lru_cache
def stored_account(limit: int | None) -> Account:
    """Return the account that kept submissions are taken from, by their size in bytes.

    What is not kept in the end, as nothing was scored, is given back.
    """
    return Account(name="stored/submissions", resources=[Resource(name=BYTES, limit=limit)])


def accounts_of_kind(kind: str, quota: Quota | None) -> tuple[Account, ...]:
    """Return the accounts of a submission kind: of its tuning attempts, and of its final."""
    if quota is not None:
        return attempts_account(kind, quota), final_account(kind)
    unlimited = Resource(name=ATTEMPT, limit=None)
    return Account(name=f"attempts/{kind}", resources=[unlimited]), final_account(kind)


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


def keys_of_lines(request: ClaimRequest) -> set[str]:
    """Return the keys of the accounts that a claim takes something of."""
    return {
        account_columns(
            request.challenge, line.account.name, holder_of(line.account, request.subject)
        )["key"]
        for line in lines_of(request)
    }


def keys_of(request: ClaimRequest) -> list[str]:
    """Return the keys of all accounts that a claim may move something in.

    That of a subject's tuning attempts is among them without a quota, too: it may be frozen, and
    an account that is opened later takes these attempts along.
    """
    keys = keys_of_lines(request)
    if request.what == SUBMISSION and request.split is Split.TUNING:
        name = f"attempts/{request.kind}"
        keys.add(account_columns(request.challenge, name, request.subject)["key"])
    return sorted(keys)


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
