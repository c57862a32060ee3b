"""Adversarial, masked, shifted and clean inputs: what they are, and what detectors make of them."""

import numpy as np
import pytest
from anomed_anomaly_detection.evaluation import evaluate
from anomed_anomaly_detection.network import Recipe, train
from anomed_anomaly_detection.registry import detector, task_source
from anomed_anomaly_detection.tasks import (
    Adversarial,
    Attack,
    Clean,
    Masked,
    Shift,
    ToyFeatures,
    UnsoundTaskError,
    WrongLabel,
)

QUICK = Recipe(hidden=(32, 32), epochs=60)


@pytest.fixture(scope="module")
def model(digits):
    X, y = digits.training.X, digits.training.labels
    return train(X, y, n_classes=10, rng=np.random.default_rng(0), recipe=QUICK)


def built(source, digits, seed=0):
    return source.build(digits, np.random.default_rng(seed))


@pytest.mark.parametrize("method", ["fgsm", "pgd", "abstain"])
@pytest.mark.parametrize("random_start", [False, True])
def test_moved_inputs_stay_near_in_range_and_on_the_grid(method, random_start, model, digits):
    X = np.rint(digits.tuning.X[:30] * 255).astype(np.float32) / np.float32(255)
    attack = Attack(method=method, eps=0.1, steps=5, random_start=random_start)
    moved = attack(model, X, model.predict(X), np.random.default_rng(0))

    assert moved.dtype == X.dtype
    assert np.abs(moved.astype(float) - X).max() <= 0.1 + 1e-6
    assert moved.min() >= 0
    assert moved.max() <= 1
    np.testing.assert_allclose(np.rint(moved * 255), moved * 255, atol=1e-4)


def test_many_small_steps_find_more_than_one_large_one(model, digits):
    X, y = digits.tuning.X, digits.tuning.labels
    left = {
        method: model.accuracy(
            Attack(method=method, eps=0.1)(model, X, y, np.random.default_rng(0)), y
        )
        for method in ("fgsm", "pgd")
    }

    assert left["pgd"] < left["fgsm"] < model.accuracy(X, y) - 0.3


def test_raised_entropy_lowers_the_largest_probability(model, digits):
    X = digits.tuning.X
    moved = Attack(method="abstain", eps=0.2)(model, X, model.predict(X), np.random.default_rng(0))

    assert (model.probabilities(moved).max(axis=1) < 0.5).mean() > 0.3
    assert (model.probabilities(X).max(axis=1) < 0.5).mean() < 0.1


def test_adversarial_inputs_are_those_whose_prediction_changed(digits):
    task = built(Adversarial(recipe=QUICK), digits)

    assert task.facts.numbers["accuracy_when_planted"] <= 0.1
    flags = task.flags["validation"]
    assert 0.4 < flags.mean() < 0.51
    assert evaluate(detector("mahalanobis_class"), task).auc > 0.85


def test_an_attack_that_is_too_weak_is_refused_with_numbers(digits):
    weak = Adversarial(recipe=QUICK, attack=Attack(eps=0.02, steps=3))
    with pytest.raises(
        UnsoundTaskError, match=r"keeps an accuracy of 0\.\d+ under attack; at most"
    ):
        built(weak, digits)
    built(Adversarial(recipe=QUICK, attack=weak.attack, keep_failures=True), digits)


def test_a_model_that_knows_nothing_is_refused(digits):
    with pytest.raises(UnsoundTaskError, match=r"a clean accuracy of 0\.\d+; it must reach 0.8"):
        built(Clean(recipe=Recipe(hidden=(4,), epochs=1)), digits)


def test_a_masked_square_is_dark_and_the_rest_is_as_it_was(digits):
    source = Masked(side=3)
    changed, _ = source.plant(None, digits.tuning, digits, np.random.default_rng(0))
    differs = (changed != digits.tuning.X).reshape(-1, 8, 8)

    assert not changed[differs.reshape(-1, 64)].any()
    assert differs.any(axis=2).sum(axis=1).max() <= 3
    assert differs.any(axis=1).sum(axis=1).max() <= 3
    with pytest.raises(ValueError, match="a square of side 9 leaves images of 8 x 8"):
        Masked(side=9).plant(None, digits.tuning, digits, np.random.default_rng(0))


@pytest.mark.parametrize(("rows", "columns"), [(0, 1), (-2, 0), (1, -1), (9, 0)])
def test_shifted_images_are_moved_whole(rows, columns, digits):
    moved, _ = Shift(rows=rows, columns=columns).plant(
        None, digits.tuning, digits, np.random.default_rng(0)
    )
    before, after = (X.reshape(-1, 8, 8) for X in (digits.tuning.X, moved))
    for r in range(8):
        for c in range(8):
            inside = 0 <= r - rows < 8 and 0 <= c - columns < 8
            expected = before[:, r - rows, c - columns] if inside else np.zeros(len(before))
            np.testing.assert_array_equal(after[:, r, c], expected)


def test_clean_against_clean_is_chance_for_honest_detectors(digits):
    task = built(Clean(recipe=QUICK), digits)
    for name in ("mahalanobis", "que", "lof", "max_softmax"):
        assert 0.4 < evaluate(detector(name), task).auc < 0.6


def test_a_harmless_shift_is_flagged_all_the_same(digits):
    assert evaluate(detector("mahalanobis"), built(Shift(recipe=QUICK), digits)).auc > 0.85


def test_views_that_disagree_are_flagged(digits):
    task = built(ToyFeatures(), digits)

    assert task.facts.numbers["clean_accuracy"] > 0.95
    assert evaluate(detector("mahalanobis"), task).auc > 0.8
    assert evaluate(detector("input_mahalanobis"), task).auc > 0.9


def test_wrong_labels_are_found_by_their_loss_and_by_nothing_that_ignores_them(digits):
    task = built(WrongLabel(recipe=QUICK), digits)

    assert evaluate(detector("label_loss"), task).auc > 0.98
    assert 0.4 < evaluate(detector("mahalanobis"), task).auc < 0.6


@pytest.mark.parametrize("name", ["adversarial", "clean", "masked", "shift", "toy", "wrong_label"])
def test_equal_generators_give_equal_tasks(name, digits):
    options = {} if name == "toy" else {"recipe": QUICK}
    first, second = (built(task_source(name, **options), digits, seed=3) for _ in range(2))

    np.testing.assert_array_equal(first.tests["tuning"].X, second.tests["tuning"].X)
    np.testing.assert_array_equal(first.flags["tuning"], second.flags["tuning"])
