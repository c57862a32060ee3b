"""The task that a classifier and its data make, for a detector."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.commands.classifiers import TINY, ClassifierRun, Say, read_run
from anomed_anomaly_detection.commands.folders import generator
from anomed_anomaly_detection.commands.options import as_plain
from anomed_anomaly_detection.interface import (
    Batch,
    BuiltTask,
    DetectionTask,
    LabelledPools,
    TaskFacts,
)
from anomed_anomaly_detection.tasks import Clean, Masked, PlantedTask, Shift
from anomed_core import UsageError

Array = NDArray[Any]
Plant = Callable[[Batch, np.random.Generator], tuple[Array, NDArray[np.bool_]]]
"""Returns changed inputs, and which of them are worth being called anomalous."""

_CONTROLS: dict[str, Callable[[Any], PlantedTask]] = {
    "masked": lambda options: Masked(side=options.side),
    "shift": lambda options: Shift(rows=options.rows, columns=options.columns),
    "clean": lambda _: Clean(),
}


def task_of_run(
    options: Any, *, seed: int, is_tiny: bool, say: Say
) -> tuple[BuiltTask, ClassifierRun]:
    """Return the task that flags describe, and the classifier of it; its test split is ``test``.

    Raises
    ------
    UsageError
        If there is no classifier, or a share is none.
    """
    for name in ("normal_weight", "trusted_fraction", "clean_train_weight"):
        if not 0 <= getattr(options, name) <= 1:
            raise UsageError(
                f"--task.{name} is {getattr(options, name)}; give a number from 0 to 1"
            )
    run = read_run(options.run_path)
    records = run.records.first(TINY) if is_tiny else run.records
    train = records.train.take(slice(options.max_train_size))
    test = records.test.take(slice(options.max_test_size))
    rng = generator(seed, "task")
    plant, facts = _planting(options, run, rng, say)
    order = rng.permutation(len(train))
    n_trusted = round(options.trusted_fraction * len(train))
    trusted, rest = train.take(order[:n_trusted]), train.take(order[n_trusted:])
    untrusted, untrusted_flags = None, None
    if len(rest):
        mixed, untrusted_flags = _mixed(rest, options.clean_train_weight, plant, rng)
        untrusted = Batch(mixed.X)
    tested, flags = _mixed(test, options.normal_weight, plant, rng)
    if options.match_outputs:
        kept = _matched(run.model.predict(tested.X), flags, rng)
        tested, flags = tested.take(kept), flags[kept]
    if not flags.any() or flags.all():
        raise UsageError(
            f"{int(flags.sum())} of {len(flags)} test inputs are anomalous; there must be some of "
            "both: change --task.normal_weight, or raise --task.max_test_size"
        )
    numbers = {
        "clean_accuracy": run.model.accuracy(records.test.X, records.test.labels),
        "n_trusted": len(trusted),
        "n_untrusted": len(rest),
        **facts,
    }
    task = DetectionTask(
        model=run.model,
        trusted=trusted,
        untrusted=untrusted,
        facts=TaskFacts(task=options.slug, shape=records.shape, numbers=numbers),
    )
    built = BuiltTask(
        task=task,
        tests={"test": Batch(tested.X)},
        flags={"test": flags},
        untrusted_flags=untrusted_flags,
    )
    return built, run


def is_trained_trigger(options: Any, run: ClassifierRun) -> bool:
    """Return whether a task's trigger is the one that the classifier was poisoned with."""
    if run.poisoned_by is None:
        return False
    ours = as_plain(options.backdoor)
    shares = {"p_backdoor", "p_noise"}
    return {k: v for k, v in ours.items() if k not in shares} == {
        k: v for k, v in run.poisoned_by.items() if k not in shares
    }


def _planting(
    options: Any, run: ClassifierRun, rng: np.random.Generator, say: Say
) -> tuple[Plant, dict[str, float]]:
    if options.slug == "backdoor":
        return _backdoor(options, run, rng)
    if options.slug == "adversarial_examples":
        from anomed_anomaly_detection.commands.adversarial import moved_inputs

        return moved_inputs(
            run,
            threshold=options.success_threshold,
            batch_size=options.attack_batch_size,
            say=say,
        ), {}
    source, pools = _CONTROLS[options.slug](options), _pools(run)
    return (lambda batch, rng: source.plant(run.model, batch, pools, rng)), {}


def _backdoor(
    options: Any, run: ClassifierRun, rng: np.random.Generator
) -> tuple[Plant, dict[str, float]]:
    is_trained = is_trained_trigger(options, run)
    drawn = run.trigger if is_trained and run.trigger is not None else None
    if drawn is None:
        drawn = options.backdoor.drawn(run.records.shape, rng)
    share = options.backdoor.p_backdoor

    def plant(batch: Batch, rng: np.random.Generator) -> tuple[Array, NDArray[np.bool_]]:
        is_triggered = np.arange(len(batch)) < round(share * len(batch))
        X = batch.X.copy()
        X[is_triggered] = drawn(X[is_triggered], run.records.shape, rng)
        return X, is_triggered

    return plant, {"trained_trigger": float(is_trained)}


def _pools(run: ClassifierRun) -> LabelledPools:
    train, test = run.records.train, run.records.test
    return LabelledPools(
        training=train,
        trusted=train,
        untrusted=train,
        tuning=test,
        validation=test,
        shape=run.records.shape,
        n_classes=run.records.n_classes,
    )


def _mixed(
    pool: Batch, normal_share: float, plant: Plant, rng: np.random.Generator
) -> tuple[Batch, NDArray[np.bool_]]:
    """Change some of a pool, another original each; those not worth it are left out."""
    order = rng.permutation(len(pool))
    n_normal = round(normal_share * len(pool))
    normal, others = pool.take(order[:n_normal]), pool.take(order[n_normal:])
    X, is_worth = plant(others, rng)
    joined = np.concatenate([normal.X, X[is_worth].astype(normal.X.dtype)])
    mixed = rng.permutation(len(joined))
    return Batch(joined[mixed]), (np.arange(len(joined)) >= n_normal)[mixed]


def _matched(
    predictions: NDArray[np.int64], flags: NDArray[np.bool_], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return as many normal as anomalous rows of each predicted class, drawn, ascending."""
    kept = []
    for c in np.unique(predictions):
        sides = [rng.permutation(np.flatnonzero((predictions == c) & (flags == f))) for f in (0, 1)]
        n = min(map(len, sides))
        kept += [side[:n] for side in sides]
    return np.sort(np.concatenate(kept))
