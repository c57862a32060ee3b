"""What a challenge hands out, and what it takes."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    ArraySchema,
    ArraysSchema,
    DataProduct,
    Parameter,
    Purpose,
    Role,
    Split,
    SubmissionKind,
)
from anomed_supervised_mia.challenge.arena import Arena

EVALUATION_PATH = "/data/attack-success-evaluation"

_LARGEST_SCORE = 1e300
_LARGEST_PREDICTION = 1e100
"""Squares of errors, and their sum over all records, stay finite."""

_MEANING = {"X": "Features, one row a record.", "y": "Targets, one a record."}

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


def data_products(arena: Arena) -> list[DataProduct]:
    """Declare the data of both sides."""
    anonymizer, deanonymizer = {Role.ANONYMIZER}, {Role.DEANONYMIZER}
    n_members = len(arena.pools["members released"])
    n_outsiders = len(arena.pools["non-members released"])
    return [
        DataProduct(
            path="/data/anonymizer/training",
            audience=anonymizer,
            schema=_records_schema(arena, "training", None),
            description="Features and targets to train on.",
        ),
        *(
            DataProduct(
                path=f"/data/anonymizer/{split}",
                audience=anonymizer,
                schema=_records_schema(arena, split, None, targets=False),
                description=f"Features to predict the targets of for {split}; y is empty.",
            )
            for split in ("tuning", "validation")
        ),
        DataProduct(
            path="/data/deanonymizer/members",
            audience=deanonymizer,
            schema=_records_schema(arena, "training", n_members),
            description="Members: records that every anonymizer was trained on.",
        ),
        DataProduct(
            path="/data/deanonymizer/non-members",
            audience=deanonymizer,
            schema=_records_schema(arena, arena.outsiders, n_outsiders),
            description="Non-members: records that no anonymizer was trained on.",
        ),
        DataProduct(
            path=EVALUATION_PATH,
            audience=deanonymizer,
            schema=_records_schema(arena, "training", 2 * arena.length, mixed=True),
            static=False,
            parameters=(ANONYMIZER, DEANONYMIZER, DATA_SPLIT),
            description="Members and non-members in equal numbers and random order, to tell apart.",
        ),
    ]


def _records_schema(
    arena: Arena, part: str, n_records: int | None, *, targets: bool = True, mixed: bool = False
) -> ArraysSchema:
    schemas = []
    for label in ("X", "y"):
        array = arena.data[f"{part} {label}"]
        if mixed:
            array = np.empty(
                (0, *array.shape[1:]),
                np.result_type(array, arena.data[f"{arena.outsiders} {label}"]),
            )
        if label == "y" and not targets:
            schemas.append(ArraySchema.of("y", np.empty(0), description="Empty."))
            continue
        declared = ArraySchema.of(label, array[:0], description=_MEANING[label])
        n_rows = len(array) if n_records is None else n_records
        schemas.append(attrs.evolve(declared, shape=(n_rows, *array.shape[1:])))
    return ArraysSchema(arrays=tuple(schemas))


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
