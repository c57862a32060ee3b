"""Columns that name people: whoever publishes them has published who is who."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np

from anomed_core.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

_FEW = 20
_IDENTIFYING_SHARE = 0.95
_EXPECTED_TWINS = 10
"""Where at least so many pairs of equal numbers are expected, none is no chance."""


def refuse_identifiers(people: pd.DataFrame, *, unchanged: Collection[str] = ()) -> None:
    """Refuse a table with a column that names people.

    That is text of which nearly everybody has another one. Of the columns that are published as
    they are, it is also whole numbers that differ although chance would have given many
    people the same: somebody dealt them out.

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
    for name, column in people.items():
        present = column.dropna()
        n_values = present.nunique()
        if _is_text(present):
            what = "texts"
            found = n_values > max(_FEW, _IDENTIFYING_SHARE * len(present))
        else:
            what = "whole numbers"
            found = name in unchanged and n_values == len(present) and _is_dealt_out(present)
        if found:
            raise UsageError(
                f"column {str(name)!r} holds {n_values} different {what} in {len(present)} "
                "records, so it identifies people; leave it out by "
                f"--drop {shlex.quote(str(name))}, or recode it to values that people share"
            )


def _is_text(column: pd.Series[Any]) -> bool:
    from pandas.api import types

    if types.is_numeric_dtype(column) or types.is_datetime64_any_dtype(column):
        return False
    return not hasattr(column, "cat") or not types.is_numeric_dtype(column.cat.categories)


def _is_dealt_out(column: pd.Series[Any]) -> bool:
    """Return whether different numbers are too close to be different by chance.

    Of n numbers drawn from a range of w, n (n - 1) / 2w pairs at least are expected to be equal.
    """
    from pandas.api import types

    if len(column) <= _FEW or not types.is_integer_dtype(column):
        return False
    numbers = np.sort(column.to_numpy(dtype=np.float64))
    width = (numbers[-1] - numbers[0]) / np.gcd.reduce(np.diff(column.sort_values().astype(object)))
    return bool(len(numbers) * (len(numbers) - 1) > 2 * _EXPECTED_TWINS * width)
