"""What a column is told to be depends on its values: not on types, files, order or plugins."""

import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from anomed_dataset_anonymization.schema import TableSchema
from anomed_dataset_synthesis.table.codebook import CategoryColumn
from anomed_dataset_synthesis.table.inference import infer_codebook
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.tables import column_facts, read_table, write_table

DAY, NOON = dt.date(2024, 2, 29), dt.datetime(2024, 2, 29, 12)
ZONE = dt.timezone(dt.timedelta(hours=2))
SUFFIXES = (".csv", ".parquet")

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.sampled_from(["NA", "01067", "1E2", "true", "a;b", "2024-01-01", '"', "é"]),
    "integer": st.integers(-(2**63), 2**63 - 1),
    "small": st.integers(0, 255),
    "whole floats": st.integers(-(2**53) + 1, 2**53 - 1).map(float),
    "cents": st.integers(-(10**9), 10**9).map(lambda n: n / 100),
    "floats": st.floats(-1e3, 1e3) | st.floats(1e30, 1e60) | st.floats(0, 1e-300),
    "decimals": st.decimals(-(10**9), 10**9, places=3),
    "boolean": st.booleans(),
    "date": st.dates(),
    "date-time": st.datetimes(),
    "moment": st.datetimes(timezones=st.just(ZONE)),
    "month": st.integers(0, 9_999).map(lambda n: pd.Period(ordinal=n, freq="M")),
}
TYPES: dict[str, list[Any]] = {
    "text": ["str", "category", pd.ArrowDtype(pa.string())],
    "integer": ["Int64", pd.ArrowDtype(pa.int64())],
    "small": ["float32", "UInt8", "category"],
    "whole floats": ["float64", "Int64"],
    "cents": ["float64", "Float64", "category"],
    "floats": ["float64"],
    "decimals": [pd.ArrowDtype(pa.decimal128(20, 3))],
    "boolean": ["boolean"],
    "date": ["datetime64[s]", "category", pd.ArrowDtype(pa.date32())],
    "date-time": ["datetime64[us]"],
    "moment": ["datetime64[us, Europe/Berlin]"],
    "month": ["period[M]"],
}


@st.composite
def columns(draw: st.DrawFn) -> pd.Series:
    """Return values of one kind, with gaps, in one of the types that hold them."""
    name = draw(st.sampled_from(sorted(VALUES)))
    values = draw(st.lists(st.none() | VALUES[name], min_size=1, max_size=8))
    column = pd.Series(values, dtype=object, name=name)
    kind = draw(st.sampled_from([object, *TYPES[name]]))
    return column if kind is object else column.astype(kind)


@given(columns(), st.randoms())
def test_facts_do_not_depend_on_the_order_of_records(column: pd.Series, random: Any) -> None:
    shuffled = column.iloc[random.sample(range(len(column)), len(column))]

    assert column_facts(shuffled) == column_facts(column)


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(column=columns())
def test_a_table_that_is_written_and_read_has_the_same_facts(
    suffix: str, column: pd.Series
) -> None:
    facts = column_facts(column)
    frame = pd.DataFrame({column.name: column, "beside": 1})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"people{suffix}"
        write_table(frame, path)
        kinds = {facts.name: facts.kind} if suffix == ".csv" and facts.n_values else None
        again = read_table(path, kinds=kinds).frame[facts.name]

    assert column_facts(again) == facts


@given(columns())
def test_facts_are_those_of_the_plain_values(column: pd.Series) -> None:
    facts = column_facts(column)
    present = [value for value in column.astype(object) if not pd.isna(value)]

    assert (facts.n_records, facts.n_missing) == (len(column), len(column) - len(present))
    assert facts.n_values == len(set(present))
    if facts.kind == "integer":
        assert (facts.lowest, facts.highest) == (int(min(present)), int(max(present)))
    if facts.kind == "number" and facts.n_decimals < 15:
        step = Decimal(10) ** -facts.n_decimals
        values = [exact(value) for value in present]
        assert [float(round(v / step) * step) for v in values] == pytest.approx(
            list(map(float, values)), rel=1e-13, abs=0
        )


def exact(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(float(value)))


def kind_in_schema(column: pd.Series) -> str:
    described = TableSchema.infer(column.to_frame()).columns[0]
    names = {"string": "text", "int64": "integer", "float64": "number", "bool": "boolean"}
    return names.get(described.dtype, described.dtype)


def kind_in_codebook(column: pd.Series) -> str:
    described = infer_codebook(column.to_frame()).columns[0]
    if isinstance(described, CategoryColumn):
        return "boolean" if described.categories == ("false", "true") else "text"
    return {"real": "number"}.get(described.kind, described.kind)


@given(columns())
def test_both_plugins_take_a_column_for_the_same(column: pd.Series) -> None:
    facts, found, refused = column_facts(column), {}, []
    for plugin in (kind_in_schema, kind_in_codebook):
        try:
            found[plugin.__name__] = plugin(column)
        except ValueError as error:
            refused.append(str(error))

    assert set(found.values()) <= {facts.kind}
    assert [why for why in refused if not why.startswith(f"column {column.name!r} ")] == []


