"""Tables are changed to what their metadata say, row by row."""

import numpy as np
import pandas as pd
import pytest
from anomed_dp_query.metadata import Column, Kind, MetadataError, TableMetadata, fit
from hypothesis import given
from hypothesis import strategies as st


def table(**column):
    return TableMetadata(columns=[Column(name="x", **column)])


def fitted(cells, **column):
    return fit(pd.DataFrame({"x": cells}), table(**column))


def test_numbers_are_clamped_and_counted():
    result = fitted([1, 5, 99], kind=Kind.INTEGER, lower=2, upper=9)

    assert result.frame["x"].tolist() == [2, 5, 9]
    assert result.frame["x"].dtype == "int64"
    assert result.changed == {"x": 2}


def test_an_unknown_key_is_missing_where_cells_may_be():
    keys = {"kind": Kind.STRING, "categories": ["a", "b"], "exhaustive": True}

    assert fitted(["a", "c"], nullable=True, **keys).frame["x"].isna().tolist() == [False, True]
    assert fitted(["b", "c"], **keys).frame["x"].tolist() == ["b", "a"]


def test_keys_that_are_not_all_keep_other_values():
    assert fitted(["c"], kind=Kind.STRING, categories=["a"]).frame["x"].tolist() == ["c"]


def test_infinite_and_missing_numbers_become_the_lower_bound():
    result = fitted([np.inf, np.nan, 0.5], kind=Kind.FLOAT, lower=0.0, upper=1.0)

    assert result.frame["x"].tolist() == [0.0, 0.0, 0.5]


def test_times_lose_their_zone():
    cells = pd.to_datetime(["2020-01-01T00:00:00+00:00"])
    low, high = pd.Timestamp("1990-01-01"), pd.Timestamp("2000-01-01")

    result = fitted(cells, kind=Kind.DATETIME, lower=low, upper=high)

    assert result.frame["x"].tolist() == [high]


def test_further_columns_are_left_out():
    frame = pd.DataFrame({"y": [1], "x": ["a"]})

    assert list(fit(frame, table(kind=Kind.STRING)).frame) == ["x"]


@pytest.mark.parametrize(
    ("cells", "column", "sentence"),
    [
        (["Ada"], {"kind": Kind.FLOAT, "lower": 0, "upper": 1}, "is no float in the table"),
        ([1.5], {"kind": Kind.INTEGER, "lower": 0, "upper": 1}, "is no int in the table"),
        ([1], {"kind": Kind.INTEGER}, "numbers without bounds"),
        ([1] * 8, {"kind": Kind.INTEGER, "lower": 0, "upper": 2**50}, "not exact any more"),
        ([None], {"kind": Kind.DATETIME}, "say that none lacks"),
    ],
)
def test_what_contradicts_the_metadata_is_refused_without_a_cell(cells, column, sentence):
    with pytest.raises(MetadataError) as refused:
        fitted(cells, **column)

    assert sentence in str(refused.value)
    assert "Ada" not in str(refused.value)


def test_a_missing_column_is_named():
    with pytest.raises(MetadataError, match="no column 'x', which the metadata list; it has y"):
        fit(pd.DataFrame({"y": [1]}), table(kind=Kind.STRING))


@given(st.lists(st.floats(-10, 10) | st.none(), min_size=1), st.integers(0, 30))
def test_no_row_depends_on_another(cells, place):
    place %= len(cells)
    bounds = {"kind": Kind.FLOAT, "lower": -1.0, "upper": 1.0, "nullable": True}
    frame = pd.Series(cells, dtype="float64")

    alone = fitted(frame[[place]], **bounds).frame["x"]
    among = fitted(frame, **bounds).frame["x"][[place]]

    assert alone.fillna(7).tolist() == among.fillna(7).tolist()
