"""Find the best full-domain recoding, looking at few of its many nodes."""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from anomed_dataset_anonymization.anonymizers.recoding import FullDomain, Node, check_k

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_NODES = 2_000_000
"""Largest lattice that is searched."""

_UNKNOWN, _FAILS, _HOLDS = 0, 1, 2


def find_optimal_levels(domain: FullDomain, k: int, *, suppression_limit: float = 0.0) -> Node:
    """Find the levels that make a table k-anonymous at the least loss.

    Classes of fewer than `k` records are suppressed, up to the limit. Two facts spare most of the
    work. Whether the limit is kept is monotone: if a node keeps it, so do all nodes above, and if
    a node does not, nor do those below; so chains of undecided nodes are halved until they
    are decided (as Flash does). And the loss without suppression, a sum over the columns, never
    exceeds the loss of the node or of any node above; so nodes are taken in its order, until
    it reaches the best loss found.

    Parameters
    ----------
    domain : FullDomain
        The table.
    k : int
        Least number of records in a class, in ``[1, n_records]``.
    suppression_limit : float
        Largest share of records that may be suppressed, in ``[0, 1]``.

    Returns
    -------
    tuple of int
        A level for each column; of equally good nodes the one with the least loss before
        suppression.

    Raises
    ------
    ValueError
        If `k` is outside its range, or the lattice has more than `MAX_NODES` nodes.

    References
    ----------
    Kohlmayer, Prasser, Eckert, Kemper, Kuhn: Flash: efficient, stable and optimal k-anonymity.
    PASSAT 2012, doi:10.1109/SocialCom-PASSAT.2012.52.
    """
    check_k(domain, k=k)
    shape = [level + 1 for level in domain.top]
    if math.prod(shape) > MAX_NODES:
        raise ValueError(
            f"the lattice has {math.prod(shape):,} nodes, at most {MAX_NODES:,} are searched; "
            "use hierarchies with fewer levels, fewer quasi-identifiers, or Datafly."
        )
    floors = reduce(np.add.outer, domain.mean_losses()) / len(shape)
    status = np.zeros(shape, dtype=np.int8)
    n_allowed = math.floor(suppression_limit * domain.n_records)
    best, best_loss = domain.top, domain.loss(domain.top, k=k)
    for position in np.argsort(floors, axis=None, kind="stable"):
        node = tuple(int(level) for level in np.unravel_index(position, floors.shape))
        if floors[node] >= best_loss:
            break
        if status[node] == _UNKNOWN:
            _decide_chain(node, domain, k=k, n_allowed=n_allowed, status=status, floors=floors)
        if status[node] == _HOLDS and (loss := domain.loss(node, k=k)) < best_loss:
            best, best_loss = node, loss
    return best


def _decide_chain(
    node: Node,
    domain: FullDomain,
    *,
    k: int,
    n_allowed: int,
    status: NDArray[np.int8],
    floors: NDArray[np.float64],
) -> None:
    """Decide a chain of nodes from `node` upwards, and with it what lies above and below."""
    chain = _climb(node, status=status, floors=floors)
    low, high = 0, len(chain)
    while low < high:
        middle = (low + high) // 2
        levels = chain[middle]
        if domain.count_suppressed(levels, k=k) <= n_allowed:
            status[tuple(slice(level, None) for level in levels)] = _HOLDS
            high = middle
        else:
            status[tuple(slice(None, level + 1) for level in levels)] = _FAILS
            low = middle + 1


def _climb(node: Node, *, status: NDArray[np.int8], floors: NDArray[np.float64]) -> list[Node]:
    """Return a chain of undecided nodes, each above the one before and losing least."""
    chain = [node]
    while True:
        above = [
            (*node[:column], level + 1, *node[column + 1 :])
            for column, level in enumerate(node)
            if level + 1 < status.shape[column]
        ]
        undecided = [levels for levels in above if status[levels] == _UNKNOWN]
        if not undecided:
            return chain
        node = min(undecided, key=lambda levels: floors[levels])
        chain.append(node)
