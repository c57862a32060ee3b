"""Who stands where after finals, house attacks and everybody else's attacks."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.challenge.report import report_sections
from anomed_dataset_synthesis.generators import (
    Bootstrap,
    Copy,
    IndependentColumns,
    SequentialTrees,
)

from anomed_core import Split
from anomed_core.report import rendered

FINAL = "validation"
CHEATS = ("copy", "bootstrap", "stolen", "moved", "learnt", "leak", "masked")


@pytest.fixture(scope="module")
def ended(open_served: Any) -> Any:
    """A competition of two honest generators and of cheats, all attacked by the house."""
    served = open_served()
    n_training = served.player.rules()["n_training"][FINAL]
    independent = served.synthesize(IndependentColumns(), FINAL)
    training = served.player.table("/data/anonymizer/training", data_split=FINAL)
    masked = training.sample(frac=1, random_state=0).reset_index(drop=True)
    masked["age"] = training["age"]
    background = served.player.table("/data/background")
    moved = background.iloc[:n_training].assign(weight=lambda table: table["weight"] + 0.5)
    moved["weight"] = moved["weight"].clip(upper=background["weight"].max())
    tables = {
        "copy": served.synthesize(Copy(), FINAL),
        "bootstrap": served.synthesize(Bootstrap(), FINAL),
        "stolen": background.iloc[:n_training],
        "moved": moved,
        "learnt": learnt_from(background, served, n_training),
        "leak": pd.concat([training.iloc[:60], independent.iloc[60:]]),
        "masked": masked,
        "honest": served.synthesize(SequentialTrees(min_leaf=40), FINAL),
        "plainer": served.synthesize(SequentialTrees(min_leaf=60), FINAL),
    }
    for name, table in tables.items():
        served.player.publish(name, table, data_split=FINAL)
        served.attacked("panel", name)
    return served


def learnt_from(table: pd.DataFrame, served: Any, n_records: int) -> pd.DataFrame:
    """Return what a generator learns from a table without a secret."""
    rng = np.random.default_rng(0)
    fitted = SequentialTrees().fit(table, served.player.codebook(), rng=rng)
    return fitted.sample(n_records, rng=rng)


@pytest.fixture(scope="module")
def entries(ended: Any) -> dict[str, Any]:
    """The entries of the headline ranking in its order, by anonymizer."""
    return ranked(ended)


def ranked(served: Any) -> dict[str, Any]:
    (hosted,) = served.server.challenges.values()
    headline, *_ = served.server.rankings.tables(hosted)
    assert headline.name == "synthesizers"
    return {entry.anonymizer: entry for entry in headline.entries}


def risk(entry: Any) -> float:
    """Return the criterion that decides first: the worst attack's lower limit."""
    return next(iter(entry.values.values()))


def test_every_cheat_ends_behind_every_honest_generator(entries: dict[str, Any]) -> None:
    names = [name for name in entries if name in {"honest", "plainer", *CHEATS}]

    assert set(names[:2]) == {"honest", "plainer"}
    assert set(names[2:]) == set(CHEATS)


def test_each_cheat_loses_by_what_it_did(entries: dict[str, Any]) -> None:
    assert risk(entries["copy"]) > 0.9
    assert risk(entries["bootstrap"]) > 0.4
    for name in ("stolen", "moved", "learnt"):
        assert entries[name].place is None
        assert "real records from elsewhere" in entries[name].labels
    assert entries["leak"].place is None
    assert "of too little use" in entries["leak"].labels
    assert risk(entries["masked"]) > risk(entries["honest"])
    assert risk(entries["honest"]) < 0.25


def test_the_report_says_what_the_house_saw(ended: Any) -> None:
    first, *pages = report_sections(ended.arena, ended.server.ledger.scores())
    flags = {one["anonymizer"]: one["flags"] for one in first.data["findings"]}

    assert flags["stolen"] == ("real records from elsewhere",)
    assert flags["leak"] == ("holds training records",)
    assert not flags["honest"]
    assert "real records from elsewhere" in rendered(first.parts)
    assert len(pages) == len(CHEATS) + 2
    assert all("Marginals" in rendered(page.parts) for page in pages)


def test_the_worst_attack_counts(open_served: Any) -> None:
    served = open_served()
    final = served.synthesize(Copy(), FINAL)
    served.player.publish("exposed", final, data_split=FINAL)
    this = served.arena.rounds[Split.VALIDATION]
    for attacker, scores in (
        ("oracle", this.membership.is_member.astype(float)),
        ("guesser", np.full(len(this.membership.is_member), 0.5)),
    ):
        served.player.attack(
            "membership", scores, anonymizer="exposed", deanonymizer=attacker, data_split=FINAL
        )

    entry = ranked(served)["exposed"]

    assert entry.place == 1
    assert entry.worst.name == "oracle"
    assert risk(entry) > 0.8


def test_a_copied_final_is_named_with_the_one_that_came_earlier(open_served: Any) -> None:
    """Attackers read tables in another order and file than they were handed in."""
    served = open_served()
    table = served.synthesize(IndependentColumns(), FINAL)
    served.player.publish("zoe", table, data_split=FINAL)
    read = served.player.table("/data/synthetic", anonymizer="zoe", data_split=FINAL)
    served.player.publish("ann", read.sample(frac=1, random_state=1), data_split=FINAL)
    served.player.publish("own", table.iloc[1:], data_split=FINAL)

    first, *_ = report_sections(served.arena, served.server.ledger.scores())
    flags = {one["anonymizer"]: one["flags"] for one in first.data["findings"]}

    assert flags == {
        "ann": ("same table as that of zoe, which came earlier",),
        "own": (),
        "zoe": (),
    }
