"""Ranges and sets are read in each form that tools give them, into one form."""

import io

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema
from anomed_dataset_anonymization.schemes import (
    Points,
    PublishedTable,
    Ranges,
    ValueSets,
    canonicalise,
    publish,
    to_parquet,
    write_scheme,
)
from anomed_dataset_anonymization.schemes.generalization import read_generalization


def read(schema, **columns):
    return read_generalization(pd.DataFrame(columns), schema)


def ends(cells):
    return list(zip(cells.low.tolist(), cells.high.tolist(), strict=True))


class TestRanges:
    PAIRS = ((20, 29), (30, 39), (0, 99))

    def test_two_columns(self, schema):
        cells = read(schema, age_min=[20, 30, 0], age_max=[29, 39, 99])["age"]
        assert ends(cells) == list(self.PAIRS)

    @pytest.mark.parametrize("wrap", [list, tuple, np.array, lambda p: {"min": p[0], "max": p[1]}])
    def test_one_column_of_pairs_or_structs(self, schema, wrap):
        column = pd.Series([wrap(pair) for pair in self.PAIRS])
        assert ends(read(schema, age=column)["age"]) == list(self.PAIRS)

    @pytest.mark.parametrize(
        ("closed", "shift"),
        [("both", (0, 0)), ("left", (0, 1)), ("right", (-1, 0)), ("neither", (-1, 1))],
    )
    def test_intervals_with_any_ends(self, schema, closed, shift):
        column = pd.Series(
            [pd.Interval(low + shift[0], high + shift[1], closed) for low, high in self.PAIRS]
        )
        assert ends(read(schema, age=column)["age"]) == list(self.PAIRS)

    def test_the_classes_that_pandas_cuts(self, schema):
        column = pd.cut(pd.Series([0, 20, 44, 99]), bins=2)
        assert ends(read(schema, age=column)["age"]) == [(0, 49), (0, 49), (0, 49), (50, 99)]

    @pytest.mark.parametrize(
        "column",
        [
            pd.Series([[20, 29], None, [30, 39]]),
            pd.arrays.IntervalArray.from_tuples([(20, 29), np.nan, (30, 39)], closed="both"),
        ],
    )
    def test_aliases_survive_parquet_and_null_is_suppressed(self, schema, column):
        sink = io.BytesIO()
        pd.DataFrame({"age": column}).to_parquet(sink)
        cells = read_generalization(pd.read_parquet(sink), schema)["age"]
        assert ends(cells) == [(20, 29), (0, 99), (30, 39)]

    def test_positions_stand_for_ordered_names(self, schema):
        cells = read(schema, triage_min=["green", "green"], triage_max=["green", "yellow"])
        assert ends(cells["triage"]) == [(0, 0), (0, 1)]

    def test_nulls_at_both_ends_suppress(self, schema):
        cells = read(schema, age_min=[20, None], age_max=[30, None])["age"]
        assert ends(cells) == [(20, 30), (0, 99)]

    def test_ranges_of_single_values_become_points(self, schema):
        cells = read(schema, age_min=[20, 0], age_max=[20, 99])["age"]
        assert isinstance(cells, Points)
        assert cells.values[0] == 20
        assert np.isnan(cells.values[1])

    @pytest.mark.parametrize(
        ("columns", "reason"),
        [
            ({"age_min": [30], "age_max": [20]}, "lower end is above"),
            ({"age_min": [-1], "age_max": [20]}, "'age_min' holds -1"),
            ({"age_min": [np.inf], "age_max": [20]}, "infinite"),
            ({"age_min": [None], "age_max": [20]}, "only one end"),
            ({"age_min": [1]}, "other end is missing"),
            ({"age": [1], "age_min": [1], "age_max": [1]}, "comes twice"),
            ({"age": [[1, 2, 3]]}, "pair \\[min, max\\]"),
            ({"age": [[1, 2], 3]}, "pair \\[min, max\\]"),
            ({"age": [{"low": 1, "high": 2}]}, "pair \\[min, max\\]"),
            ({"age": [[[1], [2]]]}, "nested"),
            ({"triage_min": ["green"], "triage_max": ["blue"]}, "'blue'"),
            ({"ward": [["surgery", "oncology"]]}, "nested"),
            ({"age": [pd.Interval(5, 6, "neither")]}, "lower end is above"),
            ({"triage": [pd.Interval(0, 1, "both")]}, "lists its values"),
        ],
    )
    def test_a_faulty_range_is_refused_in_one_sentence(self, schema, columns, reason):
        with pytest.raises(ValueError, match=reason) as caught:
            read(schema, **columns)
        assert "\n" not in str(caught.value)


