"""What a challenge declares about attacks, and which predictions can be labels."""

from typing import Any

import numpy as np
import pytest
from anomed_supervised_mia.challenge.kinds import refuse_impossible_claims, refuse_non_labels
from anomed_supervised_mia.challenge.metrics import attack_metrics
from anomed_supervised_mia.challenge.scoring import evaluate_MIA

from anomed_core import SubmissionRejected

LABELS = np.array([0, 1, 2])


def declared(evaluate: Any, rank_by: str = "auc") -> list[Any]:
    return attack_metrics(evaluate, length=10, rank_by=rank_by)


def test_the_known_metrics_are_those_that_are_evaluated() -> None:
    truth = np.arange(20) < 10

    assert [metric.name for metric in declared(evaluate_MIA)] == list(evaluate_MIA(truth, truth))


@pytest.mark.parametrize("primary", ["auc", "acc", "tpr_at_fpr_0.01"])
def test_the_chosen_metric_ranks(primary: str) -> None:
    metrics = declared(evaluate_MIA, primary)

    assert [metric.name for metric in metrics if metric.primary] == [primary]


def test_upstreams_three_come_first_in_its_order() -> None:
    names = [metric.name for metric in declared(evaluate_MIA)]

    assert names[:6] == ["acc", "tpr", "fpr", "auc", "auc_low", "auc_high"]


def test_the_area_names_its_limits_and_lies_between_them() -> None:
    rng = np.random.default_rng(4)
    truth = rng.random(200) < 0.5
    found = evaluate_MIA(rng.normal(truth.astype(float)), truth)
    area = next(metric for metric in declared(evaluate_MIA) if metric.name == "auc")

    assert area.limits == ("auc_low", "auc_high")
    assert 0.5 < found["auc_low"] < found["auc"] < found["auc_high"] < 1


def test_fewer_false_positives_are_better() -> None:
    lower = {m.name for m in declared(evaluate_MIA) if m.direction == "lower"}

    assert lower == {"fpr"} | {f"realised_fpr_at_fpr_{level}" for level in ("0.001", "0.01", "0.1")}


def test_chance_is_what_a_coin_gets() -> None:
    chance = {m.name: m.chance for m in declared(evaluate_MIA)}

    assert (chance["acc"], chance["auc"], chance["tpr_at_fpr_0.01"]) == (0.5, 0.5, 0.01)


def test_metrics_of_an_evaluator_of_ones_own_are_learnt() -> None:
    metrics = declared(lambda guess, truth: {"mine": 1.0, "other": 2.0})

    assert [(m.name, m.primary) for m in metrics] == [("mine", True), ("other", False)]


@pytest.mark.parametrize("dtype", ["int8", "uint64", "float32", "float64", "bool"])
def test_whole_numbers_are_labels_in_any_dtype(dtype: str) -> None:
    refuse_non_labels(LABELS.astype(dtype), LABELS)


@pytest.mark.parametrize(
    ("prediction", "sentence"),
    [
        ([0.5, 1.0, 0.2], "prediction holds 2 values that are no whole numbers; the labels are"),
        ([0.0, 1.0, 1e12], "prediction holds values beyond 2147483647, which are no labels."),
    ],
)
def test_other_numbers_are_no_labels(prediction: list[float], sentence: str) -> None:
    with pytest.raises(SubmissionRejected) as refusal:
        refuse_non_labels(np.array(prediction), LABELS)

    assert str(refusal.value).startswith(sentence)


def test_any_number_may_be_predicted_where_numbers_are_asked_for() -> None:
    refuse_non_labels(np.array([0.5, 1.5]), np.array([0.0, 1.0]))


@pytest.mark.parametrize(
    "claim",
    [
        {"epoch": "-1"},
        {"epoch": "1.5"},
        {"epoch": "x"},
        {"epoch": "²"},
        {"epoch": "1" * 10},
        {"claimed_epsilon": "0"},
        {"claimed_epsilon": "-1"},
        {"claimed_epsilon": "nan"},
        {"claimed_epsilon": "inf"},
        {"claimed_epsilon": "a lot"},
    ],
    ids=str,
)
def test_impossible_claims_are_refused(claim: dict[str, str]) -> None:
    with pytest.raises(SubmissionRejected, match=next(iter(claim))):
        refuse_impossible_claims(claim)


@pytest.mark.parametrize("claim", [{}, {"epoch": "0"}, {"claimed_epsilon": "0.5"}], ids=str)
def test_possible_claims_are_taken(claim: dict[str, str]) -> None:
    refuse_impossible_claims(claim)
