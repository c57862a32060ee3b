"""A stranger's challenge type that declares who wins, and a contest of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from anomed_core import (
    Challenge,
    ChallengeSpec,
    ChallengeType,
    Criterion,
    DemoConfig,
    DemoSession,
    FinalScores,
    Gate,
    HouseAttack,
    HouseEntry,
    Metric,
    Phase,
    Ranking,
    ServerSettings,
    ShownRanking,
    Split,
    Submission,
    SubmissionKind,
    hookimpl,
)
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from tests.ledger.contest import Contest

RISK = (
    Metric(name="risk", bounds=(0, 1), limits=("risk_low", "risk_high"), definition="Risk."),
    Metric(name="risk_low", bounds=(0, 1), definition="Its lower limit."),
    Metric(name="risk_high", bounds=(0, 1), definition="Its upper limit."),
)


@attrs.frozen(kw_only=True)
class IncomesConfig:
    """Options: none."""


def play(session: DemoSession) -> None:
    """Let two anonymizers submit, and one of them be attacked."""
    for anonymizer, share in (("near", 1.0), ("far", 0.2)):
        guess, attack = np.full(4, share), np.full(4, share / 2)
        session.join(anonymizer).submit(guess, kind="anonymizer", split="validation")
        session.join("dan").attack(anonymizer).submit(attack, split="validation")


class Incomes:
    """Publish incomes that are of use, and do not tell whose they are."""

    ANOMED_API = 1

    @hookimpl
    def anomed_challenge_types(self) -> list[ChallengeType]:
        demo = DemoConfig(play="tests.ranked_type:play")
        return [ChallengeType(name="incomes", config_class=IncomesConfig, demo=demo)]

    @hookimpl
    def anomed_create_challenge(self) -> object:
        return "incomes"

    @hookimpl
    def anomed_submission_kinds(self) -> list[SubmissionKind]:
        return [
            SubmissionKind.of_array(
                name, "float", shape=4, array="guess", description="Incomes.", cheap=True
            )
            for name in ("anonymizer", "deanonymizer")
        ]

    @hookimpl
    def anomed_metrics(self) -> list[Metric]:
        utility = Metric(name="utility", kind="anonymizer", bounds=(0, 1), definition="Use.")
        return [utility, *(attrs.evolve(metric, kind="deanonymizer") for metric in RISK)]

    @hookimpl
    def anomed_evaluate_utility(self, submission: Submission) -> dict[str, float]:
        return {"utility": float(submission.payload["guess"].mean())}

    @hookimpl
    def anomed_evaluate_threat(self, submission: Submission) -> dict[str, float]:
        return _risk(float(submission.payload["guess"].mean()))

    @hookimpl
    def anomed_house_attacks(self) -> list[HouseAttack]:
        def run(submission: Submission, _: np.random.Generator) -> Mapping[str, float]:
            return _risk(float(submission.payload["guess"].mean()) / 4)

        return [HouseAttack(name="panel", kind="anonymizer", metrics=RISK, run=run)]

    @hookimpl
    def anomed_house_entries(self) -> list[HouseEntry]:
        description = "The mean of all incomes."
        payload = np.full(4, 0.7)
        return [
            HouseEntry(name="mean", kind="anonymizer", description=description, payload=payload)
        ]

    @hookimpl
    def anomed_rankings(self, challenge: Challenge) -> list[Ranking]:
        assert challenge.definition == "incomes"
        return [
            Ranking(
                name="anonymizers",
                kind="anonymizer",
                gates=[Gate(metric="utility", at_least=0.6, label="of no use")],
                criteria=[
                    Criterion(metric="risk_low", take="worst", resolution=0.01),  # type: ignore[arg-type]  # as plugins do
                    Criterion(metric="utility"),
                ],
            ),
            Ranking(
                name="deanonymizers",
                kind="deanonymizer",
                criteria=[Criterion(metric="risk_low", take="mean_over_targets")],  # type: ignore[arg-type]
            ),
        ]


def _risk(value: float) -> dict[str, float]:
    return {"risk": value, "risk_low": value * 0.9, "risk_high": min(1.0, value * 1.1)}


plugin = Incomes()


def open_contest(
    state: Path,
    *,
    shown: ShownRanking | None = None,
    phases: Mapping[Split, Phase] | None = None,
    accept_change: bool = False,
    finals: FinalScores | None = None,
    played: object = plugin,
    **options: Any,
) -> Server:
    """Open a server of the type; nothing is played yet."""
    registry = build_registry()
    registry.add(played, name="incomes")
    spec = ChallengeSpec(
        id="incomes",
        type="incomes",
        config=IncomesConfig(),
        ranking=shown or ShownRanking(),
        phases=phases or {},
        finals=finals,
    )
    settings = ServerSettings(state=state, **options)
    return open_server([spec], registry=registry, settings=settings, accept_change=accept_change)


def play_contest(server: Server) -> None:
    """Let the contest be played that `tests.ledger.contest` describes; annul one of its finals."""
    (hosted,) = server.challenges.values()
    contest = Contest(ledger=server.ledger, challenge=hosted.id, fingerprint=hosted.fingerprint)
    finals = contest.play()
    server.ledger.annul(finals["gus"].id, "two accounts of one team")
