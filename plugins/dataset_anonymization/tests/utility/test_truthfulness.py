import time

import numpy as np
import pytest
from anomed_dataset_anonymization.utility import (
    Boxes,
    Intervals,
    ValueMasses,
    covers,
    people_covered,
    truthfulness,
)
from anomed_dataset_anonymization.utility._record_sets import packed_on_demand
from hypothesis import given
from hypothesis import strategies as st


def covered_by_hand(rows, people):
    return [
        [
            low <= person_low and person_high <= high and person_colours <= colours
            for (person_low, person_high), person_colours in people
        ]
        for (low, high), colours in rows
    ]


@given(data=st.data())
def test_coverage_is_containment_in_every_column(boxes, random_rows, data):
    rows, people = data.draw(random_rows), data.draw(random_rows)
    published, original = (boxes(*zip(*table, strict=True)) for table in (rows, people))
    expected = np.array(covered_by_hand(rows, people))
    assert people_covered(published, original).tolist() == expected.sum(axis=1).tolist()
    row, person = np.indices(expected.shape)
    pairs = covers(published, row.ravel(), original=original, records=person.ravel())
    assert pairs.tolist() == expected.ravel().tolist()


@pytest.mark.parametrize("share_suppressed", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("n_values", [3, 400])
def test_coverage_of_many_rows_is_that_of_one_at_a_time(share_suppressed, n_values):
    """Exact columns are joined, few values are counted once, wide rows are looked up in sets."""
    rng = np.random.default_rng(n_values)
    n_rows = 600
    exact = rng.integers(0, n_values, n_rows).astype(float)
    codes = rng.integers(0, 4, n_rows)
    low = rng.integers(0, 50, n_rows).astype(float)
    width = rng.integers(0, 30, n_rows)
    hidden = rng.random(n_rows) < share_suppressed

    def table(first, last, codes, low, high):
        return Boxes(
            columns={
                "exact": Intervals.from_rows(first, last, domain=(0, n_values), step=1),
                "code": ValueMasses.from_values(codes, n_values=4),
                "range": Intervals.from_rows(low, high, domain=(0, 99), step=1),
            },
            counts=np.ones(n_rows, dtype=np.int64),
        )

    gone = np.where(hidden, np.nan, exact)
    published = table(gone, gone, np.where(hidden, -1, codes), low, low + width)
    original = table(exact, exact, codes, low, low)
    row, person = np.indices((n_rows, n_rows))
    one_by_one = covers(published, row.ravel(), original=original, records=person.ravel())

    covered = people_covered(published, original)
    assert covered.tolist() == one_by_one.reshape(n_rows, n_rows).sum(axis=1).tolist()
    assert covered.min() >= 1


@given(data=st.data())
def test_every_generalisation_of_the_original_is_true(boxes, random_people, data):
    people = data.draw(random_people)
    wider = [
        ((max(0, low - 1), min(9, high + 2)), colours | {0}) for (low, high), colours in people
    ]
    original, published = (boxes(*zip(*table, strict=True)) for table in (people, wider))
    assert truthfulness(published, original) == 1.0


def test_copies_are_true_of_nobody_else(boxes):
    original = boxes([(1, 1), (5, 5)], [{0}, {1}])
    copies = boxes([(1, 1)] * 4, [{0}] * 4)
    assert truthfulness(copies, original) == 0.25


def test_a_swapped_value_is_a_lie(boxes):
    original = boxes([(1, 1), (5, 5)], [{0}, {1}])
    swapped = boxes([(1, 1), (5, 5)], [{1}, {0}])
    assert truthfulness(swapped, original) == 0.0
    assert truthfulness(swapped.select(["age"]), original) == 1.0


def test_counts_weigh_the_rows(boxes):
    original = boxes([(1, 1), (1, 1), (5, 5)], [{0}, {0}, {1}])
    published = boxes([(1, 1), (9, 9)], [{0}, {0}], counts=[2, 2])
    assert truthfulness(published, original) == 0.5


def test_a_null_of_the_original_is_covered_by_suppression_only(boxes):
    original = boxes([(np.nan, np.nan)], [{0}])
    published = boxes([(0, 8), (0, 9)], [{0}, {0}])
    assert people_covered(published, original).tolist() == [0, 1]


@pytest.mark.timed
def test_a_column_of_a_thousand_names_takes_a_moment():
    names = np.random.default_rng(3).integers(0, 1_000, 10_000)
    table = Boxes(
        columns={"name": ValueMasses.from_values(names, n_values=1_000)},
        counts=np.ones(len(names), dtype=np.int64),
    )
    began = time.process_time()
    covered = people_covered(table, table)
    assert time.process_time() - began < 2.0
    assert covered.tolist() == np.bincount(names)[names].tolist()


def test_many_people_fill_many_words_and_chunks():
    """Across word borders and, with 40,000 people, several chunks of boxes."""
    rng = np.random.default_rng(2)
    ages = rng.integers(0, 100, 40_000)
    low = rng.integers(0, 100, 3_000)
    high = rng.integers(low, 100)
    original = Boxes(
        columns={"age": Intervals.from_rows(ages, ages, domain=(0, 99), step=1)},
        counts=np.ones(len(ages), dtype=np.int64),
    )
    published = Boxes(
        columns={"age": Intervals.from_rows(low, high, domain=(0, 99), step=1)},
        counts=np.ones(len(low), dtype=np.int64),
    )
    up_to = np.concatenate(([0], np.cumsum(np.bincount(ages, minlength=100))))
    assert (people_covered(published, original) == up_to[high + 1] - up_to[low]).all()


def test_columns_with_too_many_cells_to_keep_are_packed_as_needed(boxes, monkeypatch):
    rows = [((low, high), {0, 1}) for low in range(10) for high in range(low, 10)]
    published = boxes(*zip(*rows, strict=True))
    ages = [*((age, age) for age in range(10)), (np.nan, np.nan), (3, 4)] * 12
    people = boxes(ages, [{0}, {0, 1}, {1}] * 48)
    kept = people_covered(published, people)
    monkeypatch.setitem(people_covered.__globals__, "TABLE_BYTES", 100)
    for function in (people_covered, packed_on_demand):
        monkeypatch.setitem(function.__globals__, "CHUNK_BYTES", 100)
    assert people_covered(published, people).tolist() == kept.tolist()


def test_aggregated_people_are_refused(boxes):
    published = boxes([(1, 1)], [{0}])
    with pytest.raises(ValueError, match="an original row counts 2 people"):
        people_covered(published, boxes([(1, 1)], [{0}], counts=[2]))


def test_columns_of_different_kinds_are_refused(boxes):
    published = boxes([(1, 1)], [{0}]).select(["age"])
    listed = Boxes(columns={"age": ValueMasses.from_values([1], n_values=10)}, counts=np.array([1]))
    with pytest.raises(ValueError, match="ranges in one table and listed values in the other"):
        people_covered(published, listed)
