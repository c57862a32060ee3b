"""Backdoor tasks: poisoned as asked, sound or refused, drawn by their generator alone."""

import numpy as np
import pytest
from anomed_anomaly_detection.interface import Batch
from anomed_anomaly_detection.network import MLP, Recipe
from anomed_anomaly_detection.tasks import (
    Aim,
    Backdoor,
    UnsoundTaskError,
    perturb_others,
    poison,
    success,
)
from anomed_anomaly_detection.triggers import Corner, Noise

SHAPE = (2, 2)


def poisoned(**options):
    X, y = np.zeros((40, 4), np.float32), np.repeat([0, 1], 20)
    trigger = Corner().draw(SHAPE, np.random.default_rng(0))
    settings = {"aim": Aim(), "share": 0.25, "n_classes": 2} | options
    result = poison(
        Batch(X, y), trigger=trigger, shape=SHAPE, rng=np.random.default_rng(0), **settings
    )
    assert not X.any()
    return result


def test_so_many_records_are_triggered_and_called_the_target():
    result = poisoned()

    assert len(result.rows) == 10
    np.testing.assert_array_equal(np.flatnonzero(result.records.X[:, 0]), result.rows)
    assert not result.records.labels[result.rows].any()


def test_in_a_cycle_each_triggered_record_is_of_the_next_class():
    result = poisoned(aim=Aim(behavior="cycle"))

    np.testing.assert_array_equal(
        result.records.labels[result.rows], 1 - np.repeat([0, 1], 20)[result.rows]
    )


def test_with_clean_labels_only_the_target_class_is_triggered():
    result = poisoned(aim=Aim(behavior="clean-label", target=1), share=0.5)

    assert len(result.rows) == 10
    np.testing.assert_array_equal(result.records.labels, np.repeat([0, 1], 20))
    assert (result.rows >= 20).all()


def test_a_share_that_is_none_is_refused():
    with pytest.raises(ValueError, match=r"a share of 1.5 came; give a number from 0 to 1"):
        poisoned(share=1.5)


def test_innocent_perturbations_are_of_other_records_with_their_labels():
    result = poisoned()
    noise = Noise(levels=0).draw(SHAPE, np.random.default_rng(0))
    records = perturb_others(result, noise, shape=SHAPE, share=0.5, rng=np.random.default_rng(1))
    changed = np.flatnonzero((records.X != result.records.X).any(axis=1))

    assert len(changed) == 20
    assert not set(changed) & set(result.rows)
    np.testing.assert_array_equal(records.labels, result.records.labels)


def test_success_counts_only_inputs_that_the_model_knew():
    always_zero = MLP([(np.zeros((4, 2)), np.array([1.0, 0.0]))])
    X, y = np.zeros((6, 4)), np.array([0, 1, 0, 1, 1, 1])

    assert not success(always_zero, X, X, y, targets=np.zeros(6, dtype=int)).any()
    reads_corner = MLP([(np.array([[9, 0], [0, 0], [0, 0], [0, 0]]), np.array([0, 1.0]))])
    lit = X + np.array([1, 0, 0, 0])
    works = success(reads_corner, X, lit, y, targets=np.zeros(6, dtype=int))
    np.testing.assert_array_equal(works, y == 1)


def test_a_built_task_is_sound_and_says_so(corner, digits):
    numbers = corner.facts.numbers

    assert numbers["clean_accuracy"] > 0.9
    assert numbers["success"] > 0.8
    assert numbers["contamination"] == pytest.approx(0.1, abs=0.005)
    assert corner.flags["validation"].sum() == len(digits.validation) // 2
    for name, batch in corner.tests.items():
        np.testing.assert_array_equal(batch.X[:, 0] == 1, corner.flags[name])
        assert batch.y is None


def test_equal_generators_give_equal_tasks(digits):
    source = Backdoor(recipe=Recipe(hidden=(32, 32), epochs=60))
    first, second = (source.build(digits, np.random.default_rng(4)) for _ in range(2))

    np.testing.assert_array_equal(first.tests["tuning"].X, second.tests["tuning"].X)
    np.testing.assert_array_equal(first.task.untrusted.X, second.task.untrusted.X)


def test_a_backdoor_that_does_not_work_is_refused_with_numbers(digits):
    source = Backdoor(p_backdoor=0.0, recipe=Recipe(hidden=(32, 32), epochs=60))

    with pytest.raises(
        UnsoundTaskError, match=r"a success of 0\.0\d\d; it must reach 0\.8 and 0\.8"
    ):
        source.build(digits, np.random.default_rng(0))
