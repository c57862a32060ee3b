"""Find the columns that pandas alone would take for something else."""

from __future__ import annotations

from collections.abc import Container

import pandas as pd

from anomed_core.tables.reading import NAMES, USUALLY_WRITTEN, TableRead

_MISSING = frozenset(
    "#N/A #NA -1.#IND -1.#QNAN -NaN -nan 1.#IND 1.#QNAN <NA> N/A NA NULL NaN None n/a nan null".split()  # noqa: E501, SIM905 - shorter
)
"""Words that ``pandas.read_csv`` takes for missing values, beside the empty one."""


def read_otherwise(read: TableRead, given: Container[str] = ()) -> list[str]:
    """Say in a few words what ``pandas.read_csv`` or ``read_parquet`` alone would read otherwise.

    Parameters
    ----------
    read
        As it was read.
    given
        Columns whose kind somebody gave, who need not be told.

    Returns
    -------
    list of str
        How the file is written, unless as most are; then columns by what they were taken for.
    """
    is_csv = read.written != "parquet"
    by_kind: dict[str, list[str]] = {}
    for name, kind in read.kinds.items():
        if name not in given and _is_otherwise(read.frame[name], kind.kind, is_csv):
            by_kind.setdefault(NAMES[kind.kind], []).append(name)
    unusual = [] if read.written in USUALLY_WRITTEN else [read.written]
    return unusual + [f"{what}: {', '.join(names)}" for what, names in by_kind.items()]


def _is_otherwise(column: pd.Series, kind: str, is_csv: bool) -> bool:
    if kind in {"integer", "boolean"}:
        return bool(column.isna().any())  # floats, or objects
    if kind in {"date", "date-time"}:
        return is_csv or kind == "date"  # text, or objects
    return is_csv and kind == "text" and _is_more_to_pandas(pd.Series(column.dropna().unique()))


def _is_more_to_pandas(words: pd.Series) -> bool:
    if words.isin(_MISSING).any() or set(words.head(3).str.lower()) <= {"true", "false"}:
        return len(words) > 0
    try:
        pd.to_numeric(words)
    except (ValueError, TypeError):
        return False
    return True
