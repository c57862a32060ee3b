"""Describe the people of a file, as far as a command needs to know them."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from anomed_core import UsageError

if TYPE_CHECKING:
    import pandas as pd

    from anomed_dataset_anonymization.schema import Column, TableSchema


def describe(
    people: pd.DataFrame,
    *,
    quasi_identifiers: Collection[str],
    sensitive: Collection[str] = (),
    orders: Mapping[str, Sequence[Any]] | None = None,
    for_challenge: bool = False,
) -> TableSchema:
    """Describe people as they look, and leave out, with a line, what can't be and nobody named.

    Parameters
    ----------
    people
        As they were read.
    quasi_identifiers, sensitive
        Columns with a role.
    orders
        All values of columns, in ascending order.
    for_challenge
        Whether participants will hand in tables with these columns, beside those of the protocol.

    Returns
    -------
    TableSchema
        Of the columns that are named, and of all others that can be described.

    Raises
    ------
    UsageError
        If a column identifies people, or one that is named can't be described.
    """
    from anomed_core.tables import refuse_identifiers
    from anomed_dataset_anonymization.schema import TableSchema

    orders = orders or {}
    named = {*quasi_identifiers, *sensitive, *orders}
    refuse_identifiers(people, unchanged=set(people.columns) - named)
    kept: dict[str, Column] = {}
    for name in sorted(people.columns, key=lambda name: name not in named):
        order = {name: orders[name]} if name in orders else {}
        try:
            (column,) = TableSchema.infer(people[[name]], ordinal=order)
            if for_challenge:
                TableSchema(columns=[*kept.values(), column]).require_clear_names()
        except ValueError as error:
            if name in named:
                raise UsageError(f"{str(error).rstrip('.')} {offer_to_drop(name)}") from error
            leave_out(name, f"nobody asked for it, and {error}")
        else:
            kept[name] = column
    if not kept:
        raise UsageError("no column can be described; give one of numbers, text or booleans")
    return TableSchema.infer(
        people[[name for name in people.columns if name in kept]],
        quasi_identifiers=quasi_identifiers,
        sensitive=sensitive,
        ordinal=orders,
    )


def leave_out(name: str, why: str) -> None:
    """Say on standard error that a column is left out."""
    click.echo(f"{name}: left out, as {why.rstrip('.')}", err=True)


def offer_to_drop(name: str) -> str:
    """Return how a column is left out."""
    return f"(--drop {shlex.quote(name)} leaves it out)"
