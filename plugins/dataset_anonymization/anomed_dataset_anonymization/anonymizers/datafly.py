"""Datafly: generalize the most varied column until few enough people stand out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from anomed_dataset_anonymization.anonymizers.recoding import check_k

if TYPE_CHECKING:
    from anomed_dataset_anonymization.anonymizers.recoding import FullDomain, Node


def find_datafly_levels(domain: FullDomain, k: int, *, suppression_limit: float = 0.0) -> Node:
    """Climb the lattice greedily until at most the allowed share of records is suppressed.

    Each step generalizes the column that has most different values at its present level, the first
    of equals; columns at their top are left out.

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
        A level for each column.

    Raises
    ------
    ValueError
        If `k` is outside its range.

    References
    ----------
    Sweeney: Achieving k-anonymity privacy protection using generalization and suppression.
    IJUFKS 10(5), 2002, doi:10.1142/S021848850200165X, section 4; there the limit is `k` records.
    """
    check_k(domain, k=k)
    n_allowed = math.floor(suppression_limit * domain.n_records)
    node = (0,) * len(domain.columns)
    while domain.count_suppressed(node, k=k) > n_allowed:
        counts = [
            count if level < top else -1
            for count, level, top in zip(domain.count_values(node), node, domain.top, strict=True)
        ]
        widest = int(np.argmax(counts))
        node = (*node[:widest], node[widest] + 1, *node[widest + 1 :])
    return node
