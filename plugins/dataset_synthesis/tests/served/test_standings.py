"""Who stands where after finals, house attacks and everybody else's attacks."""

from typing import Any

import pandas as pd
import pytest
from anomed_dataset_synthesis.generators import (
    Bootstrap,
    Copy,
    IndependentColumns,
    SequentialTrees,
)
from anomed_dataset_synthesis.standings import Standing, report_sections, standings

from anomed_core import Split

FINAL = "validation"
CHEATS = ("copy", "bootstrap", "stolen", "leak", "masked")


@pytest.fixture(scope="module")
def ended(open_served: Any) -> Any:
    """A competition of two honest generators and five cheats, all attacked by the house."""
    served = open_served()
    n_training = served.player.rules()["n_training"][FINAL]
    independent = served.synthesize(IndependentColumns(), FINAL)
    training = served.player.table("/data/anonymizer/training", data_split=FINAL)
    masked = training.sample(frac=1, random_state=0).reset_index(drop=True)
    masked["age"] = training["age"]
    tables = {
        "copy": served.synthesize(Copy(), FINAL),
        "bootstrap": served.synthesize(Bootstrap(), FINAL),
        "stolen": served.player.table("/data/background").iloc[:n_training],
        "leak": pd.concat([training.iloc[:60], independent.iloc[60:]]),
        "masked": masked,
        "honest": served.synthesize(SequentialTrees(min_leaf=40), FINAL),
        "plainer": served.synthesize(SequentialTrees(min_leaf=60), FINAL),
    }
    for name, table in tables.items():
        served.player.publish(name, table, data_split=FINAL)
        served.attacked("panel", name)
    return served


@pytest.fixture(scope="module")
def ranked(ended: Any) -> list[Standing]:
    return standings(ended.server.ledger.scores())


def test_every_cheat_ends_behind_every_honest_generator(ranked: list[Standing]) -> None:
    assert {one.anonymizer for one in ranked[:2]} == {"honest", "plainer"}
    assert {one.anonymizer for one in ranked[2:]} == set(CHEATS)
    assert ranked[0].on_front


def test_each_cheat_loses_by_what_it_did(ranked: list[Standing]) -> None:
    by_name = {one.anonymizer: one for one in ranked}
    assert by_name["copy"].risk > 0.9
    assert by_name["bootstrap"].risk > 0.4
    assert by_name["stolen"].flags == ("real records from elsewhere",)
    assert not by_name["stolen"].counts
    assert by_name["leak"].flags == ("holds training records",)
    assert not by_name["leak"].passes_gate
    assert by_name["masked"].risk > by_name["honest"].risk
    assert by_name["honest"].risk < 0.25


def test_the_page_says_all_of_it(ended: Any) -> None:
    first, *pages = report_sections(ended.arena, ended.server.ledger.scores())
    assert "real records from elsewhere" in first.html
    assert len(pages) == len(CHEATS) + 2
    assert all("srcdoc" in page.html for page in pages)


def test_standings_count_the_worst_attack(open_served: Any) -> None:
    served = open_served()
    final = served.synthesize(Copy(), FINAL)
    served.player.publish("exposed", final, data_split=FINAL)
    this = served.arena.rounds[Split.VALIDATION]
    served.player.attack(
        "membership",
        this.membership.is_member.astype(float),
        anonymizer="exposed",
        deanonymizer="oracle",
        data_split=FINAL,
    )
    (standing,) = [
        one for one in standings(served.server.ledger.scores()) if one.anonymizer == "exposed"
    ]
    assert standing.worst_attack == "oracle, membership"
    assert standing.risk is not None
    assert standing.risk > 0.8
    assert standing.passes_gate
