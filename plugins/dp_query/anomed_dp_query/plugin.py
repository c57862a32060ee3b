"""The challenge type ``dp-query``: the hooks, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from anomed_core import (
    Baseline,
    Challenge,
    ChallengeType,
    CreationContext,
    DataProduct,
    DemoConfig,
    ForeignProtocol,
    HouseAttack,
    HouseEntry,
    Metric,
    Operation,
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
    from anomed_dp_query.challenge.arena import Arena

ANOMED_API = 1

NAME = "dp-query"

_HOSPITAL = {
    "title": "Hospital register",
    "answer_grid_s": 0.05,
    "datasets": {
        "REGISTER": {"source": "simulated:hospital-register?n=5000&seed=7"},
        "PRACTICE": {"source": "simulated:hospital-register?n=1000&seed=8"},
    },
    "contest": {
        "practice": "PRACTICE",
        "tiers": {"1": "REGISTER"},
        "outsiders": "simulated:hospital-register?n=2000&seed=9",
        "n_conditions": [2, 2],
        "columns": ["sex", "region", "admission_type", "diagnosis", "severity", "outcome"],
        "secret": "admission_type",
        "secret_value": "emergency",
        "targets": 250,
    },
}


@hookimpl
def anomed_challenge_types() -> list[ChallengeType]:
    """Announce questions to hidden tables."""
    return [
        ChallengeType(
            name=NAME,
            title="Questions to hidden tables",
            description="Anonymizers ask tables that nobody sees, within a budget of privacy; "
            "deanonymizers find out who is in them from what was answered.",
            config_class="anomed_dp_query.challenge.config:DpQueryConfig",
            both_roles="refuse",
            demo_config={"id": "hospital", **_HOSPITAL},
            demo=DemoConfig(play="anomed_dp_query.challenge.demo:play", config=_HOSPITAL),
        )
    ]


@hookimpl
def anomed_create_challenge(config: Any, context: CreationContext) -> Arena:
    """Load the tables, once for all workers."""
    from anomed_dp_query.challenge.arena import open_arena

    return open_arena(config, context)


@hookimpl
def anomed_data_products(challenge: Challenge) -> list[DataProduct]:
    """Hand out what is public about the tables."""
    from anomed_dp_query.challenge.products import data_products

    return data_products(challenge.definition)


@hookimpl
def anomed_operations(challenge: Challenge) -> list[Operation]:
    """Let analysts ask for prices and answers."""
    from anomed_dp_query.challenge.operations import operations

    return operations(challenge.definition)


@hookimpl
def anomed_protocols(challenge: Challenge) -> list[ForeignProtocol]:
    """Speak to the published clients of Lomas."""
    from anomed_dp_query.challenge.protocols import protocols

    return protocols(challenge.definition)


@hookimpl
def anomed_extra_routes(challenge: Challenge) -> dict[str, Any]:
    """Say to them what is not offered here."""
    from anomed_dp_query.challenge.protocols import extra_routes

    return extra_routes(challenge.definition)


@hookimpl
def anomed_submission_kinds(challenge: Challenge) -> list[SubmissionKind]:
    """Take estimates and attacks, where there is a contest."""
    from anomed_dp_query.challenge.kinds import submission_kinds

    return submission_kinds(challenge.definition)


@hookimpl
def anomed_metrics(challenge: Challenge) -> list[Metric]:
    """Declare errors and what attacks find out."""
    from anomed_dp_query.challenge.metrics import metrics

    return metrics(challenge.definition)


@hookimpl
def anomed_evaluate_utility(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    """Measure estimates, and what they have cost."""
    from anomed_dp_query.challenge.scoring import utility_metrics

    return utility_metrics(challenge.definition, submission)


@hookimpl
def anomed_evaluate_threat(
    challenge: Challenge, submission: Submission, target: Target
) -> Mapping[str, float]:
    """Measure what an attack found out, against what was spent."""
    from anomed_dp_query.challenge.scoring import threat_metrics

    return threat_metrics(challenge.definition, submission, target)


@hookimpl
def anomed_house_attacks(challenge: Challenge) -> list[HouseAttack]:
    """Attack what each analyst was answered."""
    from anomed_dp_query.challenge.house import house_attacks

    return house_attacks(challenge.definition)


@hookimpl
def anomed_baselines(challenge: Challenge) -> list[Baseline]:
    """Offer what everybody can hand in, and what is refused."""
    from anomed_dp_query.challenge.baselines import baselines

    return baselines(challenge.definition)


@hookimpl
def anomed_environments() -> Iterable[Recipe]:
    """Offer the libraries that need environments of their own."""
    from anomed_dp_query.libraries.foreign import RECIPES

    return RECIPES


@hookimpl
def anomed_rankings(challenge: Challenge) -> list[Ranking]:
    """Rank analysts by error and spending, attackers by what they found out."""
    from anomed_dp_query.challenge.rankings import rankings

    return rankings(challenge.definition)


@hookimpl
def anomed_house_entries(challenge: Challenge) -> list[HouseEntry]:
    """Enter what costs nothing."""
    from anomed_dp_query.challenge.rankings import house_entries

    return house_entries(challenge.definition)


@hookimpl
def anomed_report(
    challenge: Challenge,
    scores: tuple[Score, ...],
    submission_of: Callable[[Score], Submission | None],
) -> list[ReportSection]:
    """Show budgets, prices over time, error against epsilon, and incidents."""
    from anomed_dp_query.challenge.report import report_sections

    return report_sections(challenge.definition, scores, submission_of)


@hookimpl
def anomed_cli_commands() -> Mapping[str, str]:
    """Offer ``anomed dp``."""
    return {"dp": "anomed_dp_query.commands.dp:dp"}
