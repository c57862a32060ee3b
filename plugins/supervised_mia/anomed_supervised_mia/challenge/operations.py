"""Questions to an anonymizer's model, within a budget: what label-only attacks live from."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from anomed_core import (
    Account,
    ArraySchema,
    ArraysSchema,
    Call,
    CallRejected,
    Line,
    Operation,
    Resource,
    Role,
    Split,
    SubmissionRejected,
)
from anomed_supervised_mia.auditing.answers import AnonymizerUnavailableError, Reading
from anomed_supervised_mia.challenge.arena import Arena
from anomed_supervised_mia.challenge.house import ask, refuse_foreign_url
from anomed_supervised_mia.challenge.kinds import refuse_non_labels

N_AT_ONCE = 1000
"""Records in one call: more would let slow models run out of time."""

_QUERIES, _RECORD = "queries", "record"
_LARGEST_FEATURE = 1e300


def operations(arena: Arena) -> list[Operation]:
    """Return the operation ``predict``, where attackers have a budget of queries.

    The server asks the model for them: it knows the address, permits it, counts and caps. Attackers
    get predictions alone, never probabilities, so that each answer is worth one decision of the
    model (Choquette-Choo et al. 2021).
    """
    if not arena.queries:
        return []
    account = Account(
        name=_QUERIES,
        resources=[
            Resource(
                name=_RECORD,
                limit=arena.queries,
                description="Records that the anonymizer's model is asked about.",
            )
        ],
        description="Of each deanonymizer for each anonymizer.",
    )
    return [
        Operation(
            name="predict",
            audience={Role.DEANONYMIZER},
            request=ArraysSchema(arrays=[_features(arena)]),
            answer=ArraysSchema(arrays=[_prediction(arena)]),
            with_target=True,
            same_split=False,  # finals alone name the model that serves
            accounts=[account],
            price=partial(_price, arena.queries),
            run=partial(_predicted, arena),
            description="What the anonymizer's model predicts for some records; each costs one.",
        )
    ]


def _features(arena: Arena) -> ArraySchema:
    X = arena.data["training X"]
    kinds = {"b": ("bool",), "i": ("int",), "u": ("int",), "U": ("str",)}
    is_number = X.dtype.kind in "fiu"
    return ArraySchema(
        name="X",
        kinds=("float", "int") if X.dtype.kind == "f" else kinds[X.dtype.kind],
        shape=(None, *X.shape[1:]),
        low=-_LARGEST_FEATURE if is_number else None,
        high=_LARGEST_FEATURE if is_number else None,
        description="Features of the records, as the training records have them.",
    )


def _prediction(arena: Arena) -> ArraySchema:
    targets = arena.targets(Split.VALIDATION)
    declared = ArraySchema.of("prediction", targets[:0])
    return ArraySchema(
        name="prediction",
        kinds=declared.kinds,
        shape=(None, *targets.shape[1:]),
        dtype=None if targets.dtype.kind == "U" else declared.dtype,
        description="One prediction for each record.",
    )


def _price(limit: int, call: Call) -> Iterable[Line]:
    n_records = len(call.payload["X"])
    if not 1 <= n_records <= N_AT_ONCE:
        raise CallRejected(
            f"X has {n_records} records; ask for 1 to {min(N_AT_ONCE, limit)} at once."
        )
    return [Line(_QUERIES, _RECORD, n_records)]


def _predicted(arena: Arena, call: Call) -> dict[str, np.ndarray]:
    """Ask the model that the anonymizer has registered with its final."""
    submission = call.target.submission if call.target else None
    url = submission.parameters.get("predict_url") if submission else None
    if url is None:
        raise CallRejected(f"The anonymizer {call.anonymizer!r} has registered no predict_url.")
    refuse_foreign_url(url, arena.audit_hosts)
    try:
        prediction = _read(arena, ask(url, call.payload["X"]))
    except AnonymizerUnavailableError as error:
        # Its sentences name the address, which is nobody's business but the organiser's.
        raise CallRejected(
            f"The model of the anonymizer {call.anonymizer!r} gave no prediction that fits; ask "
            "later, it costs nothing."
        ) from error
    call.begin()
    return {"prediction": prediction}


def _read(arena: Arena, values: np.ndarray) -> np.ndarray:
    """Return answers in the form of the targets: of probabilities, the likeliest label."""
    targets = arena.targets(Split.VALIDATION)
    as_labels = arena.expects_labels(Split.VALIDATION)
    blank = np.zeros((len(values), *targets.shape[1:]), targets.dtype)
    reading = Reading.of(arena.data["training y"], as_labels=as_labels)
    answers = reading.fitted(values, blank)
    if not answers.is_finite.all():
        raise AnonymizerUnavailableError("some answers are not finite")
    prediction = reading.predicted(answers.values)
    if as_labels:
        _refuse_non_labels(prediction, targets)
    if prediction.shape != blank.shape:
        raise AnonymizerUnavailableError("the model did not give one prediction for each record")
    return prediction if targets.dtype.kind == "U" else prediction.astype(targets.dtype)


def _refuse_non_labels(prediction: np.ndarray, targets: np.ndarray) -> None:
    try:
        refuse_non_labels(prediction, targets)
    except SubmissionRejected as error:
        raise AnonymizerUnavailableError(str(error)) from error
