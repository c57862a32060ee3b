"""Generalization hierarchies: for each value of a column, ever coarser groups up to ``*``.

The files are those of ARX: one line a value, ``value;group;larger group;...;*``.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from functools import cached_property
from typing import TYPE_CHECKING

import attrs
import numpy as np

from anomed_core.tables import write_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SUPPRESSED = "*"
"""Label of the group that holds every value."""


def _freeze(rows: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(row) for row in rows)


@attrs.frozen(kw_only=True)
class Hierarchy:
    """Groups of a column's values, from the single values to all of them.

    Attributes
    ----------
    labels : tuple of tuple of str
        One row a value: the value itself, then the label of its group at each level. The last level
        has one group, and a group lies within one group of the next level.

    Raises
    ------
    ValueError
        If the rows are of different lengths, a value comes twice or is empty, a group is divided
        between two groups of the next level, or the last level has several groups.

    Examples
    --------
    >>> wards = Hierarchy(labels=[("eye", "head", "*"), ("ear", "head", "*"), ("knee", "leg", "*")])
    >>> wards.groups.tolist()
    [[0, 0, 0], [1, 0, 0], [2, 1, 0]]
    """

    labels: tuple[tuple[str, ...], ...] = attrs.field(converter=_freeze)

    def __attrs_post_init__(self) -> None:
        self._check_rows()
        self._check_nesting()
        if len(tops := {row[-1] for row in self.labels}) > 1:
            raise ValueError(
                f"the last level of a hierarchy must have one group such as {SUPPRESSED!r}, "
                f"got {sorted(tops)[:5]}."
            )

    def _check_rows(self) -> None:
        if not self.labels:
            raise ValueError("a hierarchy needs at least one value, got none.")
        n_levels = len(self.labels[0])
        if n_levels < 2:
            raise ValueError(
                f"a hierarchy needs a level above its values, such as {SUPPRESSED!r}, got only "
                f"the value {self.labels[0]}; check the delimiter."
            )
        for number, row in enumerate(self.labels, start=1):
            if len(row) != n_levels:
                raise ValueError(
                    f"line {number} of a hierarchy has {len(row)} levels, line 1 has {n_levels}; "
                    "all must have the same."
                )
            if "" in row:
                raise ValueError(f"line {number} of a hierarchy has an empty label: {row}.")
        value, occurrences = Counter(row[0] for row in self.labels).most_common(1)[0]
        if occurrences > 1:
            raise ValueError(f"a hierarchy must have each value once, got {value!r} twice.")

    def _check_nesting(self) -> None:
        for level in range(1, len(self.labels[0]) - 1):
            larger: dict[str, str] = {}
            for row in self.labels:
                if larger.setdefault(row[level], row[level + 1]) != row[level + 1]:
                    raise ValueError(
                        f"group {row[level]!r} at level {level} of a hierarchy belongs to both "
                        f"{larger[row[level]]!r} and {row[level + 1]!r}; it must lie within one."
                    )

    @property
    def values(self) -> tuple[str, ...]:
        """Return the single values, in the order of the lines."""
        return tuple(row[0] for row in self.labels)

    @cached_property
    def groups(self) -> NDArray[np.int64]:
        """Return the group of each value at each level.

        Returns
        -------
        ndarray of int64, shape (n_values, n_levels)
            Numbers from 0 at each level, in order of first appearance; level 0 are the values.
        """
        levels = []
        for labels in zip(*self.labels, strict=True):
            numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
            levels.append([numbers[label] for label in labels])
        return np.array(levels, dtype=np.int64).T

    def to_text(self) -> str:
        """Return the lines of the hierarchy's file, with ``;`` between the levels."""
        return "".join(f"{';'.join(map(_quote, row))}\n" for row in self.labels)


def read_hierarchy(path: Path, *, delimiter: str | None = None) -> Hierarchy:
    """Read a hierarchy from a file.

    Parameters
    ----------
    path : Path
        A UTF-8 text file, one line a value.
    delimiter : str, optional
        What stands between the levels; by default ``;`` if the first line has one, else ``,``.

    Returns
    -------
    Hierarchy

    Raises
    ------
    ValueError
        If the text is not UTF-8, or describes no valid hierarchy; the message names the file.
    OSError
        If the file can't be read.
    """
    try:
        return parse_hierarchy(path.read_text(encoding="utf-8-sig"), delimiter=delimiter)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def parse_hierarchy(text: str, *, delimiter: str | None = None) -> Hierarchy:
    """Read a hierarchy from the text of its file.

    Parameters
    ----------
    text : str
        One line a value; empty lines are skipped, labels may be quoted, and blanks around them are
        dropped. So is a line for nothing, such as ``;none;*``, which ARX writes where cells are
        empty: a missing value has a group of its own.
    delimiter : str, optional
        As of `read_hierarchy`.

    Returns
    -------
    Hierarchy

    Raises
    ------
    ValueError
        If the text describes no valid hierarchy.

    Examples
    --------
    >>> parse_hierarchy('17,"[15, 20[",*').labels
    (('17', '[15, 20[', '*'),)
    """
    lines = [line for line in text.splitlines() if line.strip()]
    if delimiter is None:
        delimiter = ";" if lines and ";" in lines[0] else ","
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    labels = [[label.strip() for label in row] for row in rows]
    return Hierarchy(labels=[row for row in labels if row[0] or len(row) == 1])


def flat_hierarchy(values: Iterable[str]) -> Hierarchy:
    """Return the hierarchy that keeps a value or suppresses it.

    Parameters
    ----------
    values : iterable of str
        All values, each once.
    """
    return Hierarchy(labels=[(value, SUPPRESSED) for value in values])


def interval_hierarchy(
    values: Sequence[str], positions: NDArray[np.float64], *, widths: Sequence[float]
) -> Hierarchy:
    r"""Group ordered values into intervals of growing width, and at last into one.

    Parameters
    ----------
    values : sequence of str
        All values, each once.
    positions : ndarray of float64, shape (n_values,)
        Where the values lie, at 0 or above; intervals begin at multiples of their width.
    widths : sequence of float
        Width of the intervals at each level: positive, each a multiple of the one before.

    Returns
    -------
    Hierarchy

    Raises
    ------
    ValueError
        If a width is not positive, or not a multiple of the one before.

    Examples
    --------
    >>> interval_hierarchy(["7", "12"], np.array([7.0, 12.0]), widths=[5, 10]).to_text()
    '7;[5, 10[;[0, 10[;*\n12;[10, 15[;[10, 20[;*\n'
    """
    for narrow, wide in zip([*widths[:1], *widths], widths, strict=False):
        if narrow <= 0 or not math.isclose(wide / narrow, round(wide / narrow), abs_tol=1e-9):
            raise ValueError(
                f"the widths of intervals must be positive, each a multiple of the one before, "
                f"got {list(widths)}."
            )
    levels: list[Sequence[str]] = [values]
    for width in widths:
        begins = np.floor(positions / width + 1e-9) * width
        levels.append(
            [f"[{write_number(begin)}, {write_number(begin + width)}[" for begin in begins]
        )
    levels.append([SUPPRESSED] * len(values))
    return Hierarchy(labels=zip(*levels, strict=True))


def _quote(label: str) -> str:
    if any(character in label for character in ';"\n'):
        return '"' + label.replace('"', '""') + '"'
    return label
