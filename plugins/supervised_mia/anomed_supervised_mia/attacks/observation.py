"""Ask a fitted scikit-learn classifier about records, and keep its answers as signals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from anomed_supervised_mia.attacks._log_probabilities import log_softmax
from anomed_supervised_mia.attacks.arrays import FloatArray
from anomed_supervised_mia.attacks.signals import Signals


def observe(
    estimator: Any,
    features: npt.ArrayLike,
    *,
    labels: npt.ArrayLike,
    classes: npt.ArrayLike | None = None,
    **others: Any,
) -> Signals:
    """Observe probabilities, or else decision values, which are taken for logits.

    Parameters
    ----------
    estimator
        A fitted classifier with `predict_proba` or `decision_function`.
    features : array (n_records, ...)
        What the classifier takes.
    labels : array (n_records,)
        The true classes, as the classifier knows them.
    classes : array (n_classes,), optional
        All classes, ascending, in case the classifier saw only some. `None` means: those it saw.
    others
        More arrays for the signals, such as `records`.

    Raises
    ------
    ValueError
        If the classifier gives neither, or if a label is none of the classes.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> always = DummyClassifier(strategy="most_frequent")
    >>> always = always.fit([[0], [1], [2]], ["no", "yes", "yes"])
    >>> classes = ["no", "so", "yes"]
    >>> signals = observe(always, [[5], [6]], labels=["yes", "no"], classes=classes)
    >>> signals.labels
    array([2, 0])
    >>> signals.probabilities
    array([[0., 0., 1.],
           [0., 0., 1.]])
    """
    seen = np.asarray(estimator.classes_)
    known = seen if classes is None else np.asarray(classes)
    codes = _positions(np.asarray(labels), known)
    if hasattr(estimator, "predict_proba"):
        outputs, kind = np.asarray(estimator.predict_proba(features), float), "probabilities"
    elif hasattr(estimator, "decision_function"):
        outputs, kind = _as_logits(estimator.decision_function(features)), "logits"
    else:
        raise ValueError(
            f"{type(estimator).__name__} has neither predict_proba nor decision_function, so there "
            "is no confidence to observe; use Signals.from_labels with its predictions."
        )
    if len(seen) == len(known):
        return Signals(**{kind: outputs}, labels=codes, **others)
    probabilities = np.zeros((len(outputs), len(known)))
    columns = _positions(seen, known)
    probabilities[:, columns] = np.exp(log_softmax(outputs)) if kind == "logits" else outputs
    return Signals(probabilities=probabilities, labels=codes, **others)


def _as_logits(decisions: npt.ArrayLike) -> FloatArray:
    values = np.asarray(decisions, dtype=np.float64)
    return np.column_stack([np.zeros_like(values), values]) if values.ndim == 1 else values


def _positions(values: npt.NDArray[Any], classes: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    positions = np.searchsorted(classes, values)
    found = classes[np.minimum(positions, len(classes) - 1)] == values
    if not found.all():
        raise ValueError(
            f"Labels must be among the {len(classes)} classes, but {values[~found][0]} came; "
            "pass all classes, ascending."
        )
    return positions
