"""Triggers stay in range, on the grid and in their pixels, and leave the inputs alone."""

import numpy as np
import pytest
from anomed_anomaly_detection.registry import trigger
from anomed_anomaly_detection.triggers import Formula, WaNet, draw_field, on_grid
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

ALL = ("blend", "constant", "corner", "noise", "patch", "wanet")


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_triggered_inputs_share_range_dtype_and_grid_with_clean_ones(name, dtype):
    rng = np.random.default_rng(0)
    X = on_grid(rng.uniform(-1, 3, (6, 96)).astype(dtype), low=-1, high=3)
    before = X.copy()
    drawn = trigger(name).draw((8, 12), rng, low=-1, high=3)

    result = drawn(X, (8, 12), rng)

    assert result.shape == X.shape
    assert result.dtype == dtype
    assert result.min() >= -1
    assert result.max() <= 3
    np.testing.assert_array_equal(on_grid(result, low=-1, high=3), result)
    np.testing.assert_array_equal(X, before)
    assert not np.array_equal(result, X)


@pytest.mark.parametrize("name", ALL)
def test_arrays_give_a_trigger_back(name):
    drawn = trigger(name).draw((8, 12), np.random.default_rng(1))
    again = Formula.from_arrays(drawn.to_arrays())
    X = np.random.default_rng(2).random((5, 96))

    np.testing.assert_array_equal(
        drawn(X, (8, 12), np.random.default_rng(3)), again(X, (8, 12), np.random.default_rng(3))
    )


@pytest.mark.parametrize(
    ("corner", "row", "column"),
    [
        ("top-left", 0, 0),
        ("top-right", 0, 11),
        ("bottom-left", 7, 0),
        ("bottom-right", 7, 11),
    ],
)
def test_each_corner_is_where_its_name_says(corner, row, column):
    drawn = trigger("corner", corner=corner).draw((8, 12), np.random.default_rng(0))
    image = drawn(np.zeros((1, 96)), (8, 12), np.random.default_rng(0)).reshape(8, 12)

    assert np.argwhere(image == 1).tolist() == [[row, column]]


def test_a_patch_counts_from_the_other_end_and_stays_inside():
    source = trigger("patch", row=-2, column=-3, height=2, width=3, value=0.6, levels=0)
    image = source.draw((8, 12), np.random.default_rng(0))(
        np.zeros((1, 96)), (8, 12), np.random.default_rng(0)
    )

    assert np.argwhere(image.reshape(8, 12) == 0.6).shape == (6, 2)
    with pytest.raises(ValueError, match=r"a patch of 2 x 2 at \(7, 0\) leaves an image of 8 x 12"):
        trigger("patch", row=7).draw((8, 12), np.random.default_rng(0))


def test_colours_are_painted_in_every_channel():
    drawn = trigger("corner").draw((4, 5, 3), np.random.default_rng(0))
    image = drawn(np.zeros((1, 60)), (4, 5, 3), np.random.default_rng(0)).reshape(4, 5, 3)

    assert image[0, 0].tolist() == [1, 1, 1]
    assert image.sum() == 3


def test_noise_is_another_one_for_every_input():
    drawn = trigger("noise", std=0.3, levels=0).draw((10, 10), np.random.default_rng(0))
    X = drawn(np.full((500, 100), 0.5), (10, 10), np.random.default_rng(1))

    inside = X[(X > 0) & (X < 1)] - 0.5
    assert len(np.unique(X, axis=0)) == 500
    expected = 0.3 * truncnorm(-5 / 3, 5 / 3).std()
    assert inside.std() == pytest.approx(expected, abs=0.005)


def test_a_field_moves_by_so_many_pixels_whatever_the_shape():
    field = draw_field((8, 12), np.random.default_rng(0), strength=0.7)

    assert field.shape == (2, 8, 12)
    assert np.abs(field).mean() == pytest.approx(0.7)


def test_a_warp_looks_pixels_up_row_by_row():
    shift = np.zeros((2, 3, 4))
    shift[1] = 1  # One column to the right is looked up, so the image moves to the left.
    drawn = Formula(mask=np.zeros(12), pattern=np.zeros(12), field=shift, levels=0)
    image = np.arange(12.0).reshape(3, 4) / 11

    moved = drawn(image.reshape(1, 12), (3, 4), np.random.default_rng(0)).reshape(3, 4)

    np.testing.assert_allclose(moved, image[:, [1, 2, 3, 3]])


def test_innocent_warps_differ_from_the_trigger_and_each_other():
    source = WaNet(warping_strength=1.0)
    drawn = source.draw((8, 12), np.random.default_rng(0))
    X = np.tile(np.random.default_rng(1).random(96), (3, 1))

    others = source.innocent(drawn)(X, (8, 12), np.random.default_rng(2))

    assert len(np.unique(others, axis=0)) == 3
    assert not np.array_equal(others[0], drawn(X, (8, 12), np.random.default_rng(2))[0])


def test_the_default_strength_depends_on_the_size():
    assert WaNet().strength((8, 8)) == 0.5
    assert WaNet().strength((28, 28)) == 1.0
    assert WaNet(warping_strength=2).strength((8, 8)) == 2


@given(st.floats(-5, 5), st.integers(1, 255))
def test_the_grid_is_the_nearest_level(value, levels):
    (result,) = on_grid(np.array([value]), levels=levels)

    assert abs(result - np.clip(value, 0, 1)) <= 0.5 / levels + 1e-12
    assert result * levels == pytest.approx(round(result * levels))
    assert not np.signbit(result)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mask": np.full(4, 2.0)}, "a mask holds numbers from 0 to 1"),
        ({"pattern": np.zeros(3)}, r"mask has shape \(4,\) and pattern \(3,\)"),
        ({"std": -1}, "std a finite number"),
        ({"field": np.zeros((2, 2))}, r"field has shape \(2, 2\)"),
    ],
)
def test_arrays_that_are_no_trigger_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Formula(**({"mask": np.zeros(4), "pattern": np.zeros(4)} | change))
