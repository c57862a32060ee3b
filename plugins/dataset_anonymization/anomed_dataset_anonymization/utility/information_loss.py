"""How much generalisation blurs a table: normalised certainty penalty and non-uniform entropy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen

from anomed_dataset_anonymization.privacy.classes import Codes, FloatArray, classes_of_codes
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals


@frozen(kw_only=True)
class EntropyLoss:
    """Information that a table lost about the original values.

    Attributes
    ----------
    bits
        The loss over all cells, at least 0.
    share
        The loss as a share of the bits that suppressing everything would lose, in [0, 1]; 0 where
        the original columns are constant, so that nothing can be lost.
    """

    bits: float
    share: float


def gcp(table: Boxes, n_original: int | None = None) -> float:
    """Measure the global certainty penalty: the mean cost of a cell.

    A range costs (high - low) / (HIGH - LOW), a set of values (|S| - 1) / (|D| - 1), an exact value
    0, a suppressed cell or a cell of a suppressed row 1. Range [0, 1], lower is more useful. A
    domain of one value costs nothing. Class means and frequencies are exact values and sets here:
    how wrong they are is measured by their squared error and by queries.

    Parameters
    ----------
    table
        The published table.
    n_original
        The people of the original table, at least those published; the difference is suppressed.
        None means that nobody is missing.

    Returns
    -------
    float
        The penalty.

    Raises
    ------
    ValueError
        If more people are published than there are.

    References
    ----------
    Xu, Wang, Pei, Wang, Shi, Fu: Utility-based anonymization using local recoding, KDD 2006,
    doi:10.1145/1150402.1150504; Ghinita, Karras, Kalnis, Mamoulis: Fast data anonymization with
    low information loss, VLDB 2007; the cost of a set after Xiao, Tao: Personalized privacy
    preservation, SIGMOD 2006, doi:10.1145/1142473.1142500.
    """
    return _mean_cost(table, n_original, cost_of=_cost_by_gain)


def ncp_xu(table: Boxes, n_original: int | None = None) -> float:
    """Measure the mean normalised certainty penalty of a cell as Xu et al. count sets.

    As `gcp`, but a set of several values costs |S| / |D|. Range [0, 1], lower is more useful.

    Parameters
    ----------
    table
        The published table.
    n_original
        The people of the original table, at least those published; None means all are published.

    Returns
    -------
    float
        The penalty.

    Raises
    ------
    ValueError
        If more people are published than there are.

    References
    ----------
    Xu et al. 2006, doi:10.1145/1150402.1150504, section 3.
    """
    return _mean_cost(table, n_original, cost_of=_cost_by_size)


def non_uniform_entropy(original: Sequence[Codes], published: Sequence[Codes]) -> EntropyLoss:
    """Measure the bits about each original value that its published form leaves open.

    A cell that was v and is published as g loses -log2 P(v | g), with P counted over the table. For
    a recoding of whole values this is -log2 (n(v) / n(g)), the published definition; counting
    pairs extends it to local recoding, where one v may become several g. Lower is more useful.

    Parameters
    ----------
    original
        The columns before, at least one, each with codes (n_rows,).
    published
        The same columns after, row by row; a suppressed cell is a value of its own.

    Returns
    -------
    EntropyLoss
        The loss.

    Raises
    ------
    ValueError
        If the tables differ in their columns or rows.

    References
    ----------
    de Waal, Willenborg: Information loss through global recoding and local suppression,
    Netherlands Official Statistics 14, 1999; Gionis, Tassa: k-Anonymization with minimal loss of
    information, IEEE TKDE 21(2), 2009, doi:10.1109/TKDE.2008.129.
    """
    if not original or len(original) != len(published):
        raise ValueError(
            f"there are {len(original)} original and {len(published)} published columns, "
            "expected the same number, at least 1."
        )
    lost = sum(_open_bits(before, after) for before, after in zip(original, published, strict=True))
    nothing = [Codes(codes=np.zeros_like(column.codes), n_codes=1) for column in original]
    most = sum(_open_bits(before, after) for before, after in zip(original, nothing, strict=True))
    return EntropyLoss(bits=lost, share=lost / most if most > 0 else 0.0)


def _mean_cost(
    table: Boxes, n_original: int | None, *, cost_of: Callable[[Cells], FloatArray]
) -> float:
    n_people = table.n_people
    n_total = n_people if n_original is None else n_original
    if n_total < n_people:
        raise ValueError(
            f"{n_people} people are published, but the original table has only {n_total}."
        )
    costs = [table.counts @ cost_of(cells)[cells.cell_of_row] for cells in table.columns.values()]
    return float((np.mean(costs) + (n_total - n_people)) / n_total)


def _cost_by_gain(cells: Cells) -> FloatArray:
    if isinstance(cells, Intervals):
        return _range_cost(cells)
    return np.asarray((cells.set_sizes - 1) / max(cells.n_values - 1, 1), dtype=np.float64)


def _cost_by_size(cells: Cells) -> FloatArray:
    if isinstance(cells, Intervals):
        return _range_cost(cells)
    sizes = cells.set_sizes
    return np.where(sizes == 1, 0.0, sizes / cells.n_values)


def _range_cost(cells: Intervals) -> FloatArray:
    width = cells.domain_high - cells.domain_low
    return (cells.high - cells.low) / width if width > 0 else np.zeros(cells.n_cells)


def _open_bits(before: Codes, after: Codes) -> float:
    n_rows = len(before.codes)
    pairs = classes_of_codes([after, before], n_rows=n_rows).sizes
    groups = classes_of_codes([after], n_rows=n_rows).sizes
    return max(0.0, float(groups @ np.log2(groups) - pairs @ np.log2(pairs)))
