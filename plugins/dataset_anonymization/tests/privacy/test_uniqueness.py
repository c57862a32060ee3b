import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.privacy import (
    EquivalenceClasses,
    dankar_uniqueness,
    equivalence_classes,
    pitman_uniqueness,
    sample_uniqueness,
    slide_negative_binomial_uniqueness,
    zayatz_uniqueness,
)
from anomed_dataset_anonymization.privacy._pitman import pitman_parameters
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

ESTIMATES = [zayatz_uniqueness, pitman_uniqueness, slide_negative_binomial_uniqueness]


def partition(sizes):
    sizes = np.asarray(sizes, dtype=np.int64)
    return EquivalenceClasses(class_of_row=np.arange(len(sizes)), sizes=sizes, counts=sizes)


def sample_of(population_sizes, fraction, rng):
    sampled = rng.binomial(population_sizes, fraction)
    return partition(sampled[sampled > 0])


@pytest.fixture
def varied():
    return partition([1] * 60 + [2] * 20 + [3] * 9 + [4] * 5 + [9, 14, 30])


def test_sample_uniqueness_is_the_share_of_records_on_their_own():
    assert sample_uniqueness(partition([1, 1, 8])) == 0.2


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_without_sample_uniques_nobody_is_unique(estimate):
    assert estimate(partition([2, 3, 5]), 0.1) == 0.0
    assert dankar_uniqueness(partition([2, 3, 5]), 0.1).model == "none"


def test_zayatz_of_a_complete_sample_is_the_sample_uniqueness(varied):
    assert zayatz_uniqueness(varied, 1.0) == sample_uniqueness(varied)
    assert slide_negative_binomial_uniqueness(varied, 1.0) == sample_uniqueness(varied)


@given(
    st.lists(st.integers(1, 40), min_size=2, max_size=12).filter(lambda sizes: 1 in sizes),
    st.sampled_from([0.05, 0.25, 0.5]),
)
def test_zayatz_follows_from_the_hypergeometric_distribution(sizes, fraction):
    n_sample = sum(sizes)
    n_population = int(n_sample / fraction)
    values, numbers = np.unique(sizes, return_counts=True)
    chances = stats.hypergeom.pmf(1, n_population, values, n_sample)
    conditional = numbers[0] * chances[0] / (numbers @ chances)
    expected = numbers[0] * conditional / n_sample
    assert zayatz_uniqueness(partition(sizes), fraction) == pytest.approx(expected, rel=1e-6)


def test_pitman_parameters_maximise_the_likelihood(varied):
    sizes, numbers = np.unique(varied.sizes, return_counts=True)
    n_records, n_classes = varied.n_records, varied.n_classes

    def log_likelihood(theta, alpha):
        """Hoshino 2001, equation 3, term by term."""
        return (
            np.log(theta + alpha * np.arange(1, n_classes)).sum()
            - np.log(theta + np.arange(1, n_records)).sum()
            + sum(
                number * np.log(np.arange(1, size) - alpha).sum()
                for size, number in zip(sizes, numbers, strict=True)
            )
        )

    theta, alpha = pitman_parameters(sizes, numbers)
    best = log_likelihood(theta, alpha)
    for change in (0.99, 1.01):
        assert log_likelihood(theta * change, alpha) < best
        assert log_likelihood(theta, alpha * change) < best


def test_pitman_recovers_the_uniques_of_its_own_population():
    rng = np.random.default_rng(5)
    theta, alpha, n_population = 100.0, 0.5, 15_000
    sizes = np.zeros(n_population, dtype=np.int64)
    n_classes = 0
    for n_seated in range(n_population):  # the two-parameter Chinese restaurant process
        if rng.random() * (n_seated + theta) < theta + alpha * n_classes:
            sizes[n_classes] = 1
            n_classes += 1
        else:
            weights = sizes[:n_classes] - alpha
            sizes[np.searchsorted(np.cumsum(weights), rng.random() * weights.sum())] += 1
    population = sizes[:n_classes]
    truth = (population == 1).sum() / n_population
    asymptotic = np.exp(special.gammaln(theta + 1) - special.gammaln(theta + alpha))
    assert truth == pytest.approx(asymptotic * n_population ** (alpha - 1), rel=0.05)
    estimates = [pitman_uniqueness(sample_of(population, 0.3, rng), 0.3) for _ in range(5)]
    assert np.mean(estimates) == pytest.approx(truth, rel=0.1)


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
def test_the_slide_negative_binomial_model_recovers_its_own_population(fraction):
    rng = np.random.default_rng(7)
    population = 1 + rng.negative_binomial(0.2, 0.2, size=60_000)
    truth = (population == 1).sum() / population.sum()
    sample = sample_of(population, fraction, rng)
    estimate = slide_negative_binomial_uniqueness(sample, fraction)
    assert estimate == pytest.approx(truth, rel=0.1)


@pytest.mark.parametrize("estimate", ESTIMATES)
def test_estimates_fall_with_the_sampling_fraction(varied, estimate):
    shares = [estimate(varied, fraction) for fraction in (0.8, 0.4, 0.2, 0.1, 0.05)]
    assert shares == sorted(shares, reverse=True)


def test_the_rule_takes_pitman_for_small_samples(varied):
    estimate = dankar_uniqueness(varied, 0.1)
    assert estimate.model == "pitman"
    assert estimate.fraction == pitman_uniqueness(varied, 0.1)


def test_the_rule_takes_the_smaller_of_two_for_large_samples(varied):
    estimate = dankar_uniqueness(varied, 0.5)
    both = zayatz_uniqueness(varied, 0.5), slide_negative_binomial_uniqueness(varied, 0.5)
    assert estimate.fraction == min(both)


def test_the_rule_keeps_zayatz_where_it_is_the_smaller():
    sizes = partition([1] * 100 + [2] * 2 + [3] * 5)
    assert zayatz_uniqueness(sizes, 0.5) < slide_negative_binomial_uniqueness(sizes, 0.5)
    assert dankar_uniqueness(sizes, 0.5).model == "zayatz"


@pytest.mark.parametrize("fraction", [0.05, 0.5])
def test_the_rule_falls_back_on_zayatz(fraction):
    only_singles = equivalence_classes(pd.DataFrame({"x": range(10)}))
    assert dankar_uniqueness(only_singles, fraction).model == "zayatz"


def test_models_without_a_solution_say_so():
    only_singles = partition([1] * 10)
    with pytest.raises(ValueError, match="no maximum"):
        pitman_uniqueness(only_singles, 0.1)
    with pytest.raises(ValueError, match="no class of size 2"):
        slide_negative_binomial_uniqueness(only_singles, 0.1)
    with pytest.raises(ValueError, match="explains 1 classes of size 1 and 50 of size 2"):
        slide_negative_binomial_uniqueness(partition([1] + [2] * 50), 0.5)


def test_an_estimate_beyond_the_population_is_refused():
    nearly_all_single = partition([1] * 1000 + [2] * 2 + [3])
    with pytest.raises(ValueError, match="no share of records"):
        pitman_uniqueness(nearly_all_single, 0.1)
    assert dankar_uniqueness(nearly_all_single, 0.1).model == "zayatz"


@pytest.mark.parametrize("estimate", [*ESTIMATES, dankar_uniqueness])
@pytest.mark.parametrize("fraction", [0.0, -0.5, 1.5, float("nan")])
def test_impossible_sampling_fractions_are_refused(varied, estimate, fraction):
    with pytest.raises(ValueError, match="sampling fraction"):
        estimate(varied, fraction)
