"""Detectors that look at what the model says, and not at how it came to it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr, logsumexp, rel_entr

from anomed_anomaly_detection.detectors.layered import LayeredDetector, State
from anomed_anomaly_detection.detectors.reading import as_rows, blocks, sampled_rows
from anomed_anomaly_detection.interface import Batch, DetectionTask, Model, given

Array = NDArray[Any]
Floats = NDArray[np.float64]


def entropy(probabilities: Floats) -> Floats:
    """Return the entropy of each row in nats."""
    return np.asarray(entr(probabilities).sum(axis=-1))


@dataclass(frozen=True, kw_only=True)
class _OutputDetector(LayeredDetector):
    """One score an input, and nothing to learn."""

    needs: ClassVar[frozenset[str]] = frozenset()

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        return {}

    def score_block(self, state: Mapping[str, State], model: Model, X: Array) -> dict[str, Floats]:
        """See `LayeredDetector.score_block`."""
        return {"all": self.judge(model, X)}

    @abstractmethod
    def judge(self, model: Model, X: Array) -> Floats:
        """Score a block of inputs."""


@dataclass(frozen=True, kw_only=True)
class MaxSoftmax(_OutputDetector):
    """Minus the probability of the likeliest class (Hendrycks and Gimpel 2017, arXiv 1610.02136).

    On backdoors it is often the wrong way round: the model is sure of its target.
    """

    name: ClassVar[str] = "max_softmax"

    def judge(self, model: Model, X: Array) -> Floats:
        """See `_OutputDetector.judge`."""
        return np.asarray(-model.probabilities(X).max(axis=1))


@dataclass(frozen=True, kw_only=True)
class Entropy(_OutputDetector):
    """Entropy of the predicted probabilities, in nats."""

    name: ClassVar[str] = "entropy"

    def judge(self, model: Model, X: Array) -> Floats:
        """See `_OutputDetector.judge`."""
        return entropy(model.probabilities(X))


@dataclass(frozen=True, kw_only=True)
class Energy(_OutputDetector):
    """``-T logsumexp(z / T)`` of the logits (Liu, Wang, Owens and Li 2020, arXiv 2010.03759).

    Attributes
    ----------
    temperature
        T, above 0.
    """

    name: ClassVar[str] = "energy"

    temperature: float = 1.0

    def judge(self, model: Model, X: Array) -> Floats:
        """See `_OutputDetector.judge`."""
        z = as_rows(model.activations(X)[model.layers[-1]])
        if z.shape[1] == 1:
            z = np.hstack([np.zeros_like(z), z])
        return np.asarray(-self.temperature * logsumexp(z / self.temperature, axis=1))


@dataclass(frozen=True, kw_only=True)
class LabelLoss(_OutputDetector):
    """``-log p`` of the label that is appended to the input, one value a class.

    Only for the task ``wrong_label``, which it nearly solves.
    """

    name: ClassVar[str] = "label_loss"

    def judge(self, model: Model, X: Array) -> Floats:
        """See `_OutputDetector.judge`."""
        given_label = X[:, -model.n_classes :].argmax(axis=1)
        p = model.probabilities(X)[np.arange(len(X)), given_label]
        return np.asarray(-np.log(np.maximum(p, np.finfo(np.float64).tiny)))


@dataclass(frozen=True, kw_only=True)
class OutputLift(LayeredDetector):
    """Log share of the predicted class in the mix minus its log share in trusted data.

    A control: what it reaches, a look at the prediction alone reaches. One input is added to each
    class on both sides.
    """

    name: ClassVar[str] = "output_lift"
    needs: ClassVar[frozenset[str]] = frozenset({"trusted", "untrusted"})

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        trusted, untrusted = (
            np.log(self._shares(task.model, given(batch)))
            for batch in (task.trusted, task.untrusted)
        )
        return {"all": {"lift": untrusted - trusted}}

    def _shares(self, model: Model, batch: Batch) -> Floats:
        counts = np.ones(model.n_classes)
        for where in blocks(len(batch), self.max_batch_size):
            counts += np.bincount(model.predict(batch.X[where]), minlength=model.n_classes)
        return np.asarray(counts / counts.sum())

    def score_block(self, state: Mapping[str, State], model: Model, X: Array) -> dict[str, Floats]:
        """See `LayeredDetector.score_block`."""
        return {"all": np.asarray(state["all"]["lift"][model.predict(X)])}


@dataclass(frozen=True, kw_only=True)
class Strip(LayeredDetector):
    """Minus the mean entropy of the prediction when trusted inputs are blended in.

    A trigger survives blending, so the prediction stays sure: low entropy is suspicious.

    Attributes
    ----------
    n_blended
        Trusted inputs that are blended in, the same for every input.
    weight
        Of the input itself, in (0, 1).

    References
    ----------
    Gao, Xu, Wang, Chen, Ranasinghe and Nepal (2019), arXiv 1902.06531.
    """

    name: ClassVar[str] = "strip"

    n_blended: int = 32
    weight: float = 0.5

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        X = given(task.trusted).X
        rows = sampled_rows(len(X), rng, self.n_blended)
        return {"all": {"blended": np.asarray(X[rows], dtype=np.float64)}}

    def score_block(self, state: Mapping[str, State], model: Model, X: Array) -> dict[str, Floats]:
        """See `LayeredDetector.score_block`."""
        blended, total = state["all"]["blended"], np.zeros(len(X))
        for other in blended:
            mixed = self.weight * X + (1 - self.weight) * other
            total += entropy(model.probabilities(mixed))
        return {"all": -total / len(blended)}


@dataclass(frozen=True, kw_only=True)
class Finetuning(LayeredDetector):
    """``KL(p_original, p_tuned)`` of predictions before and after tuning on trusted data.

    Attributes
    ----------
    epochs, learning_rate
        Of the tuning, by Adam.
    """

    name: ClassVar[str] = "finetuning"
    needs: ClassVar[frozenset[str]] = frozenset({"trusted", "labels", "finetuning"})

    epochs: int = 20
    learning_rate: float = 1e-3

    def learn(self, task: DetectionTask, rng: np.random.Generator) -> dict[str, State]:
        """See `LayeredDetector.learn`."""
        trusted, model = given(task.trusted), task.model
        tuned = getattr(model, "finetuned")(  # noqa: B009  # a capability that models may lack
            trusted.X,
            trusted.labels,
            epochs=self.epochs,
            rng=rng,
            learning_rate=self.learning_rate,
        )
        return {"all": tuned.to_arrays()}

    def score_block(self, state: Mapping[str, State], model: Model, X: Array) -> dict[str, Floats]:
        """See `LayeredDetector.score_block`."""
        tuned = getattr(type(model), "from_arrays")(state["all"])  # noqa: B009
        before, after = model.probabilities(X), tuned.probabilities(X)
        least = np.finfo(np.float64).tiny
        return {"all": np.asarray(rel_entr(before, np.maximum(after, least)).sum(axis=1))}
