"""The lottery: who is in, who is out, and who is asked about."""

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.table.canonical import CanonicalTable, keys_of
from anomed_dataset_synthesis.table.rows import count_in


@attrs.frozen(kw_only=True, eq=False)
class Split:
    """The places of a population's records in three disjoint tables.

    Attributes
    ----------
    background, training, non_members : ndarray of intp
        Places; together each record's once, in random order.
    """

    background: npt.NDArray[np.intp]
    training: npt.NDArray[np.intp]
    non_members: npt.NDArray[np.intp]


def split_population(
    n_records: int, *, rng: np.random.Generator, background_share: float = 1 / 3
) -> Split:
    """Set a public background aside, and flip a fair coin for each other record.

    Independent coins are what an audit of one run needs: nobody's membership tells anything about
    another's.

    Parameters
    ----------
    n_records
        The population's size.
    rng
        Keyed by a secret that no configuration holds: whoever has the seed has the answers.
    background_share
        In 0..1.

    Returns
    -------
    Split
        Training records and non-members differ in number by chance.

    Raises
    ------
    ValueError
        If the share is out of range.
    """
    if not 0 <= background_share <= 1:
        raise ValueError(f"a background share of {background_share} came; give one in 0 to 1")
    order = rng.permutation(n_records)
    n_background = round(background_share * n_records)
    secret = order[n_background:]
    inside = rng.random(len(secret)) < 0.5
    return Split(
        background=order[:n_background], training=secret[inside], non_members=secret[~inside]
    )


@attrs.frozen(kw_only=True, eq=False)
class Targets:
    """The records that attackers are asked about.

    Attributes
    ----------
    table
        Members and non-members in random order; a target's place is its id.
    is_member : ndarray of bool, shape (n_targets,)
        The truth.
    """

    table: CanonicalTable
    is_member: npt.NDArray[np.bool_]


def draw_targets(
    training: CanonicalTable,
    non_members: CanonicalTable,
    *,
    n_each: int,
    rng: np.random.Generator,
) -> Targets:
    """Draw as many members as non-members, none of which has a double on the other side.

    Parameters
    ----------
    training, non_members
        The secret members and non-members.
    n_each
        How many of either.
    rng
        Keyed by the server's secret.

    Returns
    -------
    Targets
        ``2 * n_each`` of them, shuffled.

    Raises
    ------
    ValueError
        If a table has fewer than `n_each` records without a double on the other side, or
        `n_each` is not positive.
    """
    places = _without_double(training, non_members)
    n_possible = min(len(possible) for possible in places)
    if not 1 <= n_each <= n_possible:
        raise ValueError(
            f"{n_each} targets of each kind were asked for, and {n_possible} records of one kind "
            f"have no double on the other side; give 1 to {n_possible}"
        )
    chosen = [
        table.levels[rng.choice(possible, n_each, replace=False)]
        for table, possible in zip((training, non_members), places, strict=True)
    ]
    order = rng.permutation(2 * n_each)
    return Targets(
        table=CanonicalTable(codebook=training.codebook, levels=np.concatenate(chosen)[order]),
        is_member=np.repeat([True, False], n_each)[order],
    )


def count_possible_targets(training: CanonicalTable, non_members: CanonicalTable) -> int:
    """Count how many targets of each kind `draw_targets` can draw at most."""
    return min(len(possible) for possible in _without_double(training, non_members))


def _without_double(
    training: CanonicalTable, non_members: CanonicalTable
) -> list[npt.NDArray[np.intp]]:
    """Return the places of each table's records that the other table lacks."""
    inside, outside = keys_of(training, non_members)
    return [
        np.flatnonzero(count_in(mine, others) == 0)
        for mine, others in ((inside, outside), (outside, inside))
    ]
