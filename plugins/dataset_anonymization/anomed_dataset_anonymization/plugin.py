"""Hooks of the challenge type ``dataset-anonymization``."""

from __future__ import annotations

from collections.abc import Mapping
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
    Ranking,
    Submission,
    SubmissionKind,
    Target,
    hookimpl,
)

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.definition import Definition

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
def anomed_create_challenge(config: Any, context: CreationContext) -> Definition:
    """Load the people, once for all workers, and deal them to the parts."""
    from anomed_dataset_anonymization.challenge.definition import define

    return define(config, context)


@hookimpl
def anomed_data_products(challenge: Challenge) -> list[DataProduct]:
    """Declare the data of both sides."""
    definition: Definition = challenge.definition
    return definition.data_products()


@hookimpl
def anomed_provide_data(challenge: Challenge, product: DataProduct, request: DataRequest) -> Any:
    """Hand out tables; draws depend on the server's secret only."""
    definition: Definition = challenge.definition
    return definition.provide(product, request)


@hookimpl
def anomed_submission_kinds(challenge: Challenge) -> list[SubmissionKind]:
    """Declare published tables and attacks on them."""
    definition: Definition = challenge.definition
    return definition.submission_kinds()


@hookimpl
def anomed_metrics(challenge: Challenge) -> list[Metric]:
    """Declare what tables and attacks are scored by."""
    definition: Definition = challenge.definition
    return definition.metrics()


@hookimpl
def anomed_validate_submission(challenge: Challenge, submission: Submission) -> None:
    """Refuse what does not fit the schema of the people."""
    definition: Definition = challenge.definition
    definition.validate(submission)


@hookimpl
def anomed_evaluate_utility(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    """Compare a published table with the leaky one."""
    definition: Definition = challenge.definition
    return definition.evaluate_utility(submission)


@hookimpl
def anomed_evaluate_threat(
    challenge: Challenge, submission: Submission, target: Target
) -> Mapping[str, float]:
    """Compare what an attacker says about people with the truth."""
    definition: Definition = challenge.definition
    return definition.evaluate_threat(submission, target)


@hookimpl
def anomed_house_attacks(challenge: Challenge) -> list[HouseAttack]:
    """Attack every published table with the house's panel."""
    definition: Definition = challenge.definition
    return definition.house_attacks()


@hookimpl
def anomed_baselines(challenge: Challenge) -> list[Baseline]:
    """Offer tables and attacks with known outcomes."""
    definition: Definition = challenge.definition
    return definition.baselines()


@hookimpl
def anomed_rankings(challenge: Challenge) -> list[Ranking]:
    """Rank the useful by the worst attack on them, and deanonymizers by what they find."""
    definition: Definition = challenge.definition
    return definition.rankings()


@hookimpl
def anomed_house_entries(challenge: Challenge) -> list[HouseEntry]:
    """Enter tables that anybody could publish."""
    definition: Definition = challenge.definition
    return definition.house_entries()


@hookimpl
def anomed_cli_commands() -> Mapping[str, str]:
    """Add the commands that describe and anonymize tables."""
    return {
        "anonymize": "anomed_dataset_anonymization.commands.anonymize:anonymize",
        "challenge init": "anomed_dataset_anonymization.commands.init:init",
    }
