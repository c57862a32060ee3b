"""Membership: hard decisions and scores, with the names of anomed-challenge."""

import numpy as np
import pytest
from anomed_supervised_mia import evaluate_membership_inference_attack, evaluate_MIA
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

TRUTH = np.array([True] * 4 + [False] * 4)


def test_the_published_keys_come_first() -> None:
    assert list(evaluate_MIA(TRUTH, TRUTH))[:4] == ["acc", "tpr", "fpr", "auc"]


@pytest.mark.parametrize(
    ("guess", "acc", "tpr", "fpr", "auc"),
    [
        (TRUTH, 1.0, 1.0, 0.0, 1.0),
        (~TRUTH, 0.0, 0.0, 1.0, 0.0),
        (np.ones(8, dtype=bool), 0.5, 1.0, 1.0, 0.5),
        (np.zeros(8, dtype=bool), 0.5, 0.0, 0.0, 0.5),
        (np.array([1, 1, 0, 0, 1, 0, 0, 0], dtype=bool), 0.625, 0.5, 0.25, 0.625),
    ],
    ids=["truth", "opposite", "everybody", "nobody", "some"],
)
def test_hard_decisions_get_all_metrics(
    guess: np.ndarray, acc: float, tpr: float, fpr: float, auc: float
) -> None:
    metrics = evaluate_MIA(guess, TRUTH)

    assert (metrics["acc"], metrics["tpr"], metrics["fpr"], metrics["auc"]) == (acc, tpr, fpr, auc)


def test_scores_from_one_half_on_mean_member() -> None:
    scores = np.array([0.5, 0.49, 1e9, -1e9, 0.5, 0.0, 0.0, 0.0])

    metrics = evaluate_MIA(scores, TRUTH)

    assert (metrics["tpr"], metrics["fpr"]) == (0.5, 0.25)


@given(st.lists(st.integers(0, 5), min_size=8, max_size=8))
def test_the_auc_is_that_of_scikit_learn(values: list[int]) -> None:
    scores = np.array(values) / 7

    assert evaluate_MIA(scores, TRUTH)["auc"] == pytest.approx(roc_auc_score(TRUTH, scores))


@given(st.lists(st.floats(-1e6, 1e6), min_size=8, max_size=8))
def test_every_metric_is_finite_and_realised(values: list[float]) -> None:
    metrics = evaluate_MIA(np.array(values), TRUTH)

    assert all(np.isfinite(value) for value in metrics.values())
    for level in ("0.001", "0.01", "0.1"):
        assert metrics[f"realised_fpr_at_fpr_{level}"] <= float(level)
        threshold = metrics[f"threshold_at_fpr_{level}"]
        called = np.array(values) >= threshold
        assert called[TRUTH].mean() == metrics[f"tpr_at_fpr_{level}"]


def test_both_names_are_one_function() -> None:
    assert evaluate_MIA(TRUTH, TRUTH) == evaluate_membership_inference_attack(TRUTH, TRUTH)


@pytest.mark.parametrize(
    ("guess", "truth"),
    [
        (TRUTH[:7], TRUTH),
        (TRUTH[:0], TRUTH[:0]),
        (np.full(8, np.nan), TRUTH),
        (TRUTH, np.ones(8, dtype=bool)),
        (TRUTH, np.zeros(8, dtype=bool)),
    ],
    ids=["length", "empty", "NaN", "only members", "only non-members"],
)
def test_what_cannot_be_scored_is_refused(guess: np.ndarray, truth: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r".+"):
        evaluate_MIA(guess, truth)
