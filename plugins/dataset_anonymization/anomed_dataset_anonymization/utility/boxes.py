"""Generalised tables as boxes: what each published row says a person may be, column by column.

All tables are boxes: a generalised row is a box proper, an exact row a box of one point, a row of
class frequencies a box with uneven mass, a suppressed cell the column's whole domain. So one
definition of each utility metric serves every scheme.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from anomed_dataset_anonymization.privacy.classes import Codes, IntArray, classes_of_codes
from anomed_dataset_anonymization.utility.cells import Cells


@attrs.frozen(kw_only=True, eq=False)
class Boxes:
    """A table as boxes.

    Attributes
    ----------
    columns
        The columns by name, at least one, all with the same rows.
    counts
        int64 (n_rows,), the number of people each row stands for.
    """

    columns: Mapping[str, Cells] = attrs.field()
    counts: IntArray = attrs.field()

    @columns.validator
    def _check_columns(self, _: object, columns: Mapping[str, Cells]) -> None:
        if not columns:
            raise ValueError("the table has no column, at least 1 is needed.")

    @counts.validator
    def _check_counts(self, _: object, counts: IntArray) -> None:
        for name, cells in self.columns.items():
            if cells.cell_of_row.shape != counts.shape:
                raise ValueError(
                    f"column {name!r} has {cells.cell_of_row.shape[0]} rows, the table has "
                    f"{len(counts)}."
                )

    @property
    def n_people(self) -> int:
        """The number of people the rows stand for."""
        return int(self.counts.sum())

    def codes(self) -> Sequence[Codes]:
        """Return each column's cells as codes, from which equivalence classes follow."""
        return [
            Codes(codes=cells.cell_of_row, n_codes=cells.n_cells) for cells in self.columns.values()
        ]

    def select(self, names: Sequence[str]) -> Boxes:
        """Keep some columns only.

        Parameters
        ----------
        names
            The columns to keep, in this order.

        Raises
        ------
        ValueError
            If a column does not exist.
        """
        if unknown := [name for name in names if name not in self.columns]:
            raise ValueError(f"the table lacks the columns {unknown}; it has {list(self.columns)}.")
        return Boxes(columns={name: self.columns[name] for name in names}, counts=self.counts)

    def take(self, rows: IntArray) -> Boxes:
        """Keep some rows only, in the given order.

        Parameters
        ----------
        rows
            int64 (n_taken,), positions from 0.
        """
        return Boxes(
            columns={
                name: attrs.evolve(cells, cell_of_row=cells.cell_of_row[rows])
                for name, cells in self.columns.items()
            },
            counts=self.counts[rows],
        )

    def distinct(self) -> tuple[Boxes, IntArray]:
        """Merge the rows that say the same.

        Returns
        -------
        boxes
            The distinct rows, with counts that sum up those of the merged rows.
        box_of_row
            int64 (n_rows,), the distinct row that each row became.
        """
        classes = classes_of_codes(self.codes(), n_rows=len(self.counts), counts=self.counts)
        merged = attrs.evolve(self.take(classes.first_rows), counts=classes.sizes)
        return merged, classes.class_of_row
