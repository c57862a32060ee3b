"""Hooks of the challenge type ``supervised-mia``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from anomed_core import (
    Baseline,
    Challenge,
    ChallengeType,
    ConfigError,
    CreationContext,
    DataProduct,
    DataRequest,
    DemoConfig,
    HouseAttack,
    Metric,
    ReportSection,
    Score,
    Split,
    Submission,
    SubmissionKind,
    hookimpl,
)

if TYPE_CHECKING:
    from anomed_supervised_mia.challenge.arena import Arena

ANOMED_API = 1

NAME = "supervised-mia"


@hookimpl
def anomed_challenge_types() -> list[ChallengeType]:
    """Announce supervised learning against membership inference."""
    return [
        ChallengeType(
            name=NAME,
            title="Supervised learning against membership inference",
            description="Anonymizers train a model and predict; deanonymizers find out which "
            "records the model was trained on.",
            config_class="anomed_supervised_mia.challenge.config:SupervisedMIAConfig",
            demo_config={
                "id": "iris",
                "title": "Iris",
                "data": {"source": "sklearn:iris", "split": [0.7, 0.15, 0.15]},
                "mia_evaluation_dataset_length": 5,
                "utility": ["accuracy"],
            },
            demo=DemoConfig(
                play="anomed_supervised_mia.challenge.demo:play",
                config={
                    "title": "Handwritten digits",
                    "data": {"source": "sklearn:digits", "split": [0.5, 0.15, 0.35]},
                    "mia_evaluation_dataset_length": 150,
                    "utility": ["accuracy", "macro_f1"],
                },
            ),
        )
    ]


@hookimpl
def anomed_create_challenge(config: Any, context: CreationContext) -> Arena:
    """Load the data, once for all workers, and draw the pools."""
    import attrs

    from anomed_supervised_mia.challenge.arena import open_arena
    from anomed_supervised_mia.challenge.data import parts_of_settings
    from anomed_supervised_mia.challenge.membership import evaluate_MIA
    from anomed_supervised_mia.challenge.scoring import compares_labels
    from anomed_supervised_mia.challenge.upstream import SupervisedLearningMIAChallenge

    if isinstance(config, SupervisedLearningMIAChallenge):
        return open_arena(
            config.parts(),
            length=config.MIA_evaluation_dataset_length,
            evaluate_prediction=config.anonymizer_evaluator,
            evaluate_memberships=config.MIA_evaluator,
            lottery=context.lottery,
            freeze=context.freeze,
        )
    parts = parts_of_settings(config.data, context)
    arena = open_arena(
        parts,
        length=config.mia_evaluation_dataset_length,
        evaluate_prediction=_named_evaluator(config.utility or ("accuracy",)),
        evaluate_memberships=evaluate_MIA,
        rank_attacks_by=config.rank_attacks_by,
        audit_hosts=config.audit_hosts,
        lottery=context.lottery,
        freeze=context.freeze,
    )
    has_numbers = arena.targets(Split.VALIDATION).dtype.kind == "f"
    names = config.utility or ("mae" if has_numbers else "accuracy",)
    return attrs.evolve(
        arena,
        evaluate_prediction=_named_evaluator(names),
        classifies=any(map(compares_labels, names)),
    )


def _named_evaluator(names: tuple[str, ...]) -> Any:
    from anomed_supervised_mia.challenge.scoring import evaluator_of

    try:
        return evaluator_of(names)
    except ValueError as error:
        raise ConfigError("utility", str(error)) from error


@hookimpl
def anomed_data_products(challenge: Challenge) -> list[DataProduct]:
    """Declare the data of both sides."""
    from anomed_supervised_mia.challenge.products import data_products

    return data_products(challenge.definition)


@hookimpl
def anomed_provide_data(
    challenge: Challenge, product: DataProduct, request: DataRequest
) -> Mapping[str, Any]:
    """Hand out records; draws depend on the server's secret only."""
    import numpy as np

    from anomed_supervised_mia.challenge.products import EVALUATION_PATH

    arena: Arena = challenge.definition
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


