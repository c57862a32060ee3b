"""t-closeness: how far the sensitive values of a class are from those of the whole table."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from anomed_dataset_anonymization.privacy.classes import FloatArray, IntArray, weighted_bincount
from anomed_dataset_anonymization.privacy.contingency import Contingency


def t_closeness_equal(table: Contingency) -> float:
    """Measure t with all values equally far apart: max 1/2 sum |q - p|.

    Range [0, 1), lower is more private; 0 if every class repeats the table's distribution.

    References
    ----------
    Li, Li, Venkatasubramanian: t-Closeness, ICDE 2007, doi:10.1109/ICDE.2007.367856, section 5.2.
    """
    return float(_equal_distances(table).max())


def t_closeness_ordered(table: Contingency) -> float:
    """Measure t with values apart by their ranks: max 1/(m-1) sum_i |sum_{j<=i} (q_j - p_j)|.

    The values' order, and m, are those of the contingency table's domain; values that occur nowhere
    still hold their rank. Range [0, 1), lower is more private; 0 for a domain of one value.

    References
    ----------
    Li et al. 2007, doi:10.1109/ICDE.2007.367856, section 5.1.
    """
    if table.n_values == 1:
        return 0.0
    # Q is constant from one of the class's values to the next, P never falls: the sum of |Q - P|
    # over such a run splits where P passes Q, and prefix sums of P give both parts at once.
    cumulative = np.cumsum(table.totals) / table.n_records
    prefix = np.concatenate(([0.0], np.cumsum(cumulative)))
    begin = table.cell_value
    end = np.append(begin[1:], 0)
    end[np.append(table.starts[1:], len(begin)) - 1] = table.n_values
    level = _running_class_shares(table)
    split = np.clip(np.searchsorted(cumulative, level), begin, end)
    runs = level * (2 * split - begin - end) + prefix[begin] + prefix[end] - 2 * prefix[split]
    before_first = prefix[begin[table.starts]]
    sums = np.add.reduceat(runs, table.starts) + before_first
    return max(0.0, float(sums.max())) / (table.n_values - 1)


def t_closeness_hierarchical(table: Contingency, hierarchy: npt.ArrayLike) -> float:
    """Measure t with values apart by the height of their lowest common ancestor, over H.

    On a hierarchy whose leaves all have depth H, the earth mover's distance is the mean of the
    equal distances after generalising the values to the levels 0 to H-1. Range [0, 1), lower is
    more private.

    Parameters
    ----------
    table
        The contingency table.
    hierarchy
        int (n_levels, n_values), n_levels = H + 1 >= 2: the group of each value at each level.
        Level 0 keeps the values apart, each level merges groups of the one below, the last has one
        group.

    Raises
    ------
    ValueError
        If the hierarchy has another shape or does not nest.

    References
    ----------
    Li et al. 2007, doi:10.1109/ICDE.2007.367856, section 5.2 (hierarchical distance).
    """
    levels = _as_hierarchy(hierarchy, n_values=table.n_values)
    distances = [_equal_distances(_generalise(table, groups)) for groups in levels[:-1]]
    return float(np.mean(distances, axis=0).max())


def _equal_distances(table: Contingency) -> FloatArray:
    excess = np.maximum(table.class_shares - table.table_shares, 0.0)
    return np.asarray(np.add.reduceat(excess, table.starts), dtype=np.float64)


def _running_class_shares(table: Contingency) -> FloatArray:
    running = np.cumsum(table.cell_count)
    before_class = np.concatenate(([0], np.cumsum(table.sizes)))[table.cell_class]
    return np.asarray((running - before_class) / table.sizes[table.cell_class], dtype=np.float64)


def _generalise(table: Contingency, groups: IntArray) -> Contingency:
    n_groups = int(groups.max()) + 1
    keys = table.cell_class * n_groups + groups[table.cell_value]
    distinct, inverse = np.unique(keys, return_inverse=True)
    return Contingency(
        sizes=table.sizes,
        cell_class=distinct // n_groups,
        cell_value=distinct % n_groups,
        cell_count=weighted_bincount(inverse, table.cell_count, n_bins=len(distinct)),
        n_values=n_groups,
    )


def _as_hierarchy(hierarchy: npt.ArrayLike, *, n_values: int) -> IntArray:
    levels = np.asarray(hierarchy)
    if levels.ndim != 2 or levels.shape[0] < 2 or levels.shape[1] != n_values:
        raise ValueError(
            f"the hierarchy has shape {levels.shape}, expected at least 2 levels by "
            f"{n_values} values."
        )
    dense = np.stack([np.unique(level, return_inverse=True)[1] for level in levels])
    if dense[0].max() + 1 != n_values:
        raise ValueError("level 0 of the hierarchy merges values, it must keep all of them apart.")
    if dense[-1].max() != 0:
        raise ValueError("the last level of the hierarchy has several groups, it must have one.")
    for number, (lower, upper) in enumerate(itertools.pairwise(dense), start=1):
        pairs = np.unique(lower * n_values + upper)
        if len(pairs) != lower.max() + 1:
            raise ValueError(
                f"level {number} of the hierarchy splits a group of level {number - 1}, "
                "each level may only merge groups of the one below."
            )
    return dense.astype(np.int64)
