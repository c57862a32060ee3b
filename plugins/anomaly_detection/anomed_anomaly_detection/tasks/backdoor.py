"""A model that was trained on poisoned records, and inputs some of which carry the trigger."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.dealing import Decoy
from anomed_anomaly_detection.interface import (
    Batch,
    BuiltTask,
    DetectionTask,
    DrawnTrigger,
    LabelledPools,
    Model,
    TaskFacts,
    Trigger,
)
from anomed_anomaly_detection.network import Recipe, train
from anomed_anomaly_detection.tasks.dealt import AsTrigger, Dealing, Planted, deal, decoy_for
from anomed_anomaly_detection.tasks.poisoning import Aim, perturb_others, poison, success
from anomed_anomaly_detection.tasks.sound import Floors
from anomed_anomaly_detection.triggers import Corner

Array = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Backdoor:
    """A backdoor task (Gu et al. 2017, arXiv 1708.06733).

    Attributes
    ----------
    trigger
        What is added to inputs.
    aim
        What triggered inputs shall be.
    p_backdoor
        Share of the training records that is poisoned.
    p_noise
        Share of the training records that get what the trigger calls ``innocent``, such as a warp
        by another field, and keep their labels; below 0 for as many as are poisoned.
    contamination
        Share of the untrusted mix that is triggered.
    dealing
        How tests are drawn in a contest; ``None`` puts the trigger into half of the records.
    recipe
        Of the network and its training.
    floors
        Below which a task is refused.
    """

    name: ClassVar[str] = "backdoor"

    trigger: Trigger = field(default_factory=Corner)
    aim: Aim = field(default_factory=Aim)
    p_backdoor: float = 0.1
    p_noise: float = -1.0
    contamination: float = 0.1
    dealing: Dealing | None = None
    recipe: Recipe = field(default_factory=Recipe)
    floors: Floors = field(default_factory=Floors)

    def build(self, pools: LabelledPools, rng: np.random.Generator) -> BuiltTask:
        """Train the model, check that the backdoor works, and draw what is triggered.

        Raises
        ------
        UnsoundTaskError
            If the model is inaccurate or the backdoor works too seldom.
        """
        trigger = self.trigger.draw(pools.shape, rng, low=pools.low, high=pools.high)
        decoy = decoy_for(trigger, pools, rng) if self.dealing and self.dealing.decoys else None
        model = self._model(pools, trigger, rng, decoy=decoy)
        validation = pools.validation
        triggered = trigger(validation.X, pools.shape, rng)
        targets = self.aim.targets(validation.labels, n_classes=pools.n_classes)
        works = success(model, validation.X, triggered, validation.labels, targets=targets)
        accuracy = float(np.mean(model.predict(validation.X) == validation.labels))
        rate = float(works[validation.labels != targets].mean())
        self.floors.check(clean_accuracy=accuracy, success=rate, behavior=self.aim.behavior)
        if self.dealing is not None:
            planted = Planted(model=model, trigger=trigger, aim=self.aim, pools=pools, rng=rng)
            (untrusted, flags), tests = deal(
                pools, planted=planted, dealing=self.dealing, decoy=decoy, rng=rng
            )
        else:
            untrusted, flags = self._mix(pools.untrusted, trigger, pools.shape, rng)
            splits = {"tuning": pools.tuning, "validation": validation}
            tests = {
                name: self._test(batch, trigger, pools.shape, rng) for name, batch in splits.items()
            }
        numbers = {
            "clean_accuracy": accuracy,
            "success": rate,
            "contamination": float(flags.mean()),
            "n_trusted": len(pools.trusted),
            "n_untrusted": len(untrusted),
        }
        return BuiltTask(
            task=DetectionTask(
                model=model,
                trusted=pools.trusted,
                untrusted=untrusted,
                facts=TaskFacts(
                    task=self.name,
                    shape=pools.shape,
                    low=pools.low,
                    high=pools.high,
                    numbers=numbers,
                ),
            ),
            tests={name: batch for name, (batch, _) in tests.items()},
            flags={name: anomalous for name, (_, anomalous) in tests.items()},
            untrusted_flags=flags,
            secrets=trigger.to_arrays(),
        )

    def _model(
        self,
        pools: LabelledPools,
        trigger: DrawnTrigger,
        rng: np.random.Generator,
        *,
        decoy: Decoy | None,
    ) -> Model:
        poisoned = poison(
            pools.training,
            trigger=trigger,
            shape=pools.shape,
            n_classes=pools.n_classes,
            aim=self.aim,
            share=self.p_backdoor,
            rng=rng,
        )
        records, innocent = poisoned.records, getattr(self.trigger, "innocent", None)
        if decoy is not None:
            records = perturb_others(
                poisoned, AsTrigger(decoy), shape=pools.shape, share=self.p_backdoor, rng=rng
            )
        elif innocent is not None:
            share = self.p_backdoor if self.p_noise < 0 else self.p_noise
            records = perturb_others(
                poisoned, innocent(trigger), shape=pools.shape, share=share, rng=rng
            )
        return train(
            records.X, records.labels, n_classes=pools.n_classes, rng=rng, recipe=self.recipe
        )

    def _mix(
        self, pool: Batch, trigger: DrawnTrigger, shape: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[Batch, NDArray[np.bool_]]:
        flags = np.zeros(len(pool), dtype=bool)
        flags[rng.permutation(len(pool))[: round(self.contamination * len(pool))]] = True
        X = pool.X.copy()
        X[flags] = trigger(X[flags], shape, rng)
        return Batch(X), flags

    def _test(
        self, pool: Batch, trigger: DrawnTrigger, shape: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[Batch, NDArray[np.bool_]]:
        flags = np.zeros(len(pool), dtype=bool)
        flags[rng.permutation(len(pool))[: len(pool) // 2]] = True
        X = pool.X.copy()
        X[flags] = trigger(X[flags], shape, rng)
        return Batch(X), flags
