"""A challenge type that hands something to every audience and takes something in every way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from anomed_core import (
    ANONYMIZER,
    DEANONYMIZER,
    Account,
    Baseline,
    Challenge,
    DataProduct,
    DataRequest,
    JSONSchema,
    Line,
    Metric,
    Operation,
    Purpose,
    Quality,
    Resource,
    Role,
    Split,
    Submission,
    SubmissionKind,
    hookimpl,
)
from tests.example_types import Guessing

OPTIONAL_PAIR = tuple(attrs.evolve(p, required=False) for p in (ANONYMIZER, DEANONYMIZER))


BUDGET = Account(name="budget", resources=[Resource(name="question", limit=None)])


class Ward(Guessing):
    """Guessing, with more doors."""

    def __init__(self) -> None:
        super().__init__(name="ward")

    @hookimpl
    def anomed_data_products(self, challenge: Challenge) -> list[DataProduct]:
        players = {Role.ANONYMIZER, Role.DEANONYMIZER}
        audiences = {"terms": {Role.PUBLIC}, "both": players, "truth": {Role.ORGANISER}}
        return [
            *super().anomed_data_products(challenge),
            *(
                DataProduct(path=f"/data/{name}", audience=audience, schema=JSONSchema())
                for name, audience in audiences.items()
            ),
            DataProduct(
                path="/data/own",
                audience=players,
                schema=JSONSchema(),
                static=False,
                parameters=OPTIONAL_PAIR,
            ),
        ]

    @hookimpl
    def anomed_provide_data(
        self, challenge: Challenge, product: DataProduct, request: DataRequest
    ) -> Mapping[str, Any]:
        if isinstance(product.schema, JSONSchema):
            return {"for": sorted(product.audience)}
        return super().anomed_provide_data(challenge, product, request)

    @hookimpl
    def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
        final = SubmissionKind(
            name="statement",
            path="/utility/statement",
            submitter=Role.ANONYMIZER,
            purpose=Purpose.UTILITY,
            schema=JSONSchema(),
            parameters=(ANONYMIZER,),
            default_split=Split.VALIDATION,
            cheap=True,
        )
        guesses, attacks = super().anomed_submission_kinds(challenge)
        return [attrs.evolve(guesses, keeps=set(Split)), attacks, final]

    @hookimpl
    def anomed_operations(self, challenge: Challenge) -> list[Operation]:
        players = {Role.ANONYMIZER, Role.DEANONYMIZER}
        audiences = {"all": {Role.PUBLIC}, "players": players, "keeper": {Role.ORGANISER}}
        paid = {"accounts": [BUDGET], "price": [Line(BUDGET, "question", 1)]}
        return [
            *(
                Operation(name=name, audience=audience, run=lambda call: call.caller.id, cheap=True)
                for name, audience in audiences.items()
            ),
            Operation(name="ask", audience="anonymizer", run=lambda call: call.number, **paid),
            Operation(
                name="probe",
                audience="deanonymizer",
                with_target=True,
                run=lambda call: call.target.anonymizer,
                **paid,
            ),
            Operation(name="got", audience="anonymizer", method="GET", run=lambda call: 1),
        ]

    @hookimpl
    def anomed_metrics(self, challenge: Challenge) -> list[Metric]:
        size = Metric(name="size", kind="statement", primary=True)
        return [*super().anomed_metrics(challenge), size]

    @hookimpl
    def anomed_evaluate_utility(
        self, challenge: Challenge, submission: Submission
    ) -> Mapping[str, float]:
        if submission.kind == "statement":
            return {"size": float(len(submission.payload))}
        return super().anomed_evaluate_utility(challenge, submission)

    @hookimpl
    def anomed_baselines(self, challenge: Challenge) -> list[Baseline]:
        def baseline(kind: str, payload: object) -> Baseline:
            return Baseline(
                name=kind, kind=kind, quality=Quality.TRIVIAL, payload=lambda _: payload
            )

        size = len(challenge.definition.y)
        return [
            baseline("anonymizer", {"prediction": np.zeros(size)}),
            baseline("deanonymizer", {"prediction": np.zeros(size, dtype=bool)}),
            baseline("statement", {"we": "promise"}),
        ]
