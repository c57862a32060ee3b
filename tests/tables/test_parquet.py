import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from anomed_core.errors import TableError
from anomed_core.tables import TableOptions, read_table, write_table


def written(folder: Path, **columns: pa.Array) -> Path:
    path = folder / "people.PARQUET"
    pq.write_table(pa.table(columns), path)
    return path


def test_types_of_parquet_are_what_they_are(tmp_path: Path) -> None:
    noon = dt.datetime(2024, 1, 1, 12, tzinfo=dt.UTC)
    path = written(
        tmp_path,
        day=pa.array([dt.date(2024, 1, 1), None]),
        time=pa.array([noon, None], pa.timestamp("us", "Europe/Berlin")),
        cost=pa.array([Decimal("4.90"), None]),
        whole=pa.array([Decimal(7), None]),
        long=pa.array([Decimal("0.12345678901234567890123"), None]),
        wage=pa.array([2**60 + 1, None]),
        smoker=pa.array([True, None]),
        word=pa.array(["NA", None]),
        ward=pa.array(["a", None]).dictionary_encode(),
        nothing=pa.nulls(2),
    )

    read = read_table(path)

    assert {name: kind.kind for name, kind in read.kinds.items()} == {
        "day": "date",
        "time": "date-time",
        "cost": "number",
        "whole": "integer",
        "long": "text",
        "wage": "integer",
        "smoker": "boolean",
        "word": "text",
        "ward": "text",
        "nothing": "text",
    }
    first = read.frame.iloc[0]
    assert first["day"] == pd.Timestamp(2024, 1, 1)
    assert first["time"] == noon
    assert (first["cost"], first["whole"], first["wage"]) == (4.9, 7, 2**60 + 1)
    assert (first["smoker"], first["word"], first["ward"]) == (True, "NA", "a")
    assert read.frame.iloc[1].isna().all()


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (pa.array([[1]]), "column 'odd': the column holds list"),
        (pa.array([{"a": 1}]), "column 'odd': the column holds struct"),
        (pa.array([b"x"]), "column 'odd': the column holds binary"),
    ],
)
def test_what_people_cannot_read_is_refused_by_name(
    tmp_path: Path, array: pa.Array, said: str
) -> None:
    path = written(tmp_path, age=pa.array([1]), odd=array)

    with pytest.raises(TableError) as caught:
        read_table(path)

    assert said in str(caught.value)
    assert list(read_table(path, TableOptions(drop=("odd",)), kinds={"odd": "text"}).frame) == [
        "age"
    ]


@pytest.mark.parametrize(("name", "shown"), [("name", "name"), (None, "index")])
def test_an_index_is_refused_or_a_column_or_dropped(
    tmp_path: Path, name: str | None, shown: str
) -> None:
    path = tmp_path / "people.pq"
    index = pd.Index(["Ada", "Bo"], name=name)
    pd.DataFrame({"age": [20, 21]}, index=index).to_parquet(path)

    with pytest.raises(TableError, match="keeps an index"):
        read_table(path)
    assert list(read_table(path, TableOptions(index="drop")).frame) == ["age"]
    frame = read_table(path, TableOptions(index="column")).frame
    assert frame[shown].tolist() == ["Ada", "Bo"]


def test_a_range_is_no_index(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    pd.DataFrame({"age": [20, 21]}).to_parquet(path)

    assert list(read_table(path).frame) == ["age"]


def test_kinds_that_are_given_decide(tmp_path: Path) -> None:
    path = written(tmp_path, a=pa.array([1, 2]), b=pa.array(["01", "2"]), c=pa.array([1.5, 2.0]))

    frame = read_table(path, kinds={"a": "text", "b": "integer"}).frame

    assert frame["a"].tolist() == ["1", "2"]
    assert frame["b"].tolist() == [1, 2]
    with pytest.raises(TableError, match="column 'c': the column is number, not text"):
        read_table(path, kinds={"c": "text"})


def test_kinds_that_are_given_may_be_stored_otherwise(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        wage=pa.array([20_001.0, None, float("nan")]),
        seen=pa.array([dt.datetime(2024, 1, 2), None, None], pa.timestamp("ns")),
        born=pa.array([dt.date(2024, 1, 2), None, None]),
        never=pa.array([None, None, float("nan")], pa.float64()),
    )
    kinds = {"wage": "integer", "seen": "date", "born": "text", "never": "date"}

    read = read_table(path, kinds=kinds)

    assert {name: kind.kind for name, kind in read.kinds.items()} == kinds
    assert read.frame["wage"].dtype == "Int64"
    assert read.frame.iloc[0].tolist()[:3] == [20_001, pd.Timestamp(2024, 1, 2), "2024-01-02"]
    assert read.frame.iloc[1].isna().all()
    assert read.doubts == ()


def test_days_are_those_of_the_clock_that_showed_them(tmp_path: Path) -> None:
    late = pd.Timestamp("2024-01-02 00:30", tz="Europe/Berlin")
    path = written(tmp_path, seen=pa.array([late], pa.timestamp("us", "Europe/Berlin")))
    text = tmp_path / "people.csv"
    text.write_text("seen\n2024-01-02T00:30+01:00\n")

    for file in (path, text):
        read = read_table(file, kinds={"seen": "date"})
        assert read.frame["seen"][0] == pd.Timestamp(2024, 1, 2)
        assert read.doubts == ("seen: dates (times of day are left out)",)


@pytest.mark.parametrize("cell", [1.5, 2.0**53])
def test_numbers_that_are_no_exact_integers_are_refused_as_such(
    tmp_path: Path, cell: float
) -> None:
    with pytest.raises(TableError, match=r"column 'a': .* is no exact integer, as was said"):
        read_table(written(tmp_path, a=pa.array([1.0, cell])), kinds={"a": "integer"})


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    path.write_bytes(b"PAR1 no more")

    with pytest.raises(TableError, match="no readable parquet file"):
        read_table(path)


def test_tables_without_records_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="there is no record; give at least one"):
        read_table(written(tmp_path, age=pa.array([], pa.int64())))


