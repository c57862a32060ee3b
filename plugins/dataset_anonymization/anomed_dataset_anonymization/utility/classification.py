"""What a table is still good for: predicting a column of people it has never seen."""

from collections.abc import Callable
from typing import Any

import numpy as np
from attrs import frozen
from sklearn.ensemble import HistGradientBoostingClassifier

from anomed_dataset_anonymization.privacy.classes import FloatArray, IntArray
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals, ValueMasses

ModelMaker = Callable[[], Any]
"""Makes an unfitted classifier of scikit-learn's interface that takes sample weights."""


@frozen(kw_only=True)
class ClassificationUtility:
    """Accuracies on unseen people, all in [0, 1]; higher is more useful.

    Attributes
    ----------
    published
        Of a model trained on the published table.
    original
        Of the same model trained on the original table.
    majority
        Of always naming the original's most frequent label.
    """

    published: float
    original: float
    majority: float

    @property
    def retained(self) -> float:
        """The share of the model's gain over the majority label that the published table keeps.

        1 if the published table is as good as the original, 0 if it is worth no more than the most
        frequent label; below 0 if it misleads, above 1 by chance.

        Raises
        ------
        ValueError
            If the original table itself gains nothing, so that there is nothing to keep.
        """
        gain = self.original - self.majority
        if gain <= 0:
            raise ValueError(
                f"a model of the original table reaches {self.original:.4f}, no more than the "
                f"majority label's {self.majority:.4f}: choose another target."
            )
        return (self.published - self.majority) / gain


def gradient_boosting() -> HistGradientBoostingClassifier:
    """Make the default classifier: deterministic, quick, at home with mixed columns."""
    return HistGradientBoostingClassifier(
        max_iter=30, max_leaf_nodes=15, early_stopping=False, random_state=0
    )


def classification_utility(
    original: Boxes,
    published: Boxes,
    *,
    unseen: Boxes,
    target: str,
    make_model: ModelMaker = gradient_boosting,
) -> ClassificationUtility:
    """Train a model on the published table and test it on people in neither table.

    A range enters the model as its midpoint and whether it spans the domain, a listed value as one
    mass for each value; a row whose label is spread over several values trains each of them with
    its share.

    Parameters
    ----------
    original
        The original table.
    published
        The published table, with the same columns.
    unseen
        Exact records of the same population that are in neither table.
    target
        The column to predict, of listed values.
    make_model
        Makes the classifier.

    Returns
    -------
    ClassificationUtility
        The accuracies.

    Raises
    ------
    ValueError
        If a table lacks a column, the target has ranges of numbers or is the only column, or an
        unseen label is not exact.
    """
    return ClassificationUtility(
        published=model_accuracy(published, unseen=unseen, target=target, make_model=make_model),
        original=model_accuracy(original, unseen=unseen, target=target, make_model=make_model),
        majority=majority_accuracy(original, unseen=unseen, target=target),
    )


def model_accuracy(
    table: Boxes, *, unseen: Boxes, target: str, make_model: ModelMaker = gradient_boosting
) -> float:
    """Train a model on a table and return its accuracy on people who are not in it.

    Parameters
    ----------
    table
        An original or a published table.
    unseen, target, make_model
        As of `classification_utility`.

    Returns
    -------
    float
        In [0, 1], higher is better; at chance that of `majority_accuracy`.

    Raises
    ------
    ValueError
        As `classification_utility` does.
    """
    names = [name for name in unseen.columns if name != target]
    if not names:
        raise ValueError(f"the table has only the column {target!r}, nothing can predict it.")
    truth = _exact_labels(unseen, target)
    rows, labels, weights = _labelled_rows(table, target)
    if (labels == labels[0]).all():
        return float((truth == labels[0]).mean())
    model = make_model()
    model.fit(_features(table.select(names))[rows], labels, sample_weight=weights)
    return float((model.predict(_features(unseen.select(names))) == truth).mean())


def majority_accuracy(table: Boxes, *, unseen: Boxes, target: str) -> float:
    """Return the accuracy on unseen people of always naming the table's most frequent label.

    Parameters
    ----------
    table
        An original or a published table.
    unseen, target
        As of `classification_utility`.

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


def _features(table: Boxes) -> FloatArray:
    """Give the model's input (n_rows, n_features)."""
    return np.hstack([_cell_features(cells)[cells.cell_of_row] for cells in table.columns.values()])


def _cell_features(cells: Cells) -> FloatArray:
    if isinstance(cells, Intervals):
        return np.column_stack([cells.midpoints, cells.is_whole_domain])
    return cells.mass


def _labelled_rows(table: Boxes, target: str) -> tuple[IntArray, IntArray, FloatArray]:
    """Give row, label and weight of each training example."""
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
