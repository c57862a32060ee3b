"""How varied the sensitive values of a class are: (alpha, k)-anonymity and l-diversity."""

from __future__ import annotations

import numpy as np

from anomed_dataset_anonymization.privacy.contingency import Contingency


def alpha(table: Contingency) -> float:
    """Measure the largest share that one sensitive value reaches in a class.

    Range (0, 1], lower is more private; 1 means a class whose members all share one value. With k,
    this is (alpha, k)-anonymity, for every sensitive value.

    References
    ----------
    Wong, Li, Fu, Wang: (alpha, k)-Anonymity, KDD 2006, doi:10.1145/1150402.1150499.
    """
    return float(table.class_shares.max())


def distinct_l(table: Contingency) -> int:
    """Count the distinct sensitive values of the least diverse class.

    Range 1 to the domain's size, higher is more private.

    References
    ----------
    Machanavajjhala, Gehrke, Kifer, Venkitasubramaniam: l-Diversity, ICDE 2006,
    doi:10.1109/ICDE.2006.1, section 4.
    """
    return int(table.cells_per_class.min())


def entropy_l(table: Contingency) -> float:
    """Measure the effective number of sensitive values in the least diverse class.

    exp of the smallest Shannon entropy of a class; the table is entropy l-diverse for every l up to
    it. Range 1 to the domain's size, higher is more private. Not truncated to an integer: three
    equally frequent values give 3 up to rounding, and rounding down would make it 2.

    References
    ----------
    Machanavajjhala et al. 2006, doi:10.1109/ICDE.2006.1.
    """
    counts = table.cell_count.astype(np.float64)
    log_sums = np.add.reduceat(counts * np.log(counts), table.starts)
    entropies = np.log(table.sizes) - log_sums / table.sizes
    return float(np.exp(max(0.0, entropies.min())))


def recursive_c(table: Contingency, l: int) -> float:  # noqa: E741 - the name of the model
    """Find the smallest c beyond which the table is recursively (c, l)-diverse.

    With a class's counts in descending order r_1 >= r_2 >= ..., recursive (c, l)-diversity asks for
    r_1 < c (r_l + ... + r_m). Returned is the largest r_1 / (r_l + ... + r_m) over the classes: the
    model holds for every c above it. Range (0, inf], lower is more private; inf where a class has
    fewer than l distinct values, so no c satisfies it.

    Parameters
    ----------
    table
        The contingency table.
    l
        The number of values to protect, at least 1.

    Raises
    ------
    ValueError
        If l is below 1.

    References
    ----------
    Machanavajjhala et al. 2006, doi:10.1109/ICDE.2006.1.
    """
    if l < 1:
        raise ValueError(f"l is {l}, recursive (c, l)-diversity needs an l of at least 1.")
    if distinct_l(table) < l:
        return float("inf")
    span = int(table.cell_count.max()) + 1
    order = np.argsort(table.cell_class * span - table.cell_count)
    descending = table.cell_count[order]
    rank = np.arange(len(descending)) - table.starts[table.cell_class]
    tails = np.add.reduceat(np.where(rank >= l - 1, descending, 0), table.starts)
    return float((descending[table.starts] / tails).max())
