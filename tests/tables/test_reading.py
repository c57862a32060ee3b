import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.errors import TableError
from anomed_core.tables import TableOptions, read_table, write_table
from anomed_core.tables.inference import infer


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "people.csv"
    path.write_bytes(text.encode(encoding))
    return path


def rewritten(path: Path) -> str:
    """Return a file as it is after being read and written."""
    read = read_table(path)
    again = path.with_name("again.csv")
    write_table(read.frame, again, kinds=read.kinds, separator=read.separator, decimal=read.decimal)
    return again.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x\n01067\n04109\n10115\n", "text"),
        ("x\n1E2\n3E4\n", "text"),
        ("x\n038.10\n12.50\n", "text"),
        ("x\n+1\n2\n", "text"),
        ("x\n 1\n2\n", "text"),
        ("x\n4.9\n12.50\n", "text"),
        ("x\n.5\n1.5\n", "text"),
        ("x\n-0\n1\n", "text"),
        ("x\n0x1F\n1\n", "text"),
        ("x\ninf\n1.5\n", "text"),
        ("x\n12345678901234567890\n1\n", "text"),
        ("x\n0.12345678901234567\n1.5\n", "text"),
        ("x\n1e-05\n2e-06\n", "text"),
        ("x,y\nNA,1\nNone,1\nnull,1\nnan,1\n", "text"),
        ("x\ntrue\nyes\n", "text"),
        ("x\n2024-02-30\n2024-02-28\n", "text"),
        ("x\n01/02/2024\n03/04/2024\n", "text"),
        ("x\n2024-01-01\n01.02.2024\n", "text"),
        ("x\n9007199254740993\n9007199254740995\n", "integer"),
        ("x\n-9223372036854775807\n9223372036854775807\n", "integer"),
        ("x,y\n20001,1\n55555,1\n,1\n", "integer"),
        ("x\n4.99\n12.50\n250000.00\n", "number"),
        ("x\n5.0\n2.25\n", "number"),
        ("x\n5\n2.25\n", "number"),
        ("x\n0.1\n0.30000000000000004\n-1.7976931348623157\n", "number"),
        ("x\n5.3e-05\n0.25\n", "number"),
        ("x\n100000000000000000.0\n1.5\n", "number"),
        ("x,y\nTrue,1\nFalse,1\n,1\n", "boolean"),
        ("x\nTRUE\nFALSE\n", "boolean"),
        ("x\n2024-02-29\n0001-01-01\n9999-12-31\n", "date"),
        ("x\n31.12.2024\n01.02.2024\n", "date"),
        ("x\n13/02/2024\n01/02/2024\n", "date"),
        ("x,y\n2024-12,1\n,1\n0001-01,1\n", "date"),
        ("x\n2024/12\n2025/01\n", "date"),
        ("x\n12/2024\n01/2025\n", "date"),
        ("x\n2024Q4\n2025Q1\n", "date"),
        ("x\n2024-Q2\n2025-Q3\n", "date"),
        ("x\n2024-13\n2025-01\n", "text"),
        ("x\n2024Q5\n2025Q1\n", "text"),
        ("x\n2024-12\n2025-01-01\n", "text"),
        ("x\n2024-01-02T03:04:05Z\n2024-01-02T03:04:06Z\n", "date-time"),
        ("x\n2024-01-02 03:04:05.10+01:00\n2024-01-02 23:59:05.12+01:00\n", "date-time"),
        ("x\n02.01.2024 03:04\n31.01.2024 23:59\n", "date-time"),
        ("x\n2024-01-02T03:04:05.123456789 UTC\n2024-01-02T03:04:05.000000000 UTC\n", "date-time"),
    ],
)
def test_a_column_is_what_all_its_cells_say_and_is_written_back(
    tmp_path: Path, text: str, kind: str
) -> None:
    path = written(tmp_path, text)

    assert read_table(path).kinds["x"].kind == kind
    assert rewritten(path) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age,town,bmi\n30,Bonn,25,1\n31,Kiel,22,4\n", "line 2: 4 cells stand under 3 names"),
        ("a,b\n1,2,\n3,4,\n", "line 2: 3 cells stand under 2 names"),
        ('a,b\n"x\ny",1\n"z",2,3\n', "line 4: 3 cells stand under 2 names"),
        ("a,b\n1,2\n3\n", "line 3: 1 cells stand under 2 names"),
        ("a,b,a\n1,2,3\n", "line 1, column 'a': columns 1 and 3 have one name"),
        ("a,,b\n1,2,3\n", "line 1: column 2 has no name"),
        (",a\n0,1\n", "line 1: the first column has no name, as an index"),
        ("a,b\n", "there is no record below the header"),
        ("", "the file holds no text"),
        ("a\0b\n1\n", "zero bytes"),
        ('a,b\n1,"x\n2,y\n', "line 2: a quote is opened but not closed"),
        ('a,b\nx,y\n1,5" x\n', "line 3: a quote is opened but not closed"),
        ('a,b\nx,y\n1,"5" x\n', "line 3: a quote is opened but not closed"),
        ("a;b,c\n1;2,3\n", "both divide all lines"),
        ("a;b,c;d\n1;x, y;3\n", "both divide all lines"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(TableError) as caught:
        read_table(written(tmp_path, text))

    assert said in str(caught.value)


def test_separator_decimal_mark_and_encoding_are_found_and_said(tmp_path: Path) -> None:
    text = "age;town;bmi\n21;Köln;25,1\n22;Ulm;22,45\n"
    path = written(tmp_path, text, "latin-1")

    read = read_table(path)

    assert read.frame["bmi"].tolist() == [25.1, 22.45]
    assert read.frame["town"].tolist() == ["Köln", "Ulm"]
    assert read.doubts == ("people.csv: separator ';', decimal mark ',', cp1252",)
    assert read.notes[1:] == (
        "age: whole numbers",
        "town: text",
        "bmi: numbers of 1 or more decimals",
    )
    assert rewritten(path) == text


def test_commas_of_decimals_and_names_do_not_divide_a_file_of_semicolons(tmp_path: Path) -> None:
    read = read_table(written(tmp_path, "Alter, in Jahren;bmi;town\n21;25,1;Ulm\n22;22,4;\n"))

    assert list(read.frame) == ["Alter, in Jahren", "bmi", "town"]
    assert read.frame["bmi"].tolist() == [25.1, 22.4]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_say_the_encoding(tmp_path: Path, encoding: str) -> None:
    read = read_table(written(tmp_path, "Größe\tb\n1\tx\n", encoding))

    assert list(read.frame.columns) == ["Größe", "b"]


def test_points_and_decimal_commas_side_by_side_stay_in_doubt(tmp_path: Path) -> None:
    path = written(tmp_path, "a;b\n1.234;1,5\n2.345;2,5\n")

    assert read_table(path).kinds["b"].kind == "text"
    assert "give the option decimal" in read_table(path).doubts[1]
    assert read_table(path, TableOptions(decimal=",")).kinds["a"].kind == "text"


@pytest.mark.parametrize("others", [{}, {"cost": "number"}, {"rate": "number"}])
def test_decimal_commas_are_found_in_columns_of_given_kinds_too(
    tmp_path: Path, others: dict[str, str]
) -> None:
    path = written(tmp_path, "cost;rate;n\n4,99;0,5;1\n;1,25;2\n")

    read = read_table(path, kinds=others | {"n": "number"})

    assert (read.decimal, read.frame["cost"][0], read.frame["rate"][1]) == (",", 4.99, 1.25)


def test_a_decimal_comma_in_a_comma_file_is_taken_if_it_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, 'a,b\n"1,234",x\n"5,678",y\n')

    assert read_table(path).kinds["a"].kind == "text"
    assert read_table(path, TableOptions(decimal=",")).frame["a"].tolist() == [1.234, 5.678]


