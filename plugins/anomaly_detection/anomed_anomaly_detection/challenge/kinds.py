"""What a challenge takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from anomed_anomaly_detection.challenge.arena import Arena
from anomed_anomaly_detection.challenge.authors import suspects_of
from anomed_anomaly_detection.challenge.metrics import AUTHOR_ROWS, detection_rows
from anomed_anomaly_detection.challenge.recipe import MODEL, POISON, AuthorRecipe
from anomed_core import (
    DATA_SPLIT,
    DEANONYMIZER,
    PAIR,
    ArraySchema,
    ArraysSchema,
    Purpose,
    Role,
    Submission,
    SubmissionKind,
    SubmissionRejected,
    alternatives,
)

ATTACKS = {MODEL: "detect-model", POISON: "detect-poison"}
"""Kinds of what detects each of them."""

DETECTOR_PATH, SUSPECT_PATH, AUTHOR_PATH = (
    "/utility/detector",
    "/utility/deanonymizer",
    "/utility/anonymizer",
)

LARGEST_SCORE = 1e6
LARGEST_ACTIVATION = 1e12


def submission_kinds(arena: Arena) -> list[SubmissionKind]:
    """Declare scores for each task of the house, what authors hand in, and scores against it."""
    return [
        *alternatives(
            "task",
            *(_scores_for_task(arena, name) for name in arena.tasks),
            path=DETECTOR_PATH,
            description="Which of the house's tasks the scores are for.",
        ),
        *alternatives(
            "form",
            _model(arena.recipe),
            _poison(arena),
            path=AUTHOR_PATH,
            description="Weights, or rows that the server trains on.",
        ),
        *alternatives(
            "against",
            *(_scores_for_author(arena, form) for form in (MODEL, POISON)),
            path=SUSPECT_PATH,
            description="Which of the author's two forms is examined.",
        ),
    ]


def _scores(n: int) -> ArraysSchema:
    return ArraysSchema(
        arrays=(
            ArraySchema(
                name="score",
                kinds=("float", "int"),
                shape=(n,),
                low=-LARGEST_SCORE,
                high=LARGEST_SCORE,
                description="One for each input, in order; higher means more anomalous.",
            ),
        )
    )


def _scores_for_task(arena: Arena, name: str) -> SubmissionKind:
    task = arena.tasks[name]
    return SubmissionKind(
        name=name,
        submitter=Role.DEANONYMIZER,
        purpose=Purpose.THREAT,
        schema={split: _scores(len(flags)) for split, flags in task.flags.items()},
        parameters=(DEANONYMIZER, DATA_SPLIT),
        with_target=False,
        metrics=[row.declared(name) for row in detection_rows(task.anomalous_share)],
        perfect=lambda request: {"score": task.flags[request.split].astype(np.float64)},
        trivial=lambda request: {"score": np.zeros(len(task.flags[request.split]))},
        cheap=True,
        description=f"How anomalous each test input of the task {task.title!r} is.",
    )


def _scores_for_author(arena: Arena, form: str) -> SubmissionKind:
    n = 2 * arena.config.n_each
    name = ATTACKS[form]
    return SubmissionKind(
        name=name,
        submitter=Role.DEANONYMIZER,
        schema=_scores(n),
        parameters=PAIR,
        attacks=form,
        metrics=[row.declared(name) for row in detection_rows(0.5)],
        perfect=lambda request: {"score": suspects_of(arena, request).flags.astype(np.float64)},
        trivial={"score": np.zeros(n)},
        description="How anomalous each input of this pair is, by what an author's model does.",
    )


def _model(recipe: AuthorRecipe) -> SubmissionKind:
    arrays = [*recipe.weight_schemas(), *recipe.trigger_schemas()]
    return SubmissionKind(
        name=MODEL,
        submitter=Role.ANONYMIZER,
        purpose=Purpose.UTILITY,
        schema=ArraysSchema(arrays=arrays),
        metrics=[row.declared(MODEL) for row in AUTHOR_ROWS],
        description="Weights of a backdoored network, and its trigger: a few arrays, no code.",
    )


def _poison(arena: Arena) -> SubmissionKind:
    width, n_classes = arena.pools.width, arena.pools.n_classes
    rows = [
        ArraySchema(
            name="X",
            kinds=("float", "int"),
            shape=(None, width),
            low=0.0,
            high=1.0,
            description=f"At most {arena.budget} records that are trained on, too.",
        ),
        ArraySchema(
            name="y",
            kinds=("int",),
            shape=(None,),
            low=0,
            high=n_classes - 1,
            description="Their labels.",
        ),
    ]
    return SubmissionKind(
        name=POISON,
        submitter=Role.ANONYMIZER,
        purpose=Purpose.UTILITY,
        schema=ArraysSchema(arrays=[*rows, *arena.recipe.trigger_schemas()]),
        metrics=[row.declared(POISON) for row in AUTHOR_ROWS],
        long=True,
        description="Records and labels that the server trains a network on beside the clean ones, "
        "and the trigger that they plant.",
    )


def validate(arena: Arena, submission: Submission) -> None:
    """Refuse what cannot be trained on or computed with.

    Raises
    ------
    SubmissionRejected
        With what is allowed.
    """
    if submission.kind == POISON:
        _validate_rows(submission.payload, arena.budget)
    if submission.kind == MODEL:
        _validate_activations(arena, submission)


def _validate_rows(payload: Any, budget: int) -> None:
    n_records, n_labels = len(payload["X"]), len(payload["y"])
    if n_records != n_labels:
        raise SubmissionRejected(
            f"X has {n_records} records and y {n_labels} labels; send one label for each record."
        )
    if not 1 <= n_records <= budget:
        raise SubmissionRejected(f"{n_records} records came; send 1 to {budget}, the budget.")


def _validate_activations(arena: Arena, submission: Submission) -> None:
    """Refuse weights under which some record makes numbers that nobody can compute with.

    The bound holds for every record (interval arithmetic), so it tells nothing of those there are.
    """
    largest = largest_activation(
        [
            (np.asarray(submission.payload[f"W{n}"]), np.asarray(submission.payload[f"b{n}"]))
            for n in range(len(arena.recipe.shapes) // 2)
        ]
    )
    if largest > LARGEST_ACTIVATION:
        raise SubmissionRejected(
            f"with these weights an activation may reach {largest:.2g}; keep it below "
            f"{LARGEST_ACTIVATION:g}, as by scaling them down."
        )


def largest_activation(layers: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """Bound what any record with entries in [0, 1] can make of a network's layers.

    Parameters
    ----------
    layers
        Weights of shape (n_in, n_out) and biases of shape (n_out,), first layer first.

    Returns
    -------
    float
        No activation before its non-linearity is larger in absolute value.

    Examples
    --------
    >>> largest_activation([(np.array([[2.0], [-3.0]]), np.array([1.0]))])
    3.0
    """
    low, high = np.zeros(len(layers[0][0])), np.ones(len(layers[0][0]))
    largest = 0.0
    for W, b in layers:
        positive, negative = np.maximum(W, 0).astype(float), np.minimum(W, 0).astype(float)
        low, high = low @ positive + high @ negative + b, high @ positive + low @ negative + b
        largest = max(largest, float(np.abs([low, high]).max()))
        low, high = np.maximum(low, 0), np.maximum(high, 0)
    return largest
