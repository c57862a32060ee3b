"""The contingency table of classes and sensitive values, from which all models follow."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import field, frozen

from anomed_dataset_anonymization.privacy.classes import (
    Codes,
    EquivalenceClasses,
    FloatArray,
    IntArray,
    codes_of,
    dense_ranks,
    weighted_bincount,
)


@frozen(kw_only=True, eq=False)
class Contingency:
    """How many records of each class have each sensitive value; only non-zero cells are kept.

    A dense table of many classes by many values need not fit in memory; the cells never outnumber
    the rows. Cells are sorted by class, then by value.

    Attributes
    ----------
    sizes
        int64 (n_classes,), records in each class.
    cell_class, cell_value
        int64 (n_cells,), the class and the sensitive value of each cell.
    cell_count
        int64 (n_cells,), its records, at least 1.
    n_values
        The size m of the sensitive domain; values are 0..n_values-1, in the domain's order.
    starts
        int64 (n_classes,), the first cell of each class.
    totals
        int64 (n_values,), records with each value.
    """

    sizes: IntArray
    cell_class: IntArray
    cell_value: IntArray
    cell_count: IntArray
    n_values: int
    starts: IntArray = field(init=False)
    totals: IntArray = field(init=False)

    @starts.default
    def _first_cells(self) -> IntArray:
        return np.searchsorted(self.cell_class, np.arange(len(self.sizes))).astype(np.int64)

    @totals.default
    def _records_by_value(self) -> IntArray:
        return weighted_bincount(self.cell_value, self.cell_count, n_bins=self.n_values)

    @property
    def n_records(self) -> int:
        """The number of records in the table."""
        return int(self.sizes.sum())

    @property
    def cells_per_class(self) -> IntArray:
        """The number of distinct sensitive values in each class: int64 (n_classes,)."""
        return np.diff(self.starts, append=len(self.cell_count))

    @property
    def class_shares(self) -> FloatArray:
        """The share q of each cell's value among its class: float64 (n_cells,)."""
        return self.cell_count / self.sizes[self.cell_class]

    @property
    def table_shares(self) -> FloatArray:
        """The share p of each cell's value in the whole table: float64 (n_cells,)."""
        return (self.totals / self.n_records)[self.cell_value]


def contingency(
    classes: EquivalenceClasses, sensitive: pd.Series | npt.ArrayLike | Codes
) -> Contingency:
    """Count the records of each class by sensitive value.

    Parameters
    ----------
    classes
        The partition of the table's rows.
    sensitive
        The sensitive column (n_rows,). As `Codes`, it carries its own domain and order; otherwise
        the domain is what occurs, in ascending order, with null as a value, last.

    Returns
    -------
    Contingency
        The table.

    Raises
    ------
    ValueError
        If the column's length differs from the partition's.

    Examples
    --------
    >>> from anomed_dataset_anonymization.privacy.classes import equivalence_classes
    >>> classes = equivalence_classes(pd.DataFrame({"age": [30, 30, 41]}))
    >>> table = contingency(classes, ["flu", "flu", "gout"])
    >>> table.cell_count.tolist(), table.totals.tolist()
    ([2, 1], [2, 1])
    """
    values = sensitive if isinstance(sensitive, Codes) else codes_of(sensitive)
    if values.codes.shape != classes.class_of_row.shape:
        raise ValueError(
            f"the sensitive column has shape {values.codes.shape}, "
            f"expected {classes.class_of_row.shape} as the equivalence classes."
        )
    keys = classes.class_of_row * values.n_codes + values.codes
    ranks, n_cells = dense_ranks(keys, classes.n_classes * values.n_codes)
    cell_keys = np.empty(n_cells, dtype=np.int64)
    cell_keys[ranks] = keys
    return Contingency(
        sizes=classes.sizes,
        cell_class=cell_keys // values.n_codes,
        cell_value=cell_keys % values.n_codes,
        cell_count=weighted_bincount(ranks, classes.counts, n_bins=n_cells),
        n_values=values.n_codes,
    )
