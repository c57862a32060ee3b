"""Hooks of the challenge type ``dataset-anonymization``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

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
    Ranking,
    ReportSection,
    Score,
    Submission,
    SubmissionKind,
    Target,
    hookimpl,
)

ANOMED_API = 1

NAME = "dataset-anonymization"


@hookimpl
def anomed_challenge_types() -> list[ChallengeType]:
    """Announce anonymized tables against re-identification."""
    return [
        ChallengeType(
            name=NAME,
            title="Anonymized tables against re-identification",
            description="Anonymizers publish a table of people in anonymized form; deanonymizers "
            "infer what it hides, find people in it, or reconstruct it.",
            config_class="anomed_dataset_anonymization.challenge.config:DatasetAnonymizationConfig",
            both_roles="refuse",
            demo_config={
                "id": "hospital",
                "title": "A hospital's register",
                "data": {"source": "simulated:hospital-register?n=20000&seed=7"},
                "predict": "admission_type",
            },
            demo=DemoConfig(
                play="anomed_dataset_anonymization.challenge.demo:play",
                config={
                    "title": "A hospital's register",
                    "data": {"source": "simulated:hospital-register?n=10000&seed=7"},
                    "predict": "admission_type",
                },
            ),
        )
    ]


@hookimpl
def anomed_create_challenge(config: Any, context: CreationContext) -> Any:
    """Load the people, once for all workers, and deal them to the parts."""
    from anomed_dataset_anonymization.challenge.arena import create

    return create(config, context)


@hookimpl
def anomed_data_products(challenge: Challenge) -> list[DataProduct]:
    """Declare the data of both sides."""
    from anomed_dataset_anonymization.challenge.products import data_products

    return data_products(challenge.definition)


@hookimpl
def anomed_provide_data(challenge: Challenge, product: DataProduct, request: DataRequest) -> Any:
    """Hand out tables; draws depend on the server's secret only."""
    from anomed_dataset_anonymization.challenge.products import provide

    return provide(challenge.definition, product, request)


@hookimpl
def anomed_submission_kinds(challenge: Challenge) -> list[SubmissionKind]:
    """Declare published tables and attacks on them."""
    from anomed_dataset_anonymization.challenge.kinds import submission_kinds

    return submission_kinds(challenge.definition)


@hookimpl
def anomed_metrics(challenge: Challenge) -> list[Metric]:
    """Declare what tables and attacks are scored by."""
    from anomed_dataset_anonymization.challenge.metrics import metrics_of

    return metrics_of(challenge.definition)


@hookimpl
def anomed_validate_submission(challenge: Challenge, submission: Submission) -> None:
    """Refuse what does not fit the schema of the people."""
    from anomed_dataset_anonymization.challenge.kinds import validate

    validate(challenge.definition, submission)


@hookimpl
def anomed_evaluate_utility(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    """Compare a published table with the leaky one."""
    from anomed_dataset_anonymization.challenge.scoring import evaluate_utility

    return evaluate_utility(challenge.definition, submission)


@hookimpl
def anomed_evaluate_threat(
    challenge: Challenge, submission: Submission, target: Target
) -> Mapping[str, float]:
    """Compare what an attacker says about people with the truth."""
    from anomed_dataset_anonymization.challenge.scoring import evaluate_threat

    return evaluate_threat(challenge.definition, submission, target)


@hookimpl
def anomed_house_attacks(challenge: Challenge) -> list[HouseAttack]:
    """Attack every published table with the house's panel."""
    from anomed_dataset_anonymization.challenge.house import house_attacks

    return house_attacks(challenge.definition)


@hookimpl
def anomed_baselines(challenge: Challenge) -> list[Baseline]:
    """Offer tables and attacks with known outcomes."""
    from anomed_dataset_anonymization.challenge.baselines import baselines

    return baselines(challenge.definition)


@hookimpl
def anomed_rankings(challenge: Challenge) -> list[Ranking]:
    """Rank the useful by the worst attack on them, and deanonymizers by what they find."""
    from anomed_dataset_anonymization.challenge.rankings import rankings

    return rankings(challenge.definition)


@hookimpl
def anomed_house_entries(challenge: Challenge) -> list[HouseEntry]:
    """Enter tables that anybody could publish."""
    from anomed_dataset_anonymization.challenge.rankings import house_entries

    return house_entries(challenge.definition)


@hookimpl
def anomed_report(
    challenge: Challenge,
    scores: tuple[Score, ...],
    submission_of: Callable[[Score], Submission | None],
) -> list[ReportSection]:
    """Show each final: attacks on it, its classes, its columns, its rows."""
    from anomed_dataset_anonymization.challenge.report import report_sections

    return report_sections(challenge.definition, scores, submission_of)


@hookimpl
def anomed_cli_commands() -> Mapping[str, str]:
    """Add the commands that describe and anonymize tables."""
    return {
        "anonymize": "anomed_dataset_anonymization.commands.anonymize:anonymize",
        "challenge init": "anomed_dataset_anonymization.commands.init:init",
    }
