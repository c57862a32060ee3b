"""Tasks of a model that was trained on clean records: what differs is the input alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
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
from anomed_anomaly_detection.tasks.attacks import Attack
from anomed_anomaly_detection.tasks.sound import UnsoundTaskError

Array = NDArray[Any]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class PlantedTask(ABC):
    """A task whose anomalous inputs are made of normal ones, after the model was trained.

    Attributes
    ----------
    contamination
        Share of the untrusted mix that is anomalous.
    recipe
        Of the network and its training.
    least_accuracy
        Accuracy on clean inputs below which a task is refused.
    """

    name: ClassVar[str]

    contamination: float = 0.1
    recipe: Recipe = field(default_factory=Recipe)
    least_accuracy: float = 0.8

    @abstractmethod
    def plant(
        self, model: MLP, batch: Batch, pools: LabelledPools, rng: np.random.Generator
    ) -> tuple[Array, Flags]:
        """Return changed inputs, and which of them are worth being called anomalous."""

    def check(self, numbers: dict[str, float]) -> None:
        """Refuse a task by what was measured.

        Raises
        ------
        UnsoundTaskError
            If the model is inaccurate; subclasses may ask for more.
        """
        if numbers["clean_accuracy"] < self.least_accuracy:
            raise UnsoundTaskError(
                f"the model has a clean accuracy of {numbers['clean_accuracy']:.3f}; it must reach "
                f"{self.least_accuracy}: train longer, or give more records"
            )

    def build(self, pools: LabelledPools, rng: np.random.Generator) -> BuiltTask:
        """Train the model and change half of each test.

        Raises
        ------
        UnsoundTaskError
            If the model is inaccurate, or its inputs are not as they must be.
        """
        training, validation = pools.training, pools.validation
        model = train(
            training.X, training.labels, n_classes=pools.n_classes, rng=rng, recipe=self.recipe
        )
        numbers = {"clean_accuracy": model.accuracy(validation.X, validation.labels)}
        changed, _ = self.plant(model, validation, pools, rng)
        numbers["accuracy_when_planted"] = model.accuracy(changed, validation.labels)
        self.check(numbers)
        untrusted, flags = self._mixed(model, pools.untrusted, self.contamination, pools, rng)
        tests = {
            name: self._mixed(model, pool, 0.5, pools, rng)
            for name, pool in (("tuning", pools.tuning), ("validation", validation))
        }
        numbers |= {
            "contamination": float(flags.mean()),
            "n_trusted": len(pools.trusted),
            "n_untrusted": len(untrusted),
        }
        facts = TaskFacts(
            task=self.name, shape=pools.shape, low=pools.low, high=pools.high, numbers=numbers
        )
        return BuiltTask(
            task=DetectionTask(
                model=model, trusted=pools.trusted, untrusted=untrusted, facts=facts
            ),
            tests={name: batch for name, (batch, _) in tests.items()},
            flags={name: anomalous for name, (_, anomalous) in tests.items()},
            untrusted_flags=flags,
        )

    def _mixed(
        self,
        model: MLP,
        pool: Batch,
        share: float,
        pools: LabelledPools,
        rng: np.random.Generator,
    ) -> tuple[Batch, Flags]:
        """Change a share of a pool; those that are not worth it are left out."""
        order = rng.permutation(len(pool))
        n_changed = round(share * len(pool))
        normal, others = pool.take(order[n_changed:]), pool.take(order[:n_changed])
        changed, is_worth = self.plant(model, others, pools, rng)
        if share and not is_worth.any():
            raise UnsoundTaskError(f"none of {len(others)} changed inputs is anomalous")
        X = np.concatenate([normal.X, changed[is_worth].astype(normal.X.dtype)])
        flags = np.arange(len(X)) >= len(normal)
        mixed = rng.permutation(len(X))
        return Batch(X[mixed]), flags[mixed]


@dataclass(frozen=True, kw_only=True)
class Adversarial(PlantedTask):
    """Inputs that a gradient has moved until the model says something else.

    Attributes
    ----------
    attack
        How; labels are the model's own predictions, and inputs whose prediction stays are left out.
    success_threshold
        Accuracy under attack above which a task is refused.
    keep_failures
        Take inputs, too, whose prediction stays, and refuse nothing.
    """

    name: ClassVar[str] = "adversarial"

    attack: Attack = field(default_factory=Attack)
    success_threshold: float = 0.1
    keep_failures: bool = False

    def plant(
        self, model: MLP, batch: Batch, pools: LabelledPools, rng: np.random.Generator
    ) -> tuple[Array, Flags]:
        """See `PlantedTask.plant`."""
        before = model.predict(batch.X)
        moved = self.attack(model, batch.X, before, rng, low=pools.low, high=pools.high)
        if self.keep_failures:
            return moved, np.ones(len(moved), dtype=bool)
        if self.attack.method == "abstain":
            return moved, model.probabilities(moved).max(axis=1) < 0.5
        return moved, model.predict(moved) != before

    def check(self, numbers: dict[str, float]) -> None:
        """Refuse an attack, too, that leaves the model too good."""
        super().check(numbers)
        left = numbers["accuracy_when_planted"]
        if self.attack.method == "abstain" or self.keep_failures or left <= self.success_threshold:
            return
        raise UnsoundTaskError(
            f"the model keeps an accuracy of {left:.3f} under attack; at most "
            f"{self.success_threshold} is allowed: raise eps, or set keep_failures"
        )


@dataclass(frozen=True, kw_only=True)
class Masked(PlantedTask):
    """A square of the image is missing: its values are the lowest ones.

    Attributes
    ----------
    side
        Of the square, in pixels.
    """

    name: ClassVar[str] = "masked"

    side: int = 3

    def plant(
        self, model: MLP, batch: Batch, pools: LabelledPools, rng: np.random.Generator
    ) -> tuple[Array, Flags]:
        """See `PlantedTask.plant`; the square is in another place in every image."""
        images = _images(batch.X, pools.shape, self.name).copy()
        height, width = pools.shape[:2]
        if not 0 < self.side <= min(height, width):
            raise ValueError(f"a square of side {self.side} leaves images of {height} x {width}")
        rows = rng.integers(height - self.side + 1, size=len(images))
        columns = rng.integers(width - self.side + 1, size=len(images))
        for image, row, column in zip(images, rows, columns, strict=True):
            image[row : row + self.side, column : column + self.side] = pools.low
        return images.reshape(batch.X.shape), np.ones(len(images), dtype=bool)


@dataclass(frozen=True, kw_only=True)
class Shift(PlantedTask):
    """A control: "anomalous" inputs are clean images moved by a pixel, and must not be flagged.

    Attributes
    ----------
    rows, columns
        By how many pixels the image moves down and to the right; the lowest value comes in.
    """

    name: ClassVar[str] = "shift"

    rows: int = 0
    columns: int = 1

    def plant(
        self, model: MLP, batch: Batch, pools: LabelledPools, rng: np.random.Generator
    ) -> tuple[Array, Flags]:
        """See `PlantedTask.plant`."""
        images = _images(batch.X, pools.shape, self.name)
        moved = np.full_like(images, pools.low)
        height, width = pools.shape[:2]
        to_rows, from_rows = _overlap(self.rows, height)
        to_columns, from_columns = _overlap(self.columns, width)
        moved[:, to_rows, to_columns] = images[:, from_rows, from_columns]
        return moved.reshape(batch.X.shape), np.ones(len(moved), dtype=bool)


@dataclass(frozen=True, kw_only=True)
class Clean(PlantedTask):
    """A control: "anomalous" inputs are other clean ones, so that every honest score is chance."""

    name: ClassVar[str] = "clean"

    def plant(
        self, model: MLP, batch: Batch, pools: LabelledPools, rng: np.random.Generator
    ) -> tuple[Array, Flags]:
        """Return the inputs as they are."""
        return batch.X, np.ones(len(batch), dtype=bool)


def _images(X: Array, shape: tuple[int, ...], name: str) -> Array:
    if len(shape) not in {2, 3}:
        raise ValueError(f"{name} is for images, of shape (h, w) or (h, w, c); these are {shape}")
    return X.reshape(len(X), *shape)


def _overlap(step: int, size: int) -> tuple[slice, slice]:
    """Return where what stays visible goes to, and where it comes from."""
    if step >= 0:
        return slice(min(step, size), size), slice(0, max(size - step, 0))
    return slice(0, max(size + step, 0)), slice(min(-step, size), size)
