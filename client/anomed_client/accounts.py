"""How one's accounts stand: what may still be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from anomed_client.description import time_of
from anomed_client.display import text_table


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """How an account stands in one resource, exactly; ``None`` for no limit.

    Attributes
    ----------
    resource
        Its name.
    limit
        What is allowed, with what an organiser has granted.
    reserved, spent, remaining
        What is held by calls under way, what is gone for good, what is left.
    """

    resource: str
    limit: Decimal | None
    reserved: Decimal
    spent: Decimal
    remaining: Decimal | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """An account that calls are paid from.

    Attributes
    ----------
    name, description
        Which, and what it is.
    state
        ``open``, ``frozen`` by an organiser, or ``sealed`` for ever.
    shared
        Whether all participants have it together.
    period_ends_at
        When it begins anew, in UTC; ``None`` for never.
    balances
        One for each resource.
    """

    name: str
    description: str = ""
    state: str = "open"
    shared: bool = False
    period_ends_at: datetime | None = None
    balances: tuple[Balance, ...] = ()

    def __str__(self) -> str:
        rows = [
            [
                one.resource,
                _text(one.limit),
                str(one.reserved),
                str(one.spent),
                _text(one.remaining),
            ]
            for one in self.balances
        ]
        head = ["resource", "limit", "reserved", "spent", "remaining"]
        return f"{self.name} ({self.state})\n{text_table(head, rows)}"

    def __getitem__(self, resource: str) -> Balance:
        """Return how it stands in a resource.

        Raises
        ------
        KeyError
            If it has no such resource.
        """
        for balance in self.balances:
            if balance.resource == resource:
                return balance
        raise KeyError(resource)


def account_of(told: Mapping[str, Any]) -> Account:
    """Return an account as the server tells it."""
    return Account(
        name=told["name"],
        description=told.get("description", ""),
        state=told.get("state", "open"),
        shared=told.get("shared", False),
        period_ends_at=time_of(told.get("period_ends_at")),
        balances=tuple(
            Balance(
                resource=one["name"],
                limit=_amount(one.get("limit")),
                reserved=Decimal(one["reserved"]),
                spent=Decimal(one["spent"]),
                remaining=_amount(one.get("remaining")),
            )
            for one in told.get("resources", ())
        ),
    )


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _text(amount: Decimal | None) -> str:
    return "no limit" if amount is None else str(amount)
