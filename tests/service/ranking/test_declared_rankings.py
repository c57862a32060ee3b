"""What is kept of finals for rankings: each metric once, however many rankings read it."""

from pathlib import Path

import numpy as np
import pytest

from anomed_core import (
    Challenge,
    Criterion,
    Gate,
    HouseAttack,
    HouseEntry,
    Metric,
    Ranking,
    SubmissionKind,
    Take,
    hookimpl,
)
from anomed_core.errors import ContractError, PluginBrokenError, PluginConflictError
from anomed_core.ledger import RankedMetric
from anomed_core.service.ranking.declared_rankings import Declarations, ranked_metrics, resolve
from tests.ranked_type import Incomes, open_contest


def test_a_metric_that_anchors_and_decides_is_kept_once_with_its_estimate() -> None:
    """A primary metric that is a confidence limit was kept twice, and the ledger refused it."""
    kind = SubmissionKind.of_array("deanonymizer", "bool", shape=4, description="Guesses.")
    metrics = (
        Metric(name="risk_low", kind="deanonymizer", primary=True),
        Metric(name="risk", kind="deanonymizer", limits=("risk_low", "risk_high")),
        Metric(name="risk_high", kind="deanonymizer"),
    )
    declared = Declarations(kinds=[kind], metrics={"deanonymizer": metrics}, attacks=[], entries=[])
    ranking = Ranking(name="attacks", kind="deanonymizer", criteria=[Criterion(metric="risk_low")])

    assert ranked_metrics([resolve(ranking, declared)], []) == [
        RankedMetric(kind="deanonymizer", metric="risk_low", estimate="risk")
    ]


def metrics(kind: str) -> tuple[Metric, ...]:
    return (
        Metric(name="risk", kind=kind, primary=True),
        Metric(name="cost", kind=kind, direction="lower"),  # type: ignore[arg-type]  # as plugins do
    )


KINDS = [
    SubmissionKind.of_array(name, "bool", shape=4, description="Guesses.")
    for name in ("anonymizer", "deanonymizer")
]
PANEL = HouseAttack(
    name="panel",
    kind="anonymizer",
    metrics=[Metric(name="cost"), Metric(name="low")],
    run=lambda *_: {},
)
DECLARED = Declarations(
    kinds=KINDS,
    metrics={kind.name: metrics(kind.name) for kind in KINDS},
    attacks=[PANEL],
    entries=[],
)
REFUSED = [
    ("nobody", [], [Criterion(metric="risk")], "names the submission kind 'nobody', which is not"),
    ("anonymizer", [], [Criterion(metric="best")], "reads the metric 'best', which is not decl"),
    (
        "anonymizer",
        [],
        [Criterion(metric="risk", kind="nobody")],
        "names the submission kind 'nobody'",
    ),
    (
        "anonymizer",
        [],
        [Criterion(metric="risk", take=Take.MEAN_RANK)],
        "takes 'risk' as 'mean_rank', but 'anonymizer' attacks nobody",
    ),
    (
        "deanonymizer",
        [],
        [Criterion(metric="risk", take=Take.WORST)],
        "takes the worst attack on 'deanonymizer', which nobody attacks",
    ),
    (
        "anonymizer",
        [],
        [Criterion(metric="best", take=Take.WORST)],
        "takes the worst 'best', which no attack on 'anonymizer' declares",
    ),
    (
        "anonymizer",
        [],
        [Criterion(metric="cost", take=Take.WORST)],
        "which some attacks want to be higher and some lower",
    ),
    (
        "deanonymizer",
        [],
        [Criterion(metric="risk", take=Take.MEAN_RANK), Criterion(metric="cost")],
        "mixes criteria of one final with criteria over several",
    ),
    (
        "deanonymizer",
        [],
        [Criterion(metric="risk", take=Take.AREA_OVER, over="epsilon")],
        "takes the area of 'risk' over 'epsilon', which is no parameter of 'deanonymizer'",
    ),
    (
        "anonymizer",
        [Gate(metric="low", at_least=0, label="a copy", house_attack="shadow")],
        [Criterion(metric="risk")],
        "names the house attack 'shadow'; attacks on 'anonymizer' are ['panel']",
    ),
    (
        "anonymizer",
        [Gate(metric="risk", at_least=0, label="a copy", house_attack="panel")],
        [Criterion(metric="risk")],
        "reads the metric 'risk', which is not declared; declared are ['cost', 'low']",
    ),
    (
        "anonymizer",
        [Gate(metric="best", at_least=0, label="of no use")],
        [Criterion(metric="risk")],
        "gate 'of no use' reads the metric 'best'",
    ),
]


@pytest.mark.parametrize(("kind", "gates", "criteria", "sentence"), REFUSED)
def test_a_ranking_that_does_not_fit_is_refused(
    kind: str, gates: list[Gate], criteria: list[Criterion], sentence: str
) -> None:
    ranking = Ranking(name="who", kind=kind, gates=gates, criteria=criteria)
    with pytest.raises(ContractError) as refusal:
        resolve(ranking, DECLARED)
    assert "the ranking 'who'" in str(refusal.value)
    assert sentence in str(refusal.value)


class Declaring(Incomes):
    """Declares what it is given."""

    def __init__(self, rankings: list[Ranking], entries: list[HouseEntry]) -> None:
        self.rankings, self.entries = rankings, entries

    @hookimpl
    def anomed_rankings(self, challenge: Challenge) -> list[Ranking]:
        return self.rankings

    @hookimpl
    def anomed_house_entries(self) -> list[HouseEntry]:
        return self.entries


WHO = Ranking(name="who", kind="anonymizer", criteria=[Criterion(metric="utility")])
MEANS = [Criterion(metric="risk_low", take=Take.MEAN_OVER_TARGETS)]
ATTACKERS = Ranking(name="attackers", kind="deanonymizer", criteria=MEANS)


@pytest.mark.parametrize(
    ("rankings", "entries", "error", "sentence"),
    [
        ([WHO, WHO], [], PluginConflictError, "ranking 'who' is declared twice"),
        (
            [ATTACKERS],
            [],
            PluginBrokenError,
            "'attackers' counts targets, but no ranking of anonymizer",
        ),
        ([WHO], ["anonymizer"] * 2, PluginConflictError, "attack 'entry' is declared twice"),
        ([WHO], ["deanonymizer"], PluginBrokenError, "finals and no target: .'anonymizer'.$"),
        ([WHO], ["nobody"], PluginBrokenError, "the house entry 'entry' is for 'nobody'"),
    ],
)
def test_declarations_that_clash_are_refused(
    tmp_path: Path,
    rankings: list[Ranking],
    entries: list[str],
    error: type[Exception],
    sentence: str,
) -> None:
    entered = [HouseEntry(name="entry", kind=kind, payload=np.zeros(4)) for kind in entries]
    played = Declaring(rankings, entered)
    with pytest.raises(error, match=sentence):
        open_contest(tmp_path, played=played)
