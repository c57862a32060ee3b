"""How coarse a partition is: discernibility, average class size and the classification metric."""

from __future__ import annotations

import numpy as np

from anomed_dataset_anonymization.privacy.classes import EquivalenceClasses, FloatArray
from anomed_dataset_anonymization.privacy.contingency import Contingency


def discernibility(classes: EquivalenceClasses, n_suppressed: int = 0) -> int:
    """Count the records that each record can't be told from, summed over the records.

    sum |E|**2 + N * n_suppressed, with N all records: a suppressed record is like any other. Range
    N to N**2, lower is more useful.

    Parameters
    ----------
    classes
        The published table's partition.
    n_suppressed
        The records left out, at least 0.

    Raises
    ------
    ValueError
        If the number is negative.

    References
    ----------
    Bayardo, Agrawal: Data privacy through optimal k-anonymization, ICDE 2005,
    doi:10.1109/ICDE.2005.42.
    """
    _check_suppressed(n_suppressed)
    n_records = classes.n_records + n_suppressed
    return int(classes.sizes @ classes.sizes) + n_records * n_suppressed


def average_class_size(classes: EquivalenceClasses, k: int) -> float:
    """Measure the mean class size in units of k: C_AVG.

    Range at least 1 for a k-anonymous table, lower is more useful; 1 if all classes have size k.

    Parameters
    ----------
    classes
        The published table's partition.
    k
        The size that was asked for, at least 1.

    Raises
    ------
    ValueError
        If k is below 1.

    References
    ----------
    LeFevre, DeWitt, Ramakrishnan: Mondrian multidimensional k-anonymity, ICDE 2006,
    doi:10.1109/ICDE.2006.101.
    """
    if k < 1:
        raise ValueError(f"k is {k}, it must be at least 1.")
    return classes.n_records / (classes.n_classes * k)


def classification_metric(
    table: Contingency, n_suppressed: int = 0, *, told: FloatArray | None = None
) -> float:
    """Measure the share of records whose label is not the majority of their class.

    Suppressed records count as wrong, and so do labels that are suppressed or published as one of
    several. Range [0, 1], lower is more useful; the share of the minority labels if there is only
    one class.

    Parameters
    ----------
    table
        The classes by the label.
    n_suppressed
        The records left out, at least 0.
    told
        For each label (n_values,) the share of its records that it gives a single value: 1 for a
        value, 0 for a suppressed one. All tell theirs by default.

    Raises
    ------
    ValueError
        If the number is negative.

    References
    ----------
    Iyengar: Transforming data to satisfy privacy constraints, KDD 2002,
    doi:10.1145/775047.775089.
    """
    _check_suppressed(n_suppressed)
    right = table.cell_count if told is None else table.cell_count * told[table.cell_value]
    minority = table.n_records - float(np.maximum.reduceat(right, table.starts).sum())
    return (n_suppressed + minority) / (table.n_records + n_suppressed)


def _check_suppressed(n_suppressed: int) -> None:
    if n_suppressed < 0:
        raise ValueError(f"n_suppressed is {n_suppressed}, it must be at least 0.")
