import hashlib

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import Mondrian, mondrian_partition
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema
from anomed_dataset_anonymization.schemes import canonicalise
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

# qiyuangong/Mondrian at commit 49d49cf, `mondrian.mondrian(data, k, relax)` on the complete rows of
# adult.data: number of partitions, sum of squared sizes, its information loss in percent, and the
# first 16 digits of the SHA-256 of the partitions, numbered by first appearance, as int64.
REFERENCE = [
    (False, 5, 3271, 502940, 8.3025, "e6ed89e67d77bfb8"),
    (False, 10, 1795, 673672, 11.2435, "2022018b3fa3b6f1"),
    (False, 25, 776, 1290052, 16.3493, "8b7eaf63add833f8"),
    (False, 50, 402, 2405520, 22.1577, "3027ce3b0de1d1ee"),
    (False, 100, 205, 4654210, 30.0858, "dc0ed769d29062f0"),
    (True, 5, 4096, 223054, 10.6394, "8e87fcac59c24784"),
    (True, 10, 2048, 444618, 15.8470, "e84bee40278449c7"),
    (True, 25, 1024, 888678, 22.3183, "c335ca53da1a0ff2"),
    (True, 50, 512, 1776890, 30.0727, "7f5b8efcfab8a751"),
    (True, 100, 256, 3553734, 38.9408, "0b380204d3407d66"),
]


@pytest.mark.parametrize(("relaxed", "k", "n_parts", "discernibility", "loss", "digest"), REFERENCE)
def test_the_partitions_of_adult_are_those_of_the_reference(
    adult_points, relaxed, k, n_parts, discernibility, loss, digest
):
    parts = mondrian_partition(adult_points, k, relaxed=relaxed)
    sizes = np.bincount(parts)
    extents = [np.ptp(adult_points[parts == part], axis=0) for part in range(len(sizes))] / np.ptp(
        adult_points, axis=0
    )
    assert len(sizes) == n_parts
    assert (sizes**2).sum() == discernibility
    assert 100 * np.average(extents.mean(axis=1), weights=sizes) == pytest.approx(loss, abs=5e-5)
    assert hashlib.sha256(parts.astype("<i8").tobytes()).hexdigest()[:16] == digest