@pytest.mark.parametrize(
    ("values", "kind", "ends"),
    [
        ([3.0, None, 4.0], "integer", (3, 4)),
        ([2**60 + 1, 2**70], "integer", (2**60 + 1, 2**70)),
        ([Decimal(7), None], "integer", (7, 7)),
        ([4.99, 250000.0], "number", (Decimal("4.99"), Decimal("250000.0"))),
        ([1, 2.5], "number", (1, Decimal("2.5"))),
        ([2**60 + 1, Decimal("0.5")], "number", (Decimal("0.5"), 2**60 + 1)),
        ([True, None, False], "boolean", (None, None)),
        ([np.True_, True], "boolean", (None, None)),
        ([DAY, None], "date", (DAY, DAY)),
        ([NOON, None], "date-time", (NOON, NOON)),
        ([dt.datetime(2024, 2, 29)], "date", (DAY, DAY)),
        (
            [dt.datetime(2024, 2, 29, tzinfo=ZONE)],
            "date-time",
            (NOON.replace(hour=22, day=28),) * 2,
        ),
        ([pd.Period("2024-02-29")], "date", (DAY, DAY)),
        ([pd.Period("2024-02-29 12:00", freq="h")], "date-time", (NOON, NOON)),
        ([None, None], "text", (None, None)),
    ],
)
def test_objects_are_what_they_are(values: list[Any], kind: str, ends: tuple[Any, Any]) -> None:
    facts = column_facts(pd.Series(values, dtype=object, name="x"))

    found = [
        end.tz_localize(None) if isinstance(end, pd.Timestamp) else end
        for end in (facts.lowest, facts.highest)
    ]
    assert (facts.kind, tuple(found)) == (kind, ends)


@pytest.mark.parametrize(
    ("numbers", "n_decimals"),
    [
        ([0.1 + 0.2, 5.0], 1),
        ([4.9, 12.55], 2),
        ([1e-4, 1.0], 4),
        ([1 / 3, 1.0], 14),
        ([1e-300], 15),
    ],
)
def test_decimals_are_those_that_occur(numbers: list[float], n_decimals: int) -> None:
    assert column_facts(pd.Series(numbers)).n_decimals == n_decimals


def test_the_order_of_categories_is_told_with_those_that_nobody_has() -> None:
    sizes = pd.Categorical(["S", "L"], categories=["S", "M", "L"], ordered=True)
    facts = column_facts(pd.Series(sizes))

    assert (facts.values, facts.is_ordered, facts.n_values) == (("S", "M", "L"), True, 2)
    assert column_facts(pd.Series(["b", "a"])).values == ("a", "b")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([[1]], "'odd' holds values of type list; give text"),
        ([{"a": 1}], "type dict"),
        ([b"a"], "type bytes"),
        ([dt.time(1)], "type time"),
        ([1, "x"], "mixes int and str; give one type"),
        ([True, 1], "mixes bool and int"),
        ([DAY, NOON], "mixes date and datetime"),
        ([NOON, NOON.replace(tzinfo=ZONE)], "with and without a zone"),
        ([1.5, float("inf")], "infinite"),
        ([Decimal("-Infinity")], "infinite"),
        ([2.0**60, None], "up to 9007199254740991 only"),
        (pd.to_timedelta(["1D"]), "type timedelta64"),
        (pd.cut([1, 2], 2), "type Interval"),
        (np.array(["29349-01-01"], "datetime64[s]"), "the year 29349"),
        (pd.array([[1]], pd.ArrowDtype(pa.list_(pa.int64()))), "type ndarray"),
    ],
)
def test_other_columns_are_refused_by_name_in_a_sentence(values: Any, said: str) -> None:
    column = pd.Series(values, name="odd")
    for describe in (column_facts, kind_in_schema, kind_in_codebook):
        with pytest.raises(ValueError, match=said) as caught:
            describe(column)  # type: ignore[operator]  # the functions differ in what they return
        assert str(caught.value).startswith("column 'odd' ")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("n_values", "n_records", "is_identifying"),
    [
        (20, 20, False),
        (21, 21, True),
        (95, 100, False),
        (96, 100, True),
        (1_000, 5_000, False),
        (1_001, 5_000, True),
        (10_000, 100_000, False),
        (10_001, 100_000, True),
    ],
)
def test_texts_that_hardly_two_share_identify(
    n_values: int, n_records: int, is_identifying: bool
) -> None:
    names = pd.Series(np.arange(n_records) % n_values).astype(str)
    facts = column_facts(names)

    assert facts.is_identifying == is_identifying
    assert not attrs.evolve(facts, is_ordered=True).is_identifying
    assert not column_facts(names.astype(int)).is_identifying


def test_both_plugins_refuse_texts_that_identify() -> None:
    names = pd.Series([f"Person {number}" for number in range(30)], name="name")
    for describe in (kind_in_schema, kind_in_codebook):
        with pytest.raises(ValueError, match=r"'name' holds 30 different .* identif"):
            describe(names)
