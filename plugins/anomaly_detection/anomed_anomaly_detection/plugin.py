"""Hooks of the challenge type ``anomaly-detection``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from anomed_core import (
    Baseline,
    Challenge,
    ChallengeType,
    CreationContext,
    DataProduct,
    DemoConfig,
    HouseAttack,
    HouseEntry,
    Ranking,
    ReportSection,
    Score,
    Submission,
    SubmissionKind,
    Target,
    hookimpl,
)

if TYPE_CHECKING:
    from anomed_anomaly_detection.challenge.arena import Arena

ANOMED_API = 1

NAME = "anomaly-detection"

_PAIR = {
    "source": "backdoor",
    "title": "A pair of dark pixels",
    "options": {
        "trigger": {"name": "constant", "positions": [28, 36], "value": 0.0},
        "aim": {"behavior": "cycle"},
        "p_backdoor": 0.2,
    },
}
_DIGITS = {"source": "sklearn:digits", "shape": [8, 8], "high": 16.0}


@hookimpl
def anomed_challenge_types() -> list[ChallengeType]:
    """Announce anomaly detection."""
    return [
        ChallengeType(
            name=NAME,
            title="Mechanistic anomaly detection",
            description="Anonymizers plant backdoors in a model; deanonymizers flag, input by "
            "input, what the model handles for a wrong reason.",
            config_class="anomed_anomaly_detection.challenge.config:AnomalyDetectionConfig",
            both_roles="warn",
            demo_config={
                "id": "digits",
                "title": "Handwritten digits",
                "data": _DIGITS,
                "tasks": {"pair": _PAIR},
            },
            demo=DemoConfig(
                play="anomed_anomaly_detection.challenge.demo:play",
                config={
                    "title": "Handwritten digits",
                    "data": _DIGITS,
                    "tasks": {"pair": _PAIR},
                },
            ),
        )
    ]


@hookimpl
def anomed_create_challenge(config: Any, context: CreationContext) -> Arena:
    """Load the records, draw the pools, train and check the house's tasks, once for all workers."""
    from anomed_anomaly_detection.challenge.arena import open_arena

    return open_arena(config, context)


@hookimpl
def anomed_data_products(challenge: Challenge) -> list[DataProduct]:
    """Declare tasks, recipe and what each pair examines."""
    from anomed_anomaly_detection.challenge.products import data_products

    return data_products(challenge.definition)


@hookimpl
def anomed_submission_kinds(challenge: Challenge) -> list[SubmissionKind]:
    """Declare scores, weights with a trigger, and poisoned rows."""
    from anomed_anomaly_detection.challenge.kinds import submission_kinds

    return submission_kinds(challenge.definition)


@hookimpl
def anomed_validate_submission(challenge: Challenge, submission: Submission) -> None:
    """Refuse weights that overflow, and more rows than the budget."""
    from anomed_anomaly_detection.challenge.kinds import validate

    validate(challenge.definition, submission)


@hookimpl
def anomed_evaluate_utility(challenge: Challenge, submission: Submission) -> Mapping[str, float]:
    """Measure whether an author's backdoor works, and what it costs."""
    from anomed_anomaly_detection.challenge.scoring import utility_metrics

    return utility_metrics(challenge.definition, submission)


@hookimpl
def anomed_evaluate_threat(
    challenge: Challenge, submission: Submission, target: Target | None
) -> Mapping[str, float]:
    """Compare scores with what is anomalous."""
    from anomed_anomaly_detection.challenge.scoring import threat_metrics

    return threat_metrics(challenge.definition, submission, target)


@hookimpl
def anomed_house_attacks(challenge: Challenge) -> list[HouseAttack]:
    """Send the house's detectors against every author."""
    from anomed_anomaly_detection.challenge.house import house_attacks

    return house_attacks(challenge.definition)


@hookimpl
def anomed_house_entries(challenge: Challenge) -> list[HouseEntry]:
    """Enter the house's detectors for each of its tasks."""
    from anomed_anomaly_detection.challenge.house import house_entries

    return house_entries(challenge.definition)


@hookimpl
def anomed_rankings(challenge: Challenge) -> list[Ranking]:
    """Rank detectors by task and over authors, and authors by the strongest detector."""
    from anomed_anomaly_detection.challenge.rankings import rankings

    return rankings(challenge.definition)


@hookimpl
def anomed_baselines(challenge: Challenge) -> list[Baseline]:
    """Offer backdoors, constant networks and detectors with known outcomes."""
    from anomed_anomaly_detection.challenge.baselines import baselines

    return baselines(challenge.definition)


@hookimpl
def anomed_report(
    challenge: Challenge,
    scores: tuple[Score, ...],
    submission_of: Callable[[Score], Submission | None],
) -> list[ReportSection]:
    """Show who finds what, by which layer, and what a backdoor's success costs."""
    from anomed_anomaly_detection.challenge.report import report_sections

    return report_sections(challenge.definition, scores, submission_of)


@hookimpl
def anomed_cli_commands() -> dict[str, str]:
    """Add the group of commands ``anomed anomaly``."""
    return {"anomaly": "anomed_anomaly_detection.commands:anomaly"}
