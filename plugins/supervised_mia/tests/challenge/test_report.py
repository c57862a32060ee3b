"""The report measures each final attack again, from the submissions that were kept."""

import numpy as np
import pytest
from anomed_supervised_mia.challenge.report import report_sections
from sklearn.tree import DecisionTreeClassifier

from anomed_core import Split
from anomed_core.report import charts_in


def play(player, *, epochs=(None,), split="validation", attacks=("confidence",)):
    """Let a tree compete at several epochs, and each be attacked."""
    training = player.download("/data/anonymizer/training")
    tree = DecisionTreeClassifier(random_state=0).fit(training["X"], training["y"])
    features = player.download(f"/data/anonymizer/{split}")["X"]
    for epoch in epochs:
        about = {} if epoch is None else {"model": "tree", "epoch": str(epoch)}
        name = f"tree-{epoch}"
        claim = {"claimed_epsilon": "0.5", "anonymizer": name, "data_split": split}
        player.submit("anonymizer", tree.predict(features), **claim, **about)
        for attack in attacks:
            pair = {"anonymizer": name, "deanonymizer": attack, "data_split": split}
            records = player.download("/data/attack-success-evaluation", **pair)
            scores = tree.predict_proba(records["X"]).max(axis=1)
            answer = player.submit("deanonymizer", scores, **pair)
            assert answer.status_code == 201, answer.text


def section_of(house):
    hosted, store = house.challenges["digits"], house.submissions.kept
    sections = report_sections(
        hosted.challenge.definition,
        tuple(house.ledger.scores()),
        lambda score: store.of_score(hosted, score),
    )
    return next(iter(sections), None)


@pytest.fixture
def house(open_digits):
    return open_digits()


def test_an_attack_is_shown_with_the_auc_that_was_scored(house, participant):
    play(participant(house))
    (audit,) = section_of(house).data["audits"]
    whole = audit["results"][0]
    attack = next(s for s in house.ledger.scores() if s.kind == "deanonymizer")
    assert whole["attack"] == "confidence"
    assert whole["auc"]["value"] == pytest.approx(attack.metrics["auc"])
    assert whole["auc"]["low"] <= whole["auc"]["value"] <= whole["auc"]["high"]


def test_slices_by_class_count_each_record_once(house, participant):
    play(participant(house))
    whole, *classes = section_of(house).data["audits"][0]["results"]
    assert {result["slice"]["partition"] for result in classes} == {"class"}
    assert sum(r["n_members"] for r in classes) == whole["n_members"] == 100


def test_epochs_of_one_model_are_one_line_and_claims_are_kept(house, participant):
    play(participant(house), epochs=(1, 2))
    section = section_of(house)
    metadata = [audit["metadata"] for audit in section.data["audits"]]
    assert [(m["model"], m["epoch"]) for m in metadata] == [("tree", 1), ("tree", 2)]
    assert {m["claimed_epsilon"] for m in metadata} == {0.5}
    assert "Privacy by epoch" in [chart.title for chart in charts_in(section.parts)]


def test_tuning_is_not_reported(house, participant):
    play(participant(house), split="tuning")
    assert section_of(house) is None


def test_an_anonymizer_that_nobody_attacked_is_not_reported(house, participant):
    play(participant(house), attacks=())
    assert section_of(house) is None


def test_attacks_that_were_not_kept_are_left_out(house, participant):
    play(participant(house))
    arena = house.challenges["digits"].challenge.definition
    assert report_sections(arena, tuple(house.ledger.scores()), lambda _: None) == []


def test_targets_that_are_numbers_are_no_classes(open_digits, participant):
    house = open_digits(source="sklearn:diabetes", length=40)
    player = participant(house)
    names = {"anonymizer": "mean", "data_split": "validation"}
    n_records = len(player.download("/data/anonymizer/validation")["X"])
    player.submit("anonymizer", np.full(n_records, 150.0), **names)
    arena = house.challenges["digits"].challenge.definition
    pair = {**names, "deanonymizer": "oracle"}
    truth = arena.memberships(anonymizer="mean", deanonymizer="oracle", split=Split.VALIDATION)
    player.submit("deanonymizer", truth, **pair)
    (audit,) = section_of(house).data["audits"]
    assert [result["slice"]["partition"] for result in audit["results"]] == ["whole"]
    assert audit["results"][0]["auc"]["value"] == 1.0
    assert audit["metadata"]["test_accuracy"] is None


def test_another_metric_than_accuracy_is_not_shown_as_one(open_digits, participant):
    """A mean absolute error, or a macro F1, lies between 0 and 1 as well."""
    house = open_digits(utility=("macro_f1",))
    play(participant(house))
    (audit,) = section_of(house).data["audits"]
    assert audit["metadata"]["test_accuracy"] is None
