"""Canonical tables: records, and nothing else of what was submitted."""

import datetime as dt
import io
import struct

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from anomed_dataset_synthesis.table.canonical import (
    CanonicalTable,
    RealTables,
    canonicalise,
    check_size,
    keys_of,
    shuffle,
    to_arrow,
    to_frame,
    to_parquet,
)
from anomed_dataset_synthesis.table.codebook import CategoryColumn, Codebook, NumericColumn
from hypothesis import given
from hypothesis import strategies as st

BOOK = Codebook(
    (
        NumericColumn(name="age", kind="integer", minimum=0, maximum=100, step=5),
        NumericColumn(name="weight", minimum=0, maximum=20, step=0.1, nullable=True),
        NumericColumn(name="day", kind="date", minimum=0, maximum=30_000),
        CategoryColumn(name="word", categories=("", "a", "b"), nullable=True),
        CategoryColumn(name="flag", categories=("false", "true")),
    )
)
DAY = dt.date(2000, 1, 2)


def table(**columns):
    plain = {"age": [33], "weight": [1.0], "day": [DAY], "word": ["a"], "flag": ["true"]}
    return pa.table({**plain, **columns})


def test_values_come_back_on_the_grid():
    frame = to_frame(canonicalise(table(age=[33.4], weight=[1.04]), BOOK))
    assert frame.iloc[0].to_dict() == {
        "age": 35,
        "weight": 1.0,
        "day": pd.Timestamp(DAY),
        "word": "a",
        "flag": "true",
    }


@pytest.mark.parametrize(
    "columns",
    [
        {"age": pa.array([35], pa.uint8())},
        {"age": pa.array([35], pa.decimal128(5, 2))},
        {"age": pa.array([35.0], pa.float32())},
        {"day": pa.array([dt.datetime(2000, 1, 2)], pa.timestamp("ns", tz="UTC"))},
        {"day": pa.array([dt.datetime(2000, 1, 2, 23, 59)])},
        {"word": pa.array(["a"], pa.large_string())},
        {"word": pa.array(["a"]).dictionary_encode()},
        {"word": pa.DictionaryArray.from_arrays([1], ["unused and unknown", "a"])},
        {"flag": pa.array([True])},
    ],
)
def test_the_type_a_value_comes_in_leaves_no_trace(columns):
    assert to_parquet(canonicalise(table(**columns), BOOK)) == to_parquet(
        canonicalise(table(age=[35]), BOOK)
    )


def test_payloads_of_missing_numbers_are_dropped():
    payloads = [0x7FF8000000000001, 0x7FF80000DEADBEEF, 0xFFF8000000000000]
    numbers = np.array([struct.unpack("d", struct.pack("Q", bits))[0] for bits in payloads])
    tables = [canonicalise(table(weight=[number]), BOOK) for number in numbers]
    tables.append(canonicalise(table(weight=pa.array([None], pa.float64())), BOOK))
    tables.append(canonicalise(table(weight=pa.nulls(1)), BOOK))
    assert len({to_parquet(part) for part in tables}) == 1
    assert to_arrow(tables[0])["weight"].null_count == 1


def test_index_metadata_and_column_order_are_dropped():
    frame = to_frame(canonicalise(table(), BOOK))
    marked = frame[list(frame)[::-1]].set_index(pd.Index(["message"], name="note"))
    arrow = pa.Table.from_pandas(marked.reset_index(drop=True))
    arrow = arrow.replace_schema_metadata({"note": "message"})
    plain = to_parquet(canonicalise(frame, BOOK))
    assert to_parquet(canonicalise(marked, BOOK)) == plain
    assert to_parquet(canonicalise(arrow, BOOK)) == plain
    assert pq.read_schema(io.BytesIO(plain)).metadata is None


@given(st.permutations(range(12)), st.integers(0, 3))
def test_the_order_of_submitted_rows_has_no_part_in_the_result(order, seed):
    levels = np.random.default_rng(1).integers(0, 2, (12, 5))
    tables = [
        CanonicalTable(codebook=BOOK, levels=levels[list(rows)]) for rows in (range(12), order)
    ]
    results = [to_parquet(shuffle(part, np.random.default_rng(seed))) for part in tables]
    assert results[0] == results[1]


def test_another_seed_gives_another_order_of_the_same_records():
    levels = np.random.default_rng(1).integers(0, 3, (200, 5)) % [3, 3, 3, 3, 2]
    part = CanonicalTable(codebook=BOOK, levels=levels)
    first, second = (shuffle(part, np.random.default_rng(seed)) for seed in (1, 2))
    assert not np.array_equal(first.levels, second.levels)
    keys = keys_of(first, second)
    assert np.array_equal(np.sort(keys[0]), np.sort(keys[1]))


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ({"extra": [1]}, r"unknown \['extra'\]"),
        ({"age": [103]}, "outside 0 to 100;"),
        ({"age": [-5]}, "outside 0 to 100;"),
        ({"age": [float("inf")]}, "infinite"),
        ({"age": [None]}, "missing values"),
        ({"age": ["33"]}, "give numbers"),
        ({"age": [[33]]}, "give numbers"),
        ({"day": [12]}, "give dates"),
        ({"word": ["c" * 10_000]}, "no category"),
        ({"word": [1.5]}, "give its categories as strings"),
        ({"flag": [None]}, "missing values"),
    ],
)
def test_what_the_codebook_lacks_is_refused_in_one_short_sentence(columns, complaint):
    with pytest.raises(ValueError, match=complaint) as refusal:
        canonicalise(table(**columns), BOOK)
    assert len(str(refusal.value)) < 250


