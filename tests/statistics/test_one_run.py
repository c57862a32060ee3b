import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from anomed_core.statistics import (
    Guesses,
    epsilon_of_one_run,
    one_run_epsilon,
    one_run_p_value,
    roc_curve,
)
from anomed_core.statistics.one_run import guess


@pytest.mark.parametrize(
    # jax-privacy 2.0.0, `jax_privacy.auditing._epsilon_one_run(0, m, r, v, significance, delta)`.
    ("n_records", "n_guesses", "n_correct", "error", "delta", "epsilon"),
    [
        (1000, 300, 260, 0.05, 1e-5, 1.5841403174587132),
        (2000, 400, 347, 0.025, 1e-5, 1.5841253258288908),
        (1000, 100, 90, 0.05, 1e-5, 1.6261436787042223),
        (1000, 1000, 731, 0.05, 1e-5, 0.880316246050504),
        (1000, 1000, 731, 0.05, 0.0, 0.8806030968229921),
        (2000, 500, 450, 0.05, 1e-5, 1.9448774079902387),
        (500, 50, 50, 0.01, 1e-6, 2.3351794010940434),
        (10000, 10000, 8000, 0.05, 1e-6, 1.3449354076182223),
        (1000, 200, 110, 0.05, 1e-5, 0.0),
        (1000, 1000, 700, 0.05, 1e-3, 0.69611048480184),
    ],
)
def test_bound_is_jax_privacys(n_records, n_guesses, n_correct, error, delta, epsilon):
    guesses = Guesses(n_records=n_records, n_guesses=n_guesses, n_correct=n_correct)
    assert one_run_epsilon(guesses, delta=delta, error=error) == pytest.approx(epsilon, abs=2e-6)


@given(
    st.data(),
    st.integers(1, 60),
    st.floats(0, 6),
    st.sampled_from([0.0, 1e-5, 1e-3, 0.05]),
)
def test_p_value_is_the_formula_written_out(data, n_guesses, epsilon, delta):
    n_correct = data.draw(st.integers(0, n_guesses))
    n_records = data.draw(st.integers(n_guesses, 200))
    guesses = Guesses(n_records=n_records, n_guesses=n_guesses, n_correct=n_correct)
    right = binom(n_guesses, np.exp(epsilon) / (1 + np.exp(epsilon)))
    worst = max(
        (
            (right.cdf(n_correct - 1) - right.cdf(n_correct - i - 1)) / i
            for i in range(1, n_correct + 1)
        ),
        default=0.0,
    )
    expected = min(right.sf(n_correct - 1) + 2 * n_records * delta * worst, 1.0)
    assert one_run_p_value(guesses, epsilon, delta=delta) == pytest.approx(expected, abs=1e-10)


@given(st.data(), st.integers(1, 300))
def test_bound_is_where_the_p_value_is_the_error(data, n_guesses):
    n_correct = data.draw(st.integers(0, n_guesses))
    delta = data.draw(st.sampled_from([0.0, 1e-6]))
    guesses = Guesses(n_records=500, n_guesses=n_guesses, n_correct=n_correct)
    bound = one_run_epsilon(guesses, delta=delta)
    if bound == 0:
        assert one_run_p_value(guesses, 1e-6, delta=delta) > 0.05 - 1e-5
    else:
        assert one_run_p_value(guesses, bound, delta=delta) == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("n_guesses", [None, 2000, [2000, 500]])
def test_bound_exceeds_the_truth_in_at_most_5_percent_of_the_runs(n_guesses):
    rng = np.random.default_rng(8)
    bounds = []
    for _ in range(200):
        coins = rng.random(2000) < 0.5
        truthful = rng.random(2000) < 1 / (1 + np.exp(-1.0))
        scores = (coins == truthful) + rng.random(2000) / 2
        bound = epsilon_of_one_run(roc_curve(coins, scores), n_guesses=n_guesses)
        bounds.append(bound.estimate.low)
        assert bound.estimate.low <= bound.attainable
    assert np.mean(np.array(bounds) > 1.0) <= 0.05
    assert np.mean(bounds) >= 0.82


def test_guesses_are_made_at_both_ends():
    roc = roc_curve([1, 1, 0, 1, 0, 0], [6, 5, 4, 3, 2, 1])
    assert guess(roc, n_guesses=4) == Guesses(n_records=6, n_guesses=4, n_correct=4)
    assert guess(roc, n_guesses=6) == Guesses(n_records=6, n_guesses=6, n_correct=4)


def test_ties_are_guessed_together_whatever_their_truth():
    assert guess(roc_curve([1, 0, 0, 1], [1, 1, 1, 0]), n_guesses=4).n_guesses == 4
    assert guess(roc_curve([1, 0], [1, 1]), n_guesses=2).n_guesses == 0


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(1, 10))
def test_number_of_guesses_does_not_depend_on_the_truth(seed, n_records, n_levels):
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, n_levels, n_records)
    n_guesses = int(rng.integers(2, n_records + 1))
    truths = [rng.permutation(np.arange(n_records) < k) for k in (1, n_records // 2, n_records - 1)]
    made = {guess(roc_curve(truth, scores), n_guesses=n_guesses).n_guesses for truth in truths}
    assert len(made) == 1


def test_constant_score_proves_nothing():
    coins = np.arange(100) % 2 == 0
    bound = epsilon_of_one_run(roc_curve(coins, np.zeros(100)), delta=1e-5)
    assert (bound.estimate.low, bound.attainable) == (0.0, 0.0)


@pytest.mark.parametrize("counts", [(0, 0, 0), (5, 6, 1), (5, 4, 5), (5, 4, -1)])
def test_impossible_guesses_are_refused(counts):
    with pytest.raises(ValueError, match="guesses need"):
        Guesses(n_records=counts[0], n_guesses=counts[1], n_correct=counts[2])


@pytest.mark.parametrize("n_guesses", [0, 1, 5, [], [2, 9]])
def test_impossible_number_of_guesses_is_refused(n_guesses):
    with pytest.raises(ValueError, match="n_guesses must name"):
        epsilon_of_one_run(roc_curve([1, 0, 1, 0], [1, 2, 3, 4]), n_guesses=n_guesses)


def test_parameters_out_of_range_are_refused():
    guesses = Guesses(n_records=5, n_guesses=5, n_correct=5)
    with pytest.raises(ValueError, match="epsilon must be"):
        one_run_p_value(guesses, -1.0)
    with pytest.raises(ValueError, match="delta"):
        one_run_epsilon(guesses, delta=1.0)
    with pytest.raises(ValueError, match="confidence"):
        one_run_epsilon(guesses, error=0.0)
