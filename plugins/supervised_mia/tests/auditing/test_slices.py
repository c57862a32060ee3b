import numpy as np
import pandas as pd
import pytest
from anomed_supervised_mia.attacks import Signals
from anomed_supervised_mia.auditing.slices import (
    PARTITIONERS,
    Partition,
    Slice,
    by_class,
    by_column,
    by_correctness,
    by_loss_decile,
    partition_of,
)
from anomed_supervised_mia.metrics import roc_curve
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.statistics import rank, roc_of_ranking


def signals(n, seed, n_classes=3):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(n_classes), size=n)
    return Signals.from_probabilities(probabilities, labels=rng.integers(0, n_classes, n))


@pytest.mark.parametrize("name", PARTITIONERS)
def test_every_record_is_in_exactly_one_slice(name):
    members, others = signals(120, 1), signals(80, 2)
    partition = partition_of(name, members, others)
    ranking = rank(np.repeat([True, False], [120, 80]), np.random.default_rng(0).random(200))
    parts = dict(partition.rankings(ranking))
    together = np.sort(np.concatenate([part.order for part in parts.values()]))
    np.testing.assert_array_equal(together, np.arange(200))
    assert {part.partition for part in parts} == {partition.name}


@given(st.integers(0, 2**32 - 1), st.integers(2, 80), st.integers(1, 6), st.integers(1, 30))
def test_curve_of_a_slice_is_that_of_its_records_alone(seed, n_records, n_slices, n_levels):
    rng = np.random.default_rng(seed)
    is_member = rng.random(n_records) < 0.5
    scores = rng.integers(0, n_levels, n_records)
    codes = rng.integers(0, n_slices, n_records)
    partition = Partition(name="part", values=tuple(map(str, range(n_slices))), codes=codes)
    for name, part in partition.rankings(rank(is_member, scores)):
        inside = codes == int(name.value)
        np.testing.assert_array_equal(np.sort(part.order), np.flatnonzero(inside))
        if 0 < np.count_nonzero(is_member[inside]) < np.count_nonzero(inside):
            alone = roc_curve(is_member[inside], scores[inside])
            sliced = roc_of_ranking(part)
            np.testing.assert_array_equal(sliced.thresholds, alone.thresholds)
            np.testing.assert_array_equal(sliced.n_true_positives, alone.n_true_positives)
            np.testing.assert_array_equal(sliced.n_false_positives, alone.n_false_positives)


def test_classes_are_those_of_members_and_non_members():
    members = Signals.from_losses([1.0, 2.0], labels=[0, 2])
    others = Signals.from_losses([1.0], labels=[10])
    partition = by_class(members, others)
    assert partition.values == ("0", "2", "10")
    np.testing.assert_array_equal(partition.codes, [0, 1, 2])


def test_correctness_compares_predictions_with_labels():
    members = Signals.from_labels([0, 1], labels=[0, 0])
    partition = by_correctness(members, Signals.from_labels([1], labels=[1]))
    assert [partition.values[code] for code in partition.codes] == [
        "correctly",
        "incorrectly",
        "correctly",
    ]


@given(st.lists(st.floats(0, 10), min_size=20, max_size=60, unique=True))
def test_distinct_losses_fall_into_tenths(losses):
    partition = by_loss_decile(Signals.from_losses(losses[5:]), Signals.from_losses(losses[:5]))
    sizes = np.bincount(partition.codes, minlength=10)
    assert sizes.max() - sizes.min() <= 1
    order = np.argsort([*losses[5:], *losses[:5]])
    assert (np.diff(partition.codes[order].astype(int)) >= 0).all()


def test_tied_losses_are_not_doubled():
    # Eight of ten deciles are equal; closed intervals would put all records into each of them.
    losses = np.repeat([0.0, 1.0], [85, 15])
    partition = by_loss_decile(Signals.from_losses(losses[::2]), Signals.from_losses(losses[1::2]))
    ranking = rank(np.arange(100) < 50, np.arange(100))
    sizes = {name.value: part.scores.size for name, part in partition.rankings(ranking)}
    assert sizes == {"1": 85, "9": 15}


def test_column_of_words_has_a_slice_for_each():
    partition = by_column("ward", ["b", "a"], ["c", "a"])
    assert partition.values == ("a", "b", "c")
    np.testing.assert_array_equal(partition.codes, [1, 0, 2, 0])


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=80), st.integers(2, 6))
def test_bins_are_named_by_what_they_hold(column, n_bins):
    partition = by_column("age", column, [], n_bins=n_bins)
    for code, name in enumerate(partition.values):
        inside = np.array(column)[partition.codes == code]
        assert name == f"{inside.min():g} to {inside.max():g}"
    assert len(partition.values) <= n_bins


