"""Membership attacks of the house: signs that a record was in the training table.

Each attack gives every target a score in 0..1, higher for a likelier member, and knows what a
participant knows: the synthetic table and the public background.
"""

from itertools import combinations

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from anomed_dataset_synthesis.neighbours import fit_space, nearest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, keys_of, same_codebook
from anomed_dataset_synthesis.table.rows import count_in, row_keys
from anomed_dataset_synthesis.threat.membership import Scores

_PRIOR_COUNT = 0.1


def exact_match(
    targets: CanonicalTable, synthetic: CanonicalTable, background: CanonicalTable
) -> Scores:
    """Score a target by how often it appears verbatim.

    With a and b the shares of the synthetic and of the background table that equal the target,
    the score is a / (a + b), and one half where neither table has it: a record that is common
    anyway gives nothing away.

    Parameters
    ----------
    targets, synthetic, background
        Under one codebook, with at least one record each.

    Returns
    -------
    ndarray of float64, shape (n_targets,)
        In 0..1.

    Raises
    ------
    ValueError
        If a table is empty or the codebooks differ.
    """
    keys = keys_of(targets, synthetic, background)
    shares = [count_in(keys[0], table) / len(table) for table in keys[1:]]
    return _odds(shares[0], shares[1])


def distance_ratio(
    targets: CanonicalTable, synthetic: CanonicalTable, background: CanonicalTable
) -> Scores:
    """Score a target by whether the synthetic table comes nearer to it than the background.

    With a and b the Gower distances to the nearest synthetic and the nearest background record,
    the score is b / (a + b), and one half where both are 0: the ratio of two nearest-neighbour
    densities, DOMIAS by distance.

    Parameters
    ----------
    targets, synthetic, background
        Under one codebook, with at least one record each.

    Returns
    -------
    ndarray of float64, shape (n_targets,)
        In 0..1.

    Raises
    ------
    ValueError
        If a table is empty or the codebooks differ.

    References
    ----------
    B. van Breugel et al., "Membership inference attacks against synthetic data through
    overfitting detection", 2023, arXiv:2302.12580.
    """
    same_codebook(targets, synthetic, background)
    space = fit_space(background)
    queries = space.points(targets)
    distances = [
        nearest(queries, space.points(table)).distances[:, 0] for table in (synthetic, background)
    ]
    return _odds(distances[1], distances[0])


def density_ratio(
    targets: CanonicalTable,
    synthetic: CanonicalTable,
    background: CanonicalTable,
    *,
    order: int = 2,
) -> Scores:
    """Score a target by how much likelier its values are in the synthetic table.

    For every choice of `order` columns, the target's combination of values has a share in either
    table, counted exactly and smoothed by a tenth of a record. The score is the logistic function
    of the mean, over the choices, of the log-ratio of the two shares. Generators that publish
    marginals, or values that hardly anyone else has, are given away by it even where no synthetic
    record is near the target.

    Parameters
    ----------
    targets, synthetic, background
        Under one codebook, with at least one record each.
    order
        1 to the number of columns.

    Returns
    -------
    ndarray of float64, shape (n_targets,)
        In 0..1.

    Raises
    ------
    ValueError
        If a table is empty, the codebooks differ or the order is out of range.

    References
    ----------
    After the composite likelihood of marginals in S. Golob et al., "Privacy vulnerabilities in
    marginals-based synthetic data", 2024, arXiv:2410.05506.
    """
    codebook = same_codebook(targets, synthetic, background)
    if not 1 <= order <= codebook.n_columns:
        raise ValueError(f"order {order} of {codebook.n_columns} columns; give 1 up to all of them")
    total = np.zeros(len(targets))
    choices = list(combinations(range(codebook.n_columns), order))
    for choice in choices:
        keys = row_keys(
            *(table.levels[:, choice] for table in (targets, synthetic, background)),
            n_levels=[codebook.n_levels[column] for column in choice],
        )
        counts = [count_in(keys[0], table) + _PRIOR_COUNT for table in keys[1:]]
        total += np.log(counts[0] / len(synthetic)) - np.log(counts[1] / len(background))
    return np.asarray(expit(total / len(choices)), dtype=np.float64)


def _odds(evidence: npt.NDArray[np.float64], counter: npt.NDArray[np.float64]) -> Scores:
    """Return evidence / (evidence + counter), one half where both are 0."""
    total = evidence + counter
    scores = np.full(len(total), 0.5)
    np.divide(evidence, total, out=scores, where=total > 0)
    return scores


def background_outliers(
    targets: CanonicalTable,
    background: CanonicalTable,
    *,
    share: float = 0.05,
    n_neighbours: int = 5,
) -> npt.NDArray[np.bool_]:
    """Tell the targets in the thinnest parts of the background, who have most to fear.

    Parameters
    ----------
    targets, background
        Under one codebook.
    share
        The share of targets to choose, in 0..1: those farthest from their neighbour.
    n_neighbours
        Which of the nearest background records measures the density.

    Returns
    -------
    ndarray of bool, shape (n_targets,)
        ``ceil(share * n_targets)`` are true; of equally lonely targets the first.

    Raises
    ------
    ValueError
        If a table is empty, the codebooks differ or the background has too few records.
    """
    same_codebook(targets, background)
    space = fit_space(background)
    found = nearest(space.points(targets), space.points(background), n_neighbours=n_neighbours)
    order = np.argsort(-found.distances[:, -1], kind="stable")
    chosen = np.zeros(len(targets), dtype=bool)
    chosen[order[: int(np.ceil(share * len(targets)))]] = True
    return chosen
