import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import (
    Identity,
    Noise,
    Pram,
    RankSwapping,
    Suppression,
    add_noise,
    randomise_values,
    swap_values,
)
from anomed_dataset_anonymization.schema import Bounds
from anomed_dataset_anonymization.schemes import canonicalise
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

METHODS = [Identity(), Noise(), Pram(), RankSwapping(), Suppression()]
RANDOM = [Noise(), Pram(), RankSwapping()]


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_the_scheme_accepts_what_is_published(method, register, schema, rng):
    published = method.anonymize(register, schema, rng=rng)
    canonical = canonicalise(published, method.scheme, schema=schema, leaky=register)
    assert canonical.n_rows == len(register)
    assert published.index.equals(register.index)


@pytest.mark.parametrize("method", RANDOM, ids=lambda method: method.name)
def test_the_seed_decides_the_result(method, register, schema):
    first, again, other = (
        method.anonymize(register, schema, rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


@pytest.mark.parametrize("method", RANDOM, ids=lambda method: method.name)
def test_only_quasi_identifiers_change(method, register, schema, rng):
    published = method.anonymize(register, schema, rng=rng)
    for column in schema:
        same = (
            published[column.name] == register[column.name].astype(published[column.name].dtype)
        ).all()
        is_spared = column.role != "qi" or (method.name == "noise" and column.kind == "nominal")
        assert same == is_spared, column.name


def test_the_identity_publishes_every_value(register, schema, rng):
    published = Identity().anonymize(register, schema, rng=rng)
    for name in schema.names:
        assert (published[name] == register[name].astype(published[name].dtype)).all()


def test_suppression_publishes_no_value(register, schema, rng):
    published = Suppression().anonymize(register, schema, rng=rng)
    assert list(published) == list(schema.names)
    assert published.isna().all(axis=None)


def test_randomised_values_follow_the_transition_matrix(rng):
    values = np.repeat([0.0, 1.0, 2.0], [60_000, 30_000, 10_000])
    retention, shares = 0.7, np.array([0.6, 0.3, 0.1])
    drawn = randomise_values(values, retention=retention, rng=rng)
    for value, n_records in enumerate([60_000, 30_000, 10_000]):
        expected = (retention * (np.arange(3) == value) + (1 - retention) * shares) * n_records
        observed = np.bincount(drawn[values == value].astype(int), minlength=3)
        assert stats.chisquare(observed, expected).pvalue > 1e-4


def test_randomised_values_keep_their_expected_shares(rng):
    values = np.repeat([0.0, 1.0, np.nan], [60_000, 30_000, 10_000])
    drawn = randomise_values(values, retention=0.0, rng=rng)
    assert np.isnan(drawn).mean() == pytest.approx(0.1, abs=0.004)
    assert (drawn == 0).mean() == pytest.approx(0.6, abs=0.007)


@pytest.mark.parametrize(("retention", "changed"), [(1.0, 0.0), (0.0, 1.0)])
def test_retention_is_the_share_of_values_that_stay(retention, changed, rng):
    values = np.arange(10_000.0)
    drawn = randomise_values(values, retention=retention, rng=rng)
    assert (drawn != values).mean() == pytest.approx(changed, abs=0.001)


@given(
    values=st.lists(st.integers(0, 9) | st.just(float("nan")), min_size=0, max_size=80),
    n_ranks=st.integers(2, 20),
    seed=st.integers(0, 2**32),
)
def test_swapped_values_are_the_same_values(values, n_ranks, seed):
    values = np.array(values, dtype=np.float64)
    swapped = swap_values(values, n_ranks=n_ranks, rng=np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(swapped), np.sort(values))


@given(n_records=st.integers(2, 200), n_ranks=st.integers(2, 50), seed=st.integers(0, 2**32))
def test_people_swap_in_pairs_of_close_ranks(n_records, n_ranks, seed):
    rng = np.random.default_rng(seed)
    ranks = rng.permutation(n_records).astype(np.float64)
    swapped = swap_values(ranks, n_ranks=n_ranks, rng=rng)
    assert np.abs(swapped - ranks).max() < n_ranks
    holder = np.argsort(ranks)
    partner = holder[swapped.astype(int)]
    np.testing.assert_array_equal(partner[partner], np.arange(n_records))


def test_nearly_all_people_swap(rng):
    values = np.arange(10_000.0)
    swapped = swap_values(values, n_ranks=101, rng=rng)
    # Each block of 101 ranks leaves one person over, and so may the two blocks at the ends.
    assert 0.01 - 0.001 < (swapped == values).mean() <= 0.01 + 0.001


def test_one_rank_has_no_partner(rng):
    with pytest.raises(ValueError, match=r"n_ranks must be at least 2, got 1"):
        swap_values(np.arange(3.0), n_ranks=1, rng=rng)


def test_small_tables_still_swap(schema, register, rng):
    published = RankSwapping(window=0.01).anonymize(register.head(20), schema, rng=rng)
    assert (published["age"].to_numpy() != register["age"].head(20).to_numpy()).any()


BOUNDS = Bounds(low=10, high=30, step=0.5)


def test_noise_has_the_scale_it_was_given(rng):
    values = rng.normal(20, 1, size=100_000)
    moved = add_noise(values, BOUNDS, scale=0.5, rng=rng) - values
    assert moved.std() == pytest.approx(0.5, rel=0.02)
    assert moved.mean() == pytest.approx(0, abs=0.01)
    assert abs(np.corrcoef(moved, values)[0, 1]) < 0.02


@given(scale=st.floats(0, 100), seed=st.integers(0, 2**32))
def test_noise_stays_within_the_bounds_without_piling_up(scale, seed):
    rng = np.random.default_rng(seed)
    values = rng.uniform(10, 30, size=500)
    noisy = add_noise(values, BOUNDS, scale=scale, rng=rng)
    assert ((noisy >= 10) & (noisy <= 30)).all()
    assert len(np.unique(noisy)) == 500


def test_no_noise_changes_nothing(rng):
    values = np.array([10.0, 17.5, 30.0, np.nan])
    np.testing.assert_allclose(add_noise(values, BOUNDS, scale=0, rng=rng), values)


def test_noisy_cells_are_values_of_the_domain(register, schema, rng):
    published = Noise(scale=2).anonymize(register, schema, rng=rng)
    assert published["age"].between(0, 105).all()
    assert published["age"].dtype == pd.Int64Dtype()


@pytest.mark.parametrize(
    ("method", "parameters", "complaint"),
    [
        (Pram, {"retention": 1.1}, r"retention must be a number from 0 to 1, got 1\.1"),
        (RankSwapping, {"window": 0}, r"window must be a number above 0 to 1, got 0"),
        (Noise, {"scale": -1}, r"scale must be a finite number from 0, got -1"),
        (Noise, {"scale": float("nan")}, r"scale must be a finite number from 0, got nan"),
        (Noise, {"scale": True}, r"scale must be a finite number from 0, got True"),
    ],
)
def test_parameters_out_of_range_are_refused(method, parameters, complaint):
    with pytest.raises(ValueError, match=complaint):
        method(**parameters)
