from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from anomed_core.errors import UsageError
from anomed_core.tables import ColumnKind, read_as_told, table_options


@click.command()
@click.argument("table", type=click.Path(path_type=Path))
@table_options
def count(table: Path, reading: tuple[str, ...], dropped: tuple[str, ...], as_json: bool) -> None:
    """Count people."""
    n_people, n_columns = read_as_told(table, reading, dropped=dropped).frame.shape
    click.echo(f"[{n_people}, {n_columns}]" if as_json else f"{n_people} people")


def run(folder: Path, text: str, *words: str) -> Result:
    path = folder / "people.csv"
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(count, [str(path), *words])


def test_what_columns_are_is_told_beside_the_answer(tmp_path: Path) -> None:
    done = run(tmp_path, "a=b,zip,name\n7,01067,Ada\n8,04109,Bo\n", "--json", "--drop", "name")

    assert done.stdout == "[2, 2]\n"
    assert done.stderr.splitlines()[1:] == [
        "a=b: whole numbers",
        "zip: text ('01067' begins with a zero)",
    ]


def test_what_is_told_decides(tmp_path: Path) -> None:
    words = ("separator=;", "kind:a=b=text", "na_values=NA")
    done = run(tmp_path, "a=b;c\n7;NA\n8;\n", *(f"--read={word}" for word in words))

    assert done.stderr.splitlines()[1:] == ["a=b: text", "c: text, 2 missing"]


@pytest.mark.parametrize("word", ["separator", "=;", "sep=;", "kind:a"])
def test_other_words_are_refused(tmp_path: Path, word: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text("a\n1\n")

    with pytest.raises(UsageError, match=r"NAME=VALUE|there is no option"):
        read_as_told(path, (word,))


@pytest.mark.parametrize("dropped", [("b",), ("a",)])
def test_columns_that_are_not_there_and_all_columns_are_not_dropped(
    tmp_path: Path, dropped: tuple[str, ...]
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("a\n1\n")

    with pytest.raises(UsageError, match=r"to drop, only a|keep at least one"):
        read_as_told(path, (), dropped=dropped)


def test_a_description_decides_and_is_not_contradicted(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("born,zip\n01/02/2024,123\n")
    described: dict[str, Any] = {"born": "date", "zip": "text"}

    read = read_as_told(path, ("kind:born=date:%d/%m/%Y",), kinds=described)

    assert read.kinds == {"born": ColumnKind("date", "%d/%m/%Y"), "zip": ColumnKind("text")}
    with pytest.raises(UsageError, match="column 'zip' is told to be integer"):
        read_as_told(path, ("kind:zip=integer",), kinds=described)
