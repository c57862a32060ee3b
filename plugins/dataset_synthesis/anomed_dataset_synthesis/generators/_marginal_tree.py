"""Measure, estimate and sample a tree of two-way marginals under zCDP, on integer codes alone.

The mechanism is the maximum-spanning-tree method of McKenna, Miklau and Sheldon [1]_: measure all
one-way marginals, choose with the exponential mechanism a tree of those pairs that the one-way
marginals explain worst, measure the chosen pairs. Each of the three steps spends a third of the
budget. Everything after the measurements is post-processing and costs no privacy; in particular
the number of records is never used, it is estimated from the noisy counts.

References
----------
.. [1] R. McKenna, G. Miklau, D. Sheldon, "Winning the NIST Contest: A scalable and general
   approach to differentially private synthetic data", 2021, arXiv:2108.04978.
.. [2] C. Canonne, G. Kamath, T. Steinke, "The Discrete Gaussian for Differential Privacy", 2020,
   arXiv:2004.00010, algorithm 3.
"""

import itertools
import math
from collections.abc import Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_synthesis.dp.accounting import (
    epsilon_of_exponential_mechanism,
    sigma_of_gaussian,
)

Codes = NDArray[np.int64]
Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Pair = tuple[int, int]

_RAKING_ROUNDS = 25
_TRACE = 1e-9
_MAX_CELLS = 2**24


@attrs.frozen(kw_only=True, eq=False)
class NoisyMarginals:
    """What was measured; nothing else about the records leaves the mechanism.

    Attributes
    ----------
    one_way : tuple of ndarray of int64, each of shape (n_codes of the column,)
        Noisy counts, negative ones included.
    two_way : mapping of (int, int) to ndarray of int64, (n_codes of first, n_codes of second)
        Noisy counts of the chosen pairs of columns, which form a tree.
    sigma_one_way, sigma_two_way
        Standard deviation of the noise in each cell.
    """

    one_way: tuple[Counts, ...]
    two_way: Mapping[Pair, Counts]
    sigma_one_way: float
    sigma_two_way: float


@attrs.frozen(kw_only=True, eq=False)
class Branch:
    """Say how one column's code is drawn once its parent's code is known.

    Attributes
    ----------
    child, parent
        Column positions.
    conditional : ndarray of float64, shape (n_codes of parent, n_codes of child)
        Probabilities; each row sums to 1.
    """

    child: int
    parent: int
    conditional: Floats


@attrs.frozen(kw_only=True, eq=False)
class MarginalTree:
    """Describe a distribution over code rows: column 0 first, then the branches in order.

    Attributes
    ----------
    root : ndarray of float64, shape (n_codes of column 0,)
        Probabilities of column 0.
    branches
        One for each other column, each parent before its children.
    """

    root: Floats
    branches: tuple[Branch, ...]

    def sample(self, n_records: int, *, rng: np.random.Generator) -> Codes:
        """Draw rows of codes.

        Parameters
        ----------
        n_records
            0 or more.
        rng
            Source of randomness.

        Returns
        -------
        ndarray of int64, shape (n_records, n_columns)
            Codes.
        """
        codes = np.zeros((n_records, len(self.branches) + 1), dtype=np.int64)
        codes[:, 0] = rng.choice(len(self.root), size=n_records, p=self.root)
        for branch in self.branches:
            codes[:, branch.child] = _draw_children(
                branch.conditional, codes[:, branch.parent], rng=rng
            )
        return codes


def measure_marginals(
    codes: Codes, n_codes: tuple[int, ...], *, rho: float, rng: np.random.Generator
) -> NoisyMarginals:
    """Release noisy marginals of integer codes under ``rho``-zCDP, add or remove one row.

    Parameters
    ----------
    codes : ndarray of int64, shape (n_records, n_columns)
        Column ``j`` holds values in ``0 .. n_codes[j] - 1``.
    n_codes
        Public sizes of the columns' domains.
    rho
        Budget, greater than 0; three equal parts for one-way marginals, choice and two-way ones.
    rng
        Source of randomness.

    Returns
    -------
    NoisyMarginals
        Counts with discrete Gaussian noise [2]_.

    Raises
    ------
    ValueError
        If the shapes don't fit, a code lies outside its domain, two columns together have more
        than 2**24 cells, or ``rho`` is not positive.
    """
    _check_codes(codes, n_codes)
    n_columns = len(n_codes)
    share = rho / 3.0
    sigma_one_way = sigma_of_gaussian(share / n_columns, sensitivity=1.0)
    one_way = tuple(
        np.bincount(codes[:, column], minlength=size)
        + discrete_gaussian(sigma_one_way, shape=(size,), rng=rng)
        for column, size in enumerate(n_codes)
    )
    n_edges = max(n_columns - 1, 1)
    edges = _choose_tree(
        _unexplained(codes, one_way), rho_per_choice=share / n_edges, n_columns=n_columns, rng=rng
    )
    sigma_two_way = sigma_of_gaussian(share / n_edges, sensitivity=1.0)
    two_way = {
        (first, second): _two_way_counts(codes, first, second, n_codes=n_codes)
        + discrete_gaussian(sigma_two_way, shape=(n_codes[first], n_codes[second]), rng=rng)
        for first, second in edges
    }
    return NoisyMarginals(
        one_way=one_way,
        two_way=two_way,
        sigma_one_way=sigma_one_way,
        sigma_two_way=sigma_two_way,
    )