def test_what_is_written_has_no_index_and_no_metadata(tmp_path: Path) -> None:
    path = tmp_path / "people.parquet"
    frame = pd.DataFrame({"age": [20, 21]}, index=["Ada", "Bo"])

    write_table(frame, path)

    schema = pq.read_schema(path)
    assert schema.names == ["age"]
    assert schema.metadata is None
    write_table(frame, path.with_suffix(".csv"))
    assert path.with_suffix(".csv").read_text() == "age\n20\n21\n"


def test_dates_without_times_are_written_as_such(tmp_path: Path) -> None:
    path = written(tmp_path, day=pa.array([dt.date(2024, 1, 1), None]), n=pa.array([1, 2]))
    read, again = read_table(path), tmp_path / "again.parquet"

    write_table(read.frame, again, kinds=read.kinds)

    assert read_table(again).kinds == read.kinds
    assert read_table(again).frame.equals(read.frame)


def test_canonical_text_says_no_more_than_the_values(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "cost": [4.5, 1e-05],
            "wage": pd.array([7, None], "Int64"),
            "smoker": [True, False],
            "day": pd.to_datetime(["2024-01-02", "2024-01-03"]),
            "time": pd.to_datetime(["2024-01-02 03:04:05", None]).as_unit("s"),
        }
    )

    write_table(frame, tmp_path / "people.csv")

    assert (tmp_path / "people.csv").read_text() == (
        "cost,wage,smoker,day,time\n"
        "4.5,7,true,2024-01-02,2024-01-02T03:04:05\n"
        "1e-05,,false,2024-01-03,\n"
    )


def test_two_columns_of_one_name_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="column 'a': two columns have one name"):
        write_table(pd.DataFrame([[1, 2]], columns=["a", "a"]), tmp_path / "people.csv")


@pytest.mark.parametrize(
    ("frequency", "kind", "form"),
    [
        ("M", "date", "%Y-%m"),
        ("Q", "date", "%YQ%q"),
        ("Q-MAR", "date", ""),
        ("Y", "date", ""),
        ("W", "date", ""),
        ("D", "date", ""),
        ("h", "date-time", ""),
        ("min", "date-time", ""),
    ],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_periods_that_pandas_wrote_are_the_dates_they_begin_on(
    frequency: str, kind: str, form: str, is_known: bool, tmp_path: Path
) -> None:
    """Files keep periods as numbers of them, which only those who import pandas' types know."""
    moment = pd.Period("2024-05-17 13:07", freq=frequency)
    periods = pd.DataFrame({"when": pd.PeriodIndex([moment, None, moment - 7]), "age": 30})
    path = tmp_path / "people.parquet"
    periods.to_parquet(path, index=False)
    if not is_known:
        table = pq.read_table(path)
        when = pa.array([moment.ordinal, None, moment.ordinal - 7])
        told = {"ARROW:extension:name": "pandas.period"}
        told |= {"ARROW:extension:metadata": json.dumps({"freq": frequency})}
        field = pa.field("when", when.type, metadata=told)
        pq.write_table(
            pa.table([when, table["age"]], schema=pa.schema([field, table.field("age")])), path
        )

    read = read_table(path)

    columns = (read.frame["when"], periods["when"].dt.to_timestamp())
    found, begins = (column.isna().tolist() + column.dropna().tolist() for column in columns)
    assert (read.kinds["when"].kind, read.kinds["when"].form) == (kind, form)
    assert found == begins


def test_types_that_only_their_writer_knows_are_refused_by_name(tmp_path: Path) -> None:
    told = {"ARROW:extension:name": "geo.cell"}
    field = pa.field("cell", pa.int64(), metadata=told)
    pq.write_table(pa.table([pa.array([1])], schema=pa.schema([field])), tmp_path / "a.parquet")

    with pytest.raises(TableError, match=r"column 'cell': the column holds geo\.cell; give text"):
        read_table(tmp_path / "a.parquet")
    told = {"ARROW:extension:name": "pandas.period", "ARROW:extension:metadata": '{"freq": "nix"}'}
    field = pa.field("cell", pa.int64(), metadata=told)
    pq.write_table(pa.table([pa.array([1])], schema=pa.schema([field])), tmp_path / "b.parquet")
    with pytest.raises(TableError, match=r"the column holds pandas\.period"):
        read_table(tmp_path / "b.parquet")


@pytest.mark.parametrize(
    ("unit", "microseconds", "written_as"),
    [
        *((unit, 0, "12:00:00") for unit in ("s", "ms", "us", "ns")),
        *((unit, 250_000, "12:00:00.250") for unit in ("ms", "us", "ns")),
        *((unit, 17, "12:00:00.000017") for unit in ("us", "ns")),
    ],
)
def test_times_are_written_with_as_many_digits_as_they_need(
    tmp_path: Path, unit: str, microseconds: int, written_as: str
) -> None:
    noon = dt.datetime(2024, 2, 29, 12, microsecond=microseconds)
    path = written(tmp_path, at=pa.array([noon, None], pa.timestamp(unit)), n=pa.array([1, 2]))

    write_table(read_table(path).frame, tmp_path / "again.csv")

    assert (tmp_path / "again.csv").read_text() == f"at,n\n2024-02-29T{written_as},1\n,2\n"