def partition_by_recursion(points, k):
    """Follow the definition of the strict partition, one part at a time."""
    span = np.ptp(points, axis=0)
    parts = []

    def divide(rows, low, high):
        low, high = low.copy(), high.copy()
        for dimension in sorted(
            range(len(span)), key=lambda d: (low[d] - high[d]) / (span[d] or 1)
        ):
            if low[dimension] == high[dimension]:
                continue
            values = np.sort(points[rows, dimension])
            median = values[len(rows) // 2 - 1] if len(rows) > 1 else values[0]
            low[dimension], high[dimension] = values[0], values[-1]
            left = points[rows, dimension] <= median
            if min(left.sum(), (~left).sum()) >= k:
                left_high, right_low = high.copy(), low.copy()
                left_high[dimension] = median
                right_low[dimension] = values[values > median][0]
                divide(rows[left], low, left_high)
                divide(rows[~left], right_low, high)
                return
        parts.append(rows)

    divide(np.arange(len(points)), points.min(axis=0), points.max(axis=0))
    return {frozenset(rows.tolist()) for rows in parts}


def as_sets(parts):
    return {frozenset(np.flatnonzero(parts == part).tolist()) for part in np.unique(parts)}


small_tables = arrays.arrays(
    np.int64,
    st.tuples(st.integers(1, 40), st.integers(1, 4)),
    elements=st.integers(-4, 6),
)


@given(points=small_tables, k=st.integers(1, 8))
def test_strict_partitions_follow_the_definition(points, k):
    k = min(k, len(points))
    assert as_sets(mondrian_partition(points, k)) == partition_by_recursion(points, k)


@given(points=small_tables, k=st.integers(1, 8), relaxed=st.booleans())
def test_parts_hold_k_records_and_are_numbered_by_appearance(points, k, relaxed):
    k = min(k, len(points))
    parts = mondrian_partition(points, k, relaxed=relaxed)
    assert np.bincount(parts).min() >= k
    _, first = np.unique(parts, return_index=True)
    assert (np.diff(first) > 0).all()


@given(points=small_tables, k=st.integers(1, 8))
def test_strict_parts_keep_equal_records_together(points, k):
    parts = mondrian_partition(points, min(k, len(points)))
    _, record = np.unique(points, axis=0, return_inverse=True)
    assert len(np.unique(np.stack([record.ravel(), parts]), axis=1).T) == record.max() + 1


@given(points=small_tables, k=st.integers(1, 8))
def test_relaxed_parts_of_2k_records_or_more_hold_equal_records_only(points, k):
    parts = mondrian_partition(points, min(k, len(points)), relaxed=True)
    for part in np.flatnonzero(np.bincount(parts) >= 2 * k):
        assert len(np.unique(points[parts == part], axis=0)) == 1


@given(points=small_tables, scale=st.sampled_from([0.5, 4.0, 1024.0]))
def test_units_do_not_matter(points, scale):
    k = min(3, len(points))
    assert (mondrian_partition(points, k) == mondrian_partition(points * scale, k)).all()


def test_relaxed_halves_divide_equal_values():
    points = [[1], [2], [2], [2], [2], [3]]
    assert np.bincount(mondrian_partition(points, 3)).tolist() == [6]
    assert mondrian_partition(points, 3, relaxed=True).tolist() == [0, 1, 1, 0, 0, 1]


def test_k_of_one_gives_every_distinct_record_its_own_part():
    points = np.array([[1, 1], [1, 2], [1, 2], [5, 0]])
    assert mondrian_partition(points, 1).tolist() == [0, 1, 1, 2]


def test_k_of_all_records_gives_one_part():
    assert mondrian_partition([[1.5], [2.5], [9.0]], 3).tolist() == [0, 0, 0]


@pytest.mark.parametrize("k", [0, -1, 4])
def test_an_impossible_k_is_refused(k):
    with pytest.raises(ValueError, match=rf"k must lie between 1 and the 3 records, got {k}\."):
        mondrian_partition([[1], [2], [3]], k)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_points_that_are_no_numbers_are_refused(value):
    with pytest.raises(ValueError, match="must be finite numbers"):
        mondrian_partition([[1.0], [value]], 1)


@pytest.mark.parametrize("points", [[1, 2, 3], [[], []]])
def test_points_that_are_no_matrix_are_refused(points):
    with pytest.raises(ValueError, match="must have shape"):
        mondrian_partition(points, 1)


@pytest.mark.parametrize("relaxed", [False, True])
def test_a_published_register_is_k_anonymous_and_covers_its_people(register, schema, relaxed, rng):
    published = Mondrian(k=7, relaxed=relaxed).anonymize(register, schema, rng=rng)
    canonical = canonicalise(published, "generalization", schema=schema, leaky=register)
    names = [column.name for column in schema.quasi_identifiers]
    assert np.bincount(canonical.labels(names)).min() >= 7
    assert published.index.equals(register.index)
    assert (published["age_min"] <= register["age"]).all()
    assert (published["age_max"] >= register["age"]).all()
    for region in register["region"].cat.categories:
        living_there = register["region"] == region
        assert published.loc[living_there, f"region_{region}"].all()
    assert (published["outcome"] == register["outcome"].astype(str)).all()


def test_a_class_with_a_missing_value_is_given_the_whole_domain(rng):
    schema = TableSchema(
        columns=[
            Column(
                name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=99), role="qi"
            )
        ]
    )
    table = pd.DataFrame({"age": pd.array([20, 21, 70, None], dtype="Int64")})
    published = Mondrian(k=2).anonymize(table, schema, rng=rng)
    assert published["age_min"].tolist() == [20, 20, 0, 0]
    assert published["age_max"].tolist() == [21, 21, 99, 99]


@pytest.mark.parametrize("k", [0, 2.5, True, "ten"])
def test_a_k_that_is_no_whole_number_is_refused(k):
    with pytest.raises(ValueError, match=f"k must be a whole number from 1, got {k!r}"):
        Mondrian(k=k)