def estimate_tree(noisy: NoisyMarginals) -> MarginalTree:
    """Turn noisy marginals into a consistent distribution; post-processing, costs no privacy.

    One-way estimates pool a column's own measurement with the sums of its pairs, weighted by
    inverse variance; two-way estimates are raked to them.

    Parameters
    ----------
    noisy
        What :func:`measure_marginals` released.

    Returns
    -------
    MarginalTree
        Rooted at column 0.
    """
    total = _estimate_total(noisy)
    margins = [
        _project_to_simplex(_pool_one_way(noisy, column), total=total) / total
        for column in range(len(noisy.one_way))
    ]
    branches = []
    for parent, child in _walk(noisy.two_way, n_columns=len(margins)):
        counts = noisy.two_way.get((parent, child))
        if counts is None:
            counts = noisy.two_way[child, parent].T
        joint = _project_to_simplex(counts.ravel(), total=total).reshape(counts.shape) / total
        conditional = _condition(joint, rows=margins[parent], columns=margins[child])
        branches.append(Branch(child=child, parent=parent, conditional=conditional))
    return MarginalTree(root=margins[0] / margins[0].sum(), branches=tuple(branches))


def discrete_gaussian(
    sigma: float, *, shape: tuple[int, ...], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw integers with probability proportional to ``exp(-k^2 / (2 sigma^2))`` [2]_.

    Integer noise on integer counts leaves nothing of the count in low-order digits.

    Parameters
    ----------
    sigma
        Scale, greater than 0; the standard deviation is at most this and almost equal from 1 on.
    shape
        Shape of the answer.
    rng
        Source of randomness.

    Returns
    -------
    ndarray of int64
        Noise.
    """
    width = math.floor(sigma) + 1
    n_wanted = math.prod(shape)
    kept: list[NDArray[np.int64]] = []
    n_kept = 0
    while n_kept < n_wanted:
        n_tries = 2 * (n_wanted - n_kept) + 16
        success = -math.expm1(-1.0 / width)
        proposal = rng.geometric(success, n_tries) - rng.geometric(success, n_tries)
        excess = np.abs(proposal) - sigma**2 / width
        accepted = proposal[rng.random(n_tries) < np.exp(-(excess**2) / (2.0 * sigma**2))]
        kept.append(accepted)
        n_kept += len(accepted)
    return np.concatenate([*kept, np.empty(0, np.int64)])[:n_wanted].reshape(shape)


def _check_codes(codes: Codes, n_codes: tuple[int, ...]) -> None:
    if codes.ndim != 2 or codes.shape[1] != len(n_codes) or not n_codes:
        raise ValueError(
            f"the codes have shape {codes.shape}; {len(n_codes)} columns were declared, so give "
            "(n_records, n_columns) with at least one column"
        )
    largest = sorted(n_codes)[-2:]
    if math.prod(largest) > _MAX_CELLS:
        raise ValueError(
            f"the two widest columns have {largest} codes, together more than {_MAX_CELLS} cells; "
            "cut them into fewer bins"
        )
    outside = np.flatnonzero(((codes < 0) | (codes >= np.asarray(n_codes))).any(axis=0))
    if outside.size:
        column = int(outside[0])
        raise ValueError(f"column {column} has codes outside 0 to {n_codes[column] - 1}")


def _two_way_counts(
    codes: Codes, first: int, second: int, *, n_codes: tuple[int, ...]
) -> NDArray[np.int64]:
    shape = (n_codes[first], n_codes[second])
    flat = codes[:, first] * shape[1] + codes[:, second]
    return np.bincount(flat, minlength=math.prod(shape)).reshape(shape)


def _unexplained(codes: Codes, one_way: tuple[Counts, ...]) -> dict[Pair, float]:
    """Score each pair by the L1 distance to independence; one row changes a score by at most 1."""
    n_codes = tuple(len(counts) for counts in one_way)
    total = max(float(np.mean([counts.sum() for counts in one_way])), 1.0)
    shares = [_project_to_simplex(counts, total=total) / total for counts in one_way]
    return {
        (first, second): float(
            np.abs(
                _two_way_counts(codes, first, second, n_codes=n_codes)
                - total * np.outer(shares[first], shares[second])
            ).sum()
        )
        for first, second in itertools.combinations(range(len(one_way)), 2)
    }


def _choose_tree(
    scores: Mapping[Pair, float],
    *,
    rho_per_choice: float,
    n_columns: int,
    rng: np.random.Generator,
) -> list[Pair]:
    """Grow a spanning forest to a tree, one exponential mechanism of sensitivity 1 an edge."""
    epsilon = epsilon_of_exponential_mechanism(rho_per_choice)
    component = np.arange(n_columns)
    edges: list[Pair] = []
    while len(edges) < n_columns - 1:
        candidates = [pair for pair in scores if component[pair[0]] != component[pair[1]]]
        logits = epsilon / 2.0 * np.array([scores[pair] for pair in candidates])
        chosen = candidates[int(np.argmax(logits + rng.gumbel(size=len(candidates))))]
        edges.append(chosen)
        component[component == component[chosen[1]]] = component[chosen[0]]
    return edges


def _estimate_total(noisy: NoisyMarginals) -> float:
    """Average the sums of all marginals by inverse variance; at least one record."""
    sums = [float(counts.sum()) for counts in (*noisy.one_way, *noisy.two_way.values())]
    variances = [
        *(counts.size * noisy.sigma_one_way**2 for counts in noisy.one_way),
        *(counts.size * noisy.sigma_two_way**2 for counts in noisy.two_way.values()),
    ]
    return max(float(np.average(sums, weights=1.0 / np.array(variances))), 1.0)


def _pool_one_way(noisy: NoisyMarginals, column: int) -> Floats:
    estimates = [noisy.one_way[column]]
    variances = [noisy.sigma_one_way**2]
    for pair, counts in noisy.two_way.items():
        if column in pair:
            axis = 1 - pair.index(column)
            estimates.append(counts.sum(axis=axis))
            variances.append(counts.shape[axis] * noisy.sigma_two_way**2)
    pooled: Floats = np.average(np.array(estimates), axis=0, weights=1.0 / np.array(variances))
    return pooled


def _project_to_simplex(values: NDArray[np.generic], *, total: float) -> Floats:
    """Return the closest non-negative vector that sums to ``total``, in Euclidean distance."""
    descending = np.sort(values.astype(np.float64))[::-1]
    surplus = (np.cumsum(descending) - total) / np.arange(1, len(descending) + 1)
    level = surplus[np.flatnonzero(descending > surplus)[-1]]
    projected: Floats = np.maximum(values - level, 0.0)
    return projected


def _walk(pairs: Mapping[Pair, Counts], *, n_columns: int) -> list[Pair]:
    """List the tree's edges as (parent, child), away from column 0."""
    neighbours: dict[int, list[int]] = {column: [] for column in range(n_columns)}
    for first, second in pairs:
        neighbours[first].append(second)
        neighbours[second].append(first)
    edges: list[Pair] = []
    waiting = [(0, 0)]
    while waiting:
        column, came_from = waiting.pop()
        for neighbour in neighbours[column]:
            if neighbour != came_from:
                edges.append((column, neighbour))
                waiting.append((neighbour, column))
    return edges


def _condition(joint: Floats, *, rows: Floats, columns: Floats) -> Floats:
    """Scale a joint distribution to two margins (raking), then condition it on the row.

    A trace of independence keeps cells reachable that noise has emptied; rows of probability 0
    are never asked for and get the column margin.
    """
    fitted = joint + _TRACE * np.outer(rows, columns)
    for _ in range(_RAKING_ROUNDS):
        fitted *= _ratio(columns, fitted.sum(axis=0))
        fitted *= _ratio(rows, fitted.sum(axis=1))[:, None]
    fitted[rows == 0.0] = columns
    conditional: Floats = fitted / fitted.sum(axis=1, keepdims=True)
    return conditional


def _ratio(wanted: Floats, found: Floats) -> Floats:
    """Divide, with 0 where there is nothing to scale."""
    return np.divide(wanted, found, out=np.zeros_like(found), where=found > 0.0)


def _draw_children(conditional: Floats, parents: Codes, *, rng: np.random.Generator) -> Codes:
    """Invert all rows' cumulative distributions at once: row ``p`` occupies ``p .. p + 1``."""
    n_children = conditional.shape[1]
    cumulative = np.minimum(np.cumsum(conditional, axis=1), 1.0)
    cumulative[:, -1] = 1.0
    ladder = (cumulative + np.arange(len(conditional))[:, None]).ravel()
    position = np.searchsorted(ladder, parents + rng.random(len(parents)), side="right")
    children: Codes = np.minimum(position - parents * n_children, n_children - 1)
    return children
