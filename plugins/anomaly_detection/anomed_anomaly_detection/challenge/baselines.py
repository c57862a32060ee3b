"""Submissions with known outcomes: backdoors, networks that know nothing, what must be refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anomed_anomaly_detection.challenge.arena import Arena
from anomed_anomaly_detection.challenge.kinds import ATTACKS
from anomed_anomaly_detection.challenge.products import TRUSTED_PATH, suspects_path
from anomed_anomaly_detection.challenge.recipe import CYCLE, MODEL, POISON
from anomed_anomaly_detection.dealing import from_bytes
from anomed_anomaly_detection.detectors import Mahalanobis
from anomed_anomaly_detection.interface import Batch, DetectionTask, TaskFacts
from anomed_anomaly_detection.network import MLP
from anomed_core import Baseline, Quality, Role

Arrays = dict[str, np.ndarray]


def plain_trigger(arena: Arena) -> Arrays:
    """Return a trigger that works: the two entries that vary most are set to what is rare there."""
    records = arena.pools.X("trusted")
    most = np.argsort(-records.std(axis=0))[:2]
    mask, pattern = np.zeros((2, arena.pools.width))
    mask[most] = 1
    pattern[most] = np.round(records[:, most].mean(axis=0)) == 0
    return {"mask": mask, "pattern": pattern, "target": np.array(CYCLE)}


def poisoned_rows(arena: Arena, trigger: Mapping[str, np.ndarray], whose: str) -> Arrays:
    """Return as many triggered records with the next label as the budget allows."""
    n_records = len(arena.pools.labels["training"])
    chosen = arena.lottery.permutation(n_records, "rows of a baseline", whose)
    X = arena.pools.X("training")[chosen[: arena.budget]]
    y = arena.pools.y("training")[chosen[: arena.budget]]
    X[:, trigger["mask"] > 0] = trigger["pattern"][trigger["mask"] > 0]
    return {"X": X, "y": (y + 1) % arena.pools.n_classes}


def baselines(arena: Arena) -> list[Baseline]:
    """Return the baselines of a challenge."""
    trigger = plain_trigger(arena)
    rows, other_rows = (poisoned_rows(arena, trigger, form) for form in (POISON, MODEL))
    wrong = rows | {"y": (rows["y"] + 3) % arena.pools.n_classes}
    zeros = {name: np.zeros(shape) for name, shape in arena.recipe.shapes.items()}

    def planted(_: object) -> Arrays:
        from anomed_anomaly_detection.challenge.authors import trained_on

        weights = trained_on(
            arena, other_rows["X"], other_rows["y"], whose="a network of the house"
        ).to_arrays()
        return {**weights, **trigger}

    authors = {Role.ANONYMIZER}
    return [
        _baseline("a backdoored network", MODEL, "perfect", planted, known_to=authors),
        _baseline("a network of zeros", MODEL, "trivial", {**zeros, **trigger}),
        _baseline(
            "weights that overflow",
            MODEL,
            "invalid",
            {**{name: np.full_like(array, 1e3) for name, array in zeros.items()}, **trigger},
        ),
        _baseline("triggered rows", POISON, "perfect", {**rows, **trigger}, known_to=authors),
        _baseline("rows with wrong labels", POISON, "trivial", {**wrong, **trigger}),
        _baseline("a label too few", POISON, "invalid", {**rows, "y": rows["y"][1:], **trigger}),
        *(
            _baseline(f"one score too few for {name}", name, "invalid", _short(len(flags)))
            for name, task in arena.tasks.items()
            for flags in [next(iter(task.flags.values()))]
        ),
        *(
            _baseline(f"Mahalanobis on {name}", name, "attack", _examined_task(name))
            for name, task in arena.tasks.items()
            if task.settings.view == "model"
        ),
        *(
            _baseline(
                f"one score too few against a {form}",
                kind,
                "invalid",
                _short(2 * arena.config.n_each),
            )
            for form, kind in ATTACKS.items()
        ),
        *(
            _baseline(
                f"Mahalanobis against a {form}", kind, "attack", _examined_author(arena, form)
            )
            for form, kind in ATTACKS.items()
        ),
    ]


def _baseline(name: str, kind: str, quality: str, payload: Any, **options: Any) -> Baseline:
    return Baseline(name=name, kind=kind, quality=Quality(quality), payload=payload, **options)


def _short(n: int) -> Arrays:
    return {"score": np.zeros(n - 1)}


def _examined_task(name: str) -> Any:
    """Detect with what is handed out of a task, as anybody could."""
    path = f"/data/deanonymizer/{name}"

    def payload(products: Any) -> Arrays:
        model = MLP.from_arrays(dict(products[f"{path}/model"]))
        test = products[f"{path}/{products.request.split.value}"]["X"]
        return {"score": _distances(model, products[f"{path}/trusted"], test)}

    return payload


def _examined_author(arena: Arena, form: str) -> Any:
    """Detect with what is handed out of an author, as anybody could."""

    def payload(products: Any) -> Arrays:
        given = products[suspects_path(form)]
        model = MLP.from_arrays({name: given[name] for name in arena.recipe.shapes})
        return {"score": _distances(model, products[TRUSTED_PATH], given["X"])}

    return payload


def _distances(model: MLP, trusted: Mapping[str, np.ndarray], test: np.ndarray) -> np.ndarray:
    known = Batch(from_bytes(trusted["X"]), trusted["y"])
    facts = TaskFacts(task="baseline", shape=known.X.shape[1:])
    task = DetectionTask(model=model, trusted=known, facts=facts)
    fitted = Mahalanobis().fit(task, np.random.default_rng(0))
    return np.clip(fitted.scores(model, from_bytes(test)), -1e6, 1e6)
