"""Why a claim is refused, as the error that says so."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import sqlalchemy as sa

from anomed_core.errors import (
    AccountFrozenError,
    AccountSealedError,
    AlreadyScoredError,
    AttemptInProgressError,
    BudgetExhaustedError,
    BudgetExhaustedForNowError,
    QuotaExhaustedError,
    RequestError,
)
from anomed_core.ledger.accounts import Balance, bounds_of, columns_of
from anomed_core.ledger.schema import claim_lines, claims, scores
from anomed_core.ledger.scores import BY_ACCOUNT
from anomed_core.ledger.times import MICROSECOND, as_datetime
from anomed_core.model import Account, AccountState, amount_text
from anomed_core.model.amounts import NOTHING

_HOLDER = (
    sa.select(claims.c.lease_until)
    .join(claim_lines, claim_lines.c.claim == claims.c.id)
    .where(claim_lines.c.account == sa.bindparam("account"), claim_lines.c.committed.is_(None))
)
_IN_THE_WAY = (
    sa.select(claims.c.lease_until, scores.c.id)
    .select_from(claims.outerjoin(scores, scores.c.attempt_id == claims.c.id))
    .where(claims.c.replay_key == sa.bindparam("key"))
)


def refuse_closed(states: Mapping[str, AccountState]) -> None:
    """Refuse if one of some accounts is not open.

    Raises
    ------
    AccountSealedError, AccountFrozenError
        Which, and who can do what about it.
    """
    for key, state in states.items():
        name = columns_of(key)["name"]
        if state is AccountState.SEALED:
            raise AccountSealedError(
                f"The account {name!r} is sealed: nothing is taken from it any more."
            )
        if state is AccountState.FROZEN:
            raise AccountFrozenError(
                f"The account {name!r} is frozen; ask the organiser why, who can thaw it."
            )


def of_amount(
    connection: sa.Connection,
    account: Account,
    balance: Balance,
    *,
    amount: Decimal,
    left: Mapping[str, Decimal],
    now: int,
) -> RequestError:
    """Return the error for an amount that does not fit any more; `left` is what would."""
    _, ends_at = bounds_of(balance.period)
    again_s = None if account.period_s is None else (ends_at - now) / MICROSECOND
    if account.name.startswith("final/"):
        return _of_final(connection, balance, now)
    if account.name.startswith("attempts/") and again_s is not None:
        return QuotaExhaustedError(
            f"All {_text(balance.limit)} tuning attempts of this period are used up; the next "
            f"period begins at {as_datetime(ends_at).isoformat()}.",
            retry_after_s=again_s,
        )
    remaining = balance.remaining or NOTHING
    told = (
        f"This takes {amount_text(amount)} {balance.resource} from the account {account.name!r}, "
        f"which has {amount_text(remaining)} of {_text(balance.limit)} left"
    )
    if again_s is None:
        return BudgetExhaustedError(
            f"{told}; ask for less, or the organiser for more.",
            account=account.name,
            resource=balance.resource,
            remaining=remaining,
            left=left,
        )
    return BudgetExhaustedForNowError(
        f"{told}; it begins anew at {as_datetime(ends_at).isoformat()}.",
        account=account.name,
        resource=balance.resource,
        remaining=remaining,
        left=left,
        retry_after_s=again_s,
    )


def _of_final(connection: sa.Connection, balance: Balance, now: int) -> RequestError:
    about = {"account": balance.account}
    score = connection.execute(BY_ACCOUNT, about).mappings().first()
    if score is not None:
        return AlreadyScoredError(score_id=score["id"])
    return _in_progress(connection.execute(_HOLDER, about).scalar(), now)


def of_replay(connection: sa.Connection, key: str, now: int) -> RequestError:
    """Return the error for a claim whose idempotency key is taken."""
    row = connection.execute(_IN_THE_WAY, {"key": key}).first()
    if row is not None and row.id is not None:
        return AlreadyScoredError(score_id=row.id)
    return _in_progress(row.lease_until if row is not None else None, now)


def _in_progress(lease_until: int | None, now: int) -> AttemptInProgressError:
    lease_s = (lease_until - now) / MICROSECOND if lease_until is not None else 1.0
    return AttemptInProgressError(
        "The same submission is being evaluated at this moment; ask for its score later.",
        retry_after_s=max(1.0, lease_s),
    )


def _text(amount: Decimal | None) -> str:
    return "no limit" if amount is None else amount_text(amount)
