"""Drive smartnoise-sql and diffprivlib: run by their environment's own Python."""

import math
import os
from typing import Any

os.environ["RUST_BACKTRACE"] = "0"

import pandas as pd


def run_sql(
    queries: list[str],
    *,
    metadata: dict[str, Any],
    epsilon: float,
    delta: float,
    mechanisms: dict[str, str],
    postprocess: bool,
    table: pd.DataFrame,
) -> list[list[Any] | None]:
    """Answer each query once, with its one row; ``None`` for a row that was censored."""
    from snsql import (  # type: ignore[import-not-found,unused-ignore]
        Mechanism,
        Privacy,
        Stat,
        from_df,
    )

    privacy = Privacy(epsilon=epsilon, delta=delta)
    for stat, mechanism in mechanisms.items():
        privacy.mechanisms.map[Stat[stat]] = Mechanism[mechanism]
    frame = table.astype(dict.fromkeys(table.select_dtypes("string").columns, object))
    document = {"": {"": {"df": metadata}}}
    answers: list[list[Any] | None] = []
    for query in queries:
        reader = from_df(frame, privacy=privacy, metadata=document)
        rows = list(reader.execute(query, postprocess=postprocess))
        rows = rows[1:] if postprocess else rows
        answers.append([_plain(cell) for cell in rows[0]] if rows else None)
    return answers


def _plain(cell: Any) -> Any:
    value = cell.item() if hasattr(cell, "item") else cell
    return None if isinstance(value, float) and not math.isfinite(value) else value
