"""Canonical tables: what remains of a table when everything but its records is taken away.

A submitted file can carry more than records: the order of its rows, low digits, an index,
metadata, the order and unused entries of dictionaries, the payloads of NaNs. A canonical table
keeps level numbers only, and is shuffled under the server's seed, so that two submissions with
the same records are the same bytes.
"""

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from anomed_core import tables
from anomed_dataset_synthesis.table._arrow_levels import Outside, levels_of
from anomed_dataset_synthesis.table.codebook import MISSING, CategoryColumn, Codebook, NumericColumn
from anomed_dataset_synthesis.table.rows import row_keys


def _frozen_levels(levels: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    frozen = np.array(levels, dtype=np.int32, order="F")
    frozen.flags.writeable = False
    return frozen


@attrs.frozen(kw_only=True, eq=False)
class CanonicalTable:
    """The records of a table as level numbers.

    Attributes
    ----------
    codebook
        The columns.
    levels : ndarray of int32, shape (n_records, n_columns)
        Level numbers, -1 (`MISSING`) or 0 to ``n_levels - 1``. Column by column in memory,
        read-only.

    Raises
    ------
    ValueError
        If the levels don't fit the codebook.
    """

    codebook: Codebook
    levels: npt.NDArray[np.int32] = attrs.field(converter=_frozen_levels)

    def __attrs_post_init__(self) -> None:
        if self.levels.ndim != 2 or self.levels.shape[1] != self.codebook.n_columns:
            raise ValueError(
                f"levels of shape {self.levels.shape} came for {self.codebook.n_columns} columns"
            )
        if len(self.levels) == 0:
            return
        lows, highs = self.levels.min(axis=0), self.levels.max(axis=0)
        for column, low, high in zip(self.codebook.columns, lows, highs, strict=True):
            floor = MISSING if column.nullable else 0
            if low < floor or high >= column.n_levels:
                raise ValueError(
                    f"column {column.name!r} has levels from {low} to {high}; "
                    f"allowed are {floor} to {column.n_levels - 1}"
                )

    def __len__(self) -> int:
        return len(self.levels)

    def take(self, places: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "CanonicalTable":
        """Return some records, by their places or a mask, in that order."""
        return CanonicalTable(codebook=self.codebook, levels=self.levels[places])

    def sample(self, n_records: int, *, rng: np.random.Generator) -> "CanonicalTable":
        """Return records drawn without replacement, or the table itself if it has no more."""
        if len(self) <= n_records:
            return self
        return self.take(rng.choice(len(self), n_records, replace=False))

    def select(self, names: Sequence[str]) -> "CanonicalTable":
        """Return some columns, in that order."""
        return CanonicalTable(
            codebook=Codebook([self.codebook.column(name) for name in names]),
            levels=self.levels[:, [self.codebook.position(name) for name in names]],
        )

    def column(self, name: str) -> npt.NDArray[np.int32]:
        """Return one column's level numbers, shape (n_records,)."""
        return self.levels[:, self.codebook.position(name)]


@attrs.frozen(kw_only=True, eq=False)
class RealTables:
    """The real tables of one round of a challenge.

    Attributes
    ----------
    training
        The secret members: what the synthesizer learns from.
    non_members
        The secret non-members, of the same population.
    background
        The public records: bins, ranges and encoders are learnt from them only.

    Raises
    ------
    ValueError
        If a table has no records or the codebooks differ.
    """

    training: CanonicalTable
    non_members: CanonicalTable
    background: CanonicalTable

    def __attrs_post_init__(self) -> None:
        same_codebook(self.training, self.non_members, self.background)


def same_codebook(*tables: CanonicalTable) -> Codebook:
    """Return the codebook that all tables share.

    Raises
    ------
    ValueError
        If they don't share one, or a table has no records.
    """
    codebook = tables[0].codebook
    if any(table.codebook != codebook for table in tables):
        raise ValueError("the tables follow different codebooks; canonicalise them under one")
    sizes = [len(table) for table in tables]
    if 0 in sizes:
        raise ValueError(f"tables of {sizes} records came; give at least one record in each")
    return codebook


def keys_of(*tables: CanonicalTable) -> tuple[npt.NDArray[np.int64], ...]:
    """Return keys of the records of several tables, equal for equal ones; see `row_keys`."""
    codebook = same_codebook(*tables)
    return row_keys(*(table.levels for table in tables), n_levels=codebook.n_levels)


def canonicalise(
    table: pa.Table | pd.DataFrame, codebook: Codebook, *, outside: Outside = "reject"
) -> CanonicalTable:
    """Read a table's records under a codebook, and nothing else of it.

    Columns may come in any order and any fitting type. Numbers and date-times go to the nearest
    grid point, dates lose their time of day, NaN of any payload and null become missing. Index,
    metadata and dictionaries are ignored. The records keep their order; see `shuffle`.

    Parameters
    ----------
    table
        The codebook's columns, no more and no fewer.
    codebook
        What may be said.
    outside : {"reject", "recode"}, default "reject"
        What happens to a value the codebook lacks: refuse the table (submissions), or recode it
        (the organiser's own secret tables under a public codebook): numbers go to the nearest
        bound, unknown categories become missing.

    Returns
    -------
    CanonicalTable
        As many records as `table`, in its order.

    Raises
    ------
    ValueError
        If columns are missing, unknown or repeated, a type doesn't fit, a value is infinite, or
        a value is missing where none may be; with "reject" also if a value lies outside the
        codebook, with "recode" if an unknown category can't become missing.

    Examples
    --------
    >>> from anomed_dataset_synthesis.table.inference import infer_codebook
    >>> background = pd.DataFrame({"age": [20, 70], "sex": ["male", "female"]})
    >>> book = infer_codebook(background, steps={"age": 5})
    >>> canonicalise(pd.DataFrame({"sex": ["male"], "age": [33.01]}), book).levels
    array([[3, 1]], dtype=int32)
    """
    if isinstance(table, pd.DataFrame):
        table = tables.to_arrow(table)
    _check_names(table.column_names, codebook)
    levels = np.empty((table.num_rows, codebook.n_columns), dtype=np.int32, order="F")
    for position, column in enumerate(codebook.columns):
        chunks = table.column(column.name).chunks
        parts = [levels_of(chunk, column, outside=outside) for chunk in chunks]
        levels[:, position] = np.concatenate(parts) if parts else []
    return CanonicalTable(codebook=codebook, levels=levels)


def _check_names(names: list[str], codebook: Codebook) -> None:
    missing = [name for name in codebook.names if name not in names]
    extra = [name[:40] for name in names if name not in codebook.names]
    if missing or extra or len(set(names)) < len(names):
        raise ValueError(
            f"the table has {len(names)} columns, lacks {missing[:5]} and has the unknown "
            f"{extra[:5]}; give exactly the codebook's {codebook.n_columns} columns, each once"
        )


def shuffle(table: CanonicalTable, rng: np.random.Generator) -> CanonicalTable:
    """Put a table's records into an order that their submitted order has no part in.

    The records are sorted, then permuted: the result depends on the records and on `rng` alone,
    so the order of a submission's rows can't carry a message.

    Parameters
    ----------
    table
        Any order.
    rng
        The server's; keyed by its secret.

    Returns
    -------
    CanonicalTable
        The same records.
    """
    (keys,) = row_keys(table.levels, n_levels=table.codebook.n_levels)
    return table.take(np.argsort(keys, kind="stable")[rng.permutation(len(table))])


def check_size(n_records: int, n_training: int) -> None:
    """Refuse a table that is not half to twice as long as the training table.

    Parameters
    ----------
    n_records, n_training
        Number of records submitted, and of the training table.

    Raises
    ------
    ValueError
        If the table is too short or too long.
    """
    if not n_training <= 2 * n_records <= 4 * n_training:
        raise ValueError(
            f"the table has {n_records} records; give {-(-n_training // 2)} to {2 * n_training}"
        )


def to_arrow(table: CanonicalTable) -> pa.Table:
    """Write a table's values afresh, without index, metadata or dictionaries.

    Returns
    -------
    pyarrow.Table
        int64, double, date32, timestamp and string columns, in the codebook's order.
    """
    arrays = [
        _to_array(table.levels[:, position], column)
        for position, column in enumerate(table.codebook.columns)
    ]
    return pa.Table.from_arrays(arrays, names=list(table.codebook.names))


def _to_array(levels: npt.NDArray[np.int32], column: NumericColumn | CategoryColumn) -> pa.Array:
    missing = levels == MISSING
    if isinstance(column, CategoryColumn):
        places = pa.array(levels, mask=missing)
        return pa.array(column.categories, pa.string()).take(places)
    if column.kind == "real":
        return pa.array(column.values(levels), pa.float64(), mask=missing)
    whole = pa.array(column.integers(levels), mask=missing)
    if column.kind == "date-time":
        return whole.cast(pa.timestamp("s")).cast(pa.timestamp("ms"))
    return whole if column.kind == "integer" else whole.cast(pa.int32()).cast(pa.date32())


def to_frame(table: CanonicalTable) -> pd.DataFrame:
    """Return a table's values as a data frame with a fresh index.

    Integers beside missing values are float64, or Int64 where floats can't tell them apart.
    """
    arrow = to_arrow(table)
    frame = arrow.to_pandas(date_as_object=False)
    for column in table.codebook.columns:
        if isinstance(column, NumericColumn) and column.is_wide:
            cells = arrow.column(column.name)
            frame[column.name] = cells.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return frame


def to_parquet(table: CanonicalTable) -> bytes:
    """Return a table's values as a parquet file: equal tables, equal bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(to_arrow(table), sink, store_schema=False, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())