def test_repeated_and_absent_columns_are_refused():
    arrow = table()
    with pytest.raises(ValueError, match=r"lacks \['age'\]"):
        canonicalise(arrow.drop_columns("age"), BOOK)
    repeated = pa.Table.from_arrays([*arrow.columns, arrow["age"]], [*arrow.column_names, "age"])
    with pytest.raises(ValueError, match="each once"):
        canonicalise(repeated, BOOK)
    frame = arrow.to_pandas()
    with pytest.raises(ValueError, match="two columns have one name"):
        canonicalise(pd.concat([frame, frame[["age"]]], axis=1), BOOK)
    frame["word"] = pd.Series(["a"], dtype=object)
    mixed = pd.concat([frame, frame.assign(word=pd.Series([3], dtype=object))])
    with pytest.raises(ValueError, match="mixes types"):
        canonicalise(mixed, BOOK)


def test_a_huge_dictionary_is_looked_up_once_and_never_unfolded():
    long = pa.DictionaryArray.from_arrays(np.zeros(200_000, np.int8), ["x" * 1_000_000])
    columns = {
        name: array.take(np.zeros(200_000, int))
        for name, array in zip(BOOK.names, table().columns, strict=True)
    }
    with pytest.raises(ValueError, match="200000 values that are no category"):
        canonicalise(pa.table({**columns, "word": long}), BOOK)


def test_broken_text_is_refused_by_the_column_it_stands_in():
    places = np.array([0, 1], np.int32).tobytes()
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(places), pa.py_buffer(b"\xff")]
    )
    with pytest.raises(ValueError, match=r"column 'word' can't be read"):
        canonicalise(table(word=broken), BOOK)


def test_secret_tables_are_recoded_to_a_public_codebook():
    arrow = table(age=[-7, 300], weight=[1, 2], day=[DAY] * 2, word=["c", "b"], flag=["true"] * 2)
    frame = to_frame(canonicalise(arrow, BOOK, outside="recode"))
    assert frame["age"].tolist() == [0, 100]
    assert frame["word"].isna().tolist() == [True, False]
    with pytest.raises(ValueError, match="no category"):
        canonicalise(table(flag=["maybe"]), BOOK, outside="recode")
    with pytest.raises(ValueError, match="infinite"):
        canonicalise(table(age=[float("inf")]), BOOK, outside="recode")


def test_a_value_one_step_below_the_minimum_is_not_taken_for_missing():
    assert canonicalise(table(weight=[-0.1]), BOOK, outside="recode").column("weight")[0] == 0
    with pytest.raises(ValueError, match="outside"):
        canonicalise(table(weight=[-0.1]), BOOK)


def test_levels_are_checked_and_read_only():
    good = canonicalise(table(), BOOK)
    with pytest.raises(ValueError, match="read-only"):
        good.levels[0, 0] = 3
    for levels in (np.full((1, 5), 99), np.full((1, 5), -1), np.zeros((1, 4)), np.zeros(5)):
        with pytest.raises(ValueError, match="levels"):
            CanonicalTable(codebook=BOOK, levels=levels.astype(int))


def test_tables_of_different_codebooks_or_without_records_do_not_mix():
    good = canonicalise(table(), BOOK)
    other = canonicalise(pa.table({"word": ["a"]}), Codebook((BOOK.column("word"),)))
    with pytest.raises(ValueError, match="different codebooks"):
        RealTables(training=good, non_members=good, background=other)
    empty = good.take(np.array([], dtype=int))
    with pytest.raises(ValueError, match="at least one record"):
        RealTables(training=good, non_members=empty, background=good)


@pytest.mark.parametrize(
    ("n_records", "fits"), [(49, False), (50, True), (198, True), (199, False)]
)
def test_a_submission_is_half_to_twice_as_long_as_the_training_table(n_records, fits):
    if fits:
        check_size(n_records, 99)
    else:
        with pytest.raises(ValueError, match="give 50 to 198"):
            check_size(n_records, 99)


def test_a_sample_is_drawn_without_replacement(real):
    sample = real.training.sample(100, rng=np.random.default_rng(1))
    assert len(np.unique(keys_of(sample)[0])) == 100
    assert real.training.sample(10_000, rng=np.random.default_rng(1)) is real.training


@pytest.mark.parametrize("kind", [pa.null(), pa.float64(), pa.string(), pa.int64(), pa.date32()])
@pytest.mark.parametrize("name", ["weight", "word"])
def test_an_empty_column_may_have_any_type(name, kind):
    empty = table(**{name: pa.array([None], kind)})
    assert canonicalise(empty, BOOK).column(name).tolist() == [-1]
    nan = table(**{name: pa.array([float("nan")])})
    assert canonicalise(nan, BOOK).column(name).tolist() == [-1]
