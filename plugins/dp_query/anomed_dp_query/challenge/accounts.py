"""Accounts: what an analyst may spend on each table, and what all of them together may."""

from __future__ import annotations

import re
from decimal import Decimal

from anomed_core import Account, Line, Resource
from anomed_dp_query.accounting import Accounting, Policy, Price, amounts_of
from anomed_dp_query.challenge.arena import Arena
from anomed_dp_query.challenge.config import Amounts
from anomed_dp_query.challenge.contest import ACCOUNT, QUERIES

ALL = "-all"
"""What the names of accounts that all analysts share end with."""


def account_name(dataset: str) -> str:
    """Return the name of an analyst's account of a dataset.

    Examples
    --------
    >>> account_name("PENGUIN"), account_name("Tier 0.1")
    ('penguin', 'tier-0-1')
    """
    slug = re.sub(r"[^a-z0-9]+", "-", dataset.lower()).strip("-")
    return slug if slug[:1].isalpha() else f"table-{slug}"


def account_of(arena: Arena, dataset: str) -> Account:
    """Return the account that an analyst has of a dataset."""
    budget = arena.datasets[dataset].settings.budget or Amounts()
    limits: dict[str, Decimal | None] = {"epsilon": budget.epsilon, "rho": budget.rho}
    limits["delta"] = budget.delta
    if arena.contest is not None:
        of_tier = arena.contest.limit_of(dataset)
        if of_tier is not None:
            limits |= of_tier
        elif dataset == arena.contest.practice.name:
            limits = dict.fromkeys(limits)  # everybody sees that table anyway
    return Account(
        name=account_name(dataset),
        resources=[
            Resource(
                name=name,
                limit=limits[name],
                lapse="spent",
                description=f"What may be spent on {dataset}.",
                limits={
                    analyst: getattr(amounts[dataset], name)
                    for analyst, amounts in arena.config.budgets.items()
                    if dataset in amounts
                },
            )
            for name in _resources(arena)
        ],
        description=f"Privacy of {dataset} that an analyst may spend.",
    )


def _resources(arena: Arena) -> tuple[str, str]:
    return ("rho" if arena.config.accounting == Accounting.ZCDP else "epsilon"), "delta"


def accounts(arena: Arena) -> list[Account]:
    """Return all accounts that queries are paid from."""
    found = [account_of(arena, name) for name in arena.datasets]
    for name, dataset in arena.datasets.items():
        cap = dataset.settings.cap
        if cap is not None:
            found.append(
                Account(
                    name=f"{account_name(name)}{ALL}",
                    resources=[
                        Resource(name=resource, limit=getattr(cap, resource), lapse="spent")
                        for resource in _resources(arena)
                    ],
                    shared=True,
                    description=f"Privacy of {name} that all analysts together may spend.",
                )
            )
    if arena.contest is not None:
        limit = arena.contest.settings.n_queries
        found.append(
            Account(
                name=ACCOUNT,
                resources=[Resource(name=QUERIES, limit=limit, lapse="spent")],
                description="Queries to private tables of the contest; whoever seals it asks "
                "nothing any more, and is handed the questions.",
            )
        )
    return found


def policy_of(arena: Arena, dataset: str) -> Policy:
    """Return how answers of a dataset are counted."""
    settings = arena.datasets[dataset].settings
    maximum = settings.per_query
    return Policy(
        unit=settings.unit,
        accounting=arena.config.accounting,
        reporting_delta=arena.config.reporting_delta,
        maximum_epsilon=None if maximum is None else maximum.epsilon,
        maximum_delta=None if maximum is None else maximum.delta,
        size_is_public=settings.size_is_public,
    )


def lines_for(arena: Arena, dataset: str, price: Price) -> list[Line]:
    """Return what a price takes: of the analyst's account, of everybody's, and of the contest's."""
    own = account_name(dataset)
    names = [own]
    if arena.datasets[dataset].settings.cap is not None:
        names.append(f"{own}{ALL}")
    amounts = amounts_of(price, policy_of(arena, dataset))
    lines = [Line(name, what, amount) for name in names for what, amount in amounts.items()]
    if arena.contest is not None and arena.contest.limit_of(dataset) is not None:
        lines.append(Line(ACCOUNT, QUERIES, Decimal(1)))
    return lines


def has_access(arena: Arena, dataset: str, analyst: str) -> bool:
    """Return whether an analyst was ever given anything of a dataset by the configuration."""
    if dataset not in arena.datasets:
        return False
    account = account_of(arena, dataset)
    limits = [resource.limit_of(analyst) for resource in account.resources]
    return any(limit is None or limit > 0 for limit in limits)