def test_only_the_empty_cell_is_missing_unless_words_are_given(tmp_path: Path) -> None:
    path = written(tmp_path, "country,age\nDE,30\nNA,31\n,?\n")

    plain = read_table(path).frame
    said = read_table(path, TableOptions(na_values=("NA", "?"))).frame

    assert plain["country"].isna().tolist() == [False, False, True]
    assert said["country"].isna().tolist() == [False, True, True]
    assert said["age"].dtype == "Int64"


def test_gaps_leave_whole_numbers_and_booleans_what_they_are(tmp_path: Path) -> None:
    frame = read_table(written(tmp_path, "wage,smoker\n20001,True\n55555,\n,False\n")).frame

    assert frame["wage"].dtype == "Int64"
    assert frame["smoker"].dtype == "boolean"
    assert frame["wage"].dropna().tolist() == [20001, 55555]


def test_an_index_that_pandas_wrote_is_a_column_or_dropped_if_it_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, ",a\n7,1\n8,2\n")

    assert list(read_table(path, TableOptions(index="drop")).frame) == ["a"]
    assert read_table(path, TableOptions(index="column")).frame["index"].tolist() == [7, 8]


def test_times_of_day_are_left_out_if_that_is_said(tmp_path: Path) -> None:
    text = "a,b\n2024-01-02T00:30+01:00,2024-01-02 00:00\n2024-01-03T09:00+01:00,2024-01-03 00:00\n"

    read = read_table(written(tmp_path, text), TableOptions(times=False))

    assert read.frame["a"].tolist() == [pd.Timestamp(2024, 1, 2), pd.Timestamp(2024, 1, 3)]
    assert read.frame["a"].equals(read.frame["b"])
    assert read.doubts == ("a: dates (times of day are left out)",)


