"""Read what attackers submit: guesses about targets, whole tables, or rows named.

The columns tell which of the three it is: with ``anon_row`` rows are named, with ``target_id``
alone values are guessed, without either a table is reconstructed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import attrs
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Coordinates, TableSchema, encode, read_cells
from anomed_dataset_anonymization.threat.view import NO_ROW

MAX_GUESSES = 3
"""Rows that may be named for one target."""


@attrs.frozen(kw_only=True, eq=False)
class Inferences:
    """Guessed values of targets.

    Attributes
    ----------
    values : ndarray of float64, shape (n_targets, n_unknown)
        Coordinates in the order of the targets; NaN is no answer.
    confidence : ndarray of float64, shape (n_targets,)
        Higher is surer; equal if none was given.
    """

    values: Coordinates
    confidence: NDArray[np.float64]


@attrs.frozen(kw_only=True, eq=False)
class Reconstruction:
    """A reconstructed table.

    Attributes
    ----------
    rows : ndarray of float64, shape (n_submitted, n_columns)
        Coordinates in schema order.
    confidence : ndarray of float64, shape (n_submitted,)
        Higher is surer; equal if none was given.
    """

    rows: Coordinates
    confidence: NDArray[np.float64]


@attrs.frozen(kw_only=True, eq=False)
class Claims:
    """Rows named for targets.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_targets, MAX_GUESSES)
        Published rows in the order of the ranks, `NO_ROW` for none.
    confidence : ndarray of float64, shape (n_targets,)
        Of the surest row of each target; equal if none was given.
    """

    rows: NDArray[np.int64]
    confidence: NDArray[np.float64]


def read_inferences(
    table: pd.DataFrame,
    *,
    schema: TableSchema,
    target_ids: NDArray[np.int64],
    unknown: Collection[str],
) -> Inferences:
    """Read guesses about targets.

    Parameters
    ----------
    table : DataFrame
        ``target_id``, at most once each, any columns of the leaky table, and optionally
        ``confidence``. Known columns are ignored; targets and columns left out are wrong.
    schema : TableSchema
        Describes the leaky table.
    target_ids : ndarray of int64, shape (n_targets,)
        Who was asked about.
    unknown : collection of str
        Columns to guess.

    Returns
    -------
    Inferences

    Raises
    ------
    ValueError
        If a column or target is unknown, a target comes twice, or a value is outside its domain.
    """
    _require_columns(table, required={"target_id"}, allowed={*schema.names, "confidence"})
    places = _find_targets(table["target_id"], target_ids=target_ids)
    if len(np.unique(places)) < len(places):
        raise ValueError("a target comes twice; give one row for each.")
    values = np.full((len(target_ids), len(unknown)), np.nan)
    for position, name in enumerate(unknown):
        if name in table.columns:
            values[places, position] = read_cells(table[name], schema[name])
    confidence = np.zeros(len(target_ids))
    confidence[places] = _read_confidence(table)
    return Inferences(values=values, confidence=confidence)


def read_reconstruction(
    table: pd.DataFrame, *, schema: TableSchema, n_people: int
) -> Reconstruction:
    """Read a reconstructed table.

    Parameters
    ----------
    table : DataFrame
        All columns of the leaky table, and optionally ``confidence``.
    schema : TableSchema
        Describes the leaky table.
    n_people : int
        Number of people in it; no more rows may come.

    Returns
    -------
    Reconstruction

    Raises
    ------
    ValueError
        If a column is unknown or missing, a value outside its domain, or there are too many rows.
    """
    _require_columns(table, required=set(schema.names), allowed={"confidence"})
    if not 0 < len(table) <= n_people:
        raise ValueError(f"{len(table)} rows came; give from 1 to {n_people}.")
    return Reconstruction(rows=encode(table, schema), confidence=_read_confidence(table))


def read_claims(table: pd.DataFrame, *, target_ids: NDArray[np.int64], n_rows: int) -> Claims:
    """Read the rows named for targets.

    Parameters
    ----------
    table : DataFrame
        ``target_id`` and ``anon_row``, -1 for "not in the table"; for several rows of a target
        ``rank`` from 1 to 3, optionally ``confidence``.
    target_ids : ndarray of int64, shape (n_targets,)
        Who was asked about.
    n_rows : int
        Number of published rows.

    Returns
    -------
    Claims

    Raises
    ------
    ValueError
        If a target or row does not exist, or a target has too many rows or two of one rank.
    """
    _require_columns(table, required={"target_id", "anon_row"}, allowed={"rank", "confidence"})
    places = _find_targets(table["target_id"], target_ids=target_ids)
    named = _read_integers(table["anon_row"], low=NO_ROW, high=n_rows - 1)
    ranks = (
        _read_integers(table["rank"], low=1, high=MAX_GUESSES) - 1
        if "rank" in table.columns
        else np.zeros(len(table), dtype=np.int64)
    )
    slots = places * MAX_GUESSES + ranks
    if len(np.unique(slots)) < len(slots):
        raise ValueError(
            f"a target has two rows of one rank; tell up to {MAX_GUESSES} apart by 'rank'."
        )
    rows = np.full((len(target_ids), MAX_GUESSES), NO_ROW, dtype=np.int64)
    rows[places, ranks] = named
    confidence = np.full(len(target_ids), -np.inf)
    np.maximum.at(confidence, places, _read_confidence(table))
    return Claims(rows=rows, confidence=confidence)


def _require_columns(
    table: pd.DataFrame, *, required: Collection[str], allowed: Collection[str]
) -> None:
    names = list(table.columns)
    if len(set(names)) < len(names):
        raise ValueError("the table has a column twice.")
    if missing := sorted(set(required) - set(names)):
        raise ValueError(f"the table lacks the columns {missing}.")
    if unknown := [name for name in names if name not in required and name not in allowed]:
        raise ValueError(
            f"the table has the unknown column {unknown[0]!r}; "
            f"allowed are {sorted({*required, *allowed})}."
        )


def _find_targets(series: pd.Series[Any], *, target_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    ids = _read_integers(series)
    places: NDArray[np.int64] = pd.Index(target_ids).get_indexer(ids).astype(np.int64)
    if (places < 0).any():
        raise ValueError(f"there is no target {ids[places < 0][0]}; use the ids you were given.")
    return places


def _read_integers(
    series: pd.Series[Any], *, low: int | None = None, high: int | None = None
) -> NDArray[np.int64]:
    if len(series) and not pd.api.types.is_integer_dtype(series.dtype):
        raise ValueError(f"column {series.name!r} has type {series.dtype}; it must hold integers.")
    if series.isna().any():
        raise ValueError(f"column {series.name!r} holds nulls; it must hold integers.")
    numbers: NDArray[np.int64] = series.to_numpy(dtype=np.int64)
    if low is not None and high is not None and ((numbers < low) | (numbers > high)).any():
        wrong = numbers[(numbers < low) | (numbers > high)][0]
        raise ValueError(f"column {series.name!r} holds {wrong}, outside {low} to {high}.")
    return numbers


def _read_confidence(table: pd.DataFrame) -> NDArray[np.float64]:
    if "confidence" not in table.columns:
        return np.zeros(len(table))
    series = table["confidence"]
    dtype = series.dtype
    is_number = pd.api.types.is_integer_dtype(dtype) or pd.api.types.is_float_dtype(dtype)
    if len(series) and not is_number:
        raise ValueError(f"column 'confidence' has type {dtype}; it must hold numbers.")
    numbers: NDArray[np.float64] = series.to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isfinite(numbers).all():
        raise ValueError("column 'confidence' must hold finite numbers.")
    return numbers
