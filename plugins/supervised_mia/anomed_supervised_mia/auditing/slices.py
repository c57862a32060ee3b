"""Which records to look at: all, or those of one class, correctness, loss decile or column value.

A partition puts each record into exactly one slice, so that no record is counted twice. It covers
members and non-members together: slices are comparable only if both were cut at the same place.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from anomed_core.statistics import Ranking
from anomed_supervised_mia.attacks.arrays import as_array
from anomed_supervised_mia.attacks.signals import Signals

#: More slices than this are a mistake: an identifier, or a measurement that needs bins.
MAX_SLICES = 1000


@attrs.frozen(kw_only=True, order=True)
class Slice:
    """The name of a part of the records.

    Attributes
    ----------
    partition : str
        What the records were divided by, such as "class".
    value : str
        Which part it is, such as "3".
    """

    partition: str
    value: str

    def __str__(self) -> str:
        """Show both, or one if there is only one part."""
        return self.partition if self.partition == self.value else f"{self.partition} {self.value}"

    @property
    def in_words(self) -> str:
        """Name the slice as captions do."""
        return "all records" if self.partition == "whole" else str(self)


@attrs.frozen(kw_only=True, eq=False)
class Partition:
    """A division of the records into slices.

    Attributes
    ----------
    name : str
        What the records are divided by.
    values : tuple of str
        The slices, in the order in which to show them, distinct.
    codes : int array of shape (n_records,)
        The slice of each record, members first, in [0, n_slices).
    """

    name: str
    values: tuple[str, ...]
    codes: NDArray[np.integer] = attrs.field()

    @codes.validator
    def _check(self, _attribute: object, codes: NDArray[np.integer]) -> None:
        if not 1 <= len(self.values) <= MAX_SLICES:
            raise ValueError(
                f"a partition has 1 to {MAX_SLICES} slices, but {self.name!r} has "
                f"{len(self.values)}; put its values into bins."
            )
        if len(set(self.values)) < len(self.values):
            raise ValueError(
                f"the slices of partition {self.name!r} must have distinct names, but came as "
                f"{', '.join(self.values)}; use fewer bins."
            )
        if codes.size and not (codes.min() >= 0 and codes.max() < len(self.values)):
            raise ValueError(f"the codes of partition {self.name!r} name slices that do not exist.")

    def rankings(self, ranking: Ranking) -> Iterator[tuple[Slice, Ranking]]:
        """Divide ranked records into slices, keeping their order instead of sorting again.

        Parameters
        ----------
        ranking : Ranking
            Of all records that the partition covers.

        Yields
        ------
        tuple of Slice and Ranking
            Only slices with records.
        """
        if len(self.values) == 1:
            yield Slice(partition=self.name, value=self.values[0]), ranking
            return
        codes = self.codes[ranking.order]
        # Stable, and for codes this small a radix sort: linear, unlike another sort by score.
        ranks = np.argsort(codes.astype(np.uint16), kind="stable")
        sizes = np.bincount(codes, minlength=len(self.values))
        ends = np.cumsum(sizes)
        for value, start, end in zip(self.values, ends - sizes, ends, strict=True):
            if start < end:
                yield Slice(partition=self.name, value=value), ranking.take(ranks[start:end])


Partitioner: TypeAlias = Callable[[Signals, Signals], Partition]


def whole(members: Signals, non_members: Signals) -> Partition:
    """Keep all records together.

    Parameters
    ----------
    members, non_members : Signals

    Returns
    -------
    Partition
    """
    n_records = len(members) + len(non_members)
    return Partition(name="whole", values=("whole",), codes=np.zeros(n_records, dtype=np.uint16))


def by_class(members: Signals, non_members: Signals) -> Partition:
    """Divide the records by their true class.

    Parameters
    ----------
    members, non_members : Signals
        With labels.

    Returns
    -------
    Partition

    Raises
    ------
    ValueError
        If labels are missing, or there are more than 1000 classes.
    """
    if members.labels is None or non_members.labels is None:
        raise ValueError(
            "slices by class need the true labels of members and non-members; "
            "give them, or leave out the slices by class."
        )
    return by_column("class", members.labels, non_members.labels)


def by_correctness(members: Signals, non_members: Signals) -> Partition:
    """Divide the records by whether the model classifies them correctly.

    Parameters
    ----------
    members, non_members : Signals
        With labels, and with predictions.

    Returns
    -------
    Partition

    Raises
    ------
    ValueError
        If labels or predictions are missing.
    """
    correct = np.append(members.correct(), non_members.correct())
    return Partition(
        name="classified",
        values=("correctly", "incorrectly"),
        codes=np.where(correct, 0, 1).astype(np.uint16),
    )


def by_loss_decile(members: Signals, non_members: Signals) -> Partition:
    """Divide the records by the model's loss into tenths of about equal size.

    The limits are the deciles of the losses of members and non-members together. Equal losses
    stay in one slice: where many records share a loss, tenths are larger, or empty and left out.

    Parameters
    ----------
    members, non_members : Signals
        With losses, or with what the cross-entropy needs.

    Returns
    -------
    Partition

    Raises
    ------
    ValueError
        If the losses can't be computed.
    """
    losses = np.append(members.loss(), non_members.loss())
    limits = np.quantile(losses, np.arange(1, 10) / 10, method="inverted_cdf")
    return Partition(
        name="loss decile",
        values=tuple(str(decile) for decile in range(1, 11)),
        codes=np.searchsorted(limits, losses, side="left").astype(np.uint16),
    )


def by_column(
    name: str, members: ArrayLike, non_members: ArrayLike, *, n_bins: int | None = None
) -> Partition:
    """Divide the records by the values of any column.

    Parameters
    ----------
    name : str
        What the column says.
    members : array of shape (n_members,)
        Its values for the members, in the order of the signals.
    non_members : array of shape (n_non_members,)
        Its values for the non-members, in the order of the signals.
    n_bins : int or None, default=None
        Divide a numeric column into so many parts of about equal size, at least 2. None: one part
        for each distinct value.

    Returns
    -------
    Partition
        With its slices in ascending order of the values.

    Raises
    ------
    ValueError
        If an array is not one-dimensional, both are empty, there are more than 1000 slices, a
        number is NaN, or bins are asked for of what is no number.

    Examples
    --------
    >>> by_column("sex", ["f", "m"], ["f", "f", "m"]).values
    ('f', 'm')
    >>> by_column("age", [20, 35], [61, 80], n_bins=2).values
    ('20 to 35', '61 to 80')
    """
    parts = [as_array(members), as_array(non_members)]
    if any(part.ndim != 1 for part in parts) or not sum(part.size for part in parts):
        raise ValueError(
            f"column {name!r} must be one-dimensional and not empty, but the shapes are "
            f"{parts[0].shape} for members and {parts[1].shape} for non-members."
        )
    # An empty list, which has floats, would turn whole numbers into some.
    column = np.concatenate([part for part in parts if part.size])
    if _lacks_values(column):
        raise ValueError(f"column {name!r} holds NaN; give the unknown a value of its own.")
    if n_bins is not None:
        return _binned(name, column, n_bins=n_bins)
    values, codes = np.unique(column, return_inverse=True)
    return Partition(name=name, values=tuple(map(str, values)), codes=codes)


def _binned(name: str, column: NDArray[np.generic], *, n_bins: int) -> Partition:
    if column.dtype.kind not in "fiu" or n_bins < 2:
        raise ValueError(
            f"bins need numbers and at least 2 of them, but column {name!r} has dtype "
            f"{column.dtype} and {n_bins} bins were asked for."
        )
    ascending = np.sort(column)
    # Inverted distribution function, in whole numbers: column positions are exact.
    ends = [-(-len(column) * part // n_bins) - 1 for part in range(1, n_bins)]
    bins = np.searchsorted(ascending[ends], column, side="left")
    present, codes = np.unique(bins, return_inverse=True)
    inside = [column[bins == one] for one in present]
    edges = np.array([[part.min(), part.max()] for part in inside])
    names = _told_apart(edges.ravel())
    return Partition(
        name=name,
        values=tuple(f"{low} to {high}" for low, high in zip(names[::2], names[1::2], strict=True)),
        codes=codes,
    )


_LARGEST_COUNTED = 2.0**53
"""Up to it, floats are whole numbers one by one; beyond, not all their digits mean something."""


def _told_apart(numbers: NDArray[np.generic]) -> list[str]:
    """Write numbers with as many digits as tell them apart, and from the whole numbers nearby."""
    if numbers.dtype.kind in "iu":
        return [str(number) for number in numbers.tolist()]
    floats = numbers.astype(np.float64) + 0.0  # without a sign of zero
    if (np.rint(floats) == floats).all() and np.abs(floats).max() <= _LARGEST_COUNTED:
        return [str(int(number)) for number in floats.tolist()]
    distinct = np.unique([floats, np.rint(floats)]).tolist()
    for n_digits in range(6, 17):
        if len({f"{number:.{n_digits}g}" for number in distinct}) == len(distinct):
            return [f"{number:.{n_digits}g}" for number in floats.tolist()]
    return [repr(number) for number in floats.tolist()]


def _lacks_values(column: NDArray[np.generic]) -> bool:
    if column.dtype.kind == "f":
        return bool(np.isnan(column).any())
    # None, NaN, and what does not say whether it equals itself, as pandas' missing values.
    return column.dtype.kind == "O" and any(
        value is None or operator.eq(value, value) is not True for value in column.tolist()
    )


#: The divisions that need no more than the signals, by the name to ask for them.
PARTITIONERS: Mapping[str, Partitioner] = {
    "whole": whole,
    "class": by_class,
    "correctness": by_correctness,
    "loss-decile": by_loss_decile,
}


def partition_of(division: str | Partition, members: Signals, non_members: Signals) -> Partition:
    """Return the partition that is meant.

    Parameters
    ----------
    division : str or Partition
        A name from "whole", "class", "correctness" and "loss-decile", or a partition, such as
        from `by_column`.
    members, non_members : Signals

    Returns
    -------
    Partition
        Covering all records.

    Raises
    ------
    ValueError
        If there is no such name, the partition does not cover the records, or they can't be
        divided so.
    TypeError
        If it is neither a name nor a partition.
    """
    if isinstance(division, Partition):
        n_records = len(members) + len(non_members)
        if division.codes.shape != (n_records,):
            raise ValueError(
                f"partition {division.name!r} is for {division.codes.size} records, but there are "
                f"{len(members)} members and {len(non_members)} non-members."
            )
        return division
    if not isinstance(division, str):
        raise TypeError(
            f"slices are names or partitions, but {division!r} came; choose from "
            f"{', '.join(PARTITIONERS)}, or pass by_column(...)."
        )
    if division not in PARTITIONERS:
        raise ValueError(
            f"there are no slices called {division!r}; choose from "
            f"{', '.join(PARTITIONERS)}, or pass by_column(...)."
        )
    return PARTITIONERS[division](members, non_members)
