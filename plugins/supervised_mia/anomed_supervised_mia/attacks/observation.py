"""Ask a fitted scikit-learn model about records, and keep its answers as signals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import is_regressor

from anomed_supervised_mia.attacks._log_probabilities import log_softmax
from anomed_supervised_mia.attacks.arrays import as_array, as_floats
from anomed_supervised_mia.attacks.signals import Signals

#: Share of records for which decision values may favour another class than is predicted: they break
#: ties in another way.
TIED_SHARE = 0.1
#: Of so few records, one may be tied.
N_FEW = 5


def observe(
    estimator: Any,
    features: Any,
    *,
    labels: npt.ArrayLike,
    classes: npt.ArrayLike | None = None,
    **others: Any,
) -> Signals:
    """Observe probabilities, or else decision values as logits; of a regressor, absolute errors.

    Parameters
    ----------
    estimator
        A fitted classifier with `predict_proba` or `decision_function`, or a fitted regressor.
    features : array (n_records, ...)
        What the model takes: data frames and sparse matrices are handed through.
    labels : array (n_records,)
        The true classes, as the classifier knows them; for a regressor the true numbers, of shape
        (n_records, ...).
    classes : array (n_classes,), optional
        All classes, ascending, in case the classifier saw only some. `None` means: those it saw.
    others
        More arrays for the signals, such as `records`.

    Raises
    ------
    ValueError
        If the model is neither, predicts several labels a record, or has decision values that are
        not those of its classes; or if a label is none of the classes.

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
    truth = as_array(labels)
    if is_regressor(estimator):
        return Signals(losses=_errors(estimator.predict(features), truth), **others)
    kind = next((kind for kind in _METHODS if hasattr(estimator, _METHODS[kind])), None)
    name = type(estimator).__name__
    if kind is None or not hasattr(estimator, "classes_"):
        raise ValueError(
            f"{name} has neither predict_proba nor decision_function, so there is no confidence to "
            "observe; use Signals.from_labels with its predictions, or Signals.from_losses."
        )
    outputs = _outputs(estimator, features, kind=kind, truth=truth)
    seen = np.asarray(estimator.classes_)
    known = seen if classes is None else as_array(classes)
    codes = _positions(truth, known)
    if len(seen) == len(known):
        return Signals(**{kind: outputs}, labels=codes, **others)
    probabilities = np.zeros((len(outputs), len(known)))
    columns = _positions(seen, known)
    probabilities[:, columns] = (
        np.exp(log_softmax(outputs.astype(np.float64))) if kind == "logits" else outputs
    )
    return Signals(probabilities=probabilities, labels=codes, **others)


def _errors(predicted: npt.ArrayLike, truth: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return mean absolute errors over the values of a record, as wide as they came."""
    numbers, true = (
        side.reshape(len(side), -1) for side in (as_floats(predicted), as_floats(truth))
    )
    if numbers.shape != true.shape:
        raise ValueError(
            f"A regressor must predict as many values as are true, but {numbers.shape} predictions "
            f"and {true.shape} labels came; give the true numbers of the same records."
        )
    errors: npt.NDArray[Any] = np.abs(numbers - true).mean(axis=1)
    return errors


_METHODS = {"probabilities": "predict_proba", "logits": "decision_function"}


def _outputs(
    estimator: Any, features: Any, *, kind: str, truth: npt.NDArray[Any]
) -> npt.NDArray[Any]:
    """Return a column for each class that the classifier saw."""
    answers = getattr(estimator, _METHODS[kind])(features)
    if isinstance(answers, list) or truth.ndim != 1:
        raise ValueError(
            f"{type(estimator).__name__} predicts several labels for each record, or labels of "
            f"shape {truth.shape} came; observe a classifier of one label, or give the losses of "
            "several to Signals.from_losses."
        )
    outputs = as_floats(answers)
    if kind == "probabilities":
        return outputs
    n_classes = len(estimator.classes_)
    if n_classes == 2 and outputs.size == len(outputs):
        outputs = np.column_stack([np.zeros(len(outputs), outputs.dtype), outputs.ravel()])
    if outputs.shape[1:] != (n_classes,):
        raise ValueError(
            f"Decision values must have a column for each of the {n_classes} classes, but an array "
            f"of shape {outputs.shape} came; {_NOT_OF_CLASSES}"
        )
    _check_agreement(estimator, features, outputs=outputs)
    return outputs


_NOT_OF_CLASSES = (
    "those of pairs (one-versus-one) are no confidences in classes: choose "
    'decision_function_shape="ovr", or give predictions to Signals.from_labels.'
)


_TURNED = (
    "a threshold of one's own decides, or their sign is turned: observe the classifier inside, or "
    "give predictions to Signals.from_labels."
)


def _check_agreement(estimator: Any, features: Any, *, outputs: npt.NDArray[Any]) -> None:
    if not hasattr(estimator, "predict"):
        return
    favoured = np.asarray(estimator.classes_)[outputs.argmax(axis=1)]
    n_records = len(outputs)
    n_others = n_records - int(np.count_nonzero(favoured == as_array(estimator.predict(features))))
    why = _NOT_OF_CLASSES if outputs.shape[1] > 2 else _TURNED
    if n_others > max(TIED_SHARE * n_records, n_records >= N_FEW):
        raise ValueError(
            f"Decision values must be largest for the class that is predicted, but for {n_others} "
            f"of {n_records} records they are not; {why}"
        )


def _positions(values: npt.NDArray[Any], classes: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
    positions = np.searchsorted(classes, values)
    found = classes[np.minimum(positions, len(classes) - 1)] == values
    if not found.all():
        raise ValueError(
            f"Labels must be among the {len(classes)} classes, but {values[~found][0]} came; "
            "pass all classes, ascending."
        )
    return positions
