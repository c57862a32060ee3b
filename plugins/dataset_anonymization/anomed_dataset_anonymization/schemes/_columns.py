"""Check which columns a submitted table has, before any cell is read."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

import pandas as pd


def require_known(table: pd.DataFrame, *, known: Collection[str], scheme: str) -> None:
    """Refuse columns that the scheme does not know.

    Parameters
    ----------
    table : DataFrame
        What was submitted.
    known : collection of str
        All names that the scheme allows.
    scheme : str
        Its name, for the message.

    Raises
    ------
    ValueError
        If a column is unknown or comes twice.
    """
    names = list(table.columns)
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the table has the column {twice!r} twice.")
    for name in names:
        if name not in known:
            raise ValueError(
                f"the scheme {scheme!r} has no column {name!r}{_suggest(name, known)}; "
                f"it knows {_shorten(known)}."
            )


def _suggest(name: object, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (do you mean {close[0]!r}?)" if close else ""


def _shorten(names: Collection[str]) -> str:
    shown = ", ".join(list(names)[:12])
    return f"{shown}, ..." if len(names) > 12 else shown
