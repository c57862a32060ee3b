"""The codebook: which columns, which values."""

import json

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn
from anomed_dataset_synthesis.table.inference import infer_codebook
from hypothesis import given
from hypothesis import strategies as st

AGE = NumericColumn(name="age", kind="integer", minimum=0, maximum=120, step=5)
SEX = CategoryColumn(name="sex", categories=("female", "male"), nullable=True)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"minimum": 3, "maximum": 1}, "smaller one first"),
        ({"minimum": 0, "maximum": float("inf")}, "finite"),
        ({"minimum": 0, "maximum": 1, "step": 0}, "positive number"),
        ({"minimum": 0, "maximum": 1, "step": -1}, "positive number"),
        ({"kind": "integer", "minimum": 0, "maximum": 1, "step": 0.5}, "positive whole number"),
        ({"minimum": 0.5, "maximum": 2, "step": 1}, "off its grid"),
        ({"minimum": 0, "maximum": 1e9, "step": 1e-3}, "wider step"),
        ({"kind": "text", "minimum": 0, "maximum": 1}, "allowed: integer, real, date"),
    ],
)
def test_a_numeric_column_that_makes_no_sense_is_refused(fields, complaint):
    with pytest.raises(ValueError, match=complaint):
        NumericColumn(name="x", **fields)


@pytest.mark.parametrize("categories", [(), ("a", "a"), ("a", 1)])
def test_categories_are_distinct_strings(categories):
    with pytest.raises(ValueError, match="each once"):
        CategoryColumn(name="x", categories=categories)


@pytest.mark.parametrize("columns", [(), (AGE, AGE), (CategoryColumn(name="", categories=("a",)),)])
def test_column_names_are_distinct_and_not_empty(columns):
    with pytest.raises(ValueError, match="each name once"):
        Codebook(columns)


def test_a_missing_column_is_named_with_those_there_are():
    with pytest.raises(ValueError, match=r"no column 'agee'; the columns are \['age', 'sex'\]"):
        Codebook((AGE, SEX)).column("agee")


@given(st.integers(-300, 300), st.sampled_from([0.001, 0.01, 0.1, 0.25, 1.0, 5.0, 1000.0]))
def test_values_of_levels_are_free_of_rounding_residue(start, step):
    column = NumericColumn(name="x", minimum=start * step, maximum=(start + 50) * step, step=step)
    levels = np.arange(column.n_levels)
    values = column.values(levels)
    assert np.array_equal(column.levels(values), levels)
    assert all(len(repr(float(value))) <= 10 for value in values)


@given(st.floats(0, 120))
def test_a_number_goes_to_the_nearest_grid_point(value):
    level = AGE.levels(np.array([value]))
    assert abs(AGE.values(level.astype(int))[0] - value) <= AGE.step / 2


def test_the_codebook_survives_its_json_form():
    days = NumericColumn(name="day", kind="date", minimum=0, maximum=21_000, step=7)
    book = Codebook((AGE, SEX, days))
    assert Codebook.from_mapping(json.loads(json.dumps(book.to_mapping()))) == book


@pytest.mark.parametrize(
    ("mapping", "complaint"),
    [
        ({}, "list of columns"),
        ({"columns": "age"}, "list of columns"),
        ({"columns": [3]}, "an object with a 'name'"),
        ({"columns": [{"name": "x", "kind": "real", "minimum": 0}]}, "it needs"),
        ({"columns": [{"name": "x", "minimum": 0, "maximum": 1, "unit": "m"}]}, "it needs"),
        ({"columns": [{"name": "x", "minimum": [], "maximum": 1}]}, "wrong type"),
        ({"columns": [{"name": "x", "kind": "category", "categories": 3}]}, "wrong type"),
    ],
)
def test_a_malformed_json_form_is_refused_in_one_sentence(mapping, complaint):
    with pytest.raises(ValueError, match=complaint) as refusal:
        Codebook.from_mapping(mapping)
    assert "\n" not in str(refusal.value)


def test_a_codebook_is_inferred_from_all_types():
    table = pd.DataFrame(
        {
            "whole": [3, 7],
            "real": [0.5, 12.25],
            "day": pd.to_datetime(["2020-01-01", "2020-03-01"]),
            "flag": [True, False],
            "word": ["b", None],
            "constant": [4.0, 4.0],
        }
    )
    book = infer_codebook(table)
    assert book.column("whole") == NumericColumn(name="whole", kind="integer", minimum=3, maximum=7)
    assert book.column("real").step == 0.01
    assert (book.column("real").minimum, book.column("real").maximum) == (0.5, 12.25)
    assert book.column("day").n_levels == 61
    assert book.column("flag") == CategoryColumn(name="flag", categories=("false", "true"))
    assert book.column("word") == CategoryColumn(name="word", categories=("b",), nullable=True)
    assert book.column("constant").n_levels == 1


def test_a_coarser_step_widens_the_bounds_to_its_grid():
    column = infer_codebook(pd.DataFrame({"x": [3, 17]}), steps={"x": 5}).column("x")
    assert (column.minimum, column.maximum, column.step) == (0, 20, 5)


@pytest.mark.parametrize(
    ("table", "steps", "complaint"),
    [
        ({"x": [None, None]}, None, "no value to infer"),
        ({"x": [1.0, np.inf]}, None, "infinite"),
        ({"x": [b"a", b"b"]}, None, "type bytes"),
        ({"x": ["a"]}, {"x": 1}, "holds categories"),
        ({"x": [1]}, {"y": 1}, "which the table lacks"),
    ],
)
def test_what_no_codebook_can_be_inferred_from_is_refused(table, steps, complaint):
    with pytest.raises(ValueError, match=complaint):
        infer_codebook(pd.DataFrame(table), steps=steps)
