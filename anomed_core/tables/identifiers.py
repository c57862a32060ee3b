"""Columns that name people: whoever publishes them has published who is who."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from typing import TYPE_CHECKING

from anomed_core.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd


def refuse_identifiers(people: pd.DataFrame, *, unchanged: Collection[str] = ()) -> None:
    """Refuse a table with a column that names people.

    That is text as of `ColumnFacts.is_identifying`. Of the columns that are published as they are,
    it is also whole numbers as of `ColumnFacts.is_dealt_out`.

    Parameters
    ----------
    people
        One row a person.
    unchanged
        Columns that are published as they are.

    Raises
    ------
    UsageError
        If there is one; the message says how to leave it out.
    """
    from anomed_core.tables.facts import column_facts

    for name, column in people.items():
        try:
            facts = column_facts(column)
        except UsageError:
            continue  # what can't be described can't be published
        is_dealt_out = name in unchanged and facts.is_dealt_out
        if facts.is_identifying or is_dealt_out:
            raise UsageError(
                f"column {facts.name!r} holds {facts.n_values} different "
                f"{'whole numbers' if is_dealt_out else 'texts'} in {facts.n_present} records, so "
                f"it identifies people; leave it out by --drop {shlex.quote(facts.name)}, or "
                "recode it to values that people share"
            )
