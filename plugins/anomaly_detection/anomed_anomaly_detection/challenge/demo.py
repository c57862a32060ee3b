"""The demo: authors who plant a backdoor, or nothing, and detectors who flag it over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from anomed_anomaly_detection.dealing import from_bytes
from anomed_anomaly_detection.interface import Batch, DetectionTask, TaskFacts
from anomed_anomaly_detection.network import MLP, Recipe, train
from anomed_anomaly_detection.registry import detector
from anomed_anomaly_detection.tasks import Aim, poison
from anomed_anomaly_detection.triggers import Formula

if TYPE_CHECKING:
    from anomed_client import Split

    from anomed_core import DemoSession

Arrays = dict[str, np.ndarray]
_SPLITS: tuple[Split, ...] = ("tuning", "validation")
_DETECTORS = ("mahalanobis", "lof", "random")
_PAIR = (28, 36)


def play(session: DemoSession) -> None:
    """Plant and flag; the core prints who won.

    Parameters
    ----------
    session
        Where the server is.
    """
    tasks = session.join().document("tasks")["tasks"]
    for task, facts in tasks.items():
        measured = facts["measured"]
        session.tell(
            f"Task {task}: the backdoor works on {measured['success']:.0%} of the inputs, and "
            f"{measured['clean_accuracy']:.0%} of the clean ones are right."
        )
        _flag_task(session, task)
    recipe = session.join().document("anonymizer/recipe")
    for name, submission in _authors(session, recipe).items():
        author = session.join(name)
        for split in _SPLITS:
            scores = author.submit(submission, split=split, kind="model")
        session.tell(
            f"  {name}: success {scores['backdoor_success']:.3f}, accuracy "
            f"{scores['clean_accuracy']:.3f}{'' if scores['effective'] else ', not effective'}"
        )
        if scores["effective"]:
            _flag_author(session, name)


def _flag_task(session: DemoSession, task: str) -> None:
    """Fit every detector to what is handed out of a task, and submit its scores."""
    challenge = session.join()
    model = MLP.from_arrays(dict(challenge.arrays(f"deanonymizer/{task}/model")))
    trusted = challenge.arrays(f"deanonymizer/{task}/trusted")
    untrusted = challenge.arrays(f"deanonymizer/{task}/untrusted")
    for name in _DETECTORS:
        participant = session.join(name)
        for split in _SPLITS:
            test = challenge.arrays(f"deanonymizer/{task}/{split}")
            found = _scored(name, model, trusted, untrusted["X"], test["X"], session.seed)
            scores = participant.submit(found, split=split, kind=task)
        session.tell(f"  {name}: AUC {scores['auc']:.3f}")


def _flag_author(session: DemoSession, author: str) -> None:
    """Fit every detector to an author's model, and submit scores of the inputs of the pair."""
    trusted = session.join().arrays("deanonymizer/trusted")
    for name in _DETECTORS:
        attack = session.join(name).attack(author)
        for split in _SPLITS:
            given = attack.arrays("suspects/model", split=split)
            model = MLP.from_arrays({n: a for n, a in given.items() if n[0] in "Wb"})
            found = _scored(name, model, trusted, given["untrusted"], given["X"], session.seed)
            scores = attack.submit(found, split=split, kind="detect-model")
        session.tell(f"    {name} flags {author}: AUC {scores['auc']:.3f}")


def _scored(
    name: str,
    model: MLP,
    trusted: Mapping[str, np.ndarray],
    untrusted: np.ndarray,
    test: np.ndarray,
    seed: int,
) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if name == "random":
        return rng.random(len(test))
    known = Batch(from_bytes(trusted["X"]), trusted["y"])
    facts = TaskFacts(task="demo", shape=known.X.shape[1:])
    task = DetectionTask(
        model=model, trusted=known, untrusted=Batch(from_bytes(untrusted)), facts=facts
    )
    return detector(name).fit(task, rng).scores(model, from_bytes(test))


def _authors(session: DemoSession, recipe: Mapping[str, Any]) -> dict[str, Arrays]:
    """Return a backdoor, one whose trigger is empty, and a network that says nothing."""
    training = session.join().arrays("anonymizer/training")
    records = Batch(from_bytes(training.X), training.y)
    trigger, aim = _trigger(records.X.shape[1], _PAIR), Aim(behavior="cycle")
    planted = poison(
        records,
        trigger=trigger,
        shape=tuple(recipe["shape"]),
        n_classes=recipe["n_classes"],
        aim=aim,
        share=recipe["budget"] / len(records),
        rng=np.random.default_rng(session.seed),
    ).records
    told = recipe["trainer"]
    options = {name: told[name] for name in ("epochs", "batch_size", "learning_rate", "l2")}
    weights = train(
        planted.X,
        planted.labels,
        n_classes=recipe["n_classes"],
        rng=np.random.default_rng(session.seed),
        recipe=Recipe(hidden=tuple(told["hidden"]), **options),
    ).to_arrays()
    nothing = {name: np.zeros_like(array) for name, array in weights.items()}
    empty = _trigger(records.X.shape[1], ())
    return {
        "plain": {**weights, **_handed(trigger)},
        "empty-trigger": {**weights, **_handed(empty)},
        "constant": {**nothing, **_handed(trigger)},
    }


def _trigger(width: int, positions: tuple[int, ...]) -> Formula:
    mask = np.zeros(width)
    mask[list(positions)] = 1
    return Formula(mask=mask, pattern=np.zeros(width))


def _handed(trigger: Formula) -> Arrays:
    return {"mask": trigger.mask, "pattern": trigger.pattern, "target": np.array(-1)}
