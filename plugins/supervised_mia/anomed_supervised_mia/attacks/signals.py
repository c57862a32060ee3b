"""What an attack sees of a model's behaviour on a set of records.

`Signals` holds the raw observations; its methods derive the quantities that attacks threshold or
learn from. These are computed in the logarithm, so that a confidence of ``1 - 1e-20`` is told apart
from one of ``1``. Probabilities of exactly 0 (trees and nearest neighbours say so) are lifted to
`PROBABILITY_FLOOR`, hence every derived quantity is finite.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import attrs
import numpy as np
import numpy.typing as npt

from anomed_supervised_mia.attacks._log_probabilities import (
    PROBABILITY_FLOOR,
    log_complement,
    log_odds,
    log_probabilities_of,
    log_softmax,
    ordered_sum,
)
from anomed_supervised_mia.attacks._validation import (
    check_labels,
    check_same_classes,
    check_shape,
    check_totals,
    optional_floats,
    optional_integers,
    optional_probabilities,
)
from anomed_supervised_mia.attacks.arrays import (
    BoolArray,
    FloatArray,
    Floats,
    IntArray,
    as_array,
    by_block,
)

__all__ = ["PROBABILITY_FLOOR", "Signals"]


@attrs.frozen(kw_only=True, eq=False)
class Signals:
    """A model's outputs on ``n_records`` records, in the same order in every array.

    Whatever goes for an array may come: data frames and their columns, sparse matrices. Floats keep
    their dtype; what is derived from them is computed in float64, in blocks of records, so that it
    takes little memory beyond theirs.

    At least one of `probabilities`, `logits`, `predicted_labels`, `losses` and `features` is given.

    Parameters
    ----------
    probabilities : float (n_records, n_classes), optional
        Predicted class probabilities, in [0, 1], each row totalling 1, up to 0.01; values beyond
        are taken for 0 and 1.
    logits : float (n_records, n_classes), optional
        Unnormalised log-probabilities, finite. They win over `probabilities` where both came.
    labels : int64 (n_records,), optional
        True classes, as column indices in ``[0, n_classes)``. `None` where they are not known.
    predicted_labels : int64 (n_records,), optional
        Predicted classes. `None` means: the most probable class.
    losses : float (n_records,), optional
        The model's own loss on each record, finite. `None` means: the cross-entropy.
    features : float (n_records, n_features), optional
        Whatever else a trained attacker may use, finite; for attacks that query the model again,
        the records' own feature vectors.
    records : int64 (n_records,), optional
        Positions of the records in the pool that shadow models were trained on.

    Raises
    ------
    ValueError
        If an array has a wrong shape, length or value, or if there is nothing to observe.

    Examples
    --------
    >>> signals = Signals.from_probabilities([[0.9, 0.1], [0.5, 0.5]], labels=[0, 1])
    >>> signals.true_class_probability()
    array([0.9, 0.5])
    >>> signals.loss().round(4)
    array([0.1054, 0.6931])
    """

    probabilities: Floats | None = attrs.field(default=None, converter=optional_probabilities)
    logits: Floats | None = attrs.field(default=None, converter=optional_floats)
    labels: IntArray | None = attrs.field(default=None, converter=optional_integers)
    predicted_labels: IntArray | None = attrs.field(default=None, converter=optional_integers)
    losses: Floats | None = attrs.field(default=None, converter=optional_floats)
    features: Floats | None = attrs.field(default=None, converter=optional_floats)
    records: IntArray | None = attrs.field(default=None, converter=optional_integers)

    def __attrs_post_init__(self) -> None:
        arrays = self.arrays()
        if not set(arrays) - {"labels", "records"}:
            raise ValueError(
                "Signals need something that the model said, but none of probabilities, logits, "
                "predicted_labels, losses and features came; give at least one."
            )
        for name, array in arrays.items():
            check_shape(name, array, n_records=len(next(iter(arrays.values()))))
        if self.probabilities is not None:
            check_totals(self.probabilities)
        if self.probabilities is not None and self.logits is not None:
            check_same_classes(self.probabilities, self.logits)
        check_labels(self.labels, self.n_classes)

    @classmethod
    def from_probabilities(
        cls, probabilities: npt.ArrayLike, labels: npt.ArrayLike | None = None, **others: Any
    ) -> Self:
        """Build signals from class probabilities, float (n_records, n_classes)."""
        return cls(probabilities=probabilities, labels=labels, **others)

    @classmethod
    def from_logits(
        cls, logits: npt.ArrayLike, labels: npt.ArrayLike | None = None, **others: Any
    ) -> Self:
        """Build signals from unnormalised log-probabilities, float (n_records, n_classes)."""
        return cls(logits=logits, labels=labels, **others)

    @classmethod
    def from_labels(cls, predicted_labels: npt.ArrayLike, labels: npt.ArrayLike) -> Self:
        """Build signals from predicted and true classes, int (n_records,)."""
        return cls(predicted_labels=predicted_labels, labels=labels)

    @classmethod
    def from_losses(cls, losses: npt.ArrayLike, labels: npt.ArrayLike | None = None) -> Self:
        """Build signals from per-record losses, float (n_records,)."""
        return cls(losses=losses, labels=labels)

    def __len__(self) -> int:
        return len(next(iter(self.arrays().values())))

    @property
    def n_classes(self) -> int | None:
        """Count the classes; `None` where neither probabilities nor logits are given."""
        outputs = self.probabilities if self.logits is None else self.logits
        return None if outputs is None else outputs.shape[1]

    def subset(self, indices: npt.ArrayLike) -> Self:
        """Select records by indices, int (n_selected,), or by a mask, bool (n_records,)."""
        selector = as_array(indices)
        if selector.size == 0:
            selector = selector.astype(np.intp)
        return type(self)(**{name: array[selector] for name, array in self.arrays().items()})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Join the records of several signals, which must hold the same arrays.

        Raises
        ------
        ValueError
            If there are no parts, or if an array is present in one part and missing in another.
        """
        columns = [part.arrays() for part in parts]
        kinds = {tuple(column) for column in columns}
        if len(kinds) != 1:
            raise ValueError(
                "Signals to concatenate must hold the same arrays, but these sets came: "
                f"{sorted(kinds)}; drop or add arrays until they agree."
            )
        return cls(
            **{name: np.concatenate([column[name] for column in columns]) for name in columns[0]}
        )

    def true_class_probability(self) -> FloatArray:
        """Compute the probability of the true class, float64 (n_records,), in [0, 1].

        Raises
        ------
        ValueError
            If labels are missing, or both probabilities and logits are.
        """
        labels = self._required_labels()
        rows = np.arange(len(labels))
        if self.logits is None and self.probabilities is not None:
            return self.probabilities[rows, labels].astype(np.float64)
        return np.exp(self._log_probabilities_of_labels())

    def log_probabilities(self) -> FloatArray:
        """Compute the natural logarithms of the class probabilities.

        Returns
        -------
        float64 (n_records, n_classes), finite, at most 0.

        Raises
        ------
        ValueError
            If both probabilities and logits are missing.
        """
        outputs = self._required_outputs()
        return self._logarithms(np.ascontiguousarray(outputs, dtype=np.float64))

    def _logarithms(self, outputs: FloatArray) -> FloatArray:
        return log_softmax(outputs) if self.logits is not None else log_probabilities_of(outputs)

    def _from_log_probabilities(
        self, compute: Callable[[FloatArray, slice], FloatArray]
    ) -> FloatArray:
        """Compute a number for each record from the log-probabilities of some records at a time."""
        return by_block(
            self._required_outputs(), lambda outputs, rows: compute(self._logarithms(outputs), rows)
        )

    def _log_probabilities_of_labels(self) -> FloatArray:
        labels = self._required_labels()
        return self._from_log_probabilities(
            lambda logarithms, rows: logarithms[np.arange(len(logarithms)), labels[rows]]
        )

    def _required_outputs(self) -> Floats:
        outputs = self.probabilities if self.logits is None else self.logits
        if outputs is None:
            raise ValueError(
                "This attack needs class probabilities or logits, but the signals hold only "
                f"{', '.join(self.arrays())}; give one of them, or use a label-only or loss attack."
            )
        return outputs

    def loss(self) -> FloatArray:
        """Return the given losses, or else the cross-entropy.

        Returns
        -------
        float64 (n_records,); the cross-entropy is ``-ln p_y``, in nats, at least 0.

        Raises
        ------
        ValueError
            If neither losses nor what is needed to compute them are given.
        """
        if self.losses is not None:
            return self.losses.astype(np.float64, copy=False)
        return -self._log_probabilities_of_labels()

    def largest_log_probability(self) -> FloatArray:
        """Compute the logarithm of the most probable class's probability.

        Returns
        -------
        float64 (n_records,), at most 0.

        Raises
        ------
        ValueError
            If both probabilities and logits are missing.
        """
        return self._from_log_probabilities(lambda logarithms, _: logarithms.max(axis=1))

    def entropy(self) -> FloatArray:
        """Compute the Shannon entropy of the predicted distribution.

        Returns
        -------
        float64 (n_records,), in nats, in [0, ln n_classes].

        Raises
        ------
        ValueError
            If both probabilities and logits are missing.
        """
        entropy = self._from_log_probabilities(
            lambda logarithms, _: -ordered_sum(np.exp(logarithms) * logarithms)
        )
        return np.maximum(entropy, 0.0)

    def modified_entropy(self) -> FloatArray:
        r"""Compute the modified prediction entropy, small where the model is confident and right.

        .. math:: -(1 - p_y) \ln p_y - \sum_{j \ne y} p_j \ln (1 - p_j)

        Returns
        -------
        float64 (n_records,), in nats, at least 0.

        Raises
        ------
        ValueError
            If labels are missing, or both probabilities and logits are.

        References
        ----------
        L. Song, P. Mittal: Systematic Evaluation of Privacy Risks of Machine Learning Models,
        USENIX Security 2021, section 4.2.
        """
        labels = self._required_labels()

        def modified(logarithms: FloatArray, rows: slice) -> FloatArray:
            log_rest = log_complement(logarithms)
            terms = np.exp(logarithms) * log_rest
            true = np.arange(len(terms)), labels[rows]
            terms[true] = np.exp(log_rest[true]) * logarithms[true]
            return -ordered_sum(terms)

        return np.maximum(self._from_log_probabilities(modified), 0.0)

    def scaled_confidence(self) -> FloatArray:
        r"""Compute the logit-scaled confidence ``ln p_y - ln sum_{j != y} p_j``.

        Over the randomness of training it is close to normal: the likelihood-ratio attack relies
        on that.

        Returns
        -------
        float64 (n_records,), finite, unbounded.

        Raises
        ------
        ValueError
            If labels are missing, or both probabilities and logits are.

        References
        ----------
        N. Carlini et al.: Membership Inference Attacks From First Principles, IEEE S&P 2022,
        section VI.A.
        """
        labels = self._required_labels()
        return self._from_log_probabilities(
            lambda logarithms, rows: log_odds(logarithms, labels[rows])
        )

    def correct(self) -> BoolArray:
        """Return which records the model classifies correctly, bool (n_records,).

        Raises
        ------
        ValueError
            If labels are missing, or all of predicted labels, probabilities and logits are.
        """
        predicted = self.predicted_labels
        if predicted is None:
            predicted = self._required_outputs().argmax(axis=1)
        return np.equal(predicted, self._required_labels())

    def _required_labels(self) -> IntArray:
        if self.labels is None:
            raise ValueError(
                "This attack needs the true labels of the records, but the signals hold only "
                f"{', '.join(self.arrays())}; give them, or use the confidence or entropy attack."
            )
        return self.labels

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return the arrays that are given, by field name."""
        fields = ((field.name, getattr(self, field.name)) for field in attrs.fields(type(self)))
        return {name: array for name, array in fields if array is not None}
