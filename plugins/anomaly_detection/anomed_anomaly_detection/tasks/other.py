"""Tasks that need no images: two views that stop agreeing, and labels that are wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.interface import (
    Batch,
    BuiltTask,
    DetectionTask,
    LabelledPools,
    TaskFacts,
)
from anomed_anomaly_detection.network import MLP, Recipe, train

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class ToyFeatures:
    """Two noisy views of one number agree on trusted data and have opposite signs on anomalies.

    ``x ~ N(0, 1)``, the label is whether x > 0, and the views are ``x + s n1`` and ``x + s n2``, or
    ``-x + s n2``. Records that are given are not looked at.

    Attributes
    ----------
    n
        Records of each pool.
    noise
        s.
    contamination
        Share of the untrusted mix that is anomalous.
    recipe
        Of the network and its training.
    """

    name: ClassVar[str] = "toy"

    n: int = 1000
    noise: float = 0.1
    contamination: float = 0.1
    recipe: Recipe = field(default_factory=lambda: Recipe(hidden=(16, 16), epochs=20))

    def build(self, pools: LabelledPools, rng: np.random.Generator) -> BuiltTask:
        """Draw the numbers, and train a network on those whose views agree."""
        training, trusted = (self._views(np.zeros(self.n, dtype=bool), rng) for _ in range(2))
        model = train(training.X, training.labels, n_classes=2, rng=rng, recipe=self.recipe)
        mix = np.arange(self.n) < round(self.contamination * self.n)
        half = np.arange(self.n) < self.n // 2
        flags = {name: rng.permutation(half) for name in ("tuning", "validation")}
        untrusted_flags = rng.permutation(mix)
        tests = {name: self._views(anomalous, rng) for name, anomalous in flags.items()}
        is_normal = ~flags["validation"]
        numbers = {
            "clean_accuracy": model.accuracy(
                tests["validation"].X[is_normal], tests["validation"].labels[is_normal]
            ),
            "contamination": float(mix.mean()),
            "n_trusted": self.n,
            "n_untrusted": self.n,
        }
        return BuiltTask(
            task=DetectionTask(
                model=model,
                trusted=trusted,
                untrusted=Batch(self._views(untrusted_flags, rng).X),
                facts=TaskFacts(
                    task=self.name, shape=(2,), low=-np.inf, high=np.inf, numbers=numbers
                ),
            ),
            tests={name: Batch(batch.X) for name, batch in tests.items()},
            flags=flags,
            untrusted_flags=untrusted_flags,
        )

    def _views(self, is_anomalous: NDArray[np.bool_], rng: np.random.Generator) -> Batch:
        x = rng.standard_normal(len(is_anomalous))
        first, second = self.noise * rng.standard_normal((2, len(x)))
        sign = np.where(is_anomalous, -1, 1)
        return Batch(np.stack([x + first, sign * x + second], axis=1), x > 0)


@dataclass(frozen=True, kw_only=True)
class WrongLabel:
    """Inputs come with a label, and on anomalous ones it is wrong: a teaching task.

    The label is appended to the input, one value a class, and the model does not look at it; the
    detector ``label_loss`` does, and nearly solves the task.

    Attributes
    ----------
    contamination
        Share of the untrusted mix whose labels are wrong.
    recipe
        Of the network and its training.
    """

    name: ClassVar[str] = "wrong_label"

    contamination: float = 0.1
    recipe: Recipe = field(default_factory=Recipe)

    def build(self, pools: LabelledPools, rng: np.random.Generator) -> BuiltTask:
        """Train the model, and draw whose label is wrong and what it says."""
        training, k = pools.training, pools.n_classes
        inner = train(training.X, training.labels, n_classes=k, rng=rng, recipe=self.recipe)
        (W, b), *rest = inner.weights
        model = MLP([(np.vstack([W, np.zeros((k, W.shape[1]))]), b), *rest])
        nobody = np.zeros(len(pools.trusted), dtype=bool)
        trusted = _with_labels(pools.trusted, nobody, k, rng)
        mixes = {
            "untrusted": (pools.untrusted, self.contamination),
            "tuning": (pools.tuning, 0.5),
            "validation": (pools.validation, 0.5),
        }
        flags = {
            name: rng.permutation(np.arange(len(pool)) < round(share * len(pool)))
            for name, (pool, share) in mixes.items()
        }
        batches = {
            name: _with_labels(pool, flags[name], k, rng) for name, (pool, _) in mixes.items()
        }
        numbers = {
            "clean_accuracy": inner.accuracy(pools.validation.X, pools.validation.labels),
            "contamination": float(flags["untrusted"].mean()),
            "n_trusted": len(trusted),
            "n_untrusted": len(pools.untrusted),
        }
        return BuiltTask(
            task=DetectionTask(
                model=model,
                trusted=trusted,
                untrusted=batches["untrusted"],
                facts=TaskFacts(
                    task=self.name,
                    shape=(model.n_inputs,),
                    low=min(pools.low, 0.0),
                    high=max(pools.high, 1.0),
                    numbers=numbers,
                ),
            ),
            tests={name: batches[name] for name in ("tuning", "validation")},
            flags={name: flags[name] for name in ("tuning", "validation")},
            untrusted_flags=flags["untrusted"],
        )


def _with_labels(
    pool: Batch, is_wrong: NDArray[np.bool_], n_classes: int, rng: np.random.Generator
) -> Batch:
    """Append the given labels, of which some are another class; trusted ones keep theirs as y."""
    step = rng.integers(1, n_classes, size=len(pool)) * is_wrong
    given = np.eye(n_classes, dtype=pool.X.dtype)[(pool.labels + step) % n_classes]
    return Batch(np.hstack([pool.X, given]), None if is_wrong.any() else pool.y)
