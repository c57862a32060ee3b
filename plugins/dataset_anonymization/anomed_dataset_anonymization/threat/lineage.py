"""Say which published row is whose, as fairly as it can be known.

An anonymizer may declare who is who. The declaration counts alone if it is credible: if each
published cell allows what it stands for, or at least no other row is nearer to its person. If it is
not, or there is none, the rows nearest to a person are held to be the person's, and an attack
gets the better of the two credits.

To everybody some row is nearest, also to people who never were in the table. So a row counts by
nearness only if it is nearer than rows come to strangers, and strangers get the same credit: what
naming rows earns about them is the floor.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.schemes import PublishedTable
from anomed_dataset_anonymization.threat._nearest import NearestPairs, find_nearest
from anomed_dataset_anonymization.threat.view import NO_ROW
from anomed_dataset_anonymization.utility.published import boxes_of_published

STRANGERS_IN_REACH = 0.05
"""Share of the strangers to whom a row comes near enough to be taken for theirs."""

_DECIMALS = 6
"""Of distances; differences below are rounding only."""


@attrs.frozen(kw_only=True, eq=False)
class Lineage:
    """Whose the published rows are, for some people.

    Attributes
    ----------
    is_member : ndarray of bool, shape (n_people,)
        Who is in the leaky table; the others are strangers to it.
    group_of_row : ndarray of int64, shape (n_rows,)
        Rows that are published identically share a group.
    ownership : sequence of csr_array of float64, shape (n_people, n_groups)
        For each way to hold rows to be somebody's: the probability that a row of the group, named
        at random, is the person's.
    """

    is_member: NDArray[np.bool_]
    group_of_row: NDArray[np.int64]
    ownership: Sequence[sparse.csr_array]

    def credit(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the expected credit for naming rows, summed over the people.

        Parameters
        ----------
        rows : ndarray of int64, shape (n_people, n_guesses)
            Rows named for each person, `NO_ROW` for none. A row named twice counts once.

        Returns
        -------
        ndarray of float64, shape (n_people,)
            In [0, 1]; of the ways to see whose rows they are, the one that credits the attack most
            in total, for members.
        """
        ordered = np.sort(rows, axis=1)
        ordered[:, 1:][ordered[:, 1:] == ordered[:, :-1]] = NO_ROW
        people = np.broadcast_to(np.arange(len(rows))[:, np.newaxis], rows.shape)
        named = ordered != NO_ROW
        groups = self.group_of_row[ordered[named]]
        best = np.zeros(len(rows))
        for credit in self.ownership:
            gained = np.zeros(len(rows))
            np.add.at(gained, people[named], _entries(credit, people[named], groups))
            if gained[self.is_member].sum() > best[self.is_member].sum():
                best = gained
        return np.minimum(best, 1.0)


def trace_lineage(
    table: PublishedTable,
    *,
    people: Coordinates,
    is_member: NDArray[np.bool_],
    leaky_positions: NDArray[np.int64],
    n_leaky: int,
) -> Lineage:
    """Find out whose the published rows are.

    Parameters
    ----------
    table : PublishedTable
        With its declared lineage, if there is one.
    people : ndarray of float64, shape (n_people, n_columns)
        True coordinates, in schema order.
    is_member : ndarray of bool, shape (n_people,)
        Who is in the leaky table. Without strangers, the nearest row is a member's however far.
    leaky_positions : ndarray of int64, shape (n_people,)
        Positions of the members in the leaky table; ignored for strangers.
    n_leaky : int
        Number of people in the leaky table. If fewer rows are published, nobody's nearest row is
        more likely theirs than rows are per person.

    Returns
    -------
    Lineage

    Raises
    ------
    ValueError
        If there are more rows than people, or a position beyond them.
    """
    last = leaky_positions[is_member].max(initial=-1)
    if table.n_rows > n_leaky or last >= n_leaky:
        raise ValueError(
            f"{table.n_rows} rows and the position {last} do not fit {n_leaky} people."
        )
    boxes, group_of_row = boxes_of_published(table).distinct()
    own_group = np.full(len(people), NO_ROW)
    own_group[is_member] = _declared_groups(
        table, group_of_row, leaky_positions=leaky_positions[is_member], n_leaky=n_leaky
    )
    shape = (len(people), len(boxes.counts))
    pairs = find_nearest(people, boxes)
    shares = (table.n_rows / n_leaky) / pairs.n_people[pairs.targets]
    nearest = sparse.csr_array((shares, (pairs.targets, pairs.boxes)), shape=shape)
    within_reach = sparse.diags_array(_in_reach(pairs, is_member).astype(np.float64))
    by_nearness = sparse.csr_array(within_reach @ nearest)
    published = np.flatnonzero(own_group != NO_ROW)
    groups = own_group[published]
    declared = sparse.csr_array((1.0 / boxes.counts[groups], (published, groups)), shape=shape)
    strangers = sparse.diags_array((~is_member).astype(np.float64))
    by_declaration = sparse.csr_array(declared + strangers @ by_nearness)
    if table.lineage is None:
        ownership = [by_nearness]
    elif (_entries(nearest, published, groups) > 0).all():
        ownership = [by_declaration]
    else:
        ownership = [by_declaration, by_nearness]
    return Lineage(is_member=is_member, group_of_row=group_of_row, ownership=ownership)


def _in_reach(pairs: NearestPairs, is_member: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return to whom a row comes as near as to few strangers only, shape (n_people,).

    Where no row knows the members, it comes as near to as many of them as of the strangers.
    """
    distances = pairs.distances.round(_DECIMALS)
    to_strangers = distances[~is_member]
    if not len(to_strangers):
        return np.ones(len(distances), dtype=np.bool_)
    reach = np.quantile(to_strangers, STRANGERS_IN_REACH, method="lower")
    near: NDArray[np.bool_] = distances <= reach
    return near


def _declared_groups(
    table: PublishedTable,
    group_of_row: NDArray[np.int64],
    *,
    leaky_positions: NDArray[np.int64],
    n_leaky: int,
) -> NDArray[np.int64]:
    """Return the group of each person's declared row, `NO_ROW` where none is declared."""
    if table.lineage is None:
        return np.full(len(leaky_positions), NO_ROW)
    group_of_person = np.full(n_leaky, NO_ROW)
    group_of_person[table.lineage] = group_of_row
    return group_of_person[leaky_positions]


def _entries(
    matrix: sparse.csr_array, rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return single entries of a sparse matrix."""
    filled = matrix.tocoo()
    if not filled.nnz:
        return np.zeros(len(rows))
    n_columns = matrix.shape[1]
    keys = filled.coords[0].astype(np.int64) * n_columns + filled.coords[1]
    order = np.argsort(keys)
    wanted = rows * n_columns + columns
    places = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    hits = keys[order[places]] == wanted
    return np.where(hits, filled.data[order[places]], 0.0)
