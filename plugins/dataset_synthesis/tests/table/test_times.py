"""Date-times keep their time of day on a grid of seconds, and zones are told in UTC."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from anomed_dataset_synthesis.table.canonical import canonicalise, to_arrow, to_frame
from anomed_dataset_synthesis.table.codebook import Codebook, NumericColumn
from anomed_dataset_synthesis.table.inference import infer_codebook
from anomed_dataset_synthesis.threat.guesses import attribute_hits
from anomed_dataset_synthesis.threat.predicates import parse_predicates
from hypothesis import given
from hypothesis import strategies as st

MOMENTS = st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2030, 1, 1)).map(
    lambda moment: moment.replace(microsecond=0)
)
SEEN = NumericColumn(name="seen", kind="date-time", minimum=0, maximum=86_400, step=60)


@given(st.lists(MOMENTS, min_size=1, unique=True))
def test_what_is_learnt_from_times_keeps_them(moments):
    table = pd.DataFrame({"seen": moments, "beside": 1})
    book = infer_codebook(table)
    out = to_arrow(canonicalise(table, book))
    assert out.column("seen").to_pylist() == moments
    assert Codebook.from_mapping(book.to_mapping()) == book


@pytest.mark.parametrize(
    ("moments", "step"),
    [
        (["2024-01-01 10:00", "2024-01-02 11:00"], 3_600),
        (["2024-01-01 10:00", "2024-01-02 11:30"], 60),
        (["2024-01-01 10:00:01", "2024-01-02"], 1),
        (["2024-01-01 10:00:00.25", "2024-01-02"], 1),
        (["1900-01-01 10:00:01", "2024-01-02"], 60),
    ],
)
def test_the_grid_is_the_longest_that_keeps_times(moments, step):
    table = pd.DataFrame({"seen": pd.to_datetime(moments, format="ISO8601")})
    assert infer_codebook(table).column("seen").step == step


@pytest.mark.parametrize(
    "cells",
    [
        pa.array([dt.datetime(1970, 1, 1, 12, 0, 20)]),
        pa.array([dt.datetime(1970, 1, 1, 14, 0, 20)], pa.timestamp("ns", "Africa/Cairo")),
        pa.array([dt.datetime(1970, 1, 1, 12, 0)], pa.timestamp("s")),
    ],
)
def test_times_of_all_types_go_to_the_nearest_of_the_grid(cells):
    if cells.type.tz:
        cells = pa.array([dt.datetime(1970, 1, 1, 12, tzinfo=dt.UTC)], cells.type)
    levels = canonicalise(pa.table({"seen": cells}), Codebook([SEEN])).levels
    assert levels.tolist() == [[720]]


def test_dates_are_the_first_moment_of_a_day_and_numbers_are_no_times():
    book = Codebook([SEEN])
    table = canonicalise(pa.table({"seen": [dt.date(1970, 1, 2)]}), book)
    assert to_frame(table)["seen"].tolist() == [pd.Timestamp("1970-01-02")]
    with pytest.raises(ValueError, match="'seen' holds int64; give date-times"):
        canonicalise(pa.table({"seen": [1]}), book)


def test_attacks_speak_of_times_as_of_dates():
    (predicate,) = parse_predicates([[["seen", "<=", "1970-01-01T01:00:00"]]], Codebook([SEEN]))
    assert predicate.conditions[0].level == 60
    with pytest.raises(ValueError, match="a date-time 'YYYY-MM-DDThh:mm:ss'"):
        parse_predicates([[["seen", "<=", 60]]], Codebook([SEEN]))
    assert attribute_hits(np.array([10, 20]), np.array([0, 0]), column=SEEN).tolist() == [
        True,
        False,
    ]
