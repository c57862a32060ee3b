"""Tables of people as files, and what command lines say about their columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import pandas as pd

ANY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def read_table(path: Path) -> pd.DataFrame:
    """Read a table of people.

    Raises
    ------
    ValueError
        If the file is neither CSV nor parquet, or is damaged.
    """
    import pandas as pd

    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is not a readable CSV or parquet file: {error}") from error


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as parquet or, by any other suffix, as CSV with the index only if it says who.

    Parameters
    ----------
    table : DataFrame
        Its index declares whom each row stands for; parquet files keep it.
    path : Path
        Where to.

    Raises
    ------
    ValueError
        If the file can't be written.
    """
    try:
        if path.suffix == ".parquet":
            table.to_parquet(path)
        else:
            table.to_csv(path, index=False)
    except OSError as error:
        raise ValueError(f"{path} can't be written: {error}") from error


def read_names(text: str | None) -> list[str]:
    """Return the words between the commas of an option."""
    return [name.strip() for name in (text or "").split(",") if name.strip()]
