"""What a served model's answers say: labels, probabilities of classes, or numbers.

The kind of the targets decides. Labels are attacked by whether they are right, probabilities by the
threshold attacks, numbers by their error. Whatever is none of these is refused; NaN and infinity,
which no submission may hold, are answers that fit no target.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np

from anomed_supervised_mia.attacks import Attack, GapAttack, LossThreshold, Signals
from anomed_supervised_mia.auditing.audits import default_attacks
from anomed_supervised_mia.auditing.consistency import Consistency, compare_answers

_HOPELESS_ERROR = 1e300
"""Stands for the error of an answer that is no number; attacks look at the order of errors only."""


class AnonymizerUnavailableError(RuntimeError):
    """The anonymizer did not answer, or not with a prediction that fits each record."""


@attrs.frozen(kw_only=True)
class Answers:
    """Answers for records whose targets are known.

    Attributes
    ----------
    values
        Shape (n_records, ...): as the targets, or probabilities of shape (n_records, n_classes).
    targets
        Shape (n_records, ...).
    """

    values: np.ndarray
    targets: np.ndarray

    @property
    def is_finite(self) -> np.ndarray:
        """Which records got an answer without NaN and infinity, bool of shape (n_records,)."""
        if self.values.dtype.kind != "f":
            return np.ones(len(self.values), dtype=bool)
        return np.asarray(np.isfinite(self.values).reshape(len(self.values), -1).all(axis=1))

    def split(self, ends: np.ndarray) -> list[Answers]:
        """Divide the records where some end, int of shape (n_parts - 1,)."""
        halves = (np.split(array, ends) for array in (self.values, self.targets))
        return [Answers(values=v, targets=t) for v, t in zip(*halves, strict=True)]


@attrs.frozen(kw_only=True)
class Reading:
    """How to read the answers for a challenge.

    Attributes
    ----------
    classes
        The labels of the training data, ascending; empty where targets are numbers.
    as_labels
        Whether targets are labels.
    target_shape
        Of one record's target: () for a single value.
    """

    classes: np.ndarray
    as_labels: bool
    target_shape: tuple[int, ...]

    @classmethod
    def of(cls, targets: np.ndarray, *, as_labels: bool) -> Reading:
        """Return how answers are read where the training data have such targets."""
        classes = np.unique(targets if as_labels else targets[:0])
        return cls(classes=classes, as_labels=as_labels, target_shape=targets.shape[1:])

    def fitted(self, values: np.ndarray, targets: np.ndarray) -> Answers:
        """Return answers that are labels, probabilities or numbers, as the targets demand.

        Raises
        ------
        AnonymizerUnavailableError
            If their shape or dtype is that of none of these.
        """
        if not self.as_labels and values.shape == (*targets.shape, 1):
            values = values[..., 0]  # a network's one output unit
        if not self._is_probable(values):
            if values.shape != targets.shape:
                raise AnonymizerUnavailableError(self._wrong_shape(values.shape[1:]))
            if (values.dtype.kind == "U") != (targets.dtype.kind == "U"):
                raise AnonymizerUnavailableError(
                    f"the anonymizer answered with dtype {values.dtype}, but the targets have "
                    f"dtype {targets.dtype}; give predictions of that kind"
                )
        return Answers(values=values, targets=targets)

    def _is_probable(self, values: np.ndarray) -> bool:
        """Return whether a value came for each class, where one label is to be predicted."""
        one_label = self.as_labels and self.target_shape == ()
        return one_label and values.dtype.kind != "U" and values.shape[1:] == self.classes.shape

    def _wrong_shape(self, came: tuple[int, ...]) -> str:
        if not self.as_labels or self.target_shape:
            return (
                f"the anonymizer answered values of shape {came} for each record; give "
                f"{self.target_shape}, as the targets have"
            )
        n_came = "x".join(map(str, came))
        return (
            f"the anonymizer answered {n_came} probabilities for each record; give one for each of "
            f"the {len(self.classes)} classes of the training data, or labels"
        )

    def signals(self, sides: Sequence[Answers]) -> tuple[list[Signals], list[Attack]]:
        """Return what attacks see of each side, described alike, and the attacks that can look.

        Raises
        ------
        ValueError
            If rows of as many values as there are classes are no probabilities.
        """
        if not self.as_labels:
            return [Signals.from_losses(_errors(side)) for side in sides], [LossThreshold()]
        if all(self._is_probable(side.values) and side.is_finite.all() for side in sides):
            seen = [_of_probabilities(side, self.classes) for side in sides]
            return seen, default_attacks(seen[0])
        return [_of_decisions(self.predicted(side.values), side.targets) for side in sides], [
            GapAttack()
        ]

    def predicted(self, values: np.ndarray) -> np.ndarray:
        """Return the answers in the form of the targets: of probabilities, the likeliest label.

        A row of probabilities that are not finite has none.
        """
        if not self._is_probable(values):
            return values
        likeliest: np.ndarray = self.classes[np.argmax(values, axis=1)]
        broken = ~np.isfinite(values).all(axis=1)
        if not broken.any():
            return likeliest
        if likeliest.dtype.kind == "U":
            return np.where(broken, "", likeliest)
        return np.where(broken, np.nan, likeliest)

    def compared(self, submitted: np.ndarray, first: np.ndarray, second: np.ndarray) -> Consistency:
        """Compare two answers for each record with what was submitted for it."""
        said = [submitted, self.predicted(first), self.predicted(second)]
        if self.as_labels:  # exactly: labels that differ by little are others
            codes = np.unique(np.stack(said), return_inverse=True)[1]
            said = list(codes.reshape(len(said), *submitted.shape))
        return compare_answers(*said)


def _errors(side: Answers) -> np.ndarray:
    """Return mean absolute errors over a record's values; NaN and infinity are beyond all."""
    difference = side.values.astype(np.float64) - side.targets.astype(np.float64)
    errors: np.ndarray = np.abs(difference).reshape(len(difference), -1).mean(axis=1)
    return np.where(np.isfinite(errors), errors, _HOPELESS_ERROR)


def _of_decisions(predicted: np.ndarray, targets: np.ndarray) -> Signals:
    """Return what an attack sees of labels: whether all of a record's are right."""
    is_right = (predicted == targets).reshape(len(targets), -1).all(axis=1)
    return Signals.from_labels(is_right, np.ones(len(targets), dtype=bool))


def _of_probabilities(side: Answers, classes: np.ndarray) -> Signals:
    """Return what an attack sees; a class that nobody was trained on has probability 0."""
    places = np.minimum(np.searchsorted(classes, side.targets), len(classes) - 1)
    labels = np.where(classes[places] == side.targets, places, len(classes))
    return Signals.from_probabilities(np.pad(side.values, ((0, 0), (0, 1))), labels)