@hookimpl
def anomed_submission_kinds(challenge: Challenge) -> list[SubmissionKind]:
    """Declare predictions and memberships."""
    from anomed_supervised_mia.challenge.products import submission_kinds

    return submission_kinds(challenge.definition)


@hookimpl
def anomed_metrics(challenge: Challenge) -> list[Metric]:
    """Declare what the evaluators return."""
    from anomed_supervised_mia.challenge.metrics import attack_metrics
    from anomed_supervised_mia.challenge.scoring import declared_metrics

    arena: Arena = challenge.definition
    targets = arena.targets(Split.VALIDATION)
    try:
        return [
            *declared_metrics(arena.evaluate_prediction, targets, "anonymizer"),
            *attack_metrics(arena),
        ]
    except ValueError as error:
        raise ConfigError("utility", f"it does not suit the data: {error}") from error


@hookimpl
def anomed_validate_submission(challenge: Challenge, submission: Submission) -> None:
    """Refuse predictions that cannot be labels, and claims that cannot be."""
    if submission.kind != "anonymizer":
        return
    from anomed_supervised_mia.challenge.metrics import refuse_impossible_claims, refuse_non_labels

    arena: Arena = challenge.definition
    refuse_impossible_claims(submission.parameters)
    if "predict_url" in submission.parameters:
        from anomed_supervised_mia.challenge.remote import refuse_foreign_url

        refuse_foreign_url(submission.parameters["predict_url"], arena.audit_hosts)
    if arena.expects_labels(submission.split):
        refuse_non_labels(submission.payload["prediction"], arena.targets(submission.split))


@hookimpl
def anomed_evaluate_utility(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    """Compare a prediction with the targets."""
    arena: Arena = challenge.definition
    targets = arena.targets(submission.split)
    prediction = submission.payload["prediction"]
    if targets.dtype.kind == "f" or arena.expects_labels(submission.split):
        kind = targets.dtype.kind
        prediction = prediction if kind == "U" else prediction.astype(targets.dtype, copy=False)
    return arena.evaluate_prediction(prediction, targets)


@hookimpl
def anomed_evaluate_threat(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    """Compare memberships with the truth that was drawn for this pair."""
    import numpy as np

    arena: Arena = challenge.definition
    truth = arena.memberships(
        anonymizer=submission.anonymizer,
        deanonymizer=submission.deanonymizer,
        split=submission.split,
    )
    prediction = submission.payload["prediction"]
    if prediction.dtype.kind != "b":
        prediction = prediction.astype(np.float64)
    return arena.evaluate_memberships(prediction, truth)


@hookimpl
def anomed_baselines(challenge: Challenge) -> list[Baseline]:
    """Offer the truth, constants, and what must be refused."""
    from anomed_supervised_mia.challenge.baselines import baselines

    return baselines(challenge.definition)


@hookimpl
def anomed_house_attacks(challenge: Challenge) -> list[HouseAttack]:
    """Attack the model that an anonymizer serves, and compare it with the one that was scored."""
    from anomed_supervised_mia.challenge.metrics import SERVED_MODEL_METRICS

    arena: Arena = challenge.definition

    def run(submission: Submission, rng: Any) -> Mapping[str, float] | None:
        from functools import partial

        from anomed_supervised_mia.challenge.house import audit_served_model
        from anomed_supervised_mia.challenge.remote import ask

        url = submission.parameters.get("predict_url")
        if url is None:
            return None
        return audit_served_model(arena, submission, partial(ask, url), rng).metrics()

    return [
        HouseAttack(
            name="served-model",
            kind="anonymizer",
            description="Threshold attacks on the answers of the anonymizer's /predict, and an "
            "exact sign test whether these come from the model that was scored.",
            on_request=not arena.audit_hosts,
            metrics=SERVED_MODEL_METRICS,
            run=run,
        )
    ]


@hookimpl
def anomed_report(
    challenge: Challenge,
    scores: tuple[Score, ...],
    submission_of: Callable[[Score], Submission | None],
) -> list[ReportSection]:
    """Show each anonymizer's attacks with intervals and curves, and privacy against utility."""
    from anomed_supervised_mia.challenge.report import report_section

    section = report_section(challenge.definition, scores, submission_of)
    return [section] if section is not None else []
