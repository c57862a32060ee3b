"""Dates are numbers of days, date-times of seconds: in schemas, cells, ranges and messages."""

import datetime as dt

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from anomed_dataset_anonymization.report.readable import readable_frame
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema, read_cells, write_cells
from anomed_dataset_anonymization.schema.frames import people_frame
from anomed_dataset_anonymization.schemes import Ranges, canonicalise, publish
from hypothesis import given
from hypothesis import strategies as st

DAY, LAST = dt.date(2024, 2, 29), dt.date(2024, 12, 30)
BORN = Column.from_document(
    {
        "name": "born",
        "kind": "cardinal",
        "dtype": "date",
        "domain": {"low": "2024-01-01", "high": "2024-12-30", "step": 1},
        "role": "qi",
    }
)
SEEN = Column(
    name="seen",
    kind="cardinal",
    dtype="date-time",
    domain=Bounds(low=0, high=86_400, step=60),
)
SCHEMA = TableSchema(columns=[BORN])


@pytest.mark.parametrize("column", [BORN, SEEN])
def test_documents_say_dates_as_people_do(column):
    assert Column.from_document(column.to_document()) == column
    assert BORN.to_document()["domain"] == {"low": "2024-01-01", "high": "2024-12-30", "step": 1}
    assert SEEN.to_document()["domain"]["high"] == "1970-01-02T00:00:00"


@pytest.mark.parametrize("end", [19_000, "1. 1. 2024", "2024-02-30", "2024-01-01T00:00:00Z", None])
def test_ends_that_are_no_dates_are_refused_with_the_form(end):
    document = BORN.to_document() | {"domain": {"low": end, "high": "2024-12-30"}}
    with pytest.raises(ValueError, match=r"'born': .* is no date; write it like 2024-12-31"):
        Column.from_document(document)


@pytest.mark.parametrize(
    "cells",
    [
        pd.Series([DAY, None], dtype=object),
        pd.Series(pd.to_datetime([DAY, None])),
        pd.Series(pd.to_datetime([DAY, None])).astype("datetime64[s]"),
        pd.Series(pd.to_datetime([DAY, None])).dt.tz_localize("UTC"),
        pd.Series([DAY, None], dtype=pd.ArrowDtype(pa.date32())),
        pd.Series(pd.PeriodIndex([DAY, None], freq="D")),
        pd.Series(pd.Categorical([DAY, None])),
        pd.Series([np.datetime64(DAY), None], dtype=object),
    ],
)
def test_the_storage_of_dates_does_not_matter(cells):
    read = read_cells(cells.rename("born"), BORN)
    assert read[0] == (DAY - dt.date(1970, 1, 1)).days
    assert np.isnan(read[1])
    assert write_cells(read, BORN).tolist() == [pd.Timestamp(DAY), pd.NaT]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (dt.datetime(2024, 2, 29, 12), r"holds 2024-02-29T12:00:00, but its dates have no time"),
        (dt.date(2025, 1, 1), r"holds 2025-01-01, outside the domain 2024-01-01 to 2024-12-30"),
        ("2024-02-29", r"'born' has type .*, but holds dates"),
        (19_000, r"'born' has type .*, but holds dates"),
    ],
)
def test_what_is_no_date_of_the_domain_is_refused_with_the_reason(cell, reason):
    with pytest.raises(ValueError, match=reason):
        read_cells(pd.Series([cell], name="born"), BORN)


def test_times_go_to_the_nearest_of_their_grid():
    cells = pd.Series(pd.to_datetime(["1970-01-01 10:00:29", "1970-01-01 10:00:31"]))
    assert read_cells(cells, SEEN).tolist() == [36_000, 36_060]


def test_schemas_are_inferred_with_dates_and_the_grid_of_times():
    people = pd.DataFrame(
        {
            "born": [DAY, LAST, None],
            "seen": pd.to_datetime(
                ["2024-01-01 10:15", "2024-01-02 11:30:00.5", None], format="mixed"
            ),
            "month": pd.PeriodIndex(["2024-01", "2024-03", None], freq="M"),
        }
    )
    schema = TableSchema.infer(people)
    assert [(column.kind, column.dtype) for column in schema] == [
        ("cardinal", "date"),
        ("cardinal", "date-time"),
        ("cardinal", "date"),
    ]
    assert schema["seen"].to_document()["domain"] == {
        "low": "2024-01-01T10:15:00",
        "high": "2024-01-02T11:30:01",
        "step": 1,
    }
    assert TableSchema.from_json(schema.to_json()) == schema
    assert schema.kinds == {"born": "date", "seen": "date-time", "month": "date"}


FIRST_OF_MARCH = pd.Interval(pd.Timestamp(DAY), pd.Timestamp(2024, 3, 31), closed="right")


@pytest.mark.parametrize(
    "published",
    [
        pd.DataFrame({"born_min": [dt.date(2024, 3, 1)], "born_max": [dt.date(2024, 3, 31)]}),
        pd.DataFrame({"born": [[dt.date(2024, 3, 1), dt.date(2024, 3, 31)]]}),
        pd.DataFrame(
            {"born": [{"min": pd.Timestamp(2024, 3, 1), "max": dt.datetime(2024, 3, 31)}]}
        ),
        pd.DataFrame({"born": pd.arrays.IntervalArray([FIRST_OF_MARCH])}),
        pd.DataFrame({"born": pd.Categorical([FIRST_OF_MARCH])}),
    ],
)
def test_ranges_of_dates_come_in_all_forms(published):
    people = pd.DataFrame({"born": [DAY]})
    table = canonicalise(published, "generalization", schema=SCHEMA, leaky=people)
    cells = table.cells["born"]
    assert isinstance(cells, Ranges)
    assert write_cells(cells.low, BORN).tolist() == [pd.Timestamp(2024, 3, 1)]
    assert write_cells(cells.high, BORN).tolist() == [pd.Timestamp(2024, 3, 31)]
    assert readable_frame(table)["born"].tolist() == ["[2024-03-01, 2024-03-31]"]


def test_a_mean_of_dates_is_the_nearest_date():
    published = pd.DataFrame({"born": pd.to_datetime(["2024-02-29 11:00", "2024-02-29 13:00"])})
    people = pd.DataFrame({"born": [DAY, DAY]})
    table = canonicalise(published, "microaggregation", schema=SCHEMA, leaky=people)
    assert readable_frame(table)["born"].tolist() == ["2024-02-29", "2024-03-01"]
    assert publish(table).column("born").type == pa.timestamp("ms")


@given(st.lists(st.none() | st.dates(dt.date(2024, 1, 1), LAST), min_size=1))
def test_dates_come_back_from_coordinates_and_from_files(days):
    people = pd.DataFrame({"born": pd.Series(days, dtype=object)})
    read = read_cells(people["born"], BORN)
    again = people_frame(read[:, np.newaxis], SCHEMA)["born"]
    assert [None if pd.isna(day) else day.date() for day in again] == days
    table = canonicalise(people, "same", schema=SCHEMA, leaky=people)
    file = publish(table).drop_columns("anon_row").to_pandas()
    again = canonicalise(file, "same", schema=SCHEMA, leaky=people)
    assert np.array_equal(again.codes["born"], table.codes["born"])
