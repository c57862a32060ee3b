"""Conversions against closed forms, brute force and each other."""

import math

import numpy as np
import pytest
from anomed_dataset_synthesis.dp.accounting import (
    Guarantee,
    delta_of_gaussian,
    delta_of_laplace,
    delta_of_zcdp,
    epsilon_of_exponential_mechanism,
    epsilon_of_zcdp,
    laplace_scale,
    sigma_of_gaussian,
    zcdp_of_guarantee,
    zcdp_of_pure,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

epsilons = st.floats(0.01, 50)
deltas = st.floats(1e-12, 0.2)


def brute_force_delta(rho: float, *, epsilon: float) -> float:
    """Evaluate the formula on a fine grid of Renyi orders instead of at its stationary point."""
    order = 1.0 + np.exp(np.linspace(-12, 12, 400_001))
    log_delta = (
        (order - 1) * (order * rho - epsilon) - np.log(order - 1) + order * np.log1p(-1 / order)
    )
    return float(np.exp(min(log_delta.min(), 0.0)))


def test_the_budget_of_epsilon_one_is_the_published_one() -> None:
    assert zcdp_of_guarantee(1.0, delta=1e-5) == pytest.approx(0.0306, abs=5e-5)


@pytest.mark.parametrize("rho", [1e-4, 0.03, 0.5, 4.0])
@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.0, 8.0])
def test_delta_is_the_minimum_over_all_orders(rho: float, epsilon: float) -> None:
    expected = brute_force_delta(rho, epsilon=epsilon)
    assert delta_of_zcdp(rho, epsilon=epsilon) == pytest.approx(expected, rel=1e-6)


@given(epsilon=epsilons, delta=deltas)
def test_budget_and_guarantee_invert_each_other_on_the_safe_side(
    epsilon: float, delta: float
) -> None:
    rho = zcdp_of_guarantee(epsilon, delta=delta)
    assert delta_of_zcdp(rho, epsilon=epsilon) <= delta
    assert epsilon_of_zcdp(rho, delta=delta) == pytest.approx(epsilon, rel=1e-6)


@given(rho=st.floats(1e-4, 20), delta=deltas)
def test_epsilon_is_tighter_than_the_simple_conversion(rho: float, delta: float) -> None:
    simple = rho + 2 * math.sqrt(rho * math.log(1 / delta))
    assert 0.0 <= epsilon_of_zcdp(rho, delta=delta) <= simple


@given(sigma=st.floats(0.2, 20), epsilon=st.floats(0.0, 10))
def test_zcdp_never_promises_more_than_the_gaussian_keeps(sigma: float, epsilon: float) -> None:
    exact = delta_of_gaussian(epsilon, sigma=sigma, sensitivity=1.0)
    assert exact <= delta_of_zcdp(1 / (2 * sigma**2), epsilon=epsilon) + 1e-12


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0, 2.5])
def test_delta_of_gaussian_is_the_hockey_stick_divergence(epsilon: float) -> None:
    sigma, shift = 0.8, 1.3
    near, far = stats.norm(shift, sigma), stats.norm(0, sigma)
    excess = integrate.quad(
        lambda x: max(0.0, near.pdf(x) - math.exp(epsilon) * far.pdf(x)), -10, 12, limit=400
    )[0]
    assert delta_of_gaussian(epsilon, sigma=sigma, sensitivity=shift) == pytest.approx(
        excess, abs=1e-7
    )


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0, 1.7])
def test_delta_of_laplace_is_the_hockey_stick_divergence(epsilon: float) -> None:
    scale, shift = 0.7, 1.3
    near, far = stats.laplace(shift, scale), stats.laplace(0, scale)
    excess = integrate.quad(
        lambda x: max(0.0, near.pdf(x) - math.exp(epsilon) * far.pdf(x)),
        -20,
        25,
        points=[0.0, shift, (shift + epsilon * scale) / 2],
        limit=400,
    )[0]
    assert delta_of_laplace(epsilon, scale=scale, sensitivity=shift) == pytest.approx(
        excess, abs=1e-6
    )


def test_laplace_at_its_own_epsilon_needs_no_delta() -> None:
    scale = laplace_scale(0.5, sensitivity=2.0)
    assert scale == 4.0
    assert delta_of_laplace(0.5, scale=scale, sensitivity=2.0) == 0.0


def test_the_exponential_mechanism_spends_exactly_its_share() -> None:
    epsilon = epsilon_of_exponential_mechanism(0.02)
    assert epsilon**2 / 8 == pytest.approx(0.02)


def test_zcdp_of_the_gaussian_and_of_pure_privacy_meet_their_definitions() -> None:
    assert sigma_of_gaussian(0.5, sensitivity=3.0) == 3.0
    assert zcdp_of_pure(2.0) == 2.0


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_a_budget_that_is_none_is_refused(value: float) -> None:
    for call in (
        lambda: epsilon_of_zcdp(value, delta=1e-5),
        lambda: delta_of_zcdp(value, epsilon=1.0),
        lambda: zcdp_of_guarantee(value, delta=1e-5),
        lambda: zcdp_of_pure(value),
        lambda: epsilon_of_exponential_mechanism(value),
        lambda: sigma_of_gaussian(value, sensitivity=1.0),
        lambda: laplace_scale(1.0, sensitivity=value),
        lambda: delta_of_laplace(1.0, scale=value, sensitivity=1.0),
        lambda: delta_of_gaussian(1.0, sigma=value, sensitivity=1.0),
    ):
        with pytest.raises(ValueError, match="greater than 0"):
            call()


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.1, math.nan])
def test_a_delta_outside_the_unit_interval_is_refused(delta: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        epsilon_of_zcdp(0.1, delta=delta)


def test_a_guarantee_states_everything_a_claim_has_to() -> None:
    guarantee = Guarantee(epsilon=1.0, delta=1e-5, accountant="zCDP", public_inputs=("codebook",))
    assert guarantee.to_dict() == {
        "epsilon": 1.0,
        "delta": 1e-5,
        "neighbours": "add or remove one record",
        "unit": "record",
        "accountant": "zCDP",
        "public_inputs": ["codebook"],
    }


@pytest.mark.parametrize(("epsilon", "delta"), [(-1.0, 0.1), (math.inf, 0.1), (1.0, 1.0)])
def test_a_guarantee_that_guarantees_nothing_is_refused(epsilon: float, delta: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        Guarantee(epsilon=epsilon, delta=delta, accountant="zCDP")
