"""Numbers come out of a codebook as they went in, or are refused by name."""

import json
import math

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from anomed_dataset_synthesis.table.canonical import canonicalise, to_arrow, to_frame
from anomed_dataset_synthesis.table.codebook import Codebook, NumericColumn
from anomed_dataset_synthesis.table.inference import infer_codebook
from hypothesis import given
from hypothesis import strategies as st

INT64 = st.integers(-(2**63), 2**63 - 1)


def through(table: pd.DataFrame) -> pa.Table:
    return to_arrow(canonicalise(table, infer_codebook(table)))


@given(st.integers(-(2**63), 2**63 - 1001), st.lists(st.integers(0, 1000), min_size=1))
def test_integers_of_64_bits_survive(start, offsets):
    numbers = [start + offset for offset in offsets]
    out = through(pd.DataFrame({"id": pd.Series(numbers, dtype="int64")}))
    assert out.column("id").to_pylist() == numbers


@given(st.integers(-(2**63), -(2**53)) | st.integers(2**53, 2**63 - 1), INT64)
def test_neighbours_of_an_id_are_outside_of_its_bounds(first, number):
    column = NumericColumn(name="id", kind="integer", minimum=first, maximum=first)
    level = column.integer_levels(np.array([number]))[0]
    assert level == (0 if number == first else -1 if number < first else 1)


def test_a_grid_from_end_to_end_of_int64_rounds_to_its_nearest_point():
    step = 2**33
    column = NumericColumn(
        name="id", kind="integer", minimum=-(2**63), maximum=2**63 - 2 * step, step=step
    )
    numbers = np.array([-(2**63), -(2**63) + step // 2, -1, 0, 2**63 - 2 * step])
    levels = column.integer_levels(numbers)
    assert levels.tolist() == [0, 1, 2**30, 2**30, 2**31 - 2]
    assert column.integers(levels.astype(np.int64)).tolist() == [
        -(2**63),
        -(2**63) + step,
        0,
        0,
        2**63 - 2 * step,
    ]


def test_a_missing_id_takes_no_digits_from_the_others():
    ids = pd.DataFrame({"id": pd.array([2**53 + 1, None, 2**53 + 3], dtype="Int64")})
    table = canonicalise(ids, infer_codebook(ids))
    assert to_frame(table)["id"].tolist() == [2**53 + 1, pd.NA, 2**53 + 3]


def test_bounds_of_ids_survive_json():
    book = infer_codebook(pd.DataFrame({"id": [2**60 + 1, 2**60 + 99]}))
    again = Codebook.from_mapping(json.loads(json.dumps(book.to_mapping())))
    assert again == book


@pytest.mark.parametrize(
    "numbers",
    [
        pd.Series([2**63, 2**63 + 1], dtype="uint64"),
        pd.Series([10**20, 10**20 + 1], dtype=object),
    ],
)
def test_integers_of_more_bits_are_refused_with_the_largest_that_works(numbers):
    with pytest.raises(ValueError, match=r"'id'.* works is 9223372036854775807"):
        infer_codebook(pd.DataFrame({"id": numbers}))


def test_ids_that_floats_have_rounded_are_refused():
    with pytest.raises(ValueError, match=r"'id' holds whole numbers .* up to 9007199254740991"):
        infer_codebook(pd.DataFrame({"id": [2.0**60, np.nan]}))
    ids = pd.DataFrame({"id": [2**60 + 1, 2**60 + 2]})
    with pytest.raises(ValueError, match=r"'id' holds double.* give int64"):
        canonicalise(ids.astype(float), infer_codebook(ids))


@pytest.mark.parametrize("numbers", [[2**60 + 9], [2**64 - 1]])
def test_an_id_beyond_the_bounds_is_refused_or_cut(numbers):
    book = infer_codebook(pd.DataFrame({"id": [2**60, 2**60 + 3]}))
    submitted = pa.table({"id": pa.array(numbers, pa.uint64())})
    with pytest.raises(ValueError, match="outside"):
        canonicalise(submitted, book)
    assert canonicalise(submitted, book, outside="recode").levels.tolist() == [[3]]


def test_whole_numbers_beside_a_missing_one_stay_whole():
    out = through(pd.DataFrame({"wage": [20001.0, 55555.0, np.nan]}))
    assert out.schema.field("wage").type == pa.int64()
    assert out.column("wage").to_pylist() == [20001, 55555, None]


@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=1),
    st.integers(0, 6),
    st.sampled_from([0, 250_000]),
)
def test_the_grid_is_that_of_the_decimals_that_occur(numbers, decimals, large):
    costs = [round(number / 10**decimals, decimals) + 0.0 for number in numbers]
    costs.append(large)
    if (max(costs) - min(costs)) * 10**decimals < 2**31 - 1:
        out = through(pd.DataFrame({"cost": pd.Series(costs, dtype=float)}))
        assert out.column("cost").to_pylist() == costs


@pytest.mark.parametrize("outlier", [987_654_321.25, 1e12])
def test_one_outlier_costs_no_more_digits_than_can_be_counted(outlier):
    costs = [4.99, 12.5, 19.23, outlier]
    out = through(pd.DataFrame({"cost": costs})).column("cost").to_pylist()
    step = 10.0 ** math.ceil(math.log10(outlier / (2**31 - 1)))
    assert out == pytest.approx(costs, abs=step / 2)


def test_a_grid_that_loses_nothing_stays_as_coarse_as_it_was():
    book = infer_codebook(pd.DataFrame({"x": [0.0, 0.5, 100.0], "noise": [0.0, 1 / 3, 100.0]}))
    assert [column.step for column in book.columns] == [0.01, 0.01]


def test_learnt_bounds_have_no_residue():
    book = infer_codebook(pd.DataFrame({"x": [7 * 0.1, 1.0]}), steps={"x": 0.1})
    assert (book.columns[0].minimum, book.columns[0].maximum) == (0.7, 1.0)
