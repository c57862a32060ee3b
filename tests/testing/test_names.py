"""Names of the truth are told from values that only happen to stand beside it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.testing.checks.names import always_together
from anomed_core.testing.checks.truth import is_sorted, is_telling_order, same_values

SEEDS = st.integers(0, 2**32 - 1)
N = 40


def orders(seed: int, n_draws: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.permutation(N) for _ in range(n_draws)]


@given(seed=SEEDS, n_draws=st.integers(2, 4))
def test_any_names_that_stay_the_same_are_found(seed: int, n_draws: int) -> None:
    names = np.random.default_rng(seed).permutation(10**6)[:N]

    assert always_together([(names[order], order) for order in orders(seed, n_draws)])


@given(seed=SEEDS)
def test_names_that_are_drawn_anew_tell_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed + 1)

    assert not always_together([(rng.permutation(N), order) for order in orders(seed, 2)])


@given(seed=SEEDS)
def test_values_that_never_recur_tell_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)

    assert not always_together([(rng.random(N), order) for order in orders(seed, 2)])


@given(st.lists(st.integers(0, 5), max_size=50), SEEDS)
def test_an_order_is_one_whatever_it_was_before(values: list[int], seed: int) -> None:
    column = np.array(values, dtype=int)
    shuffled = np.random.default_rng(seed).permutation(column)

    assert same_values(column, shuffled)
    assert is_sorted(np.sort(column))
    assert is_sorted(np.sort(column)[::-1])
    assert is_telling_order(column) == is_telling_order(shuffled)


def test_few_orders_tell_nothing() -> None:
    assert not is_telling_order(np.array([0, 1, 1]))
    assert not is_telling_order(np.ones(100))
    assert is_telling_order(np.arange(10))
