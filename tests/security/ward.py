"""A challenge type that hands something to every audience and takes something in every way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from anomed_core import (
    ANONYMIZER,
    DEANONYMIZER,
    Baseline,
    Challenge,
    DataProduct,
    DataRequest,
    JSONSchema,
    Metric,
    Purpose,
    Quality,
    Role,
    Split,
    Submission,
    SubmissionKind,
    hookimpl,
)
from tests.example_types import Guessing

OPTIONAL_PAIR = tuple(attrs.evolve(p, required=False) for p in (ANONYMIZER, DEANONYMIZER))


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
        return [*super().anomed_submission_kinds(challenge), final]

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
