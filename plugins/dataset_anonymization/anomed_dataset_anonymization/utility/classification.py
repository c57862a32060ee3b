"""What a table is still good for: predicting a column of people it has never seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # ships no types

from anomed_dataset_anonymization.privacy.classes import FloatArray, IntArray
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals, ValueMasses

ModelMaker = Callable[[], Any]
"""Makes an unfitted classifier of scikit-learn's interface that takes sample weights."""


def gradient_boosting() -> HistGradientBoostingClassifier:
    """Make the default classifier: deterministic, quick, at home with mixed columns."""
    return HistGradientBoostingClassifier(
        max_iter=30, max_leaf_nodes=15, early_stopping=False, random_state=0
    )


def model_accuracy(
    table: Boxes, *, unseen: Boxes, target: str, make_model: ModelMaker = gradient_boosting
) -> float:
    """Train a model on a table and return its accuracy on people who are not in it.

    A range enters the model as its midpoint and whether it spans the domain, a listed value as one
    mass for each value; a row whose label is spread over several values trains each of them with
    its share.

    Parameters
    ----------
    table
        An original or a published table.
    unseen
        Exact records of the same population that are in no table.
    target
        The column to predict, of listed values.
    make_model
        Makes the classifier.

    Returns
    -------
    float
        In [0, 1], higher is better; at chance that of `majority_accuracy`.

    Raises
    ------
    ValueError
        If a table lacks a column, the target has ranges of numbers or is the only column, or an
        unseen label is not exact.
    """
    names = [name for name in unseen.columns if name != target]
    if not names:
        raise ValueError(f"the table has only the column {target!r}, nothing can predict it.")
    truth = _exact_labels(unseen, target)
    rows, labels, weights = _labelled_rows(table, target)
    if (labels == labels[0]).all():
        return float((truth == labels[0]).mean())
    model = make_model()
    with threadpool_limits(limits=1, user_api="openmp"):
        model.fit(_features(table.select(names))[rows], labels, sample_weight=weights)
        predicted = model.predict(_features(unseen.select(names)))
    return float((predicted == truth).mean())


def majority_accuracy(table: Boxes, *, unseen: Boxes, target: str) -> float:
    """Return the accuracy on unseen people of always naming the table's most frequent label.

    Parameters
    ----------
    table
        An original or a published table.
    unseen, target
        As of `model_accuracy`.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If the target has ranges of numbers, or an unseen label is not exact.
    """
    _, labels, weights = _labelled_rows(table, target)
    majority = np.bincount(labels, weights=weights).argmax()
    return float((_exact_labels(unseen, target) == majority).mean())


@attrs.frozen(kw_only=True, eq=False)
class Prediction:
    """A column to predict, and people to predict it for.

    Attributes
    ----------
    column : str
        Name of the column.
    unseen : Boxes
        Exact records of people who are in no published table.
    training_rows : ndarray of int64
        Where the training rows are in a table of as many rows as there are leaky people.
    majority : float
        Accuracy of always naming the leaky table's commonest value.
    """

    column: str
    unseen: Boxes
    training_rows: IntArray
    majority: float

    def accuracy(self, published: Boxes) -> float:
        """Train a model on a published table and return its accuracy on the unseen people."""
        n_rows = len(published.counts)
        rows = self.training_rows[self.training_rows < n_rows]
        chosen = published.take(rows) if len(rows) else published
        return model_accuracy(chosen, unseen=self.unseen, target=self.column)


def _features(table: Boxes) -> FloatArray:
    """Return the model's input (n_rows, n_features)."""
    return np.hstack([_cell_features(cells)[cells.cell_of_row] for cells in table.columns.values()])


def _cell_features(cells: Cells) -> FloatArray:
    if isinstance(cells, Intervals):
        return np.column_stack([cells.midpoints, cells.is_whole_domain])
    return cells.mass


def _labelled_rows(table: Boxes, target: str) -> tuple[IntArray, IntArray, FloatArray]:
    """Return row, label and weight of each training example."""
    cells = _label_cells(table, target)
    rows, labels = np.nonzero(cells.mass[cells.cell_of_row])
    weights = cells.mass[cells.cell_of_row[rows], labels] * table.counts[rows]
    return rows, labels, weights


def _exact_labels(table: Boxes, target: str) -> IntArray:
    cells = _label_cells(table, target)
    if (cells.set_sizes[cells.cell_of_row] > 1).any():
        raise ValueError(
            f"column {target!r} is not exact for all unseen people, so their labels are unknown."
        )
    return np.asarray(cells.mass.argmax(axis=1)[cells.cell_of_row], dtype=np.int64)


def _label_cells(table: Boxes, target: str) -> ValueMasses:
    cells = table.select([target]).columns[target]
    if isinstance(cells, ValueMasses):
        return cells
    raise ValueError(f"column {target!r} has ranges of numbers, a target needs listed values.")
