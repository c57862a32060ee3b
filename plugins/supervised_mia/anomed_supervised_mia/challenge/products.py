"""What a challenge hands out."""

from __future__ import annotations

from collections.abc import Mapping
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
    DataRequest,
    Role,
)
from anomed_supervised_mia.challenge.arena import Arena

EVALUATION_PATH = "/data/attack-success-evaluation"

_MEANING = {"X": "Features, one row a record.", "y": "Targets, one a record."}


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


def provide(arena: Arena, product: DataProduct, request: DataRequest) -> Mapping[str, Any]:
    """Hand out records; draws depend on the server's secret only.

    Raises
    ------
    ValueError
        If evaluation data are asked for without one of their parameters.
    """
    part = product.path.rsplit("/", 1)[1]
    if product.path == EVALUATION_PATH:
        if request.anonymizer is None or request.deanonymizer is None or request.split is None:
            raise ValueError(f"{EVALUATION_PATH} needs anonymizer, deanonymizer and data_split")
        records, _ = arena.evaluation_records(
            anonymizer=request.anonymizer,
            deanonymizer=request.deanonymizer,
            split=request.split,
        )
        return records
    if part == "members":
        return arena.released_members()
    if part == "non-members":
        return arena.released_non_members()
    if part == "training":
        return arena.records("training")
    return {"X": arena.data[f"{part} X"], "y": np.empty(0)}
