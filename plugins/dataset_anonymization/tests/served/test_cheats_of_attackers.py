"""What an attacker may try, on the served challenge."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema.frames import people_frame

from anomed_core import Split
from anomed_core.config.settings import QuotaSettings
from anomed_core.ledger import attack_result

from .cheating import entries, kept, mondrian, truth_of, worst_of
from .conftest import Player, open_player


@pytest.fixture
def attacked(player: Player, leaky: pd.DataFrame) -> Player:
    """alice has published Mondrian's table."""
    assert player.publish(mondrian(player, leaky), "generalization").status_code == 201
    return player


def test_failing_on_controls_on_purpose_is_no_success(attacked: Player) -> None:
    """What a model says that never saw the table is right of members, too, and no leak."""
    truth = truth_of(attacked)
    reference = attacked.table("/data/reference")
    by_type = reference.groupby("admission_type", observed=True)["outcome"]
    guesses = truth["admission_type"].map(by_type.agg(lambda values: values.mode()[0]))
    answers = truth.assign(outcome=guesses)[["target_id", "outcome"]]
    metrics = attacked.attack(answers[truth["is_member"]], "inference").json

    assert metrics["non_members.outcome"] == 0
    assert metrics["members.outcome"] > 0.4
    assert metrics["risk_low"] == 0


def test_answering_for_easy_targets_only_is_failing_on_the_others(attacked: Player) -> None:
    truth = truth_of(attacked)
    easy = truth[truth["is_member"]].head(10)[["target_id", "diagnosis", "outcome"]]
    metrics = attacked.attack(easy, "inference").json

    assert metrics["members.diagnosis"] == pytest.approx(10 / 200)
    assert metrics["risk_low"] == 0
    assert metrics["anonymity_loss.diagnosis"] < 0.7


def test_more_guesses_than_people_or_ranks_are_refused(
    attacked: Player, leaky: pd.DataFrame
) -> None:
    table = pd.concat([leaky, leaky]).reset_index(drop=True)
    targets = truth_of(attacked)["target_id"]
    four = pd.DataFrame({"target_id": np.repeat(targets.head(5), 4), "anon_row": 0})
    four["rank"] = np.tile([1, 2, 3, 4], 5)

    assert attacked.attack(table, "reconstruction").status_code == 422
    assert attacked.attack(four, "linkage").status_code == 422
    assert attacked.attack(four.assign(rank=1), "linkage").status_code == 422


def test_constant_confidence_and_row_order_buy_nothing(player: Player, leaky: pd.DataFrame) -> None:
    assert player.publish(leaky).status_code == 201
    truth = truth_of(player).sort_values("is_member", ascending=False)
    published = pd.read_parquet(io.BytesIO(player.published()))
    rows = published.drop_duplicates(list(leaky.columns)).set_index(list(leaky.columns))["anon_row"]
    own = rows.reindex(pd.MultiIndex.from_frame(truth[list(leaky.columns)])).to_numpy()
    claims = pd.DataFrame(
        {"target_id": truth["target_id"], "anon_row": np.where(truth["is_member"], own, 0)}
    ).astype("int64")
    constant = player.attack(claims.assign(confidence=0.5), "linkage").json
    sorted_out = player.attack(claims.assign(confidence=truth["is_member"] * 1.0), "linkage").json

    assert constant["recall"] == sorted_out["recall"] == 1.0
    assert constant["precision"] == 0.5
    assert constant["tpr_at_fpr_0.01"] == 0.0
    assert sorted_out["tpr_at_fpr_0.01"] == 1.0


def test_tuning_says_nothing_about_validation_under_any_name(player: Player) -> None:
    arena = player.arena
    people = {split: set() for split in Split}
    for name in ("dora", "dora2", "emil"):
        for split in Split:
            draw = arena.draw(split, anonymizer="alice", deanonymizer=name)
            people[split] |= set(draw.targets.positions.tolist())

    assert not people[Split.TUNING] & people[Split.VALIDATION]


def test_what_the_house_says_of_a_tuning_table_is_as_coarse(attacked: Player) -> None:
    (hosted,) = attacked.server.challenges.values()
    house = next(one for one in hosted.house_attacks if one.name == "class_majority")
    metrics = house.run(kept(attacked), np.random.default_rng(0))

    assert any(0 < value < 1 for value in metrics.values())
    assert all(value == round(value, 2) for value in metrics.values())


def test_tuning_scores_of_attacks_are_coarse(attacked: Player) -> None:
    truth = truth_of(attacked)
    members = truth[truth["is_member"]][["target_id", "diagnosis"]]
    one, two = (attacked.attack(members.head(n), "inference").json for n in (1, 2))

    assert one["members.diagnosis"] == two["members.diagnosis"]
    assert all(value == round(value, 2) for value in two.values())


