"""What the served challenge hands out, and to whom."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomed_client import Refused
from anomed_dataset_synthesis.challenge.data import commitment_of
from anomed_dataset_synthesis.generators import Copy, IndependentColumns
from anomed_dataset_synthesis.table.canonical import canonicalise, keys_of

from anomed_core import Split
from anomed_core.service import dummy_data

FINAL, TUNING = "validation", "tuning"
PER_ROUND = ("targets", "attribute-targets", "left-halves", "right-halves")


def rows(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    return [tuple(map(str, row)) for row in table.to_numpy().tolist()]


def test_codebook_and_rules_are_published(served: Any) -> None:
    rules = served.player.rules()
    assert [column["name"] for column in rules["columns"]][:2] == ["age", "weight"]
    assert rules["secrets"] == ["outcome", "job"]
    assert set(rules["left_half"]) | set(rules["right_half"]) == {
        column["name"] for column in rules["columns"]
    }
    assert rules["n_training"][TUNING] == len(served.arena.population.training[TUNING])


def test_rounds_share_no_records_and_flip_coins(served: Any, people: Path) -> None:
    parts = served.arena.population
    sizes = [len(parts.background)]
    for name in ("practice", "tuning", "validation"):
        n_members, n_others = len(parts.training[name]), len(parts.non_members[name])
        sizes += [n_members, n_others]
        # independent coins: the counts differ, yet by no more than four standard deviations
        assert abs(n_members - n_others) < 4 * np.sqrt(n_members + n_others)
    assert sum(sizes) == len(pd.read_parquet(people))


def test_the_practice_round_is_open_to_everybody(served: Any) -> None:
    training = served.player.table("/data/practice/training")
    non_members = served.player.table("/data/practice/control")
    assert len(training) == len(served.arena.population.training["practice"])
    assert len(non_members) == len(served.arena.population.non_members["practice"])
    nonce = bytes.fromhex(
        served.player.client.get("/data/commitment").json()["rounds"]["practice"]["nonce"]
    )
    book = served.player.codebook()
    again = commitment_of(nonce, canonicalise(training, book), canonicalise(non_members, book))
    committed = served.player.client.get("/data/commitment").json()["rounds"]
    assert again == committed["practice"]["sha256"]
    assert "nonce" not in committed["validation"]


def test_another_split_breaks_the_commitment(served: Any) -> None:
    population = served.arena.population
    training, non_members = population.training[FINAL], population.non_members[FINAL]
    nonce = served.arena.nonce(FINAL)
    assert commitment_of(nonce, training, non_members) == served.arena.commitment(FINAL)
    assert commitment_of(nonce, non_members, training) != served.arena.commitment(FINAL)
    assert commitment_of(hashlib.sha256(nonce).digest(), training, non_members) != (
        served.arena.commitment(FINAL)
    )
    with pytest.raises(ValueError, match="16"):
        commitment_of(b"short", training, non_members)


def test_a_round_that_is_over_can_be_revealed(open_served: Any) -> None:
    revealed = open_served(reveal=("tuning",))
    non_members = revealed.player.table("/data/tuning/control")
    assert len(non_members) == len(revealed.arena.population.non_members[TUNING])
    assert "nonce" in revealed.player.client.get("/data/commitment").json()["rounds"][TUNING]


def test_revealing_a_round_changes_no_fingerprint_and_needs_no_new_start(open_served: Any) -> None:
    (before,) = open_served().server.challenges.values()
    (after,) = open_served(reveal=("tuning",), audit_runs=50).server.challenges.values()
    (other,) = open_served(gate=0.5).server.challenges.values()
    assert before.fingerprint == after.fingerprint != other.fingerprint


def test_secret_rounds_are_not_handed_out(served: Any) -> None:
    for path in ("/data/tuning/control", "/data/validation/training", "/data/validation/control"):
        assert served.player.client.get(path).status_code == 404


@pytest.mark.parametrize("split", [TUNING, FINAL])
def test_targets_have_no_double_on_the_other_side(served: Any, split: str) -> None:
    this = served.arena.rounds[Split(split)]
    for targets in (this.membership, this.attributes):
        members, others, training, non_members = keys_of(
            targets.table.take(targets.is_member),
            targets.table.take(~targets.is_member),
            this.real.training,
            this.real.non_members,
        )
        assert set(members) <= set(training) - set(non_members)
        assert set(others) <= set(non_members) - set(training)


def test_those_asked_about_differ_from_attack_to_attack(served: Any) -> None:
    this = served.arena.rounds[Split.VALIDATION]
    tables = [
        this.membership.table,
        this.attributes.table,
        this.halves.left,
    ]
    keys = [set(found) for found in keys_of(*tables)]
    assert not keys[0] & keys[1]
    assert not keys[1] & keys[2]
    assert not keys[0] & keys[2]


def test_attribute_targets_lack_the_secrets(served: Any) -> None:
    known = served.player.table("/data/deanonymizer/attribute-targets", data_split=FINAL)
    assert not {"outcome", "job"} & set(known.columns)
    assert len(known) == 300


def test_halves_hold_the_same_people_in_other_orders(served: Any) -> None:
    halves = served.arena.rounds[Split.TUNING].halves
    assert halves.right.take(halves.partners).levels.tolist() == halves.left.levels.tolist()
    left = served.player.table("/data/deanonymizer/left-halves", data_split=TUNING)
    right = served.player.table("/data/deanonymizer/right-halves", data_split=TUNING)
    assert not set(left.columns) & set(right.columns)


def test_targets_are_mixed(served: Any) -> None:
    is_member = served.truth()
    assert is_member.sum() * 2 == len(is_member)
    assert 0.3 < is_member[: len(is_member) // 2].mean() < 0.7


def test_attackers_get_what_was_published_for_the_round(served: Any) -> None:
    first = served.synthesize(IndependentColumns(), TUNING, seed=1)
    second = served.synthesize(Copy(), TUNING, seed=2)
    served.player.publish("twice", first, data_split=TUNING)
    served.player.publish("twice", second, data_split=TUNING)
    got = served.player.table("/data/synthetic", anonymizer="twice", data_split=TUNING)
    assert sorted(rows(got)) == sorted(rows(second))
    with pytest.raises(Refused, match="has submitted nothing yet"):
        served.player.table("/data/synthetic", anonymizer="twice", data_split=FINAL)


def test_dummy_data_have_the_form_and_none_of_the_values(served: Any) -> None:
    (hosted,) = served.server.challenges.values()
    for path, product in hosted.products.items():
        made = dummy_data(hosted, product, 1)
        if isinstance(made, dict):
            assert made.keys() == served.player.client.get(path).json().keys()
            continue
        assert made.equals(dummy_data(hosted, product, 1))
        assert made.column_names == [column.name for column in product.schema.columns], path
    training = hosted.products["/data/anonymizer/training"]
    frame = dummy_data(hosted, training, 2).to_pandas()
    # independent and uniform: nothing of how the real columns hang together
    assert abs(np.corrcoef(frame["age"], frame["visits"])[0, 1]) < 0.15


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("anonymizer", "training"),
        *(("deanonymizer", name) for name in PER_ROUND),
    ],
)
def test_a_table_of_a_round_is_encoded_by_whoever_asks_first(
    served: Any, role: str, name: str
) -> None:
    path = f"/data/{role}/{name}"
    tables = [served.player.client.get(path, params={"data_split": s}) for s in (TUNING, FINAL)]
    again = [served.player.client.get(path, params={"data_split": s}) for s in (TUNING, FINAL)]
    kept = [
        served.arena.encoded(path, Split(split), lambda: pytest.fail("it was encoded again"))
        for split in (TUNING, FINAL)
    ]
    assert [answer.content for answer in tables] == [answer.content for answer in again] == kept
    assert kept[0] != kept[1]