FINE = st.one_of(
    st.lists(st.integers(0, 4000).map(lambda i: 1_700_000_000 + i), min_size=2),
    st.lists(st.integers(2**60, 2**60 + 50), min_size=2),
    st.lists(st.floats(3, 12).map(lambda x: 1 - 10.0**-x), min_size=2),
    st.lists(st.floats(13.4, 13.401), min_size=2),
    st.lists(st.floats(-1e3, 1e3, width=32), min_size=2),
)


@given(FINE, st.integers(2, 12))
def test_bins_of_any_grain_have_names_that_tell_them_apart(column, n_bins):
    partition = by_column("x", column[::2], column[1::2], n_bins=n_bins)
    values = np.array([*column[::2], *column[1::2]])
    edges = [tuple(map(float, name.split(" to "))) for name in partition.values]
    assert 1 <= len(partition.values) <= n_bins
    assert edges == sorted(edges)
    for code, (low, high) in enumerate(edges):
        inside = values[partition.codes == code]
        assert (low, high) == pytest.approx((inside.min(), inside.max()), rel=1e-5)


@pytest.mark.parametrize(
    ("column", "n_bins", "names"),
    [
        (
            1_700_000_000 + np.arange(3600),
            2,
            ["1700000000 to 1700001799", "1700001800 to 1700003599"],
        ),
        (1.7e9 + np.arange(4), 2, ["1700000000 to 1700000001", "1700000002 to 1700000003"]),
        (2**60 + np.arange(4), 2, [f"{2**60} to {2**60 + 1}", f"{2**60 + 2} to {2**60 + 3}"]),
        (
            np.array([1.0, 1.00000001, 1.00000002]),
            3,
            ["1 to 1", "1.00000001 to 1.00000001", "1.00000002 to 1.00000002"],
        ),
        (-1e-9 * np.arange(4), 2, ["-3e-09 to -2e-09", "-1e-09 to 0"]),
        (1e300 * np.arange(4), 2, ["0 to 1e+300", "2e+300 to 3e+300"]),
        (
            np.uint64(2**64 - 1) - np.arange(2, dtype=np.uint64),
            2,
            [f"{2**64 - 2} to {2**64 - 2}", f"{2**64 - 1} to {2**64 - 1}"],
        ),
        (np.array([0.25, 1 - 1e-9]), 2, ["0.25 to 0.25", "0.999999999 to 0.999999999"]),
    ],
)
def test_names_of_bins_have_the_digits_that_they_need(column, n_bins, names):
    assert list(by_column("x", column, [], n_bins=n_bins).values) == names


def test_a_column_of_a_frame_goes_for_an_array():
    ages = pd.Series([20, 35, 61, 80], dtype="Int64", index=[9, 8, 7, 6])
    words = pd.Series(["a", "b", "a"], dtype="category")
    assert by_column("age", ages[:2], ages[2:], n_bins=2).values == ("20 to 35", "61 to 80")
    assert by_column("word", words[:2], words[2:]).values == ("a", "b")


def test_what_is_no_division_is_refused():
    with pytest.raises(TypeError, match=r"names or partitions, but 3 came"):
        partition_of(3, signals(2, 0), signals(2, 0))


@pytest.mark.parametrize(
    ("members", "others", "options", "message"),
    [
        ([[1]], [1], {}, "one-dimensional"),
        ([], [], {}, "not empty"),
        ([np.nan], [1.0], {}, "NaN"),
        (["a"], ["b"], {"n_bins": 2}, "bins need numbers"),
        ([1], [2], {"n_bins": 1}, "bins need numbers"),
        (range(1001), [], {}, "1001; put its values into bins"),
        (["a", None], ["b"], {}, "NaN"),
        (pd.Series([1, None], dtype="Int64"), [2], {}, "NaN"),
    ],
)
def test_column_that_makes_no_slices_is_refused(members, others, options, message):
    with pytest.raises(ValueError, match=message):
        by_column("column", members, others, **options)


def test_unknown_division_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="whole, class, correctness, loss-decile"):
        partition_of("classes", signals(2, 0), signals(2, 0))


def test_division_without_labels_is_refused():
    unlabelled = Signals.from_losses([0.5])
    with pytest.raises(ValueError, match="need the true labels"):
        by_class(unlabelled, unlabelled)


def test_partition_of_other_records_is_refused():
    with pytest.raises(ValueError, match="is for 2 records, but there are 2 members and 2"):
        partition_of(by_column("sex", ["f"], ["m"]), signals(2, 0), signals(2, 0))


@pytest.mark.parametrize("codes", [[0, 2], [-1, 0]])
def test_codes_without_a_slice_are_refused(codes):
    with pytest.raises(ValueError, match="do not exist"):
        Partition(name="part", values=("a", "b"), codes=np.array(codes))


def test_slice_is_shown_by_its_name():
    assert str(Slice(partition="class", value="3")) == "class 3"
    assert str(Slice(partition="whole", value="whole")) == "whole"