def test_reconstruction_for_tuning_tells_about_the_tuning_pool_only(
    attacked: Player, leaky: pd.DataFrame
) -> None:
    arena = attacked.arena
    others, _ = arena.people.sides(Split.VALIDATION)
    held_back = arena.people.coordinates[arena.people.pools["validation"].members]
    assert len(others) == len(leaky)
    table = people_frame(held_back, arena.schema)
    assert attacked.attack(table, "reconstruction").json["match_exact"] == 0.0
    assert attacked.publish(leaky, data_split="validation").status_code == 201
    final = attacked.attack(table, "reconstruction", data_split="validation").json
    assert final["match_exact"] == 1.0


def test_tries_are_limited_and_finals_are_scored_once(warm_state: Path, tmp_path: Path) -> None:
    player = open_player(
        warm_state,
        ledger=f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        quota=QuotaSettings(tuning_attempts=2),
    )
    leaky = player.leaky()
    codes = [player.publish(leaky).status_code for _ in range(3)]
    finals = [player.publish(leaky, data_split="validation").status_code for _ in range(2)]
    player.server.close()

    assert codes == [201, 201, 429]
    assert finals == [201, 409]


def test_nobody_attacks_their_own_table(attacked: Player) -> None:
    answers = truth_of(attacked)[["target_id", "diagnosis"]]
    answer = attacked.attack(answers, "inference", deanonymizer="alice")

    assert answer.status_code == 422
    assert "own table" in answer.json["description"]


def test_the_house_counts_in_the_worst_case_whatever_friends_submit(
    player: Player, leaky: pd.DataFrame
) -> None:
    """A friend's harmless attack does not make a table safe."""
    assert player.publish(leaky, data_split="validation").status_code == 201
    nothing = truth_of(player, Split.VALIDATION)[["target_id"]]
    friendly = player.attack(nothing, "inference", data_split="validation")
    (hosted,) = player.server.challenges.values()
    ledger = player.server.ledger
    table, _ = ledger.scores(challenge=hosted.id)
    assert friendly.json["risk_low"] == 0
    assert worst_of(player) == 0

    attack = next(attack for attack in hosted.house_attacks if attack.name == "nearest_box")
    metrics = attack.run(kept(player), np.random.default_rng(0))
    ledger.record_house(attack_result(table, "nearest_box", metrics, hosted.provenance))
    assert worst_of(player) > 0.9
    (entry,) = entries(player)
    assert "nearest_box" in str(entry.as_dict())


def test_whoever_reconstructs_the_people_counts_against_the_table(
    player: Player, leaky: pd.DataFrame
) -> None:
    """Reconstructions need not name an anonymizer; finals do, and are attacks as all others."""
    assert player.publish(leaky, data_split="validation").status_code == 201
    nothing = truth_of(player, Split.VALIDATION)[["target_id"]]
    assert player.attack(nothing, "inference", data_split="validation").json["risk_low"] == 0
    assert worst_of(player) == 0

    found = player.attack(leaky, "reconstruction", data_split="validation").json
    assert found["risk_low"] > 0.9
    assert worst_of(player) > 0.9


def test_attacks_for_tuning_count_in_no_ranking(player: Player, leaky: pd.DataFrame) -> None:
    """Tuning tells, so a table is asked about again and again; only a final counts against it."""
    assert player.publish(leaky, data_split="validation").status_code == 201
    nothing = truth_of(player, Split.VALIDATION)[["target_id"]]
    assert player.attack(nothing, "inference", data_split="validation").json["risk_low"] == 0
    truth = truth_of(player).drop(columns="is_member")[["target_id", *player.arena.unknown_names]]
    for answers, task in ((truth, "inference"), (leaky, "reconstruction")):
        assert player.attack(answers, task).status_code == 201
    assert player.attack(leaky, "reconstruction").json["risk_low"] > 0.3

    assert worst_of(player) == 0
    (entry,) = entries(player)
    assert entry.n_attacks == 1


@pytest.mark.parametrize("task", ["inference", "linkage", "reconstruction"])
def test_an_easy_table_does_not_burn_the_finals_of_attackers(
    player: Player, leaky: pd.DataFrame, task: str
) -> None:
    """The bait: a tuning table that everybody attacks before the final is handed in."""
    targets = truth_of(player, Split.VALIDATION)[["target_id"]]
    bodies = {"inference": targets, "linkage": targets.assign(anon_row=0), "reconstruction": leaky}
    assert player.publish(leaky).status_code == 201
    early = player.attack(bodies[task], task, data_split="validation")
    assert early.status_code == 422
    assert "no final yet" in early.json["description"]

    assert player.publish(leaky, data_split="validation").status_code == 201
    assert player.attack(bodies[task], task, data_split="validation").status_code == 201
