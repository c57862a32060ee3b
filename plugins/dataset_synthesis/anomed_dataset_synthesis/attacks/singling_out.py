"""Predicates of the house: what is unique among synthetic records may be so among real ones."""

import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.table.canonical import CanonicalTable, same_codebook
from anomed_dataset_synthesis.table.codebook import MISSING
from anomed_dataset_synthesis.table.encoding import is_category
from anomed_dataset_synthesis.threat.predicates import Condition, Predicate

_TRIES_PER_PREDICATE = 5


def univariate_predicates(
    reference: CanonicalTable, *, column: str, max_predicates: int, rng: np.random.Generator
) -> tuple[Predicate, ...]:
    """State what only one reference record has in a column.

    That is a value that occurs once, and the smallest or largest number if it occurs once.

    Parameters
    ----------
    reference
        The synthetic table, or the background for the guess of someone who has not seen it.
    column
        The column to make statements about.
    max_predicates
        So many at most are drawn of the possible ones.
    rng
        Draws them.

    Returns
    -------
    tuple of Predicate
        In random order; empty where no value occurs only once.

    Raises
    ------
    ValueError
        If the column is unknown.
    """
    position = reference.codebook.position(column)
    levels = reference.levels[:, position]
    values, counts = np.unique(levels[levels != MISSING], return_counts=True)
    statements = [("==", int(value)) for value in values[counts == 1]]
    if len(values) and not is_category(reference.codebook)[position]:
        ends = (("<=", 0), (">=", -1))
        statements += [(sign, int(values[end])) for sign, end in ends if counts[end] == 1]
    chosen = rng.permutation(len(statements))[:max_predicates]
    return tuple(
        Predicate((Condition(position=position, comparison=sign, level=float(value)),))
        for sign, value in (statements[place] for place in chosen)
    )


def multivariate_predicates(
    reference: CanonicalTable,
    *,
    background: CanonicalTable,
    n_predicates: int,
    rng: np.random.Generator,
    n_columns: int | None = None,
) -> tuple[Predicate, ...]:
    """State combinations of values that only one reference record has.

    A random record is described in random columns: its category, and its number "or more" if it
    lies above the background's median, "or less" otherwise. Descriptions that fit other records
    too are dropped.

    Parameters
    ----------
    reference
        The synthetic table, or the background for the guess of someone who has not seen it.
    background
        Public records.
    n_predicates
        How many to make.
    rng
        Draws records and columns.
    n_columns
        Columns per predicate, 1 up to all; half of them by default.

    Returns
    -------
    tuple of Predicate
        Fewer than `n_predicates` where five times as many tries don't find enough.

    Raises
    ------
    ValueError
        If a table is empty or the codebooks differ.
    """
    codebook = same_codebook(reference, background)
    medians = [_median(background.levels[:, place]) for place in range(codebook.n_columns)]
    categorical = is_category(codebook)
    n_stated = (codebook.n_columns + 1) // 2 if n_columns is None else n_columns
    found: list[Predicate] = []
    for _ in range(_TRIES_PER_PREDICATE * n_predicates):
        if len(found) == n_predicates:
            break
        record = reference.levels[rng.integers(len(reference))]
        columns = rng.permutation(codebook.n_columns)[:n_stated]
        predicate = Predicate(
            tuple(
                _describe(int(record[place]), int(place), median=medians[place])
                if not categorical[place]
                else _equal(int(record[place]), int(place))
                for place in columns
            )
        )
        if len(predicate.matches(reference)) == 1:
            found.append(predicate)
    return tuple(found)


def whole_record_predicates(
    reference: CanonicalTable, *, n_predicates: int, rng: np.random.Generator
) -> tuple[Predicate, ...]:
    """State of random reference records all that they say.

    Parameters
    ----------
    reference
        A table of records that may be real ones.
    n_predicates
        How many to make; of a shorter table one for each record.
    rng
        Draws records.

    Returns
    -------
    tuple of Predicate
    """
    chosen = reference.sample(n_predicates, rng=rng)
    return tuple(
        Predicate(tuple(_equal(int(level), place) for place, level in enumerate(record)))
        for record in chosen.levels
    )


def _median(levels: npt.NDArray[np.int32]) -> float:
    known = levels[levels != MISSING]
    return float(np.median(known)) if len(known) else 0.0


def _describe(level: int, position: int, *, median: float) -> Condition:
    if level == MISSING:
        return _equal(level, position)
    sign = ">=" if level > median else "<="
    return Condition(position=position, comparison=sign, level=float(level))


def _equal(level: int, position: int) -> Condition:
    value = None if level == MISSING else float(level)
    return Condition(position=position, comparison="==", level=value)
