"""Columns of generalised cells: the few distinct cells that occur, and which one each row has."""

from __future__ import annotations

from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from attrs import frozen

from anomed_core.tables import write_number
from anomed_dataset_anonymization.privacy.classes import BoolArray, FloatArray, IntArray


@frozen(kw_only=True, eq=False)
class Intervals:
    """A column of ranges of numbers, both ends included.

    The numbers lie `step` apart, and each stands for the stretch of half a step around it: the
    range low..high has the width high - low + step. So a range on the grid holds as much as it has
    grid points, and a class mean beside the grid is shared between its neighbours.

    Attributes
    ----------
    low, high
        float64 (n_cells,), the ends of the distinct ranges.
    cell_of_row
        int64 (n_rows,), the range of each row.
    domain_low, domain_high
        The ends of the domain.
    step
        The least difference between two numbers, above 0.
    """

    low: FloatArray
    high: FloatArray
    cell_of_row: IntArray
    domain_low: float
    domain_high: float
    step: float

    @classmethod
    def from_rows(
        cls, low: npt.ArrayLike, high: npt.ArrayLike, *, domain: tuple[float, float], step: float
    ) -> Intervals:
        """Build the column from the ends of every row's range.

        Parameters
        ----------
        low, high
            float (n_rows,); a range with both ends NaN is suppressed, that is, the whole domain.
        domain
            The ends of the domain.
        step
            The least difference between two numbers.

        Raises
        ------
        ValueError
            If the step is not positive, or a range is reversed, half open or outside the domain.
        """
        ends = np.stack([np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)])
        domain_low, domain_high = domain
        if not step > 0:
            raise ValueError(f"the step is {step}, the least difference must be above 0.")
        suppressed = np.isnan(ends).all(axis=0)
        ends = np.where(suppressed, np.array([[domain_low], [domain_high]]), ends)
        valid = (domain_low <= ends[0]) & (ends[0] <= ends[1]) & (ends[1] <= domain_high)
        if not valid.all():
            row = int(np.argmin(valid))
            raise ValueError(
                f"row {row} has the range {write_number(ends[0, row])} to "
                f"{write_number(ends[1, row])}, expected ascending ends within "
                f"{write_number(domain_low)} to {write_number(domain_high)}."
            )
        low_values, low_codes = np.unique(ends[0], return_inverse=True)
        high_values, high_codes = np.unique(ends[1], return_inverse=True)
        pairs, cell_of_row = np.unique(
            low_codes * len(high_values) + high_codes, return_inverse=True
        )
        return cls(
            low=low_values[pairs // len(high_values)],
            high=high_values[pairs % len(high_values)],
            cell_of_row=cell_of_row,
            domain_low=float(domain_low),
            domain_high=float(domain_high),
            step=float(step),
        )

    @property
    def n_cells(self) -> int:
        """The number of distinct ranges."""
        return len(self.low)

    @property
    def midpoints(self) -> FloatArray:
        """The middle of each range: float64 (n_cells,)."""
        return (self.low + self.high) / 2

    @property
    def is_whole_domain(self) -> BoolArray:
        """Whether each range says nothing: bool (n_cells,)."""
        return (self.low <= self.domain_low) & (self.high >= self.domain_high)

    def mass_below(self, cuts: npt.ArrayLike) -> FloatArray:
        """Return the share of each range that lies below each cut.

        Parameters
        ----------
        cuts
            float (n_cuts,), best half a step beside the grid.

        Returns
        -------
        float64 (n_cells, n_cuts)
            In [0, 1].
        """
        offsets = np.asarray(cuts, dtype=np.float64) - (self.low - self.step / 2)[:, np.newaxis]
        widths = (self.high - self.low + self.step)[:, np.newaxis]
        return np.clip(offsets / widths, 0.0, 1.0)

    def contains(self, cells: IntArray, other: Intervals, *, other_cells: IntArray) -> BoolArray:
        """Return whether ranges contain ranges of another table.

        Parameters
        ----------
        cells
            int64, broadcastable: cells of this column.
        other
            The same column of another table.
        other_cells
            int64, broadcastable against `cells`: cells of the other column.

        Returns
        -------
        bool, of the broadcast shape
            Whether the former contains the latter.
        """
        above = self.low[cells] <= other.low[other_cells]
        return above & (other.high[other_cells] <= self.high[cells])


@frozen(kw_only=True, eq=False)
class ValueMasses:
    """A column of listed values, each row spreading its mass over the values it may mean.

    Attributes
    ----------
    mass
        float64 (n_cells, n_values), the distinct spreads; each sums to 1.
    cell_of_row
        int64 (n_rows,), the spread of each row.
    """

    mass: FloatArray
    cell_of_row: IntArray

    @classmethod
    def from_values(cls, values: npt.ArrayLike, n_values: int) -> ValueMasses:
        """Build the column from one value a row.

        Parameters
        ----------
        values
            int (n_rows,), positions in the domain; negative is suppressed, that is, any value.
        n_values
            The size of the domain.

        Raises
        ------
        ValueError
            If a value is beyond the domain.
        """
        positions = np.asarray(values, dtype=np.int64)
        if positions.max(initial=-1) >= n_values:
            raise ValueError(
                f"a value has the position {positions.max()}, the domain has {n_values} values."
            )
        used, cell_of_row = np.unique(
            np.where(positions < 0, n_values, positions), return_inverse=True
        )
        mass = np.equal(used[:, np.newaxis], np.arange(n_values)).astype(np.float64)
        mass[used == n_values] = 1.0 / n_values
        return cls(mass=mass, cell_of_row=cell_of_row)

    @classmethod
    def from_sets(cls, members: npt.ArrayLike) -> ValueMasses:
        """Build the column from one set of values a row, all members equally likely.

        Parameters
        ----------
        members
            bool (n_rows, n_values); at least one a row, all for a suppressed cell.

        Raises
        ------
        ValueError
            If a set is empty.
        """
        sets = np.asarray(members, dtype=np.bool_)
        if not sets.any(axis=1).all():
            row = int(np.argmin(sets.any(axis=1)))
            raise ValueError(f"row {row} has an empty set, at least one value must be possible.")
        distinct, cell_of_row = _distinct_rows(np.packbits(sets, axis=1))
        sizes = sets[distinct].sum(axis=1, keepdims=True)
        return cls(mass=sets[distinct] / sizes, cell_of_row=cell_of_row)

    @classmethod
    def from_frequencies(cls, frequencies: npt.ArrayLike) -> ValueMasses:
        """Build the column from the frequencies of the values in each row's class.

        Parameters
        ----------
        frequencies
            float (n_rows, n_values), not negative; each row is scaled to sum to 1.

        Raises
        ------
        ValueError
            If a row has a negative or undefined frequency, or nothing but zeros.
        """
        shares = np.asarray(frequencies, dtype=np.float64)
        valid = (shares >= 0).all(axis=1) & (shares.sum(axis=1) > 0)
        if not valid.all():
            row = int(np.argmin(valid))
            raise ValueError(
                f"row {row} has the frequencies {shares[row].tolist()}, expected numbers from 0 "
                "with a positive sum."
            )
        distinct, cell_of_row = _distinct_rows(shares)
        mass = shares[distinct]
        return cls(mass=mass / mass.sum(axis=1, keepdims=True), cell_of_row=cell_of_row)

    @property
    def n_cells(self) -> int:
        """The number of distinct spreads."""
        return len(self.mass)

    @property
    def n_values(self) -> int:
        """The size of the domain."""
        return int(self.mass.shape[1])

    @cached_property
    def set_sizes(self) -> IntArray:
        """The number of values that each spread allows: int64 (n_cells,)."""
        return np.asarray(np.count_nonzero(self.mass, axis=1), dtype=np.int64)

    @cached_property
    def likeliest(self) -> IntArray:
        """The value that has most of each spread: int64 (n_cells,)."""
        return np.asarray(self.mass.argmax(axis=1), dtype=np.int64)

    @property
    def is_whole_domain(self) -> BoolArray:
        """Whether each spread says nothing: bool (n_cells,)."""
        return np.asarray((self.mass == self.mass[:, :1]).all(axis=1), dtype=np.bool_)

    def contains(self, cells: IntArray, other: ValueMasses, *, other_cells: IntArray) -> BoolArray:
        """Return whether sets of possible values contain those of another table.

        Parameters
        ----------
        cells
            int64, broadcastable: cells of this column.
        other
            The same column of another table.
        other_cells
            int64, broadcastable against `cells`: cells of the other column.

        Returns
        -------
        bool, of the broadcast shape
            Whether the former contains the latter.
        """
        is_single = other.set_sizes[other_cells] == 1
        contained = self.mass[cells, other.likeliest[other_cells]] > 0
        if not is_single.all():
            sets = np.unique(other_cells[~is_single])
            in_common = (self.mass > 0).astype(np.float32) @ (other.mass[sets] > 0).T
            whole = in_common == other.set_sizes[sets]
            place = np.minimum(np.searchsorted(sets, other_cells), len(sets) - 1)
            contained = np.where(is_single, contained, whole[cells, place])
        return np.asarray(contained, dtype=np.bool_)


Cells: TypeAlias = Intervals | ValueMasses


def _distinct_rows(matrix: npt.NDArray[np.generic]) -> tuple[IntArray, IntArray]:
    """Return the first row of each distinct kind, and the kind of each row."""
    rows = np.ascontiguousarray(matrix)
    as_bytes = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, first, kind = np.unique(as_bytes, return_index=True, return_inverse=True)
    return first, kind
