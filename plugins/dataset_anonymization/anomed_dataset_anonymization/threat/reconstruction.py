"""Score a reconstructed table: how many of its surest rows are people of the leaky table."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import KDTree

from anomed_core.statistics import Estimate, Rate, residual_risk, wilson_interval
from anomed_dataset_anonymization.privacy.classes import FloatArray
from anomed_dataset_anonymization.schema import Column, Coordinates

MAX_PAIRS = 10_000_000
"""Pairs that are looked at: their assignment takes about 100 bytes each."""

_REACH = 1.0 + 1e-9
_FAR = 4.0
"""Distance between different values of an exact column, in units of the tolerance."""


@attrs.frozen(kw_only=True)
class ReconstructionScore:
    """How many of the surest rows are people of the leaky table.

    Attributes
    ----------
    n_rows : int
        Number of the surest rows looked at.
    members, non_members : Rate
        Match rate against the leaky table, and against an equally large one of non-members.
    risk : Estimate
        Match rate on members above that on non-members, and that of other tables.
    """

    n_rows: int
    members: Rate
    non_members: Rate
    risk: Estimate


def score_reconstruction(
    rows: Coordinates,
    *,
    leaky: Coordinates,
    non_members: Coordinates,
    columns: Sequence[Column],
    n_surest: int,
    confidence: NDArray[np.float64] | None = None,
    rivals: Sequence[Coordinates] = (),
    level: float = 0.95,
) -> ReconstructionScore:
    """Score a reconstructed table against the leaky one and against non-members.

    Parameters
    ----------
    rows : ndarray of float64, shape (n_submitted, n_columns)
        Coordinates of the reconstructed people; at most as many as are in the leaky table.
    leaky, non_members : ndarray of float64, shape (n_people, n_columns)
        Coordinates of the members, and of as many people who are not.
    columns : sequence of Column
        What the columns are; a value may be off by its column's tolerance.
    n_surest : int
        How many rows to look at. If fewer were submitted, the missing ones are wrong.
    confidence : ndarray of float64, shape (n_submitted,), optional
        How sure each row is; equal when it is missing.
    rivals : sequence of ndarray of float64, shape (n_rows, n_columns)
        Other tables of the same people that attackers could read; what share of their rows are
        leaky people is a floor.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    ReconstructionScore

    Raises
    ------
    ValueError
        If more rows came than there are people, or the two tables are not equally large.

    References
    ----------
    Dick et al., PNAS 120 (2023) e2218605120, doi:10.1073/pnas.2218605120.
    """
    if len(non_members) != len(leaky):
        raise ValueError(
            f"the table of non-members has {len(non_members)} people, the leaky one {len(leaky)}; "
            "they must be equally large."
        )
    if len(rows) > len(leaky):
        raise ValueError(f"{len(rows)} rows came; the leaky table has only {len(leaky)} people.")
    if n_surest < 1:
        raise ValueError(f"the match rate of {n_surest} rows does not exist; look at 1 or more.")

    def rate(some: Coordinates, people: Coordinates, sureness: FloatArray | None) -> Rate:
        matches = _expected_matches(
            some, people, columns=columns, confidence=sureness, n_surest=n_surest
        )
        return wilson_interval(matches, n_surest, confidence=level)

    members, others = rate(rows, leaky, confidence), rate(rows, non_members, confidence)
    floors = [others, *(rate(rival, leaky, None) for rival in rivals)]
    floor = max(floors, key=lambda found: found.value)
    return ReconstructionScore(
        n_rows=n_surest,
        members=members,
        non_members=others,
        risk=residual_risk(members, floor),
    )


def count_matches(rows: Coordinates, people: Coordinates, *, columns: Sequence[Column]) -> int:
    """Count how many rows can be paired with people, each of them at most once.

    Parameters
    ----------
    rows, people : ndarray of float64, shape (n_rows, n_columns) and (n_people, n_columns)
        Coordinates; a null matches a null only.
    columns : sequence of Column
        Give the tolerances.

    Returns
    -------
    int
        Size of a maximum matching; of the multiset intersection, if nothing is tolerated. If the
        tolerances let more than `MAX_PAIRS` pairs match, each row is paired with its nearest people
        only, `MAX_PAIRS` divided by the number of distinct rows.
    """
    if not len(rows) or not len(people):
        return 0
    distinct_rows, n_of_row = np.unique(_scale(rows, columns), axis=0, return_counts=True)
    distinct_people, n_of_person = np.unique(_scale(people, columns), axis=0, return_counts=True)
    if any(column.tolerance for column in columns):
        pairs = _near_pairs(distinct_rows, distinct_people)
        return _maximum_matching(pairs, n_of_row, n_of_person)
    row, person = _equal_pairs(distinct_rows, distinct_people)
    return int(np.minimum(n_of_row[row], n_of_person[person]).sum())


def _expected_matches(
    rows: Coordinates,
    people: Coordinates,
    *,
    columns: Sequence[Column],
    confidence: NDArray[np.float64] | None,
    n_surest: int,
) -> float:
    """Count the matches of the surest rows; of equally sure rows at the cut, a share counts."""
    sureness = np.zeros(len(rows)) if confidence is None else confidence
    if n_surest >= len(rows):
        return count_matches(rows, people, columns=columns)
    cut = np.sort(sureness)[-n_surest]
    surer, tied = sureness > cut, sureness >= cut
    least = count_matches(rows[surer], people, columns=columns)
    most = count_matches(rows[tied], people, columns=columns)
    n_surer, n_tied = int(surer.sum()), int(tied.sum())
    return least + (most - least) * (n_surest - n_surer) / (n_tied - n_surer)


def _equal_pairs(
    rows: Coordinates, people: Coordinates
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the positions of equal ones among distinct rows and distinct people."""
    codes = np.unique(np.concatenate([rows, people]), axis=0, return_inverse=True)[1]
    of_row, of_person = np.split(codes.reshape(-1), [len(rows)])
    _, row, person = np.intersect1d(of_row, of_person, return_indices=True)
    return row, person


