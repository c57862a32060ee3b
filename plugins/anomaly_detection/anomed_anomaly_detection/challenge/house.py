"""The house's own detectors: sent against every author, and entered for every task."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import attrs
import numpy as np

from anomed_anomaly_detection.challenge.arena import Arena
from anomed_anomaly_detection.challenge.authors import Authored, authored
from anomed_anomaly_detection.challenge.house_tasks import HouseTask
from anomed_anomaly_detection.challenge.metrics import AUDIT_ROWS, Audited, Flagged
from anomed_anomaly_detection.challenge.recipe import MODEL, POISON
from anomed_anomaly_detection.interface import Batch, DetectionTask, Detector, TaskFacts
from anomed_anomaly_detection.network import MLP
from anomed_core import (
    DataRequest,
    HouseAttack,
    HouseEntry,
    Split,
    Submission,
    measured,
    one_thread,
)

Run = Callable[[Submission, np.random.Generator], Mapping[str, float] | None]


def house_attacks(arena: Arena) -> list[HouseAttack]:
    """Name the detectors of the panel, as the server sends them against each author."""
    return [
        HouseAttack(
            name=attack_name(form, name),
            kind=form,
            description=f"{name}, fitted to the author's model, the trusted records and a mix of "
            "its own; and the same on a model that was trained on clean records.",
            metrics=[row.declared() for row in AUDIT_ROWS],
            run=_sent(arena, detector),
        )
        for form in (MODEL, POISON)
        for name, detector in arena.panel.items()
    ]


def attack_name(form: str, detector: str) -> str:
    """Name the attack of a detector on what authors hand in.

    Examples
    --------
    >>> attack_name("model", "lof")
    'model.lof'
    """
    return f"{form}.{detector}"


def _sent(arena: Arena, detector: Detector) -> Run:
    def run(submission: Submission, rng: np.random.Generator) -> Mapping[str, float] | None:
        if submission.split is not Split.VALIDATION and not arena.config.house_feedback:
            return None  # told which variant the house misses, authors would hand in that one
        author = authored(arena, submission)
        if not author.measured(submission.split).is_effective:
            return None
        return measured(AUDIT_ROWS, audit(arena, author, detector, submission.split, rng))

    return run


def audit(
    arena: Arena,
    author: Authored,
    detector: Detector,
    split: Split,
    rng: np.random.Generator,
) -> Audited:
    """Send a detector against an author's model, and against a clean one.

    Parameters
    ----------
    arena
        Knows the trusted records and the clean model.
    author
        Who is examined.
    detector
        Is fitted anew.
    split
        Whose pool tests are drawn from.
    rng
        Draws the mix, the test and what the detector draws.

    Returns
    -------
    Audited
    """
    drawn, mix = author.suspects(split, rng), author.mix(rng)
    trusted = Batch(arena.pools.X("trusted"), arena.pools.y("trusted"))
    facts = TaskFacts(task="author", shape=arena.pools.shape)

    def flagged(model: MLP) -> Flagged:
        task = DetectionTask(model=model, trusted=trusted, untrusted=Batch(mix.X), facts=facts)
        return Flagged(flags=drawn.flags, scores=scored(detector, task, drawn.X, rng))

    return Audited(against=flagged(author.model), on_clean=flagged(arena.clean_model))


def scored(
    detector: Detector, task: DetectionTask, X: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Fit a detector to a task and score inputs, on one thread.

    Raises
    ------
    ValueError
        If the task lacks what the detector needs, or its scores are none.
    """
    with one_thread():
        scores = np.asarray(detector.fit(task, rng).scores(task.model, X), dtype=np.float64)
    if scores.shape != (len(X),) or not np.isfinite(scores).all():
        raise ValueError(
            f"the detector {detector.name} gave {scores.shape} scores for {len(X)} inputs, or some "
            "that are not finite; a detector gives one finite number for each"
        )
    return scores


def house_entries(arena: Arena) -> list[HouseEntry]:
    """Enter the house's detectors for each of its tasks."""
    return [
        HouseEntry(
            name=entry_name(task.name, name),
            kind=task.name,
            description=f"{name}, as it comes, fitted to what everybody is given.",
            payload=partial(_entered, arena, task, detector),
        )
        for task in arena.tasks.values()
        if task.model is not None
        for name, detector in arena.entered.items()
        if _fits(detector, task)
    ]


def _fits(detector: Detector, task: HouseTask) -> bool:
    has = {"trusted", "labels", "gradient", "finetuning"}
    has |= {"untrusted"} if len(task.levels["untrusted"]) else set()
    return set(detector.needs) <= has


def entry_name(task: str, detector: str) -> str:
    """Name the entry of a detector for a task.

    Examples
    --------
    >>> entry_name("pair", "mahalanobis_class")
    'pair_mahalanobis_class'
    """
    return f"{task}_{detector}"


@attrs.frozen(kw_only=True, eq=False)
class EntryScores:
    """What a detector of the house says of a test.

    Attributes
    ----------
    scores
        float64, shape (n,).
    by_layer
        The same by layer.
    on_clean
        Of the same detector on a model that was trained on clean records, float64 of shape (n,).
    """

    scores: np.ndarray
    by_layer: Mapping[str, np.ndarray]
    on_clean: np.ndarray


def _entered(
    arena: Arena, task: HouseTask, detector: Detector, request: DataRequest
) -> dict[str, np.ndarray]:
    split = request.split or Split.VALIDATION
    return {"score": np.clip(entry_scores(arena, task, detector, split).scores, -1e6, 1e6)}


def entry_scores(arena: Arena, task: HouseTask, detector: Detector, split: Split) -> EntryScores:
    """Return what a detector of the house says of a test, computed once for all who ask."""
    kept = kept_entry(arena, task, detector, split)
    if kept is None:
        rng = partial(arena.lottery.generator, "entries of the house", task.name, detector.name)
        X = task.X(split)
        with one_thread():
            given = task.for_detectors()
            by_layer = detector.fit(given, rng()).layer_scores(given.model, X)
        told = {
            "scores": scored(detector, given, X, rng()).tolist(),
            "on_clean": scored(detector, task.for_detectors(arena.clean_model), X, rng()).tolist(),
            "by_layer": {layer: np.asarray(part).tolist() for layer, part in by_layer.items()},
        }
        arena.keep(_entry_key(arena, task, detector, split), json.dumps(told).encode())
        kept = _read(told)
    return kept


def kept_entry(
    arena: Arena, task: HouseTask, detector: Detector, split: Split
) -> EntryScores | None:
    """Return what a detector of the house said of a test; None if it was not asked yet."""
    kept = arena.kept(_entry_key(arena, task, detector, split))
    return None if kept is None else _read(json.loads(kept))


def _entry_key(arena: Arena, task: HouseTask, detector: Detector, split: Split) -> str:
    made_of = " ".join(point.code for point in arena.context.taken)
    digest = arena.context.frozen_digests[f"task {task.name}"]
    return f"entry {detector} {made_of} {task.name} {digest} {split.value}"


def _read(told: Mapping[str, Any]) -> EntryScores:
    return EntryScores(
        scores=np.array(told["scores"]),
        by_layer={layer: np.array(part) for layer, part in told["by_layer"].items()},
        on_clean=np.array(told["on_clean"]),
    )