class TestValueSets:
    def test_flags_of_any_type_and_absent_values(self, schema):
        cells = read(schema, ward_oncology=[True, True, False], ward_surgery=[1.0, 0, 1])["ward"]
        assert isinstance(cells, ValueSets)
        assert cells.members.tolist() == [[0, 1, 1], [0, 1, 0], [0, 0, 1]]

    def test_single_values_and_whole_domains_become_points(self, schema):
        cells = read(schema, sex_F=[1, 1, 0], sex_M=[0, 1, 1])["sex"]
        assert isinstance(cells, Points)
        assert cells.values[[0, 2]].tolist() == [0, 1]
        assert np.isnan(cells.values[1])

    @pytest.mark.parametrize(
        ("columns", "reason"),
        [
            ({"sex_F": [True, False]}, "row 1 has no value of column 'sex'"),
            ({"sex_F": [2]}, "true or false"),
            ({"sex_F": [None]}, "'sex_F'"),
            ({"sex_F": ["yes"]}, "'sex_F'"),
            ({"sex_X": [True]}, "no column 'sex_X'"),
            ({"sex": ["F"], "sex_M": [True]}, "comes twice"),
        ],
    )
    def test_a_faulty_set_is_refused(self, schema, columns, reason):
        with pytest.raises(ValueError, match=reason):
            read(schema, **columns)


def test_a_column_left_out_is_suppressed(schema):
    cells = read(schema, age_min=[1], age_max=[50])
    assert isinstance(cells["age"], Ranges)
    assert np.isnan(cells["ward"].values).all()


def test_equal_content_in_another_form_is_the_same_bytes(schema, leaky):
    own = leaky.reset_index(drop=True)
    spread = own.drop(columns=["sex", "age"])
    spread["age_max"] = spread["age_min"] = own["age"]
    for sex in ("M", "F"):
        spread[f"sex_{sex}"] = own["sex"] == sex
    forms = [
        to_parquet(canonicalise(table, "generalization", schema=schema, leaky=leaky))
        for table in (own, spread)
    ]
    assert forms[0] == forms[1]


def test_published_columns_are_those_of_the_scheme(schema, leaky):
    table = pd.DataFrame(
        {"age_min": [1, 2], "age_max": [3, 4], "ward_surgery": [1, 1], "ward_oncology": [1, 0]}
    )
    published = publish(canonicalise(table, "generalization", schema=schema, leaky=leaky))
    assert {field.name: str(field.type) for field in published.schema} == {
        "anon_row": "int64",
        "age_min": "int64",
        "age_max": "int64",
        "sex": "string",
        "ward_cardiology": "bool",
        "ward_oncology": "bool",
        "ward_surgery": "bool",
        "triage": "string",
        "temperature": "double",
        "diagnosis": "string",
    }


def test_ranges_are_not_written_under_the_name_of_another_column():
    columns = [
        Column(name=name, kind="cardinal", dtype="int64", domain=Bounds(low=0, high=9))
        for name in ("age", "age_min")
    ]
    schema = TableSchema(columns=columns)
    single = Points(values=np.array([1.0]))
    ranges = Ranges(low=np.array([0.0]), high=np.array([5.0]))
    for cells in (single, ranges):
        table = PublishedTable(
            schema=schema, scheme="generalization", cells={"age": ranges, "age_min": cells}
        )
        with pytest.raises(ValueError, match="'age_min' is taken twice, by the column 'age_min'"):
            write_scheme(table)
