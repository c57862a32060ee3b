"""Hooks of the challenge type ``supervised-mia``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from anomed_core import (
    Baseline,
    Challenge,
    ChallengeType,
    CreationContext,
    DataProduct,
    DataRequest,
    DemoConfig,
    HouseAttack,
    HouseEntry,
    Metric,
    Operation,
    Ranking,
    ReportSection,
    Score,
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
            both_roles="refuse",
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
    from anomed_supervised_mia.challenge.scoring import create

    return create(config, context)


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
    from anomed_supervised_mia.challenge.products import provide

    return provide(challenge.definition, product, request)


@hookimpl
def anomed_operations(challenge: Challenge) -> list[Operation]:
    """Let attackers ask anonymizers' models, within a budget of queries."""
    from anomed_supervised_mia.challenge.operations import operations

    return operations(challenge.definition)


@hookimpl
def anomed_submission_kinds(challenge: Challenge) -> list[SubmissionKind]:
    """Declare predictions and memberships."""
    from anomed_supervised_mia.challenge.kinds import submission_kinds

    return submission_kinds(challenge.definition)


@hookimpl
def anomed_metrics(challenge: Challenge) -> list[Metric]:
    """Declare what the evaluators return."""
    from anomed_supervised_mia.challenge.scoring import metrics_of

    return metrics_of(challenge.definition)


@hookimpl
def anomed_validate_submission(challenge: Challenge, submission: Submission) -> None:
    """Refuse predictions that cannot be labels, and claims that cannot be."""
    from anomed_supervised_mia.challenge.kinds import validate

    validate(challenge.definition, submission)


@hookimpl
def anomed_evaluate_utility(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    """Compare a prediction with the targets."""
    from anomed_supervised_mia.challenge.scoring import evaluate_utility

    return evaluate_utility(challenge.definition, submission)


@hookimpl
def anomed_evaluate_threat(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    """Compare memberships with the truth that was drawn for this pair."""
    from anomed_supervised_mia.challenge.scoring import evaluate_threat

    return evaluate_threat(challenge.definition, submission)


@hookimpl
def anomed_house_attacks(challenge: Challenge) -> list[HouseAttack]:
    """Attack the model that an anonymizer serves, and compare it with the one that was scored."""
    from anomed_supervised_mia.challenge.house import house_attacks

    return house_attacks(challenge.definition)


@hookimpl
def anomed_rankings(challenge: Challenge) -> list[Ranking]:
    """Rank the useful by the worst attack on them, and deanonymizers by what they find."""
    from anomed_supervised_mia.challenge.rankings import rankings

    return rankings(challenge.definition)


@hookimpl
def anomed_house_entries(challenge: Challenge) -> list[HouseEntry]:
    """Enter the best prediction that looks at no features."""
    from anomed_supervised_mia.challenge.rankings import house_entries

    return house_entries(challenge.definition)


@hookimpl
def anomed_baselines(challenge: Challenge) -> list[Baseline]:
    """Offer the truth, constants, and what must be refused."""
    from anomed_supervised_mia.challenge.baselines import baselines

    return baselines(challenge.definition)


@hookimpl
def anomed_report(
    challenge: Challenge,
    scores: tuple[Score, ...],
    submission_of: Callable[[Score], Submission | None],
) -> list[ReportSection]:
    """Show each anonymizer's attacks with intervals and curves, and privacy against utility."""
    from anomed_supervised_mia.challenge.report import report_sections

    return report_sections(challenge.definition, scores, submission_of)
