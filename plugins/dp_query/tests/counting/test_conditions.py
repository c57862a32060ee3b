"""Conditions are read against metadata, and rows that fulfil them are counted."""

from decimal import Decimal

import pandas as pd
import pytest
from anomed_dp_query.counting import ConditionError, as_json, fulfilled, parse_conditions
from anomed_dp_query.metadata import Column, Kind, TableMetadata

TABLE = TableMetadata(
    columns=[
        Column(name="sex", kind=Kind.STRING, categories=["f", "m"], exhaustive=True),
        Column(name="age", kind=Kind.INTEGER, lower=0, upper=99),
        Column(name="weight", kind=Kind.FLOAT, lower=0.0, upper=200.0, nullable=True),
        Column(name="ill", kind=Kind.BOOLEAN, nullable=True),
        Column(name="name", kind=Kind.STRING),
    ]
)
FRAME = pd.DataFrame(
    {
        "sex": pd.array(["f", "f", "m"], dtype="string"),
        "age": [10, 40, 70],
        "weight": [30.0, None, 80.0],
        "ill": pd.array([True, None, False], dtype="boolean"),
        "name": pd.array(["x", "y", "z"], dtype="string"),
    }
)


def counted(where):
    return fulfilled(parse_conditions(where, TABLE), FRAME).tolist()


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ({}, [True, True, True]),
        ({"sex": "f"}, [True, True, False]),
        ({"age": [10, 40]}, [True, True, False]),
        ({"age": 40}, [False, True, False]),
        ({"age": [Decimal("39.5"), 99], "sex": "f"}, [False, True, False]),
        ({"weight": [0, 200]}, [True, False, True]),
        ({"ill": False}, [False, False, True]),
    ],
)
def test_rows_fulfil_all_conditions_and_missing_cells_none(where, rows):
    assert counted(where) == rows


def test_equal_questions_are_equal_whatever_their_order():
    one = parse_conditions({"sex": "f", "age": [1, 2]}, TABLE)

    assert one == parse_conditions({"age": [1, 2.0], "sex": "f"}, TABLE)
    assert parse_conditions(as_json(one), TABLE) == one


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ([], "must be an object of conditions by column"),
        ({"income": 1}, "the column 'income'; there are sex, age"),
        ({"sex": "x"}, "its values are f, m"),
        ({"sex": ["f", "m"]}, "its cells are no numbers"),
        ({"age": [5, 1]}, r"two numbers \[low, high\] in this order"),
        ({"age": [1, float("nan")]}, "two numbers"),
        ({"age": [True, 2]}, "two numbers"),
        ({"age": "old"}, r"it can be \[low, high\]"),
        ({"ill": 1}, "it can be a column with known categories"),
        ({"name": "x"}, "it can be a column with known categories"),
    ],
)
def test_what_no_row_is_asked_about_is_refused_in_a_sentence(where, sentence):
    with pytest.raises(ConditionError, match=sentence):
        parse_conditions(where, TABLE)
