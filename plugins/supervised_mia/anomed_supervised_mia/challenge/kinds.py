"""What a challenge takes, and which of it it can score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    ArraySchema,
    ArraysSchema,
    Parameter,
    Purpose,
    Role,
    Split,
    Submission,
    SubmissionKind,
    SubmissionRejected,
)
from anomed_supervised_mia.challenge.arena import Arena

_LARGEST_SCORE = 1e300
_LARGEST_PREDICTION = 1e100
"""Squares of errors, and their sum over all records, stay finite."""

_ABOUT_MODELS = (
    Parameter(
        name="model",
        required=False,
        description="Name of the model without its version; versions are drawn as one line.",
    ),
    Parameter(name="epoch", required=False, description="Checkpoint of the model, from 0."),
    Parameter(name="claimed_epsilon", required=False, description="The privacy that is promised."),
    Parameter(
        name="predict_url",
        required=False,
        description="Where the house may ask this anonymizer for predictions.",
    ),
)

_PREDICTION_KINDS = {
    "b": ("bool", "int", "float"),
    "i": ("int", "float", "bool"),
    "u": ("int", "float", "bool"),
    "f": ("float", "int"),
    "U": ("str",),
}


def submission_kinds(arena: Arena) -> list[SubmissionKind]:
    """Declare predictions and memberships."""
    memberships = ArraySchema(
        name="prediction",
        kinds=("bool", "float", "int"),
        shape=(2 * arena.length,),
        low=-_LARGEST_SCORE,
        high=_LARGEST_SCORE,
        description="True for members; or a score for each record, higher means more likely a "
        "member.",
    )
    return [
        SubmissionKind(
            name="anonymizer",
            path="/utility/anonymizer",
            submitter=Role.ANONYMIZER,
            purpose=Purpose.UTILITY,
            schema={split: _prediction_schema(arena, split) for split in Split},
            parameters=(
                ANONYMIZER,
                DATA_SPLIT,
                *(_ABOUT_MODELS if arena.audit_hosts else _ABOUT_MODELS[:-1]),
            ),
            keeps={Split.VALIDATION},  # house attacks judge finals
            cheap=True,
            description="Predicted targets of the tuning or validation features.",
        ),
        SubmissionKind(
            name="deanonymizer",
            path="/utility/deanonymizer",
            submitter=Role.DEANONYMIZER,
            purpose=Purpose.THREAT,
            schema=ArraysSchema(arrays=(memberships,)),
            parameters=(ANONYMIZER, DEANONYMIZER, DATA_SPLIT),
            with_target=False,  # models are attacked, which may be known before they are scored
            cheap=True,
            description="Memberships, or membership scores, of the evaluation records.",
        ),
    ]


def _prediction_schema(arena: Arena, split: Split) -> ArraysSchema:
    targets = arena.targets(split)
    low, high = _limits(targets.dtype, is_label=arena.expects_labels(split))
    prediction = ArraySchema(
        name="prediction",
        kinds=_PREDICTION_KINDS[targets.dtype.kind],
        shape=targets.shape,
        low=low,
        high=high,
        description="One target for each record, in the order of the features.",
    )
    return ArraysSchema(arrays=(prediction,))


def _limits(dtype: np.dtype[Any], *, is_label: bool) -> tuple[float | None, float | None]:
    """Return what a prediction may be so that its dtype holds it, and its score is finite."""
    if dtype.kind == "U":
        return None, None
    if is_label:
        return (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    held = float(np.finfo(dtype).max) if dtype.kind == "f" else _LARGEST_PREDICTION
    largest = min(held, _LARGEST_PREDICTION)
    return -largest, largest


def validate(arena: Arena, submission: Submission) -> None:
    """Refuse predictions that cannot be labels, and claims that cannot be.

    Raises
    ------
    SubmissionRejected
        With what is allowed.
    """
    if submission.kind != "anonymizer":
        return
    refuse_impossible_claims(submission.parameters)
    if "predict_url" in submission.parameters:
        from anomed_supervised_mia.challenge.house import refuse_foreign_url

        refuse_foreign_url(submission.parameters["predict_url"], arena.audit_hosts)
    if arena.expects_labels(submission.split):
        refuse_non_labels(submission.payload["prediction"], arena.targets(submission.split))


def refuse_non_labels(prediction: np.ndarray, targets: np.ndarray) -> None:
    """Refuse numbers that cannot be labels where labels are asked for.

    Parameters
    ----------
    prediction
        What came.
    targets
        What it is to be compared with; only its dtype is looked at.

    Raises
    ------
    SubmissionRejected
        If labels are whole numbers and some predictions are not.
    """
    if targets.dtype.kind not in "biu" or prediction.dtype.kind != "f":
        return
    whole = np.equal(np.trunc(prediction), prediction)
    n_broken = int(whole.size - np.count_nonzero(whole))
    if n_broken:
        raise SubmissionRejected(
            f"prediction holds {n_broken} values that are no whole numbers; the labels are whole "
            "numbers, so send labels and not probabilities."
        )
    if prediction.size and float(np.abs(prediction).max()) > np.iinfo(np.int32).max:
        raise SubmissionRejected("prediction holds values beyond 2147483647, which are no labels.")


def refuse_impossible_claims(parameters: Mapping[str, str]) -> None:
    """Refuse an epoch or an epsilon that is no such number.

    Raises
    ------
    SubmissionRejected
        With what is allowed.
    """
    epoch = parameters.get("epoch")
    if epoch is not None and not (epoch.isascii() and epoch.isdigit() and len(epoch) <= 9):
        raise SubmissionRejected(f"epoch is {epoch[:40]!r}; send a whole number from 0.")
    claimed = parameters.get("claimed_epsilon")
    if claimed is not None and not 0 < _number(claimed) < float("inf"):
        raise SubmissionRejected(
            f"claimed_epsilon is {claimed[:40]!r}; send a positive number, or leave it out."
        )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
