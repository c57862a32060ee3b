"""All publish the same people: what one gives away is no risk of another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import Mondrian

from anomed_core import Split
from anomed_core.service.kept_submissions import KeptSubmissions

from .cheating import entries, truth_of
from .conftest import Player

FINAL = {"data_split": "validation"}


@pytest.fixture
def stranger(player: Player) -> pd.DataFrame:
    """A table that never saw the members."""
    reference = player.table("/data/reference")
    return reference.sample(player.arena.n_leaky, replace=True, random_state=1, ignore_index=True)


def looked_up(player: Player, table: pd.DataFrame, pair: dict[str, str]) -> pd.DataFrame:
    """Read the targets in a table that says everything, by what is known of them."""
    known = list(player.arena.known_names)
    targets = player.table("/data/deanonymizer/background-knowledge", **pair)
    return targets.merge(table.drop_duplicates(known), on=known, how="left")


def nearest_rows(shown: pd.DataFrame, people: pd.DataFrame) -> np.ndarray:
    """Name the row of a table that agrees with each person in most columns."""
    columns = [name for name in shown.columns if name in people.columns]
    codes = [pd.factorize(pd.concat([people[name], shown[name]]))[0] for name in columns]
    ours, theirs = np.split(np.column_stack(codes), [len(people)])
    agreeing = (ours[:, np.newaxis] == theirs).sum(axis=2).argmax(axis=1)
    rows: np.ndarray = shown["anon_row"].to_numpy()[agreeing]
    return rows


def attacks_by(
    player: Player, table: pd.DataFrame, pair: dict[str, str]
) -> dict[str, pd.DataFrame]:
    """Infer, name rows, and reconstruct, all by a table of somebody else."""
    people = looked_up(player, table, pair)
    shown = player.table("/data/deanonymizer/anonymized", anonymizer=pair["anonymizer"])
    rows = nearest_rows(shown, people)
    return {
        "inference": people[["target_id", *player.arena.unknown_names]],
        "linkage": pd.DataFrame({"target_id": people["target_id"], "anon_row": rows}),
        "reconstruction": table,
    }


@pytest.mark.parametrize("others_count", [True, False])
def test_one_open_table_is_no_key_to_another(
    player: Player,
    leaky: pd.DataFrame,
    stranger: pd.DataFrame,
    others_count: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever publishes openly is attacked with success, and whoever knows nothing is not."""
    if not others_count:  # as it would be: the key fits everybody
        monkeypatch.setattr(
            KeptSubmissions, "with_rivals", lambda _, hosted, submission, target: target
        )
    open_table = leaky.reset_index(drop=True)
    assert player.publish(stranger, anonymizer="evil", **FINAL).status_code == 201
    assert player.publish(open_table, anonymizer="open", **FINAL).status_code == 201

    risks = {}
    for name in ("evil", "open"):
        pair = {"anonymizer": name, "deanonymizer": "dora", **FINAL}
        for task, answers in attacks_by(player, open_table, pair).items():
            answer = player.attack(answers, task, **pair)
            assert answer.status_code == 201, answer.text
            risks[name, task] = answer.json["risk_low"]

    assert min(risks["open", task] for task in ("inference", "reconstruction")) > 0.8
    against_evil = [risks["evil", task] for task in ("inference", "reconstruction")]
    assert max(against_evil) == 0 if others_count else min(against_evil) > 0.8
    assert risks["evil", "linkage"] == 0


def test_several_careful_tables_together_are_no_key_to_another(
    player: Player, leaky: pd.DataFrame, stranger: pd.DataFrame
) -> None:
    """Cut otherwise, each table narrows down whom the others leave in a class."""
    schema, rng = player.arena.schema, np.random.default_rng(0)
    assert player.publish(stranger, anonymizer="evil", **FINAL).status_code == 201
    for number in range(4):
        table = Mondrian(k=3).anonymize(
            leaky.sample(frac=0.9, random_state=number), schema, rng=rng
        )
        name = {"anonymizer": f"careful-{number}"}
        answer = player.publish(table, "generalization", **name, **FINAL)
        assert answer.status_code == 201, answer.text
    truth = truth_of(player, Split.VALIDATION, anonymizer="evil")
    rights = truth["is_member"] & (np.random.default_rng(1).random(len(truth)) < 0.35)
    unknown = list(player.arena.unknown_names)
    answers = truth[["target_id", *unknown]][rights]

    found = player.attack(answers, "inference", anonymizer="evil", **FINAL).json

    assert found["members.diagnosis"] == pytest.approx(0.35, abs=0.1)
    assert found["risk_low"] == 0


def test_what_no_other_table_gives_away_counts(player: Player, leaky: pd.DataFrame) -> None:
    nothing = leaky.reset_index(drop=True).astype(object)
    nothing[list(player.arena.unknown_names)] = None
    assert player.publish(leaky, data_split="validation").status_code == 201
    assert player.publish(nothing, anonymizer="quiet", **FINAL).status_code == 201
    truth = truth_of(player, Split.VALIDATION)
    answers = truth[truth["is_member"]][["target_id", *player.arena.unknown_names]]

    assert player.attack(answers, "inference", **FINAL).json["risk_low"] > 0.9
    assert worst_of_alice(player) > 0.9


def worst_of_alice(player: Player) -> float:
    (entry,) = (entry for entry in entries(player) if entry.anonymizer == "alice")
    return next(iter(entry.values.values()))


def test_recoding_everybody_by_a_rule_cannot_be_excluded(
    player: Player, leaky: pd.DataFrame
) -> None:
    """All are older, of the other sex, came and left later: only who knows the rule finds anybody.

    An accomplice who shows it counts as the table's own risk, so it is a way to lose.
    """
    steps = {"age": 6, "admission_month": 5, "length_of_stay": 2}
    recoded = leaky.reset_index(drop=True)
    for name, step in steps.items():
        low, high = recoded[name].min(), recoded[name].max()
        recoded[name] = (recoded[name] - low + step) % (high - low + 1) + low
    one, other = sorted(recoded["sex"].unique())
    recoded["sex"] = recoded["sex"].map({one: other, other: one})
    final = player.publish(recoded, **FINAL)
    assert final.json["usefulness"] > 0.7
    (hosted,) = player.server.challenges.values()
    nearest = next(one for one in hosted.house_attacks if one.name == "nearest_box")
    submission = player.server.submissions.kept.of_score(
        hosted, player.server.ledger.scores(challenge=hosted.id)[-1]
    )
    assert submission is not None
    assert nearest.run(submission, np.random.default_rng(0))["risk_low"] < 0.2

    pair = {"anonymizer": "alice", "deanonymizer": "dora", **FINAL}
    answers = looked_up(player, leaky, pair)[["target_id", *player.arena.unknown_names]]
    assert player.attack(answers, "inference", **pair).json["risk_low"] > 0.9
