"""Hooks of the challenge type ``dataset-synthesis``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    ReportSection,
    Score,
    Submission,
    SubmissionKind,
    Target,
    hookimpl,
)

if TYPE_CHECKING:
    from anomed_core.environments import Recipe
    from anomed_dataset_synthesis.challenge.arena import Arena

ANOMED_API = 1

NAME = "dataset-synthesis"

_REGISTER = {
    "secrets": ["diagnosis", "outcome"],
    "left_half": ["age", "sex", "region", "admission_month", "admission_type", "diagnosis"],
}


@hookimpl
def anomed_challenge_types() -> list[ChallengeType]:
    """Announce dataset synthesis."""
    return [
        ChallengeType(
            name=NAME,
            title="Dataset synthesis",
            description="Anonymizers publish synthetic tables in place of the records of people; "
            "deanonymizers find out who was in the records, and what they say.",
            config_class="anomed_dataset_synthesis.challenge.config:DatasetSynthesisConfig",
            both_roles="refuse",
            demo_config={
                "id": "hospital",
                "title": "Hospital register",
                "data": {"source": "simulated:hospital-register?n=30000&seed=7"},
                "targets": 400,
                **_REGISTER,
            },
            demo=DemoConfig(
                play="anomed_dataset_synthesis.challenge.demo:play",
                config={
                    "title": "Hospital register",
                    "data": {"source": "simulated:hospital-register?n=30000&seed=7"},
                    "targets": 400,
                    "gate": 0.3,
                    **_REGISTER,
                },
            ),
        )
    ]


@hookimpl
def anomed_create_challenge(config: Any, context: CreationContext) -> Arena:
    """Load and divide the population, once for all workers."""
    from anomed_dataset_synthesis.challenge.arena import open_arena

    return open_arena(config, context)


@hookimpl
def anomed_data_products(challenge: Challenge) -> list[DataProduct]:
    """Declare tables, codebook and commitment."""
    from anomed_dataset_synthesis.challenge.products import data_products

    return data_products(challenge.definition)


@hookimpl
def anomed_provide_data(challenge: Challenge, product: DataProduct, request: DataRequest) -> Any:
    """Hand out the records of a round; synthetic ones in canonical form."""
    from anomed_dataset_synthesis.challenge.products import provide

    return provide(challenge.definition, product, request)


@hookimpl
def anomed_dummy_data(challenge: Challenge, product: DataProduct, seed: int) -> Any:
    """Draw tables from the codebook alone."""
    from anomed_dataset_synthesis.challenge.products import dummy

    return dummy(challenge.definition, product, seed)


@hookimpl
def anomed_submission_kinds(challenge: Challenge) -> list[SubmissionKind]:
    """Declare synthetic tables and four kinds of attacks."""
    from anomed_dataset_synthesis.challenge.kinds import submission_kinds

    return submission_kinds(challenge.definition)


@hookimpl
def anomed_metrics(challenge: Challenge) -> list[Metric]:
    """Declare utility, risks and what they are made of."""
    from anomed_dataset_synthesis.challenge.metrics import metrics

    return metrics(challenge.definition)


@hookimpl
def anomed_validate_submission(challenge: Challenge, submission: Submission) -> None:
    """Refuse what the codebook cannot say."""
    from anomed_dataset_synthesis.challenge.kinds import validate

    validate(challenge.definition, submission)


@hookimpl
def anomed_evaluate_utility(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    """Measure what a synthetic table is good for."""
    from anomed_dataset_synthesis.challenge.scoring import utility_metrics

    return utility_metrics(challenge.definition, submission)


@hookimpl
def anomed_evaluate_threat(
    challenge: Challenge, submission: Submission, target: Target
) -> Mapping[str, float]:
    """Measure what an attack learnt, against non-members."""
    from anomed_dataset_synthesis.challenge.scoring import threat_metrics

    return threat_metrics(challenge.definition, submission, target)


@hookimpl
def anomed_house_attacks(challenge: Challenge) -> list[HouseAttack]:
    """Attack every synthetic table in all ways the house knows, and test its claim."""
    from anomed_dataset_synthesis.challenge.house import house_attacks

    return house_attacks(challenge.definition)


@hookimpl
def anomed_baselines(challenge: Challenge) -> list[Baseline]:
    """Offer generators and attacks with known outcomes."""
    from anomed_dataset_synthesis.challenge.baselines import baselines

    return baselines(challenge.definition)


@hookimpl
def anomed_rankings(challenge: Challenge) -> list[Ranking]:
    """Rank useful synthetic tables by the worst attack on them, then by utility."""
    from anomed_dataset_synthesis.challenge.rankings import rankings

    return rankings(challenge.definition)


@hookimpl
def anomed_house_entries(challenge: Challenge) -> list[HouseEntry]:
    """Enter a table without ties between columns, and one that others have published."""
    from anomed_dataset_synthesis.challenge.rankings import house_entries

    return house_entries(challenge.definition)


@hookimpl
def anomed_report(challenge: Challenge, scores: tuple[Score, ...]) -> list[ReportSection]:
    """Show what became of claims, what the house flagged, and a page about each final."""
    from anomed_dataset_synthesis.challenge.report import report_sections

    return report_sections(challenge.definition, scores)


@hookimpl
def anomed_environments() -> Iterable[Recipe]:
    """Offer the libraries of other projects that synthesize tables, too."""
    from anomed_dataset_synthesis.external import RECIPES

    return RECIPES


@hookimpl
def anomed_cli_commands() -> Mapping[str, str]:
    """Offer ``anomed synthesize`` and ``anomed compare``."""
    return {
        "synthesize": "anomed_dataset_synthesis.commands.synthesize:synthesize",
        "compare": "anomed_dataset_synthesis.commands.compare:compare",
    }
