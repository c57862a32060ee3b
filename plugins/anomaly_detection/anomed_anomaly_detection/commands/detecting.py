"""Training a detector on the task of a classifier, and judging it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from anomed_anomaly_detection.commands.classifiers import ClassifierRun, Say
from anomed_anomaly_detection.commands.folders import (
    digest_of,
    folder_of,
    generator,
    is_done,
    read_arrays,
    read_settings,
    settings_of,
    write_arrays,
    write_json,
    write_settings,
)
from anomed_anomaly_detection.commands.options import detector_options, from_plain
from anomed_anomaly_detection.commands.run_tasks import is_trained_trigger, task_of_run
from anomed_anomaly_detection.evaluation import judge
from anomed_anomaly_detection.interface import BuiltTask, Detector, Fitted
from anomed_anomaly_detection.registry import DETECTORS
from anomed_core import UsageError, extension_points


def train_detector(config: Any, say: Say) -> None:
    """Fit a detector and write its state to a folder."""
    settings = settings_of(config)
    folder = folder_of(config.dir, is_dry=config.debug)
    if folder is not None and is_done(
        settings,
        read_settings(folder / "config.yaml"),
        result=folder / "detector" / "state.npz",
        overwrite=config.overwrite,
    ):
        say(f"{folder} holds this detector already")
        return
    built, run = task_of_run(config.task, seed=config.seed, is_tiny=config.is_tiny, say=say)
    detector = config.detector.detector()
    fitted = _fitted(detector, built, config.seed)
    say(f"fitted {detector.name} to {built.facts.numbers['n_trusted']} trusted inputs")
    if folder is None:
        return
    (folder / "detector").mkdir(parents=True, exist_ok=True)
    point = extension_points(DETECTORS).get(config.detector.slug)
    described = {
        "name": config.detector.slug,
        "distribution": point.distributions[0] if point else "",
        "model": digest_of(run.model.to_arrays()),
        "options": settings["detector"],
    }
    write_json(folder / "detector" / "detector.json", described)
    if config.save_config:
        write_settings(folder, settings)
    # Last, as it says that the detector is there.
    write_arrays(folder / "detector" / "state.npz", fitted.to_arrays())
    say(f"wrote {folder}")


def eval_detector(config: Any, say: Say) -> None:
    """Judge a detector and write ``eval.json``, ``scores.npz`` and ``histogram.pdf``."""
    settings = settings_of(config)
    folder = folder_of(config.dir, is_dry=config.debug)
    if folder is not None:
        told = read_settings(folder / "eval.json")
        there = None if told is None else told.get("settings")
        result = folder / "eval.json"
        # JSON has no tuples, and the settings of an earlier run have gone through it.
        plain = json.loads(json.dumps(settings))
        if is_done(plain, there, result=result, overwrite=config.overwrite):
            say(f"{result} is there already")
            return
    built, run = task_of_run(config.task, seed=config.seed, is_tiny=config.is_tiny, say=say)
    if config.detector.slug == "from_run":
        fitted = _stored(config, run)
    else:
        fitted = _fitted(config.detector.detector(), built, config.seed)
    X, flags = built.tests["test"].X, built.flags["test"]
    layers = fitted.layer_scores(run.model, X)
    facts: dict[str, Any] = dict(built.facts.numbers)
    if config.task.slug == "backdoor":
        facts["trained_trigger"] = is_trained_trigger(config.task, run)
    evaluation = judge(
        flags,
        fitted.scores(run.model, X),
        layers if config.layerwise else {},
        facts=facts,
        settings=settings,
    )
    low, high = evaluation.interval
    say(
        f"AUC {evaluation.auc:.4f} [{low:.3f}, {high:.3f}], AP {evaluation.ap:.4f}, on "
        f"{evaluation.n_normal} normal and {evaluation.n_anomalous} anomalous inputs"
    )
    if folder is not None:
        evaluation.write(folder, percentile=config.histogram_percentile, n_bins=config.num_bins)
        if config.save_config and not (folder / "config.yaml").exists():
            write_settings(folder, settings)
        say(f"wrote {folder / 'eval.json'}")


def _fitted(detector: Detector, built: BuiltTask, seed: int) -> Fitted:
    given = built.task
    if "flags" in detector.needs and built.untrusted_flags is not None:
        given = built.flagged()
    return detector.fit(given, generator(seed, "detector"))


def _stored(config: Any, run: ClassifierRun) -> Fitted:
    """Return the detector of a folder.

    Raises
    ------
    UsageError
        If none was trained there, or it was for another classifier.
    """
    if not config.detector.path:
        raise UsageError("--detector.path is required with --detector from_run")
    folder = Path(config.detector.path)
    arrays = read_arrays(folder / "detector" / "state.npz", "trained detector")
    described = read_settings(folder / "detector" / "detector.json") or {}
    plain = dict(described.get("options") or {})
    name = str(described.get("name", plain.get("name")))
    if name == "from_run":
        raise UsageError(f"{folder} points to another run; name the folder of the detector itself")
    if described.get("model") != digest_of(run.model.to_arrays()) and not config.overwrite:
        raise UsageError(
            f"the detector in {folder} was fitted to another classifier than the one in "
            f"{run.folder}; train one for it, or add --overwrite"
        )
    source = str(folder / "detector" / "detector.json")
    options = detector_options(name)
    train = plain.pop("train", None)
    below = {} if train is None else {"train": from_plain(type(options().train), train, source)}  # type: ignore[attr-defined]
    chosen = from_plain(options, {**plain, **below}, source)
    restored: Fitted = chosen.detector().restore(arrays)
    return restored
