"""The mechanism's noise, its sensitivity and the distribution it hands over."""

import itertools

import numpy as np
import pytest
from anomed_dataset_synthesis.generators._marginal_tree import (
    _choose_tree,
    _condition,
    _project_to_simplex,
    _unexplained,
    discrete_gaussian,
    estimate_tree,
    measure_marginals,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats


def chain_codes(n_records: int, *, rng: np.random.Generator) -> np.ndarray:
    """Return a Markov chain over three columns, so that the true tree is 0-1-2."""
    first = rng.integers(0, 3, n_records)
    second = np.where(rng.random(n_records) < 0.9, first, rng.integers(0, 3, n_records))
    third = np.where(rng.random(n_records) < 0.9, second, rng.integers(0, 3, n_records))
    return np.column_stack([first, second, third])


@pytest.mark.parametrize("sigma", [0.4, 1.0, 2.7, 30.0])
def test_discrete_gaussian_follows_its_definition(sigma: float) -> None:
    draws = discrete_gaussian(sigma, shape=(40_000,), rng=np.random.default_rng(7))
    limit = int(np.ceil(2.5 * sigma))  # both tails are pooled into the outermost cells
    support = np.arange(-10 * limit, 10 * limit + 1)
    mass = np.exp(-(support**2) / (2 * sigma**2))
    cells = np.clip(support, -limit, limit) + limit
    expected = len(draws) * np.bincount(cells, weights=mass / mass.sum())
    observed = np.bincount(np.clip(draws, -limit, limit) + limit, minlength=len(expected))
    assert stats.chisquare(observed, expected).pvalue > 1e-3


def test_noise_of_every_released_cell_has_the_declared_deviation() -> None:
    codes = np.zeros((50, 2), dtype=np.int64)
    rho = 0.02
    released = [
        measure_marginals(codes, (400, 30), rho=rho, rng=np.random.default_rng(seed))
        for seed in range(5)
    ]
    one_way = np.concatenate([marginals.one_way[0][1:] for marginals in released])
    two_way = np.concatenate([marginals.two_way[0, 1].ravel()[1:] for marginals in released])
    # one third of rho for two one-way marginals, one third for one two-way marginal
    assert one_way.std() == pytest.approx(np.sqrt(3 * 2 / (2 * rho)), rel=0.05)
    assert two_way.std() == pytest.approx(np.sqrt(3 * 1 / (2 * rho)), rel=0.02)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_one_added_record_moves_no_score_by_more_than_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = (2, 3, 5, 2)
    codes = np.column_stack([rng.integers(0, size, 30) for size in sizes])
    noisy = tuple(rng.integers(-5, 20, size) for size in sizes)
    newcomer = np.array([[rng.integers(0, size) for size in sizes]])
    before = _unexplained(codes, noisy)
    after = _unexplained(np.vstack([codes, newcomer]), noisy)
    assert all(abs(after[pair] - before[pair]) <= 1.0 + 1e-9 for pair in before)


def test_a_generous_budget_finds_the_true_tree() -> None:
    codes = chain_codes(2_000, rng=np.random.default_rng(1))
    marginals = measure_marginals(codes, (3, 3, 3), rho=10.0, rng=np.random.default_rng(2))
    assert set(marginals.two_way) == {(0, 1), (1, 2)}


def test_edge_choice_follows_the_exponential_mechanism() -> None:
    rho = 0.5
    scores = {(0, 1): 3.0, (0, 2): 1.0, (1, 2): 0.0}
    rng = np.random.default_rng(5)
    n_draws = 6_000
    first = [
        _choose_tree(scores, rho_per_choice=rho, n_columns=3, rng=rng)[0] for _ in range(n_draws)
    ]
    weights = np.exp(np.sqrt(8 * rho) / 2 * np.array(list(scores.values())))
    expected = n_draws * weights / weights.sum()
    assert stats.chisquare([first.count(pair) for pair in scores], expected).pvalue > 1e-3


def test_without_noise_the_tree_reproduces_the_chain() -> None:
    codes = chain_codes(20_000, rng=np.random.default_rng(3))
    marginals = measure_marginals(codes, (3, 3, 3), rho=1e6, rng=np.random.default_rng(4))
    sampled = estimate_tree(marginals).sample(200_000, rng=np.random.default_rng(5))
    for first, second in itertools.combinations(range(3), 2):
        real = np.histogram2d(codes[:, first], codes[:, second], bins=3)[0] / len(codes)
        synthetic = np.histogram2d(sampled[:, first], sampled[:, second], bins=3)[0] / len(sampled)
        assert 0.5 * np.abs(real - synthetic).sum() < 0.01


@pytest.mark.parametrize("rho", [1e-6, 1e-3, 1.0])
def test_probabilities_stay_probabilities_under_any_noise(rho: float) -> None:
    codes = np.zeros((20, 4), dtype=np.int64)
    sizes = (5, 1, 7, 3)
    for seed in range(20):
        tree = estimate_tree(
            measure_marginals(codes, sizes, rho=rho, rng=np.random.default_rng(seed))
        )
        assert tree.root.sum() == pytest.approx(1.0)
        for branch in tree.branches:
            assert branch.conditional.min() >= 0.0
            np.testing.assert_allclose(branch.conditional.sum(axis=1), 1.0)
        sampled = tree.sample(50, rng=np.random.default_rng(seed))
        assert ((sampled >= 0) & (sampled < np.array(sizes))).all()


def test_an_empty_table_and_a_single_column_are_served() -> None:
    empty = np.empty((0, 3), dtype=np.int64)
    tree = estimate_tree(measure_marginals(empty, (2, 2, 2), rho=1.0, rng=np.random.default_rng(0)))
    assert tree.sample(4, rng=np.random.default_rng(1)).shape == (4, 3)
    single = np.array([[0], [1], [1]])
    tree = estimate_tree(measure_marginals(single, (2,), rho=1e4, rng=np.random.default_rng(0)))
    np.testing.assert_allclose(tree.root, [1 / 3, 2 / 3], atol=0.02)


@given(
    values=st.lists(st.floats(-50, 50), min_size=1, max_size=12),
    total=st.floats(0.5, 100),
)
def test_projection_is_the_closest_point_of_the_simplex(values: list[float], total: float) -> None:
    given_point = np.array(values)
    projected = _project_to_simplex(given_point, total=total)
    assert projected.min() >= 0.0
    assert projected.sum() == pytest.approx(total)
    # optimality: moving mass towards any corner never comes closer
    gradient = projected - given_point
    assert gradient @ projected <= total * gradient.min() + 1e-6 * (1 + np.abs(gradient).max())


def test_raking_meets_both_margins() -> None:
    joint = np.array([[0.3, 0.2, 0.1], [0.1, 0.2, 0.2]])
    rows, columns = np.array([0.7, 0.3]), np.array([0.3, 0.3, 0.4])
    conditional = _condition(joint, rows=rows, columns=columns)
    np.testing.assert_allclose(rows @ conditional, columns, atol=1e-9)


def test_rows_that_noise_emptied_fall_back_to_independence() -> None:
    joint = np.array([[0.4, 0.6, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    rows, columns = np.array([0.7, 0.3, 0.0]), np.array([0.5, 0.5, 0.0])
    conditional = _condition(joint, rows=rows, columns=columns)
    np.testing.assert_allclose(rows @ conditional, columns, atol=1e-6)
    np.testing.assert_allclose(conditional[2], columns)


@pytest.mark.parametrize(
    ("codes", "sizes"),
    [
        (np.array([[0, 2]]), (1, 2)),
        (np.array([[0, -1]]), (1, 2)),
        (np.array([[0]]), (1, 2)),
        (np.array([0, 1]), (2,)),
    ],
)
def test_codes_outside_the_declared_domain_are_refused(
    codes: np.ndarray, sizes: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"outside 0 to 1|shape"):
        measure_marginals(codes, sizes, rho=1.0, rng=np.random.default_rng(0))


def test_a_domain_too_wide_for_memory_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer bins"):
        measure_marginals(
            np.zeros((3, 2), np.int64), (5_000, 5_000), rho=1.0, rng=np.random.default_rng(0)
        )
