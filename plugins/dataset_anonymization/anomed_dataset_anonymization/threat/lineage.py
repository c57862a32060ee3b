"""Say which published row is whose, as fairly as it can be known.

An anonymizer may declare who is who. The declaration counts alone if it is credible: if each
published cell allows what it stands for, or at least no other row is nearer to its person. If it is
not, or there is none, the rows nearest to a person are held to be the person's, and an attack
gets the better of the two credits.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.schemes import PublishedTable
from anomed_dataset_anonymization.threat._nearest import find_nearest
from anomed_dataset_anonymization.threat.view import NO_ROW
from anomed_dataset_anonymization.utility.published import boxes_of_published


@attrs.frozen(kw_only=True, eq=False)
class Lineage:
    """Whose the published rows are, for some people.

    Attributes
    ----------
    group_of_row : ndarray of int64, shape (n_rows,)
        Rows that are published identically share a group.
    ownership : sequence of csr_array of float64, shape (n_people, n_groups)
        For each way to hold rows to be somebody's: the probability that a row of the group, named
        at random, is the person's.
    """

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
            in total.
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
            if gained.sum() > best.sum():
                best = gained
        return np.minimum(best, 1.0)


def trace_lineage(
    table: PublishedTable,
    *,
    people: Coordinates,
    leaky_positions: NDArray[np.int64],
    n_leaky: int,
) -> Lineage:
    """Find out whose the published rows are.

    Parameters
    ----------
    table : PublishedTable
        With its declared lineage, if there is one.
    people : ndarray of float64, shape (n_people, n_columns)
        True coordinates of members, in schema order.
    leaky_positions : ndarray of int64, shape (n_people,)
        Their positions in the leaky table.
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
    if table.n_rows > n_leaky or leaky_positions.max(initial=-1) >= n_leaky:
        raise ValueError(
            f"{table.n_rows} rows and the position {leaky_positions.max(initial=-1)} do not fit "
            f"{n_leaky} people."
        )
    boxes, group_of_row = boxes_of_published(table).distinct()
    own_group = _declared_groups(
        table, group_of_row, leaky_positions=leaky_positions, n_leaky=n_leaky
    )
    shape = (len(people), len(boxes.counts))
    pairs = find_nearest(people, boxes)
    shares = (table.n_rows / n_leaky) / pairs.n_people[pairs.targets]
    nearest = sparse.csr_array((shares, (pairs.targets, pairs.boxes)), shape=shape)
    published = np.flatnonzero(own_group != NO_ROW)
    groups = own_group[published]
    declared = sparse.csr_array((1.0 / boxes.counts[groups], (published, groups)), shape=shape)
    if table.lineage is None:
        ownership = [nearest]
    elif (_entries(nearest, published, groups) > 0).all():
        ownership = [declared]
    else:
        ownership = [declared, nearest]
    return Lineage(group_of_row=group_of_row, ownership=ownership)


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
