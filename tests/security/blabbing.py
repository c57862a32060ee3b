"""A challenge type that puts data and secrets into every exception it can.

Loaded with ``--plugin tests/security/blabbing.py``. The first number of a prediction says what
happens; the others are what must never be seen in a log.
"""

from __future__ import annotations

import logging
import os
import sys
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
    Challenge,
    ChallengeType,
    CreationContext,
    DataProduct,
    DataRequest,
    Metric,
    Purpose,
    Role,
    Score,
    Submission,
    SubmissionKind,
    SubmissionRejected,
    hookimpl,
)

ANOMED_API = 1

N_RECORDS = 12
LABELS = np.array([1, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 1])
ROWS = np.arange(3 * N_RECORDS).reshape(N_RECORDS, 3) * 1.0009765625 + 4711
"""The data: no number of it occurs in anything else that is said."""

FINE, RAISE, CAUSE, LOG, LEAVE, NAN, EXIT = range(7)
ORDERS = (FINE, RAISE, CAUSE, LOG, LEAVE, NAN, EXIT)


@attrs.frozen(kw_only=True)
class BlabbingConfig:
    """Options of a blabbing challenge.

    Attributes
    ----------
    cheap
        Whether evaluations run in the web worker.
    """

    cheap: bool = True


@hookimpl
def anomed_challenge_types() -> list[ChallengeType]:
    return [ChallengeType(name="blabbing", title="Blabbing", config_class=BlabbingConfig)]


@hookimpl
def anomed_create_challenge(config: BlabbingConfig, context: CreationContext) -> BlabbingConfig:
    context.freeze("data", "1", lambda: {"X": ROWS, "y": LABELS})
    return config


@hookimpl
def anomed_data_products(challenge: Challenge) -> list[DataProduct]:
    X = ArraySchema(name="X", kinds=("float",), shape=ROWS.shape)
    y = ArraySchema(name="y", kinds=("int",), shape=LABELS.shape)
    return [
        DataProduct(
            path="/data/anonymizer/training",
            audience={Role.ANONYMIZER},
            schema=ArraysSchema(arrays=[X, y]),
        ),
        DataProduct(
            path="/data/broken",
            audience={Role.DEANONYMIZER},
            schema=ArraysSchema(arrays=[X]),
            static=False,
            parameters=(ANONYMIZER, DEANONYMIZER, DATA_SPLIT),
        ),
    ]


@hookimpl
def anomed_provide_data(product: DataProduct, request: DataRequest) -> Mapping[str, Any]:
    if product.static:
        return {"X": ROWS, "y": LABELS}
    raise LookupError(f"no data for {request.parameters}, only\n{ROWS}\n{LABELS}")


@hookimpl
def anomed_submission_kinds(challenge: Challenge) -> list[SubmissionKind]:
    prediction = ArraySchema(name="prediction", kinds=("float",), shape=LABELS.shape)
    return [
        SubmissionKind(
            name="anonymizer",
            path="/utility/anonymizer",
            submitter=Role.ANONYMIZER,
            purpose=Purpose.UTILITY,
            schema=ArraysSchema(arrays=[prediction]),
            cheap=challenge.definition.cheap,
        )
    ]


@hookimpl
def anomed_metrics() -> list[Metric]:
    return [Metric(name="hits", kind="anonymizer", primary=True)]


@hookimpl
def anomed_validate_submission(submission: Submission) -> None:
    prediction = submission.payload["prediction"]
    if prediction[0] == -1:
        raise SubmissionRejected("The first value must not be negative.")
    if prediction[0] == -2:
        raise AssertionError(f"{prediction} against {LABELS.tolist()}")


@hookimpl
def anomed_evaluate_utility(submission: Submission) -> Mapping[str, float]:
    prediction = submission.payload["prediction"]
    order = int(prediction[0])
    if order == RAISE:
        raise ValueError(f"{prediction} is not {LABELS}; rows are {ROWS.tolist()}")
    if order == CAUSE:
        try:
            raise KeyError(str(ROWS))
        except KeyError as error:
            error.add_note(f"while comparing\n{LABELS}")
            raise RuntimeError(f"row {tuple(ROWS[3])} failed") from error
    if order == LOG:
        logging.getLogger("blabbing").warning("labels %s and rows %s", LABELS, ROWS)
    if order == LEAVE:
        os._exit(3)
    if order == EXIT:
        sys.exit(f"labels {LABELS}")
    return {"hits": float("nan") if order == NAN else float(np.mean(prediction == LABELS))}


@hookimpl
def anomed_score_recorded(score: Score) -> None:
    raise OSError(f"could not tell anybody that {LABELS} gives {score.metrics}")


@hookimpl
def anomed_health() -> str | None:
    raise ZeroDivisionError(f"{LABELS} / {ROWS}")
