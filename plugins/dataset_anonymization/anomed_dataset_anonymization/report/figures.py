"""The figures of a published table: its columns beside the original's, and its classes."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from anomed_core.report import Chart, marginals_chart
from anomed_dataset_anonymization.privacy import EquivalenceClasses
from anomed_dataset_anonymization.report.readable import value_in_words
from anomed_dataset_anonymization.schema import Column, TableSchema
from anomed_dataset_anonymization.utility import Boxes, binned_shares

N_BINS = 10
_CLASS_SIZES = (1, 2, 5, 10, 20, 50, 100)


def column_charts(
    original: Boxes,
    published: Boxes,
    schema: TableSchema,
    *,
    names: tuple[str, str] = ("leaky table", "published"),
) -> list[Chart]:
    """Return how often the values of each column occur before and after.

    Parameters
    ----------
    original, published : Boxes
        Both tables; what a cell leaves open is shared among the values that it may mean.
    schema : TableSchema
        Describes the columns.
    names : tuple of str
        What the tables are called.

    Returns
    -------
    list of Chart
        One a column, in schema order.
    """
    charts = []
    for column in schema:
        cuts, before, after = binned_shares(original, published, column.name, n_bins=N_BINS)
        labels = _labels(column, cuts, n_bins=len(before))
        shares: Mapping[str, np.ndarray] = dict(zip(names, (before, after), strict=True))
        charts.append(marginals_chart(labels, shares, column=column.name))
    return charts


def class_sizes_chart(classes: EquivalenceClasses) -> Chart:
    """Return how many people share their quasi-identifiers with how many.

    Parameters
    ----------
    classes : EquivalenceClasses
        Of a published table.

    Returns
    -------
    Chart
    """
    place = np.searchsorted(_CLASS_SIZES, classes.sizes, side="right") - 1
    people = np.bincount(place, weights=classes.sizes, minlength=len(_CLASS_SIZES))
    labels = [
        str(low) if high == low + 1 else f"{low}\u2013{high - 1}"
        for low, high in pairwise(_CLASS_SIZES)
    ]
    return marginals_chart(
        [*labels, f"{_CLASS_SIZES[-1]}+"],
        {"people": people / max(people.sum(), 1)},
        column="size of the class",
        title="People by the size of their class",
    )


def _labels(column: Column, cuts: np.ndarray, *, n_bins: int) -> list[str]:
    if not len(cuts) and column.is_listed:
        return [value_in_words(column, place) for place in range(n_bins)]
    if column.is_listed:
        low, high, half = 0.0, len(column.values) - 1.0, 0.5
    else:
        low, high, half = column.bounds.low, column.bounds.high, column.bounds.step / 2
    starts = [low, *(cuts + half).tolist()]
    ends = [*(cuts - half).tolist(), high]
    return [
        value_in_words(column, start)
        if end <= start
        else f"{value_in_words(column, start)} to {value_in_words(column, end)}"
        for start, end in zip(starts, ends, strict=True)
    ]
