"""Dummy data has the declared form and tells nothing about the real data."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core import (
    ArraySchema,
    ArraysSchema,
    ColumnSchema,
    DataProduct,
    JSONSchema,
    Role,
    TableSchema,
    hookimpl,
)
from anomed_core.errors import UsageError
from anomed_core.service import dummy_data, encoded
from anomed_core.service.decoding import decode
from anomed_core.wire import Limits
from tests.conftest import OpenServer
from tests.example_types import Guessing, Tables


class Silent:
    """Stands for a challenge whose plugin makes no dummy data of its own."""

    challenge = None

    def hook(self, name: str, about: str) -> Any:
        return lambda **_: None


def made(schema: Any, seed: int = 0) -> Any:
    product = DataProduct(path="/x", audience={Role.PUBLIC}, schema=schema)
    return dummy_data(Silent(), product, seed)  # type: ignore[arg-type]


def bounds() -> st.SearchStrategy[tuple[float | None, float | None]]:
    whole = st.integers(-50, 50)
    pair = st.tuples(whole, whole).map(sorted).map(tuple)
    return st.one_of(
        pair, whole.map(lambda low: (low, None)), whole.map(lambda high: (None, high))
    ) | st.just((None, None))


@given(
    st.sampled_from(["bool", "int", "float", "str", "bytes"]),
    st.lists(st.none() | st.integers(0, 3), max_size=3),
    bounds(),
    st.integers(0, 9),
)
def test_dummy_arrays_fit_their_schema(
    kind: str, shape: list[int | None], limits: tuple[float | None, float | None], seed: int
) -> None:
    low, high = limits
    schema = ArraysSchema(
        arrays=[ArraySchema(name="X", kinds=(kind,), shape=shape, low=low, high=high)]
    )

    decode(encoded(made(schema, seed), schema), schema, Limits())


@given(
    st.sampled_from(["bool", "int", "float", "str"]),
    bounds(),
    st.integers(0, 30),
    st.integers(0, 9),
)
def test_dummy_tables_fit_their_schema(
    kind: str, limits: tuple[float | None, float | None], min_rows: int, seed: int
) -> None:
    low, high = limits if kind in {"int", "float"} else (None, None)
    schema = TableSchema(
        columns=[
            ColumnSchema(name="x", kinds=(kind,), low=low, high=high),
            ColumnSchema(name="c", kinds=("str",), categories=("a", "b")),
        ],
        min_rows=min_rows,
        max_rows=min_rows + 5,
    )

    decode(encoded(made(schema, seed), schema), schema, Limits())


DAYS = st.dates(dt.date(100, 1, 1), dt.date(9900, 1, 1)).map(str)


@given(
    st.sampled_from(["date", "date-time"]),
    st.lists(st.none() | DAYS, min_size=2, max_size=2),
    st.none() | st.integers(1, 10**6),
    st.integers(0, 9),
)
def test_dummy_dates_fit_their_schema(
    kind: str, limits: list[str | None], step: int | None, seed: int
) -> None:
    low, high = limits if None in limits else sorted(filter(None, limits))
    column = ColumnSchema(name="x", kinds=kind, low=low, high=high, step=step)
    schema = TableSchema(columns=[column], min_rows=3)

    decode(encoded(made(schema, seed), schema), schema, Limits())


@pytest.mark.parametrize("dtype", ["float32", "int8", "bool", "<U7", "|S3", "uint16"])
def test_declared_dtypes_are_kept(dtype: str) -> None:
    array = np.zeros(4, dtype=dtype)
    schema = ArraysSchema(arrays=[ArraySchema.of("X", array)])

    assert made(schema)["X"].dtype == array.dtype
    assert made(schema)["X"].shape == (4,)


@given(st.sampled_from(["int8", "uint8", "int32", "uint64", "int64"]), bounds(), st.integers(0, 9))
def test_whole_numbers_are_small_indices_wherever_the_bounds_let_them(
    dtype: str, limits: tuple[float | None, float | None], seed: int
) -> None:
    low, high = limits
    if dtype.startswith("u"):
        low, high = (None if bound is None else abs(bound) for bound in limits)
        low, high = sorted((low, high)) if None not in {low, high} else (low, high)
    array = ArraySchema(name="y", kinds=("int",), shape=(30,), dtype=dtype, low=low, high=high)

    values = made(ArraysSchema(arrays=[array]), seed)["y"]

    assert values.dtype == dtype
    assert low is None or values.min() >= low
    assert high is None or values.max() <= high
    if low is None and (high is None or high >= 0):
        assert len(np.bincount(values)) <= 3 or high is not None
    if high is None:
        assert values.max() - values.min() <= 2


def test_bounds_beyond_a_dtype_are_cut_to_it() -> None:
    array = ArraySchema(name="y", kinds=("int",), shape=(99,), dtype="int8", low=0, high=1000)

    assert made(ArraysSchema(arrays=[array]))["y"].min() >= 0


def test_equal_seeds_give_equal_data() -> None:
    schema = ArraysSchema(arrays=[ArraySchema(name="X", kinds=("float",), shape=(9,))])

    assert made(schema, 1)["X"].tolist() == made(schema, 1)["X"].tolist()
    assert made(schema, 1)["X"].tolist() != made(schema, 2)["X"].tolist()


def test_a_plugin_makes_its_own(server_of: OpenServer) -> None:
    class Own(Guessing):
        @hookimpl
        def anomed_dummy_data(self, product: DataProduct, seed: int) -> Any:
            return {"X": np.full(10, seed)} if product.static else None

    hosted = server_of(Own()).challenges["guessing"]

    assert dummy_data(hosted, hosted.products["/data/anonymizer/training"], 7)["X"][0] == 7
    assert dummy_data(hosted, hosted.products["/data/pair"], 7)["X"].shape == (10,)


def test_dummy_data_does_not_depend_on_the_real_rows(server_of: OpenServer) -> None:
    hosted = server_of(Guessing()).challenges["guessing"]
    made = dummy_data(hosted, hosted.products["/data/anonymizer/training"], 1)

    expected = np.random.default_rng(1).normal(size=10)
    assert made["X"].tolist() == expected.tolist()


@pytest.mark.parametrize("schema", [JSONSchema(), TableSchema()])
def test_without_columns_or_arrays_there_is_nothing_to_make(schema: Any) -> None:
    with pytest.raises(UsageError, match="/x declares no columns or arrays"):
        made(schema)


def test_tables_are_made_for_products(server_of: OpenServer) -> None:
    hosted = server_of(Tables()).challenges["tables"]
    product = hosted.products["/data/anonymizer/leaky"]

    frame = dummy_data(hosted, product, 1)

    assert list(frame.columns) == ["age", "city"]
    assert frame["age"].between(0, 120).all()
    assert set(frame["city"]) <= {"Bonn", "Kiel"}
