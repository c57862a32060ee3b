"""Tables of which some columns are known, under the codebook of all."""

import numpy as np
import pandas as pd
import pyarrow as pa

from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise
from anomed_dataset_synthesis.table.codebook import Codebook


def canonicalise_known(table: pa.Table | pd.DataFrame, codebook: Codebook) -> CanonicalTable:
    """Read a table that lacks columns, for those who do not look at the others.

    Parameters
    ----------
    table
        Some of the codebook's columns.
    codebook
        All columns.

    Returns
    -------
    CanonicalTable
        What is lacking holds the lowest value of its column, everywhere.

    Raises
    ------
    ValueError
        If a column is unknown or repeated, or see `canonicalise`.
    """
    names = list(table.columns if isinstance(table, pd.DataFrame) else table.column_names)
    known = canonicalise(table, Codebook([codebook.column(name) for name in names]))
    levels = np.zeros((len(known), codebook.n_columns), dtype=np.int32)
    levels[:, [codebook.position(name) for name in names]] = known.levels
    return CanonicalTable(codebook=codebook, levels=levels)
