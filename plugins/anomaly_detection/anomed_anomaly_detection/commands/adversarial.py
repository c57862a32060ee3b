"""Adversarial inputs of a classifier, kept in its folder."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.commands.classifiers import TINY, ClassifierRun, Say, read_run
from anomed_anomaly_detection.commands.configs import ATTACK_EPS
from anomed_anomaly_detection.commands.folders import (
    generator,
    is_done,
    read_settings,
    settings_of,
    write_arrays,
    write_json,
)
from anomed_anomaly_detection.commands.run_tasks import Plant
from anomed_anomaly_detection.evaluation.files import write_beside
from anomed_anomaly_detection.interface import Batch
from anomed_anomaly_detection.tasks import Attack
from anomed_core import UsageError

Array = NDArray[Any]
_N_SHOWN = 10


def make_adversarial_examples(config: Any, say: Say) -> None:
    """Attack the test records of the classifier in a folder, and keep the result there."""
    if config.dir.full is None:
        raise UsageError("--dir.full is required: the folder of the classifier")
    run = read_run(config.dir.full)
    settings = settings_of(config)
    place = run.folder / "adv_examples.npz"
    told = read_settings(place.with_suffix(".json"))
    there = None if told is None else told.get("settings")
    if is_done(settings, there, result=place, overwrite=config.overwrite):
        say(f"{place} is there already")
        return
    test = run.records.test.take(slice(TINY if config.is_tiny else config.max_examples))
    attack = Attack(method=config.attack, eps=config.eps, steps=config.steps, levels=0)
    moved = _attacked(attack, run, test, config.batch_size, generator(config.seed, "attack"))
    left = run.model.accuracy(moved, test.labels)
    before = run.model.accuracy(test.X, test.labels)
    say(f"accuracy under attack {left:.3f}, without it {before:.3f}")
    if left > config.success_threshold:
        raise UsageError(
            f"the classifier keeps an accuracy of {left:.3f} under attack; at most "
            f"{config.success_threshold} is allowed: raise --eps or --success_threshold"
        )
    if config.debug:
        return
    rows = np.arange(len(test))
    arrays = {"X": moved, "y": test.labels, "row": rows}
    write_json(place.with_suffix(".json"), {"settings": settings, "accuracy": left, "n": len(test)})
    _draw(run, test, moved)
    write_arrays(place, arrays)
    say(f"wrote {place}")


def _attacked(
    attack: Attack,
    run: ClassifierRun,
    batch: Batch,
    batch_size: int | None,
    rng: np.random.Generator,
) -> Array:
    size = batch_size or max(len(batch), 1)
    parts = [
        attack(run.model, part.X, run.model.predict(part.X), rng)
        for start in range(0, len(batch), size)
        if len(part := batch.take(slice(start, start + size)))
    ]
    return np.concatenate(parts) if parts else batch.X


def _draw(run: ClassifierRun, test: Batch, moved: Array) -> None:
    """Draw some originals above what became of them."""
    from matplotlib.figure import Figure

    shape = run.records.shape
    if len(shape) not in {2, 3}:
        return
    n = min(_N_SHOWN, len(test))
    figure = Figure(figsize=(n, 2.2), layout="constrained")
    says = [run.model.predict(X[:n]) for X in (test.X, moved)]
    for row, (X, predictions) in enumerate(zip((test.X, moved), says, strict=True)):
        for i in range(n):
            axes = figure.add_subplot(2, n, row * n + i + 1)
            axes.imshow(X[i].reshape(shape), cmap="gray", vmin=0, vmax=1)
            axes.set_title(str(predictions[i]), fontsize="small")
            axes.set_axis_off()
    write_beside(
        run.folder / "adv_examples.pdf",
        lambda path: figure.savefig(path, metadata={"CreationDate": None}),
    )


def _stored_attack(run: ClassifierRun) -> Attack:
    """Return the attack whose results are in the folder, or the default one."""
    told = read_settings(run.folder / "adv_examples.json")
    settings = {} if told is None else told.get("settings", {})
    return Attack(
        method=settings.get("attack", "fgsm"),
        eps=settings.get("eps", ATTACK_EPS),
        steps=settings.get("steps", 40),
        levels=0,
    )


def moved_inputs(
    run: ClassifierRun, *, threshold: float, batch_size: int | None, say: Say
) -> Plant:
    """Return the function that attacks inputs as those in the classifier's folder were.

    Raises
    ------
    UsageError
        If the attack leaves the classifier too good.
    """
    attack, test = _stored_attack(run), run.records.test
    moved = _attacked(attack, run, test, batch_size, generator(0, "attack"))
    left = run.model.accuracy(moved, test.labels)
    say(f"accuracy under attack {left:.3f} ({attack.method}, eps {attack.eps:.3g})")
    if left > threshold:
        raise UsageError(
            f"the classifier keeps an accuracy of {left:.3f} under attack; at most {threshold} is "
            "allowed: run make_adversarial_examples with a larger --eps first, or raise "
            "--task.success_threshold"
        )

    def plant(batch: Batch, rng: np.random.Generator) -> tuple[Array, NDArray[np.bool_]]:
        changed = _attacked(attack, run, batch, batch_size, rng)
        return changed, run.model.predict(changed) != run.model.predict(batch.X)

    return plant


def adversarial_batch(
    run: ClassifierRun, *, threshold: float, batch_size: int | None, say: Say
) -> Batch:
    """Return the training records of a classifier, each moved against it, with their labels."""
    plant = moved_inputs(run, threshold=threshold, batch_size=batch_size, say=say)
    changed, _ = plant(run.records.train, generator(0, "attack"))
    return Batch(changed, run.records.train.labels)
