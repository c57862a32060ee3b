"""Cells become numbers and come back unchanged, whatever their storage."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import (
    Bounds,
    Column,
    TableSchema,
    encode,
    read_cells,
    read_numbers,
    snap,
    write_cells,
)
from hypothesis import given
from hypothesis import strategies as st

AGE = Column(name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=99))
TEMPERATURE = Column(
    name="t", kind="cardinal", dtype="float64", domain=Bounds(low=35, high=42, step=0.1)
)
WARD = Column(name="ward", kind="nominal", dtype="string", domain=["a", "b"])
SMOKER = Column(name="smoker", kind="nominal", dtype="bool", domain=[False, True])
CODE = Column(name="code", kind="nominal", dtype="int64", domain=[7, 3])


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series([1, 99, None], dtype="Int8"),
        pd.Series([1.0, 99.0, np.nan]),
        pd.Series([1, 99, None], dtype="float32"),
        pd.Series([1, 99, None], dtype=object),
        pd.Series(pd.Categorical([1, 99, None])),
        pd.Series([1, 99, None], dtype="int64[pyarrow]"),
        pd.Series([Decimal("1.0"), Decimal(99), None]),
    ],
)
def test_the_storage_of_numbers_does_not_matter(cells):
    assert read_cells(cells, AGE).tolist()[:2] == [1, 99]
    assert np.isnan(read_cells(cells, AGE)[2])


@pytest.mark.parametrize("dtype", [object, "string", "category", "string[pyarrow]"])
def test_the_storage_of_text_does_not_matter(dtype):
    read = read_cells(pd.Series(["b", None, "a"], dtype=dtype), WARD)
    assert (read[0], read[2]) == (1, 0)
    assert np.isnan(read[1])


def test_listed_integers_and_booleans_stand_for_positions():
    assert read_cells(pd.Series([3, 7]), CODE).tolist() == [1, 0]
    assert read_cells(pd.Series([3.0, 7.0]), CODE).tolist() == [1, 0]
    assert read_cells(pd.Series([True, False]), SMOKER).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ([100], AGE, "'x' holds 100, outside the domain 0 to 99"),
        ([1.5], AGE, "whole"),
        ([np.inf], AGE, "infinite"),
        ([True], AGE, "type bool"),
        (["1"], AGE, "holds numbers"),
        ([1j], AGE, "holds numbers"),
        ([[1, 2]], AGE, "nested"),
        ([pd.Timestamp("2024-01-01")], AGE, "holds numbers"),
        (["c"], WARD, "'c', which is not in the domain \\('a', 'b'\\)"),
        ([1], WARD, "not in the domain"),
        ([b"a"], WARD, "not in the domain"),
        ([{"a": 1}], WARD, "nested"),
        ([1], SMOKER, "not in the domain"),
        ([True], CODE, "not in the domain"),
        ([("a",)], WARD, "not in the domain"),
        (["z" * 1000], WARD, "'zzz"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused_in_one_short_sentence(cells, column, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        read_cells(pd.Series(cells, name="x"), column)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_categories_that_no_cell_has_are_not_read():
    cells = pd.Series(pd.Categorical(["a"], categories=["a", "not in the domain"]))
    assert read_cells(cells, WARD).tolist() == [0]


def test_digits_beyond_the_step_are_lost():
    hidden = 36.6 + np.arange(-20, 20) * 1e-13
    assert len(np.unique(read_cells(pd.Series(hidden), TEMPERATURE))) == 1


def test_representatives_keep_a_part_of_a_step():
    numbers = read_numbers(pd.Series([28.61234]), AGE, whole=False)
    assert snap(numbers, AGE, parts=100).tolist() == [28.61]


@given(st.lists(st.integers(350, 420), max_size=20))
def test_values_on_the_grid_come_back_unchanged(tenths):
    cells = pd.Series([tenth / 10 for tenth in tenths], dtype=np.float64)
    assert write_cells(read_cells(cells, TEMPERATURE), TEMPERATURE).tolist() == cells.tolist()


@given(st.lists(st.sampled_from(["a", "b", None]), max_size=20))
def test_text_comes_back_unchanged(cells):
    written = write_cells(read_cells(pd.Series(cells, dtype=object), WARD), WARD)
    assert [None if cell is pd.NA else cell for cell in written] == cells


def test_a_table_is_encoded_in_schema_order():
    schema = TableSchema(columns=[AGE, WARD])
    table = pd.DataFrame({"ward": ["b", "a"], "more": [0, 0], "age": [5, 6]}, index=[9, 8])
    assert encode(table, schema).tolist() == [[5, 1], [6, 0]]
    with pytest.raises(ValueError, match="lacks the columns \\['age'\\]"):
        encode(table[["ward"]], schema)
