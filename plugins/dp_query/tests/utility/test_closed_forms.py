"""Expected errors are those of published formulas, and of a simulation."""

import numpy as np
import pytest
from anomed_dp_query.utility import (
    area_over_epsilon,
    discrete_laplace_mae,
    discrete_laplace_variance,
    expected_gaussian_error,
    expected_laplace_error,
    gaussian_sigma,
    gaussian_sigma_of_rho,
    rho_of_budget,
)


def test_noise_of_counts_is_that_of_the_reference(recorded):
    for epsilon, expected in recorded("closed_forms.json")["count"].items():
        mae = discrete_laplace_mae(float(epsilon))
        variance = discrete_laplace_variance(float(epsilon))
        assert mae == pytest.approx(expected["discrete_laplace_mae"])
        assert variance == pytest.approx(expected["discrete_laplace_variance"])


@pytest.mark.parametrize(
    ("epsilon", "delta", "sigma"),
    # Balle and Wang (2018), by an independent implementation of their theorem 8
    [(0.1, 1e-5, 30.7496), (0.5, 1e-5, 7.0318), (1, 1e-5, 3.7306), (3, 1e-6, 1.5439)],
)
def test_gaussian_noise_is_calibrated_as_published(epsilon, delta, sigma):
    assert gaussian_sigma(epsilon, delta) == pytest.approx(sigma, abs=5e-5)


@pytest.mark.parametrize(
    ("epsilon", "rho"),
    [(1.0, 0.024355970359538), (3.0, 0.185069840653445), (10.0, 1.5392787638667)],
)
def test_rho_is_the_inverse_of_the_published_conversion(epsilon, rho):
    """Canonne, Kamath and Steinke (2020) at delta 1e-6, by another implementation."""
    assert rho_of_budget(epsilon, 1e-6) == pytest.approx(rho, rel=1e-8)


@pytest.mark.parametrize(("scale", "bound"), [(0.5, 2.0), (10.0, 25.0), (300.0, 40.0)])
def test_expected_errors_are_those_of_a_simulation(scale, bound):
    rng = np.random.default_rng(3)
    laplace, gaussian = rng.laplace(0, scale, 200_000), rng.normal(0, scale, 200_000)

    for noise, expected in ((laplace, expected_laplace_error), (gaussian, expected_gaussian_error)):
        simulated = np.minimum(1, np.abs(noise) / bound).mean()
        assert expected(scale, np.array([bound]))[0] == pytest.approx(simulated, abs=0.004)


def test_the_table_of_expected_errors_is_that_of_the_reference(recorded):
    """Six strategies at five budgets, on 60 questions about 15 pairs of columns."""
    reference = recorded("workload.json")
    truth = np.array([one["truth"] for one in reference["workload"]], dtype=float)
    bound = np.maximum(truth, reference["sanity_bound"])
    n_questions, n_pairs = len(truth), reference["pairs_used"]

    def gaussian(epsilon, n_releases):
        sigma = gaussian_sigma_of_rho(rho_of_budget(epsilon, 1e-6) / n_releases)
        return expected_gaussian_error(sigma, bound).mean()

    strategies = {
        "laplace_each_query_even_split": lambda e: expected_laplace_error(
            n_questions / e, bound
        ).mean(),
        "laplace_one_release_per_used_pair": lambda e: expected_laplace_error(
            n_pairs / e, bound
        ).mean(),
        "gaussian_each_query_zcdp_delta_1e-6": lambda e: gaussian(e, n_questions),
        "gaussian_one_release_per_used_pair_zcdp_delta_1e-6": lambda e: gaussian(e, n_pairs),
    }
    for name, error in strategies.items():
        errors = {epsilon: error(epsilon) for epsilon in reference["tiers"]}
        assert list(errors.values()) == pytest.approx(reference["expected_error"][name], abs=2e-6)
        assert area_over_epsilon(errors) == pytest.approx(reference["auec"][name], abs=2e-6)
