"""Dummy rows: those of Lomas, from metadata and a seed alone."""

from datetime import datetime

import pandas as pd
import pytest
from anomed_dp_query.lomas.documents import dummy_document
from anomed_dp_query.metadata import Column, Kind, TableMetadata, fit, read_smartnoise
from anomed_dp_query.metadata.dummy import LARGEST_SEED, MOST_ROWS, dummy_rows
from hypothesis import given
from hypothesis import strategies as st

ANY = TableMetadata(
    columns=[
        Column(name="text", kind=Kind.STRING, nullable=True),
        Column(name="key", kind=Kind.STRING, categories=["a", "b"], exhaustive=True),
        Column(name="flag", kind=Kind.BOOLEAN),
        Column(name="maybe", kind=Kind.BOOLEAN, nullable=True),
        Column(name="whole", kind=Kind.INTEGER, lower=0, upper=3),
        Column(name="code", kind=Kind.INTEGER, categories=[1, 5]),
        Column(name="gap", kind=Kind.INTEGER, lower=-5, upper=5, nullable=True),
        Column(name="number", kind=Kind.FLOAT, lower=0.5, upper=1.5),
        Column(name="small", kind=Kind.FLOAT, lower=0, upper=1, bits=32),
        Column(
            name="day", kind=Kind.DATETIME, lower=datetime(1990, 1, 1), upper=datetime(1990, 2, 1)
        ),
    ]
)


@pytest.mark.parametrize(
    ("name", "n_rows", "seed"), [("dummy_100_42", 100, 42), ("dummy_10_0", 10, 0)]
)
def test_penguins_are_those_of_lomas(name, n_rows, seed, penguins, exchange):
    metadata = read_smartnoise(penguins.smartnoise())

    document = dummy_document(dummy_rows(metadata, n_rows, seed), metadata, newer=False)

    assert document == exchange(name)["response"]


def test_days_are_those_of_lomas(exchange):
    metadata = read_smartnoise(
        {
            "max_ids": 1,
            "columns": {
                "birthday": {"type": "datetime", "lower": "1900-01-01", "upper": "2050-01-01"}
            },
        }
    )

    document = dummy_document(dummy_rows(metadata, 5, 0), metadata, newer=False)

    assert document == exchange("dummy_birthdays")["response"]


@given(st.integers(1, 50), st.integers(0, LARGEST_SEED))
def test_rows_fit_their_metadata_and_depend_on_the_seed_alone(n_rows, seed):
    rows = dummy_rows(ANY, n_rows, seed)

    assert fit(rows, ANY).changed == {}
    pd.testing.assert_frame_equal(rows, dummy_rows(ANY, n_rows, seed))
    pd.testing.assert_frame_equal(rows, fit(rows, ANY).frame)


def test_nullable_columns_have_empty_cells_and_no_others():
    empty = dummy_rows(ANY, 100, 7).isna().sum()

    assert set(empty[empty > 0].index) == {"text", "maybe", "gap"}
    assert empty.max() <= 5


def test_whole_numbers_reach_both_ends():
    assert set(dummy_rows(ANY, 200, 1)["whole"]) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("n_rows", "seed"), [(0, 0), (MOST_ROWS + 1, 0), (1, -1), (1, LARGEST_SEED + 1)]
)
def test_what_is_out_of_range_is_refused(n_rows, seed):
    with pytest.raises(ValueError, match=r"dummy rows are 1 to|a seed is 0 to"):
        dummy_rows(ANY, n_rows, seed)


def test_clients_of_both_dialects_are_told_types_that_they_can_read():
    rows = dummy_rows(ANY, 5, 0)
    older = dummy_document(rows, ANY, newer=False)
    newer = dummy_document(rows, ANY, newer=True)

    assert older["dtypes"]["number"] == "float"
    assert newer["dtypes"]["number"] == "float64"
    assert older["datetime_columns"] == ["day"]
    assert older["dummy_df"] == newer["dummy_df"]
    read = pd.DataFrame(newer["dummy_df"]["data"], columns=newer["dummy_df"]["columns"])
    assert read.astype(newer["dtypes"])["day"].dtype == "datetime64[ns]"
