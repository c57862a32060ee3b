"""Predicates: data, compared and never run."""

import json

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.table.canonical import canonicalise
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn
from anomed_dataset_synthesis.threat.predicates import isolated, parse_predicates

BOOK = Codebook(
    (
        NumericColumn(name="age", kind="integer", minimum=10, maximum=100, step=5, nullable=True),
        NumericColumn(name="day", kind="date", minimum=0, maximum=30_000),
        CategoryColumn(name="name's", categories=("O'Brien", "x and y"), nullable=True),
    )
)
TABLE = canonicalise(
    pd.DataFrame(
        {
            "age": [10, 20, 40, None],
            "day": pd.to_datetime(["1970-01-02", "1999-12-31", "2000-01-01", "2000-01-01"]),
            "name's": ["O'Brien", "x and y", None, "O'Brien"],
        }
    ),
    BOOK,
)


def test_a_number_beyond_all_levels_of_a_fine_column_is_compared_too():
    fine = NumericColumn(name="dose", kind="real", minimum=0, maximum=1, step=0.01)
    table = canonicalise(pd.DataFrame({"dose": [0.0, 1.0]}), Codebook([fine]))
    predicates = parse_predicates([[["dose", "<", 1e308]], [["dose", "==", 1e308]]], table.codebook)
    assert [len(predicate.matches(table)) for predicate in predicates] == [2, 0]


def places(*conditions):
    text = json.dumps([conditions])
    return parse_predicates(json.loads(text), BOOK)[0].matches(TABLE).tolist()


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (["age", "==", 20], [1]),
        (["age", "!=", 20], [0, 2, 3]),
        (["age", "<", 20], [0]),
        (["age", "<=", 20], [0, 1]),
        (["age", ">", 20], [2]),
        (["age", ">=", 20], [1, 2]),
        (["age", ">", 19.5], [1, 2]),
        (["age", "==", 19.5], []),
        (["age", "<", 1e300], [0, 1, 2]),
        (["age", "==", 5], []),
        (["age", "!=", 5], [0, 1, 2, 3]),
        (["age", "==", None], [3]),
        (["age", "!=", None], [0, 1, 2]),
        (["day", ">=", "2000-01-01"], [2, 3]),
        (["day", "==", "1999-12-31"], [1]),
        (["name's", "==", "O'Brien"], [0, 3]),
        (["name's", "!=", "O'Brien"], [1, 2]),
        (["name's", "==", None], [2]),
    ],
)
def test_a_condition_holds_where_it_says(condition, expected):
    assert places(condition) == expected


def test_all_conditions_must_hold():
    assert places(["name's", "==", "O'Brien"], ["age", "==", None]) == [3]
    assert places(["age", ">", 10], ["age", "<", 20]) == []


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("age > 3", "not a list of 1 to 1000"),
        ([], "not a list of 1 to 1000"),
        ([[["age", "==", 1]]] * 1001, "not a list of 1 to 1000"),
        ([[]], "predicate 0 is not a list of 1 to 20"),
        ([[["age", "==", 1]] * 21], "predicate 0 is not a list of 1 to 20"),
        ([["age", "==", 1]], "is not \\[column, comparison, value\\]"),
        ([[["age", "==", 1]], [["age", "=="]]], "predicate 1: the condition"),
        ([[["age", "__import__('os')", 1]]], "with a comparison out of"),
        ([[["age", ["=="], 1]]], "with a comparison out of"),
        ([[[["age"], "==", 1]]], "is not \\[column"),
        ([[["agee", "==", 1]]], "no column 'agee'"),
        ([[["age", "==", "20"]]], "compare it with a finite number"),
        ([[["age", "==", True]]], "compare it with a finite number"),
        ([[["age", "==", float("nan")]]], "compare it with a finite number"),
        ([[["age", "==", 10**400]]], "compare it with a finite number"),
        ([[["age", "==", {}]]], "compare it with a finite number"),
        ([[["day", "==", 3]]], "compare it with a date"),
        ([[["day", "==", "yesterday"]]], "compare it with a date"),
        ([[["age", "<", None]]], "by '==' or '!='"),
        ([[["name's", "<", "O'Brien"]]], "by '==' or '!='"),
        ([[["name's", "==", "x" * 1000]]], "is no category"),
        ([[["name's", "==", ["O'Brien"]]]], "is no category"),
    ],
)
def test_anything_else_is_refused_in_one_short_sentence(value, complaint):
    with pytest.raises(ValueError, match=complaint) as refusal:
        parse_predicates(value, BOOK)
    assert len(str(refusal.value)) < 300


def test_many_statements_about_one_record_count_once():
    predicates = parse_predicates(
        [
            [["age", "<=", 10]],
            [["age", "==", 10]],
            [["age", ">=", 10]],
            [["age", "==", None]],
        ],
        BOOK,
    )
    found, records = isolated(predicates, TABLE)
    assert found.tolist() == [0, 3]
    assert records.tolist() == [0, 3]
    assert isolated((), TABLE)[0].dtype == np.intp