def _near_pairs(rows: Coordinates, people: Coordinates) -> NDArray[np.int64]:
    """Return (row, person) pairs at most 1 apart in each column, shape (n_pairs, 2).

    If there are more than `MAX_PAIRS`, each row has its nearest people only, equally many.
    """
    tree = KDTree(people)
    lengths = tree.query_ball_point(rows, r=_REACH, p=np.inf, return_length=True)
    if lengths.sum() > MAX_PAIRS:
        nearest = range(1, max(1, MAX_PAIRS // len(rows)) + 1)
        distances, persons = tree.query(
            rows, k=nearest, p=np.inf, distance_upper_bound=np.nextafter(_REACH, np.inf)
        )
        row, place = np.nonzero(np.isfinite(distances))
        return np.column_stack([row, persons[row, place]])
    near = tree.query_ball_point(rows, r=_REACH, p=np.inf)
    persons = np.concatenate([np.asarray(some, dtype=np.int64) for some in near])
    return np.column_stack([np.repeat(np.arange(len(rows)), lengths), persons])


def _scale(table: Coordinates, columns: Sequence[Column]) -> Coordinates:
    """Scale each column so that values match when they are at most 1 apart."""
    scaled = np.empty_like(table)
    for place, column in enumerate(columns):
        values = table[:, place]
        unit = column.tolerance or (1.0 if column.is_listed else column.bounds.step) / _FAR
        lowest = 0.0 if column.is_listed else column.bounds.low
        scaled[:, place] = np.where(np.isnan(values), -_FAR, (values - lowest) / unit)
    return scaled


def _maximum_matching(
    pairs: NDArray[np.int64], n_of_row: NDArray[np.int64], n_of_person: NDArray[np.int64]
) -> int:
    """Pair as many copies of rows as possible with copies of people."""
    n_rows, n_people = len(n_of_row), len(n_of_person)
    source, sink = n_rows + n_people, n_rows + n_people + 1
    row, person = pairs.T
    begin = np.concatenate([np.full(n_rows, source), row, n_rows + np.arange(n_people)])
    end = np.concatenate([np.arange(n_rows), n_rows + person, np.full(n_people, sink)])
    capacity = np.concatenate(
        [n_of_row, np.minimum(n_of_row[row], n_of_person[person]), n_of_person]
    )
    graph = sparse.csr_array(
        (capacity.astype(np.int32), (begin.astype(np.int32), end.astype(np.int32))),
        shape=(sink + 1, sink + 1),
    )
    return int(csgraph.maximum_flow(graph, source, sink).flow_value)
