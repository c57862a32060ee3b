"""Being right counts by how many people one is right about."""

import numpy as np
import pytest
from anomed_dataset_anonymization.threat import (
    anonymity_loss,
    best_discounted_precision,
    discounted_precision,
)
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.statistics import wilson_interval

shares = st.floats(0, 1)


@pytest.mark.parametrize(
    ("precision", "recall", "expected"),
    [(1, 1, 1), (0.5, 1, 0.5), (1, 1e-4, 0), (1, 0, 0), (1, 1e-2, 1 - 1 / 8), (1, 0.1, 1 - 1 / 64)],
)
def test_the_discount_follows_its_definition(precision, recall, expected):
    assert discounted_precision(precision, recall) == pytest.approx(expected)


@given(shares, shares, shares)
def test_more_recall_is_never_worth_less(precision, first, second):
    low, high = sorted([first, second])
    assert discounted_precision(precision, low) <= discounted_precision(precision, high) + 1e-12


@pytest.mark.parametrize("numbers", [(1.1, 1), (1, -0.1), (float("nan"), 1)])
def test_impossible_shares_are_refused(numbers):
    with pytest.raises(ValueError, match="within 0 to 1"):
        discounted_precision(*numbers)


def test_the_surest_answers_alone_may_be_worth_more():
    right = np.arange(1000) < 300
    answered = np.ones(1000, dtype=bool)
    sure = best_discounted_precision(right, answered=answered, confidence=right.astype(float))
    blind = best_discounted_precision(right, answered=answered, confidence=np.zeros(1000))
    assert sure == pytest.approx(discounted_precision(wilson_interval(300, 300).low, 0.3))
    assert blind == pytest.approx(wilson_interval(300, 1000).low)


def test_equally_sure_answers_stand_or_fall_together_whatever_their_order():
    right = np.arange(1000) < 300
    everybody = np.ones(1000, dtype=bool)
    assert best_discounted_precision(
        right, answered=everybody, confidence=np.zeros(1000)
    ) == best_discounted_precision(right[::-1], answered=everybody, confidence=np.zeros(1000))


def test_a_lucky_answer_is_not_precision():
    right = answered = np.arange(1000) < 1
    value = best_discounted_precision(right, answered=answered, confidence=np.zeros(1000))
    assert value < 0.15


def test_silence_is_worth_nothing():
    nobody = np.zeros(10, dtype=bool)
    assert best_discounted_precision(nobody, answered=nobody, confidence=np.zeros(10)) == 0


def test_the_loss_is_what_the_baseline_leaves():
    assert anonymity_loss(0.75, 0.5) == 0.5
    assert anonymity_loss(0.5, 0.5) == 0
    assert anonymity_loss(1.0, 1.0) == 0
