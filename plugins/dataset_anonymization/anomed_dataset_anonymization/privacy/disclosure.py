"""How much a class tells about a sensitive value: beta-likeness and delta-disclosure."""

from __future__ import annotations

import numpy as np

from anomed_dataset_anonymization.privacy.classes import FloatArray
from anomed_dataset_anonymization.privacy.contingency import Contingency


def basic_beta(table: Contingency) -> float:
    """Measure the largest relative gain in belief about a value: max (q - p) / p.

    Range [0, inf), lower is more private; 0 if every class repeats the table's distribution.

    References
    ----------
    Cao, Karras: Publishing microdata with a robust privacy guarantee, PVLDB 5(11), 2012,
    doi:10.14778/2350229.2350255.
    """
    return max(0.0, float(_gains(table).max()))


def enhanced_beta(table: Contingency) -> float:
    """Find the smallest beta for which the table is enhanced beta-like.

    For each value that is more frequent in a class than in the table, enhanced beta-likeness asks
    for (q - p) / p <= min(beta, -ln p). Range [0, inf], lower is more private; inf where a gain
    exceeds -ln p, because then no beta satisfies the model.

    References
    ----------
    Cao, Karras 2012, doi:10.14778/2350229.2350255.
    """
    gains = _gains(table)
    rising = gains > 0
    if (gains[rising] > -np.log(table.table_shares[rising])).any():
        return float("inf")
    return max(0.0, float(gains.max()))


def delta_disclosure(table: Contingency) -> float:
    """Measure the largest |ln(q / p)| over all classes and all values of the table.

    Range [0, inf], lower is more private; inf where a class lacks a value that occurs in the table:
    its absence is certain knowledge. Natural logarithm; divide by ln 2 to compare with tools that
    count in bits. The model is satisfied for every delta above the returned one.

    References
    ----------
    Brickell, Shmatikov: The cost of privacy, KDD 2008, doi:10.1145/1401890.1401904, section 3.
    """
    n_present = int(np.count_nonzero(table.totals))
    if int(table.cells_per_class.min()) < n_present:
        return float("inf")
    return delta_disclosure_present(table)


def delta_disclosure_present(table: Contingency) -> float:
    """Measure the largest |ln(q / p)| over the values that do occur in a class.

    Range [0, inf), lower is more private. A finite companion of `delta_disclosure`: it says nothing
    about values a class lacks.
    """
    return float(np.abs(np.log(table.class_shares / table.table_shares)).max())


def _gains(table: Contingency) -> FloatArray:
    shares = table.table_shares
    return np.asarray((table.class_shares - shares) / shares, dtype=np.float64)
