"""Two small challenge types and an extension: what the core is tried on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
import numpy as np

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    ArraySchema,
    ArraysSchema,
    Baseline,
    Challenge,
    ChallengeType,
    ColumnSchema,
    CreationContext,
    DataProduct,
    DataRequest,
    Direction,
    FormPart,
    FormSchema,
    JSONSchema,
    Metric,
    Purpose,
    Quality,
    Role,
    Score,
    Split,
    Submission,
    SubmissionKind,
    SubmissionRejected,
    TableSchema,
    Target,
    TextSchema,
    hookimpl,
)

PAIR = (ANONYMIZER, DEANONYMIZER, DATA_SPLIT)


@attrs.frozen(kw_only=True)
class GuessingConfig:
    """Options of a guessing challenge."""

    size: int = attrs.field(default=10, validator=attrs.validators.ge(1))
    level: float = 0.0
    words: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Numbers:
    """What there is to guess."""

    X: np.ndarray
    y: np.ndarray
    secret: np.ndarray


class Guessing:
    """Guess numbers; and guess which of them are even.

    Parameters
    ----------
    name
        Slug of the type.
    outcome
        Replaces the evaluation of utility: takes the submission, returns or raises anything.
    verdict
        Called to validate a submission.
    """

    ANOMED_API = 1

    def __init__(
        self,
        *,
        name: str = "guessing",
        outcome: Callable[[Submission], Any] | None = None,
        verdict: Callable[[Submission], None] | None = None,
        cheap: bool = True,
    ) -> None:
        self.name = name
        self.outcome = outcome
        self.verdict = verdict
        self.cheap = cheap
        self.evaluated: list[Submission] = []
        self.targets: list[Target] = []

    @hookimpl
    def anomed_challenge_types(self) -> list[ChallengeType]:
        return [
            ChallengeType(
                name=self.name,
                title=f"The {self.name} game",
                description="Guess numbers.",
                config_class=GuessingConfig,
                demo_config={"id": f"{self.name}-demo", "size": 4},
            )
        ]

    @hookimpl
    def anomed_create_challenge(
        self, config: GuessingConfig | None, context: CreationContext
    ) -> Numbers:
        size = (config or GuessingConfig()).size

        def build() -> dict[str, np.ndarray]:
            order = context.lottery.permutation(size, "numbers")
            return {"X": order * 0.5, "y": order.astype(float), "secret": order % 2 == 0}

        return Numbers(**context.freeze("numbers", f"{size}", build))

    @hookimpl
    def anomed_data_products(self, challenge: Challenge) -> list[DataProduct]:
        numbers: Numbers = challenge.definition
        X = ArraySchema.of("X", np.asarray(numbers.X), description="Halves of the numbers.")
        y = ArraySchema.of("y", np.asarray(numbers.y))
        return [
            DataProduct(
                path="/data/anonymizer/training",
                audience={Role.ANONYMIZER},
                schema=ArraysSchema(arrays=[X, y]),
                description="Numbers to learn from.",
            ),
            DataProduct(
                path="/data/pair",
                audience={Role.DEANONYMIZER},
                schema=ArraysSchema(arrays=[X]),
                static=False,
                parameters=PAIR,
                description="Numbers in an order of one's own.",
            ),
        ]

    @hookimpl
    def anomed_provide_data(
        self, challenge: Challenge, product: DataProduct, request: DataRequest
    ) -> Mapping[str, np.ndarray]:
        numbers: Numbers = challenge.definition
        if product.static:
            return {"X": np.asarray(numbers.X), "y": np.asarray(numbers.y)}
        if request.anonymizer == "unlucky":
            raise SubmissionRejected("There is nothing for the unlucky.")
        ids = (request.anonymizer or "", request.deanonymizer or "")
        return {"X": numbers.X[challenge.lottery.permutation(len(numbers.X), "order", *ids)]}

    @hookimpl
    def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
        shape = challenge.definition.y.shape
        return [
            SubmissionKind(
                name="anonymizer",
                path="/utility/anonymizer",
                submitter=Role.ANONYMIZER,
                purpose=Purpose.UTILITY,
                schema=ArraysSchema(
                    arrays=[
                        ArraySchema(
                            name="prediction",
                            kinds=("float", "int"),
                            shape=shape,
                            low=-1e6,
                            high=1e6,
                        )
                    ]
                ),
                parameters=(ANONYMIZER, DATA_SPLIT),
                keeps={Split.VALIDATION},
                cheap=self.cheap,
                description="Guessed numbers.",
            ),
            SubmissionKind(
                name="deanonymizer",
                path="/utility/deanonymizer",
                submitter=Role.DEANONYMIZER,
                purpose=Purpose.THREAT,
                schema=ArraysSchema(
                    arrays=[ArraySchema(name="prediction", kinds=("bool",), shape=shape)]
                ),
                parameters=PAIR,
                with_target=False,
                cheap=True,
                description="Which numbers are even.",
            ),
        ]

    @hookimpl
    def anomed_metrics(self, challenge: Challenge) -> list[Metric]:
        return [
            Metric(name="hits", kind="anonymizer", bounds=(0, 1), tie_breaker=1),
            Metric(
                name="mae",
                kind="anonymizer",
                direction=Direction.LOWER,
                bounds=(0, float("inf")),
                primary=True,
            ),
            Metric(name="acc", kind="deanonymizer", bounds=(0, 1), chance=0.5, primary=True),
        ]

    @hookimpl
    def anomed_validate_submission(self, challenge: Challenge, submission: Submission) -> None:
        if self.verdict is not None:
            self.verdict(submission)

    @hookimpl
    def anomed_evaluate_utility(
        self, challenge: Challenge, submission: Submission
    ) -> Mapping[str, float]:
        self.evaluated.append(submission)
        if self.outcome is not None:
            return self.outcome(submission)
        error = np.abs(submission.payload["prediction"] - challenge.definition.y)
        return {"mae": error.mean(), "hits": (error == 0).mean()}

    @hookimpl
    def anomed_evaluate_threat(
        self, challenge: Challenge, submission: Submission, target: Target
    ) -> Mapping[str, float]:
        self.targets.append(target)
        return {"acc": (submission.payload["prediction"] == challenge.definition.secret).mean()}

    @hookimpl
    def anomed_baselines(self, challenge: Challenge) -> list[Baseline]:
        y = np.asarray(challenge.definition.y)

        def baseline(name: str, quality: Quality, values: np.ndarray) -> Baseline:
            return Baseline(
                name=name,
                kind="anonymizer",
                quality=quality,
                payload=lambda request: {"prediction": values},
            )

        return [
            baseline("truth", Quality.PERFECT, y),
            baseline("zeros", Quality.TRIVIAL, np.zeros_like(y)),
            baseline("too short", Quality.INVALID, y[1:]),
        ]


class Tables:
    """Publish a table, with one submission kind of each other form."""

    ANOMED_API = 1

    TABLE = TableSchema(
        columns=[
            ColumnSchema(name="age", kinds=("int", "float"), low=0, high=120),
            ColumnSchema(name="city", kinds=("str",), categories=("Bonn", "Kiel"), nullable=True),
        ],
        min_rows=1,
        max_rows=50,
    )

    @hookimpl
    def anomed_challenge_types(self) -> list[ChallengeType]:
        return [ChallengeType(name="tables", title="Tables", config_class=GuessingConfig)]

    @hookimpl
    def anomed_create_challenge(self, context: CreationContext) -> str:
        return context.challenge_id

    @hookimpl
    def anomed_data_products(self, challenge: Challenge) -> list[DataProduct]:
        return [
            DataProduct(
                path="/data/anonymizer/leaky", audience={Role.ANONYMIZER}, schema=self.TABLE
            ),
            DataProduct(path="/data/terms", audience={Role.PUBLIC}, schema=JSONSchema()),
        ]

    @hookimpl
    def anomed_provide_data(self, challenge: Challenge, product: DataProduct) -> Any:
        if product.path == "/data/terms":
            return {"rows": 3}
        import pandas as pd

        return pd.DataFrame({"age": [30, 40, 50], "city": ["Kiel", "Bonn", None]})

    @hookimpl
    def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
        def kind(name: str, submitter: Role, schema: Any) -> SubmissionKind:
            return SubmissionKind(
                name=name,
                path=f"/utility/{name}",
                submitter=submitter,
                purpose=Purpose.UTILITY,
                schema=schema,
                parameters=(ANONYMIZER,),
                default_split=Split.VALIDATION,
            )

        form = FormSchema(
            parts=[
                FormPart(name="anon_data", schema=self.TABLE),
                FormPart(
                    name="anon_scheme",
                    schema=TextSchema(choices=("same", "generalization", "microaggregation")),
                    required=False,
                ),
            ]
        )
        return [
            kind("anonymizer", Role.ANONYMIZER, form),
            kind("deanonymizer", Role.DEANONYMIZER, self.TABLE),
            kind("claims", Role.ANONYMIZER, JSONSchema(schema={"type": "object"})),
        ]

    @hookimpl
    def anomed_metrics(self, challenge: Challenge) -> list[Metric]:
        names = ("anonymizer", "deanonymizer", "claims")
        return [Metric(name="size", kind=name, primary=True) for name in names]

    @hookimpl
    def anomed_evaluate_utility(self, submission: Submission) -> Mapping[str, float]:
        payload = submission.payload
        if submission.kind == "anonymizer":
            payload = payload["anon_data"]
        return {"size": len(payload)}


class Watching:
    """An extension that watches scores and adds a metric of its own."""

    ANOMED_API = 1

    def __init__(self) -> None:
        self.seen: list[Score] = []

    @hookimpl
    def anomed_score_recorded(self, challenge: Challenge, score: Score) -> None:
        self.seen.append(score)


class Doubling:
    """An extension that wraps the evaluation and adds a metric."""

    ANOMED_API = 1

    @hookimpl
    def anomed_metrics(self, challenge: Challenge) -> list[Metric]:
        if challenge.type != "guessing":
            return []
        return [Metric(name="doubled", kind="anonymizer", direction=Direction.LOWER)]

    @hookimpl(wrapper=True)
    def anomed_evaluate_utility(self, challenge: Challenge) -> Any:
        metrics = yield
        if challenge.type != "guessing":
            return metrics
        return {**metrics, "doubled": 2 * metrics["mae"]}
