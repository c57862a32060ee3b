"""Answers as Lomas writes them: frames, costs, queries, history, jobs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import attrs
import numpy as np
import pandas as pd

from anomed_dp_query.lomas.words import LIBRARIES, LomasError
from anomed_dp_query.metadata.model import Kind, TableMetadata

_OLDER = {Kind.FLOAT: "float", Kind.INTEGER: "int", Kind.DATETIME: "string"}
_NEWER = {Kind.FLOAT: "float64", Kind.INTEGER: "int64", Kind.DATETIME: "datetime64[ns]"}


def tight(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a table as pandas' "tight" document of JSON values; times are texts."""
    return {
        "index": list(range(len(frame))),
        "columns": [str(name) for name in frame.columns],
        "data": [[_plain(cell) for cell in row] for row in frame.itertuples(index=False)],
        "index_names": [None],
        "column_names": [None],
    }


def _plain(cell: Any) -> Any:
    if pd.isna(cell):
        return None
    if isinstance(cell, datetime):
        return cell.isoformat()
    return cell.item() if isinstance(cell, np.generic) else cell


def dummy_document(frame: pd.DataFrame, metadata: TableMetadata, *, newer: bool) -> dict[str, Any]:
    """Return dummy rows with the types that clients read them as.

    Parameters
    ----------
    frame
        The rows.
    metadata
        What they are made from.
    newer
        Whether a client of 0.5 asks.
    """
    words = _NEWER if newer else _OLDER
    dtypes = {column.name: words.get(column.kind, column.kind.value) for column in metadata.columns}
    for column in metadata.columns:
        if column.nullable and column.kind is Kind.INTEGER:
            dtypes[column.name] = "Int64"
    times = [column.name for column in metadata.columns if column.kind is Kind.DATETIME]
    return {"dtypes": dtypes, "datetime_columns": times, "dummy_df": tight(frame)}


def query_document(
    kind: str, result: Mapping[str, Any], *, epsilon: float, delta: float, requested_by: str
) -> dict[str, Any]:
    """Return what a query is answered; both spellings of a result's type are there.

    A score that nobody has paid for is the text NaN: clients read a number of it, and of null none.
    """
    if "score" in result and result["score"] is None:
        result = {**result, "score": "NaN"}
    return {
        "epsilon": epsilon,
        "delta": delta,
        "requested_by": requested_by,
        "result": {"res_type": kind, "type": kind, **result},
    }


@attrs.frozen(kw_only=True)
class PastQuery:
    """A query that was answered and paid for.

    Attributes
    ----------
    library
        Name of the library, as here.
    request, answer
        As they were.
    at
        When it was recorded.
    newer
        Whether it was asked in the dialect of 0.5.
    """

    library: str
    request: Mapping[str, Any]
    answer: Mapping[str, Any]
    at: datetime
    newer: bool


def history_document(
    past: Iterable[PastQuery], *, dataset: str, user: str, newer: bool
) -> dict[str, Any]:
    """Return the queries that a dialect can hold, oldest first, and how many it cannot.

    A client of 0.5 decodes every question to OpenDP as a plan, one of 0.4 as a pipeline, and what
    they cannot decode makes their whole call fail.
    """
    mine = [one for one in past if one.request.get("dataset_name") == dataset]
    told = [one for one in mine if _fits(one, newer=newer)]
    return {
        "previous_queries": [
            {
                "user_name": user,
                "dataset_name": dataset,
                "dp_librairy": LIBRARIES[one.library],
                "dp_library": LIBRARIES[one.library],
                "client_input": dict(one.request),
                "response": dict(one.answer),
                "timestamp": one.at.timestamp(),
            }
            for one in told
        ],
        "queries_omitted": len(mine) - len(told),
    }


def _fits(one: PastQuery, *, newer: bool) -> bool:
    if one.library == "opendp":
        return one.newer == newer
    return not (newer and one.library == "smartnoise-synth")


def job_document(
    identifier: str,
    *,
    requested_by: str,
    answer: bytes | None = None,
    error: LomasError | None = None,
) -> dict[str, Any]:
    """Return a job of the dialect of 0.5: complete, failed, or in progress.

    Parameters
    ----------
    identifier
        32 hexadecimal digits, or whatever was asked for.
    requested_by
        Whose it is.
    answer
        What the call was answered, once it is there.
    error
        Why nothing comes of it.
    """
    status = "failed" if error else "in_progress" if answer is None else "complete"
    return {
        "uid": _as_uuid(identifier),
        "requested_by": requested_by,
        "status": status,
        "result": None if answer is None else json.loads(answer),
        "error": error.document() if error else None,
        "status_code": error.status if error else 200,
    }


def _as_uuid(identifier: str) -> str:
    try:
        return str(uuid.UUID(hex=identifier))
    except ValueError:
        return str(uuid.UUID(int=0))  # the client reads nothing but an UUID