def test_kinds_that_are_given_decide(tmp_path: Path) -> None:
    path = written(tmp_path, "zip,n,day,yes,x\n123,007,01/02/2024,yes,1E2\n456,8,,no,+2\n")
    kinds = {"zip": "text", "n": "integer", "day": "date:%d/%m/%Y", "yes": "boolean", "x": "number"}

    frame = read_table(path, kinds=kinds).frame

    assert frame["zip"].tolist() == ["123", "456"]
    assert frame["n"].tolist() == [7, 8]
    assert frame["day"][0] == pd.Timestamp(2024, 2, 1)
    assert frame["yes"].tolist() == [True, False]
    assert frame["x"].tolist() == [100.0, 2.0]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("integer", "line 4, column 'x': 'q' is no integer"),
        ("number", "line 4, column 'x': 'q' is no number"),
        ("boolean", "line 3, column 'x': '2024-01-01' is neither true nor false"),
        ("date", "line 4, column 'x': 'q' is no date like the others"),
        ("date:%m", "column 'x': '%m' is no known form of dates; give one like %d.%m.%Y"),
    ],
)
def test_a_cell_of_another_kind_is_named_with_its_line(
    tmp_path: Path, kind: str, said: str
) -> None:
    first = {"integer": "007", "number": "1e5"}.get(kind, "2024-01-01")
    path = written(tmp_path, f'x,y\n{first},"\n"\nq,1\n')

    with pytest.raises(TableError) as caught:
        read_table(path, kinds={"x": kind})

    assert said in str(caught.value)


def test_dates_of_two_forms_are_refused_with_the_word_that_decides(tmp_path: Path) -> None:
    path = written(tmp_path, "born,n\n01/02/2024,1\n03/04/2024,2\n")

    with pytest.raises(TableError) as caught:
        read_table(path, kinds={"born": "date"})

    assert str(caught.value) == (
        "people.csv, column 'born': the dates may be %d/%m/%Y or %m/%d/%Y; say which, as in "
        "kind:COLUMN=date:%d/%m/%Y"
    )


def test_kinds_of_unknown_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="there is no column 'z', only a"):
        read_table(written(tmp_path, "a\n1\n"), kinds={"z": "text"})


def test_a_cell_may_be_longer_than_a_block(tmp_path: Path) -> None:
    long = "x\n" * 1_500_000

    frame = read_table(written(tmp_path, f'a,b\n"{long}",1\n')).frame

    assert frame["a"][0] == long


def test_cells_of_several_lines_are_whole_wherever_a_block_ends(tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n" + '1,"x\r\n""y"""\n' * 200_000)

    frame = read_table(path).frame

    assert len(frame) == 200_000
    assert frame["b"].unique().tolist() == ['x\r\n"y"']


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="can't be opened"):
        read_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["90+"], "'90+' is no number, as 300 of 301 cells are"),
        (["unknown", "unknown"], "'unknown' is no number, as 300 of 302 cells are"),
        (["90+", "unknown"], "'90+' and 1 more are no numbers, as 300 of 302 cells are"),
    ],
)
@pytest.mark.parametrize("place", [0, 250])
def test_a_word_among_numbers_is_named_wherever_it_stands(
    tmp_path: Path, words: list[str], named: str, place: int
) -> None:
    cells = [str(number) for number in range(300)]
    cells[place:place] = words
    read = read_table(written(tmp_path, "\n".join(["age", *cells, ""])))

    assert read.kinds["age"].kind == "text"
    assert read.doubts[0].startswith(f"age: text ({named}; give na_values")


def test_words_with_a_few_numbers_are_words(tmp_path: Path) -> None:
    assert read_table(written(tmp_path, "ward\nA\nB\n7\n")).doubts == ()


@given(
    st.lists(
        st.one_of(
            st.integers(-(2**63), 2**63 - 1).map(str),
            st.sampled_from(["007", "-0", "0x1F", "0X1f", "-0x2", "0x0", "00", "0", "-7", "+7"]),
            st.integers(0, 2**40).map(hex),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_only_what_is_written_back_alike_is_a_whole_number(cells: list[str]) -> None:
    column = infer(pa.chunked_array([cells]), ".", dates=False)

    assert (column.kind.kind == "integer") == all(
        re.fullmatch("0|-?[1-9][0-9]*", cell) for cell in cells
    )
