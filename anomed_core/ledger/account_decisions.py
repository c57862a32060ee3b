"""What is decided about accounts: amounts granted beyond a limit, and states.

Each decision is a row of the audit; what follows from it stands in `accounts`, `granted_amounts`
and `balances`, and is written in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import attrs
import sqlalchemy as sa

from anomed_core.errors import UsageError
from anomed_core.ledger.accounts import (
    Balance,
    account_key,
    balance_of,
    bounds_of,
    columns_of,
    open_account,
)
from anomed_core.ledger.chain import AuditRow, append_audit
from anomed_core.ledger.schema import accounts, balances, granted_amounts
from anomed_core.model import AccountState, amount_text
from anomed_core.model.amounts import total

GRANTED_ATTEMPTS = "attempts granted"
GRANTED, RAISED = "budget granted", "budget raised"
FROZEN, THAWED, SEALED = "account frozen", "account thawed", "account sealed"
"""Actions of the audit rows that stand behind what is known about accounts."""

_STATES = {
    FROZEN: AccountState.FROZEN,
    THAWED: AccountState.OPEN,
    SEALED: AccountState.SEALED,
}
_IDS = ("role", "anonymizer", "deanonymizer")


@attrs.frozen(kw_only=True)
class Decision:
    """What an audit row says about an account.

    Attributes
    ----------
    account
        Key of the account.
    amounts
        What was granted, by resource.
    state
        What the account is from now on; ``None`` if that stays.
    """

    account: str
    amounts: Mapping[str, Decimal] = attrs.field(factory=dict)
    state: AccountState | None = None


def decision_of(row: AuditRow) -> Decision | None:
    """Return what an audit row says about an account; ``None`` if nothing."""
    detail = row.detail
    if row.action == GRANTED_ATTEMPTS:
        account = account_key(detail, f"attempts/{detail['kind']}")
        return Decision(account=account, amounts={"attempt": Decimal(detail["number"])})
    if row.action in {GRANTED, RAISED}:
        amounts = dict(part.split("=") for part in detail["amounts"].split())
        return Decision(
            account=account_key(detail, detail["account"]),
            amounts={resource: Decimal(amount) for resource, amount in amounts.items()},
        )
    if row.action in _STATES:
        account = account_key(detail, detail["account"])
        return Decision(account=account, state=_STATES[row.action])
    return None


def grant(
    connection: sa.Connection,
    account: Mapping[str, str],
    amounts: Mapping[str, Decimal],
    *,
    action: str,
    reason: str,
    now: int,
) -> None:
    """Give an account more of some resources, in the period of this moment, while it is held.

    Parameters
    ----------
    connection
        In a transaction.
    account
        What `anomed_core.ledger.accounts.account_columns` returns.
    amounts
        How much more, by resource.
    action
        Of the audit row.
    reason
        For the audit.
    now
        As stored.
    """
    _state_of(connection, account)
    number = append_audit(connection, action, _detail(account, amounts, action, reason), now=now)
    for resource, amount in amounts.items():
        connection.execute(
            sa.insert(granted_amounts).values(
                id=number,
                account=account["key"],
                resource=resource,
                amount=amount_text(amount),
                granted_at=now,
            )
        )
        _add_to_balances(connection, account["key"], resource, amount, now)


def _detail(
    account: Mapping[str, str], amounts: Mapping[str, Decimal], action: str, reason: str
) -> dict[str, str]:
    about = {"challenge": account["challenge"], **{name: account[name] for name in _IDS}}
    if action == GRANTED_ATTEMPTS:
        kind = account["name"].removeprefix("attempts/")
        return {**about, "kind": kind, "number": str(amounts["attempt"]), "reason": reason}
    told = " ".join(f"{resource}={amount_text(amount)}" for resource, amount in amounts.items())
    return {**about, "account": account["name"], "amounts": told, "reason": reason}


def _add_to_balances(
    connection: sa.Connection, account: str, resource: str, amount: Decimal, now: int
) -> None:
    there = sa.select(balances).where(
        balances.c.account == account, balances.c.resource == resource
    )
    for row in connection.execute(there).mappings().all():
        balance = balance_of(row)
        began_at, ends_at = bounds_of(balance.period)
        if began_at <= now < ends_at:
            connection.execute(
                sa.update(balances)
                .where(
                    balances.c.account == account,
                    balances.c.resource == resource,
                    balances.c.period == balance.period,
                )
                .values(granted=amount_text(total((balance.granted, amount))))
            )


def decide_state(
    connection: sa.Connection,
    account: Mapping[str, str],
    action: str,
    *,
    reason: str,
    by: str,
    now: int,
) -> None:
    """Freeze, thaw or seal an account, while it is held.

    Parameters
    ----------
    connection
        In a transaction.
    account
        What `anomed_core.ledger.accounts.account_columns` returns.
    action
        `FROZEN`, `THAWED` or `SEALED`.
    reason, by
        Why and by whom, for the audit.
    now
        As stored.

    Raises
    ------
    UsageError
        If it is so already, or sealed.
    """
    state = _state_of(connection, account)
    if state in {AccountState.SEALED, _STATES[action]}:
        raise UsageError(f"the account {account['name']!r} is {state} already")
    detail = {"challenge": account["challenge"], **{name: account[name] for name in _IDS}}
    detail |= {"account": account["name"], "reason": reason, "by": by}
    append_audit(connection, action, detail, now=now)
    connection.execute(
        sa.update(accounts)
        .where(accounts.c.key == account["key"])
        .values(state=_STATES[action].value)
    )


def freeze_for_overdraft(
    connection: sa.Connection,
    balance: Balance,
    *,
    claim_id: int,
    reserved: Decimal,
    spent: Decimal,
    now: int,
) -> None:
    """Freeze an account of which more was spent than reserved, for somebody to look at it."""
    account = columns_of(balance.account)
    if _state_of(connection, account) is not AccountState.OPEN:
        return
    reason = (
        f"claim {claim_id} has spent {amount_text(spent)} {balance.resource} and had reserved "
        f"{amount_text(reserved)}"
    )
    decide_state(connection, account, FROZEN, reason=reason, by="core", now=now)


def _state_of(connection: sa.Connection, account: Mapping[str, str]) -> AccountState:
    """Return the state of an account, which is opened if nobody has used it."""
    stored = sa.select(accounts.c.state).where(accounts.c.key == account["key"])
    state = connection.execute(stored).scalar()
    if state is None:
        open_account(connection, account)
        return AccountState.OPEN
    return AccountState(state)
