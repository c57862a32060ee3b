import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, norm

from anomed_core.statistics import (
    Confusion,
    confusion,
    epsilon_of_decision,
    epsilon_of_scores,
    epsilon_of_split,
    roc_curve,
)
from anomed_core.statistics._candidates import candidates
from anomed_core.statistics._region import radius


def bound_of(n_true_positives, n_members, n_false_positives, n_non_members, **options):
    is_member = np.repeat([True, False], [n_members, n_non_members])
    decisions = np.append(
        np.arange(n_members) < n_true_positives, np.arange(n_non_members) < n_false_positives
    )
    return epsilon_of_decision(confusion(is_member, decisions), **options)


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 1.0, 3.0])
def test_bound_exceeds_the_epsilon_of_randomised_response_with_at_most_5_percent(epsilon):
    # Exact, by enumeration: rates e^eps / (1 + e^eps) and 1 / (1 + e^eps).
    n = 30
    truthful = 1 / (1 + np.exp(-epsilon))
    bounds = np.array(
        [[bound_of(tp, n, fp, n).estimate.low for fp in range(n + 1)] for tp in range(n + 1)]
    )
    chance = np.outer(
        binom.pmf(np.arange(n + 1), n, truthful), binom.pmf(np.arange(n + 1), n, 1 - truthful)
    )
    assert chance[bounds > epsilon + 1e-12].sum() <= 0.05


def test_bound_exceeds_no_epsilon_where_delta_explains_it():
    # Membership is revealed outright with probability delta, and otherwise not at all.
    n, delta = 40, 0.2
    bounds = np.array([[bound_of(tp, n, 0, n, delta=delta).estimate.low] for tp in range(n + 1)])
    chance = binom.pmf(np.arange(n + 1), n, delta)
    assert chance[bounds[:, 0] > 0].sum() <= 0.05


@given(st.data(), st.integers(1, 50), st.integers(1, 50))
def test_bound_is_the_same_with_the_classes_swapped(data, n_members, n_others):
    tp, fp = data.draw(st.integers(0, n_members)), data.draw(st.integers(0, n_others))
    there = bound_of(tp, n_members, fp, n_others).estimate.low
    back = bound_of(n_others - fp, n_others, n_members - tp, n_members).estimate.low
    assert there == pytest.approx(back, abs=1e-9)


@given(st.data(), st.integers(1, 50), st.integers(1, 50))
def test_bound_falls_with_delta_and_with_confidence(data, n_members, n_others):
    tp, fp = data.draw(st.integers(0, n_members)), data.draw(st.integers(0, n_others))
    plain = bound_of(tp, n_members, fp, n_others)
    assert bound_of(tp, n_members, fp, n_others, delta=0.1).estimate.low <= plain.estimate.low
    surer = bound_of(tp, n_members, fp, n_others, confidence=0.99)
    assert surer.estimate.low <= plain.estimate.low <= plain.attainable + 1e-12
    assert plain.estimate.value == plain.estimate.low
    assert np.isinf(plain.estimate.high)


def test_perfect_attack_attains_what_its_sample_can_show():
    bound = bound_of(500, 500, 0, 500)
    assert bound.estimate.low == bound.attainable
    # Both ratios count, so the middle corner decides: no error in 500 at this level either way.
    error = norm.sf(radius(0.05) / np.sqrt(2))
    rate = 1 - error ** (1 / 500)
    assert bound.attainable == pytest.approx(np.log((1 - rate) / rate))


def test_decision_at_chance_proves_nothing():
    assert bound_of(250, 500, 250, 500).estimate.low == 0.0


def test_two_levels_pay_nothing_for_the_choice_of_threshold():
    is_member = np.repeat([True, False], 100)
    decisions = np.append(np.arange(100) < 70, np.arange(100) < 20)
    scored = epsilon_of_scores(roc_curve(is_member, decisions))
    decided = epsilon_of_decision(confusion(is_member, decisions))
    assert scored.estimate.low == decided.estimate.low
    assert scored.threshold == 1.0


def jittered(epsilon, is_member, rng):
    truthful = rng.random(is_member.size) < 1 / (1 + np.exp(-epsilon))
    return (is_member == truthful) + rng.random(is_member.size) / 2


@pytest.mark.parametrize(("epsilon", "least_mean"), [(0.0, 0.0), (1.0, 0.82)])
def test_bounds_over_thresholds_are_valid_and_strong(epsilon, least_mean):
    rng = np.random.default_rng(4)
    is_member = np.repeat([True, False], 1000)
    by_grid, by_split = [], []
    for _ in range(200):
        scores = jittered(epsilon, is_member, rng)
        by_grid.append(epsilon_of_scores(roc_curve(is_member, scores)).estimate.low)
        by_split.append(epsilon_of_split(is_member, scores, rng=rng).estimate.low)
    for bounds in (by_grid, by_split):
        assert np.mean(np.array(bounds) > epsilon) <= 0.05
        assert np.mean(bounds) >= least_mean


@given(st.integers(0, 2**32 - 1), st.integers(1, 80), st.integers(1, 80), st.integers(1, 200))
def test_candidates_never_flatter_the_attack(seed, n_members, n_others, n_levels):
    rng = np.random.default_rng(seed)
    is_member = np.repeat([True, False], [n_members, n_others])
    roc = roc_curve(is_member, rng.integers(0, n_levels, n_members + n_others))
    tried = candidates(roc)
    assert (tried.n_true_positives <= roc.n_true_positives[tried.index]).all()
    assert (tried.n_false_positives >= roc.n_false_positives[tried.index]).all()
    assert tried.n_tests >= 1


def test_number_of_candidates_depends_on_the_sample_sizes_alone():
    rng = np.random.default_rng(0)
    is_member = np.repeat([True, False], [300, 900])
    tests = {candidates(roc_curve(is_member, rng.normal(size=1200))).n_tests for _ in range(5)}
    # 0, 1, 2, ..., 128 of 300 and 0, 1, 2, ..., 256 of 900.
    assert tests == {9 + 10}


def test_split_measures_on_the_rest():
    rng = np.random.default_rng(0)
    is_member = np.repeat([True, False], [50, 30])
    bound = epsilon_of_split(is_member, np.arange(80, 0, -1), rng=rng, fraction=0.2)
    assert (bound.estimate.n_members, bound.estimate.n_non_members) == (40, 24)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delta": 1.0}, "delta must be in"),
        ({"delta": -0.1}, "delta must be in"),
        ({"confidence": 1.0}, "confidence must be in"),
        ({"confidence": 0.2}, "above 0.25"),
    ],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        bound_of(1, 2, 1, 2, **options)
    with pytest.raises(ValueError, match=message):
        epsilon_of_scores(roc_curve([True, False], [1.0, 0.0]), **options)


@pytest.mark.parametrize(
    ("is_member", "fraction", "message"),
    [([1, 1, 0, 0], 0.0, "fraction"), ([1, 1, 0, 0], 1.0, "fraction"), ([1, 0, 0], 0.5, "split")],
)
def test_impossible_split_is_refused(is_member, fraction, message):
    with pytest.raises(ValueError, match=message):
        epsilon_of_split(
            is_member,
            range(len(is_member)),
            rng=np.random.default_rng(0),
            fraction=fraction,
        )


def test_types_that_ask_the_same_get_one_bound():
    """Two Clopper-Pearson limits, which one type took, proved 1.28 only."""
    outcome = Confusion.of_hits((45, 50), (5, 50))

    assert round(epsilon_of_decision(outcome).estimate.low, 2) == 1.47
