"""Attacks that put a threshold to one quantity. They learn nothing: the score is the quantity.

Samuel Yeom et al., Privacy Risk in Machine Learning, CSF 2018 (loss); Ahmed Salem et al., ML-Leaks,
NDSS 2019, section V (confidence and entropy, which need no labels); Liwei Song and Prateek Mittal,
USENIX Security 2021 (modified entropy).
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from anomed_supervised_mia.attacks.arrays import FloatArray
from anomed_supervised_mia.attacks.attack import ReadyAttack
from anomed_supervised_mia.attacks.signals import Signals


@attrs.frozen(kw_only=True)
class LossThreshold(ReadyAttack):
    """Take records with a small loss for members.

    Examples
    --------
    >>> signals = Signals.from_losses([0.1, 2.0])
    >>> LossThreshold().score(signals)
    array([-0.1, -2. ])
    """

    name: ClassVar[str] = "loss-threshold"

    def score(self, signals: Signals) -> FloatArray:
        """Return the negative losses, float64 (n_records,), at most 0 for the cross-entropy.

        Raises
        ------
        ValueError
            If there are neither losses, nor labels with probabilities or logits.
        """
        return -signals.loss()


@attrs.frozen(kw_only=True)
class ConfidenceThreshold(ReadyAttack):
    """Take records for members if the most probable class, right or wrong, is very probable."""

    name: ClassVar[str] = "confidence-threshold"

    def score(self, signals: Signals) -> FloatArray:
        """Return the logarithms of the largest probabilities, float64 (n_records,), at most 0.

        Raises
        ------
        ValueError
            If both probabilities and logits are missing.
        """
        return signals.largest_log_probability()


@attrs.frozen(kw_only=True)
class EntropyThreshold(ReadyAttack):
    """Take records with a small prediction entropy for members."""

    name: ClassVar[str] = "entropy-threshold"

    def score(self, signals: Signals) -> FloatArray:
        """Return the negative entropies in nats, float64 (n_records,), in [-ln n_classes, 0].

        Raises
        ------
        ValueError
            If both probabilities and logits are missing.
        """
        return -signals.entropy()


@attrs.frozen(kw_only=True)
class ModifiedEntropyThreshold(ReadyAttack):
    """Take records with a small modified entropy, confident and right, for members."""

    name: ClassVar[str] = "modified-entropy-threshold"

    def score(self, signals: Signals) -> FloatArray:
        """Return the negative modified entropies in nats, float64 (n_records,), at most 0.

        Raises
        ------
        ValueError
            If labels are missing, or both probabilities and logits are.
        """
        return -signals.modified_entropy()
