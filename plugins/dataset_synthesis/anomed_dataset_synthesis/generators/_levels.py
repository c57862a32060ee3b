"""Carry tables into level numbers and back: generators work on nothing else."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise, to_frame
from anomed_dataset_synthesis.table.codebook import MISSING, CategoryColumn, Codebook, Column

Levels = NDArray[np.int32]
Rows = NDArray[np.int64]
Ranks = NDArray[np.float64]


def read_table(table: pd.DataFrame, codebook: Codebook) -> CanonicalTable:
    """Read records as levels of the public codebook.

    What the codebook lacks is recoded record by record (to the nearest bound, or to missing), so
    that a record's levels depend on that record alone.

    Parameters
    ----------
    table
        The codebook's columns, no more and no fewer.
    codebook
        Which values there are.

    Returns
    -------
    CanonicalTable
        As many records, in their order.

    Raises
    ------
    ValueError
        If the table doesn't fit the codebook.
    """
    return canonicalise(table, codebook, outside="recode")


def read_donors(table: pd.DataFrame, codebook: Codebook) -> Levels:
    """Read records whose cells are to be passed on, so at least one is needed.

    Raises
    ------
    ValueError
        If the table doesn't fit the codebook or has no records.
    """
    levels = read_table(table, codebook).levels
    if len(levels) == 0:
        raise ValueError("the table has no records; give at least one to learn from")
    return levels


def publish(levels: NDArray[np.integer], codebook: Codebook) -> pd.DataFrame:
    """Write levels as values, under the codebook's columns and with a fresh index."""
    return to_frame(CanonicalTable(codebook=codebook, levels=levels))


def rank_levels(levels: Levels, column: Column) -> Ranks:
    """Order a column's levels in a way that says something about them.

    Numbers and dates keep their order, categories are ordered by falling frequency, missing
    values come first, as a value of their own.

    Parameters
    ----------
    levels : ndarray of int32, shape (n_records,)
        Level numbers, -1 for missing.
    column
        The column they belong to.

    Returns
    -------
    ndarray of float64, shape (n_records,)
        -1 for missing values, ranks from 0 on for the others; floats, because trees read them.
    """
    if not isinstance(column, CategoryColumn):
        return levels.astype(np.float64)
    frequencies = np.bincount(levels[levels != MISSING], minlength=column.n_levels)
    ranks = np.empty(column.n_levels + 1)
    ranks[np.argsort(-frequencies, kind="stable")] = np.arange(column.n_levels)
    ranks[MISSING] = -1.0
    ranked: Ranks = ranks[levels]
    return ranked
