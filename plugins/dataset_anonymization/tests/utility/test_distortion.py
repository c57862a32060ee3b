import numpy as np
import pytest
from anomed_dataset_anonymization.utility import sse_share
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sklearn.preprocessing import StandardScaler

ORIGINAL = np.array([[1.0, 10.0], [2.0, 30.0], [3.0, 20.0], [6.0, 60.0]])


def test_the_overall_mean_loses_everything():
    means = np.broadcast_to(ORIGINAL.mean(axis=0), ORIGINAL.shape)
    assert sse_share(ORIGINAL, means) == pytest.approx(100.0)


def test_class_means_lose_the_variation_within_classes():
    first = ORIGINAL[:, :1]
    means = np.array([[1.5], [1.5], [4.5], [4.5]])
    assert sse_share(first, means) == pytest.approx(100 * (2 * 0.25 + 2 * 2.25) / 14)


def test_the_loss_is_that_of_standardised_columns():
    rng = np.random.default_rng(1)
    published = ORIGINAL + rng.normal(size=ORIGINAL.shape)
    scaler = StandardScaler().fit(ORIGINAL)
    before, after = scaler.transform(ORIGINAL), scaler.transform(published)
    expected = 100 * ((before - after) ** 2).sum() / (before**2).sum()
    assert sse_share(ORIGINAL, published) == pytest.approx(expected)


def test_unchanged_numbers_lose_nothing():
    assert sse_share(ORIGINAL, ORIGINAL) == 0.0


@given(
    arrays.arrays(np.float64, (4, 2), elements=st.floats(-100, 100)),
    st.floats(0.1, 10),
    st.floats(-100, 100),
)
def test_the_loss_ignores_units(published, scale, shift):
    expected = sse_share(ORIGINAL, published)
    moved = sse_share(ORIGINAL * scale + shift, published * scale + shift)
    assert moved == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("original", "published", "complaint"),
    [
        (ORIGINAL, ORIGINAL[:3], "same people"),
        (ORIGINAL[:, 0], ORIGINAL[:, 0], "same people"),
        (ORIGINAL[:0], ORIGINAL[:0], "same people"),
        (ORIGINAL, ORIGINAL * np.nan, "NaN or infinity"),
        (ORIGINAL * [1, 0], ORIGINAL, "column 1 is constant"),
    ],
)
def test_tables_that_cannot_be_compared_are_refused(original, published, complaint):
    with pytest.raises(ValueError, match=complaint):
        sse_share(original, published)
