"""Tables as people bring them, from the file to what is written in its place."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from anomed_dataset_synthesis.commands.compare import compare
from anomed_dataset_synthesis.commands.synthesize import synthesize
from anomed_dataset_synthesis.table.inference import infer_codebook
from click.testing import CliRunner, Result

COPY = ("--method", "copy", "--output", "out.csv")
ROWS = [
    "01067;Köln;20001;4,99;True;31.12.2024;9007199254740993;x, y",
    "04109;NA;;12,50;;01.02.2024;9007199254740995;say hi",
    "10115;None;55555;250000,00;False;;9007199254740997;",
]
HEADER = 'plz;town;wage;"cost, in €";smoker;seen;pid;"Ort"'


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(command: Any, *words: Any) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words])


def written(text: str, encoding: str = "utf-8") -> str:
    Path("people.csv").write_bytes(text.encode(encoding))
    return "people.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_codes_words_gaps_cents_dates_and_long_ids_come_out_as_they_came(encoding: str) -> None:
    done = run(synthesize, written("\n".join([HEADER, *ROWS]) + "\n", encoding), *COPY)

    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[1:] == [
        "plz: text ('01067' begins with a zero)",
        "town: text",
        "wage: whole numbers, 1 missing",
        "cost, in €: numbers of 2 or more decimals",
        "smoker: booleans, 1 missing",
        "seen: dates like %d.%m.%Y, 1 missing",
        "pid: whole numbers",
        "Ort: text, 1 missing",
    ]
    header, *rows = Path("out.csv").read_text(encoding="utf-8").splitlines()
    assert header == HEADER.replace('"', "")
    assert sorted(rows) == ROWS


def test_parquet_keeps_its_types_and_says_nothing_else() -> None:
    table = pa.table(
        {
            "seen": pa.array([dt.date(2024, 12, 31), None, dt.date(2024, 2, 1)]),
            "at": pa.array([0, 86_400, None], pa.timestamp("s", "UTC")),
            "smoker": pa.array([True, None, False]),
            "wage": pa.array([2**60 + 7, None, 2**60 + 1]),
            "cost": pa.array(["4.99", "12.50", None]).cast(pa.decimal128(9, 2)),
        }
    )
    pq.write_table(table.replace_schema_metadata({"who": "Ada"}), "people.PQ")

    done = run(synthesize, "people.PQ", "--method", "copy", "--output", "out.parquet")

    assert done.exit_code == 0, done.output
    out = pq.read_table("out.parquet")
    kinds = [pa.date32(), pa.timestamp("ms"), pa.bool_(), pa.int64(), pa.float64()]
    assert out.schema.types == kinds
    assert out.schema.metadata is None
    assert sorted(out["wage"].drop_null().to_pylist()) == [2**60 + 1, 2**60 + 7]
    # What was written is read again, as what the server hands out is.
    again = run(synthesize, "people.PQ", "--method", "copy", "--background", "out.parquet")
    assert again.exit_code == 0, again.output


def test_the_order_of_the_people_and_their_index_leave_no_trace() -> None:
    rng = np.random.default_rng(0)
    people = pd.DataFrame({"age": rng.integers(20, 60, 40), "town": rng.choice(["a", "b"], 40)})
    for name, table in (("one", people), ("two", people.sample(frac=1, random_state=1))):
        table.set_axis([f"Person {n}" for n in range(40)]).to_parquet(f"{name}.parquet")
        command = (synthesize, f"{name}.parquet", "--method", "copy", "--output", f"{name}.csv")
        refused = run(*command)
        assert "keeps an index (without a name), which may say who is who" in refused.output
        assert run(*command, "--read", "index=drop").exit_code == 0

    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()
    assert Path("one.csv").read_text().splitlines()[0] == "age,town"


def test_times_of_day_are_kept_or_left_out_and_that_is_said() -> None:
    table = written("at,n\n2024-01-02T00:30+01:00,1\n2024-01-03T09:00+01:00,2\n")
    done = run(synthesize, table, *COPY)

    assert "at: dates with times like %Y-%m-%dT%H:%M+01:00" in done.stderr
    assert sorted(Path("out.csv").read_text().split()[1:]) == [
        "2024-01-02T00:30+01:00,1",
        "2024-01-03T09:00+01:00,2",
    ]

    done = run(synthesize, table, *COPY, "--read", "times=no")

    assert "at: dates (times of day are left out)" in done.stderr
    assert sorted(Path("out.csv").read_text().split()[1:]) == ["2024-01-02,1", "2024-01-03,2"]


def test_a_codebook_decides_what_columns_are() -> None:
    learnt = pd.DataFrame({"plz": ["123", "456"], "born": pd.to_datetime(["2024-01-31"] * 2)})
    learnt["smoker"] = [True, False]
    book = infer_codebook(learnt)
    Path("book.json").write_text(json.dumps(book.to_mapping()))
    table = written("plz,born,smoker\n123,31/01/2024,yes\n456,31/01/2024,no\n")
    command = (synthesize, table, *COPY, "--codebook", "book.json")

    done = run(*command)

    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[1:] == [
        "plz: text",
        "born: dates like %d/%m/%Y",
        "smoker: booleans",
    ]
    contradicted = run(*command, "--read", "kind:plz=integer")
    assert contradicted.exit_code == 2
    assert "the schema or codebook says text" in " ".join(contradicted.output.split())


def test_a_public_table_decides_what_columns_of_the_private_one_are() -> None:
    Path("public.csv").write_text("plz,n\n01067,1\n04109,2\n")

    done = run(synthesize, written("plz,n\n10115,1\n"), *COPY, "--background", "public.csv")

    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines()[-2:] == ["plz: text", "n: whole numbers"]


def test_a_public_table_is_read_by_options_of_its_own_if_it_has_some() -> None:
    Path("public.csv").write_text("name|plz|n\nAnna|1067|1,5\nBert|4109|2,5\n")
    table = written("plz;n;note\n10115;1,5;x\n04109;2,5;y\n")
    command = (synthesize, table, *COPY, "--read", "separator=;", "--drop", "note")

    done = run(*command, "--background", "public.csv?drop=name&separator=|&kind:plz=text")

    assert done.exit_code == 0, done.output
    assert done.stderr.splitlines() == [
        "public.csv: separator '|', decimal mark ',', utf-8",
        "plz: text",
        "n: numbers of 1 or more decimals",
        "people.csv: separator ';', decimal mark ',', utf-8",
        "plz: text",
        "n: numbers of 1 or more decimals",
    ]
    alike = run(*command, "--background", "public.csv")
    assert alike.exit_code == 2
    assert "public.csv: there is no column 'note' to drop" in " ".join(alike.output.split())


@pytest.mark.parametrize("last", ["2024-01-03", "2024-01-03 00:00:00"])
def test_times_of_day_that_nobody_publicly_has_are_left_out_and_that_is_said(last: str) -> None:
    Path("public.csv").write_text(f"at,n\n2024-01-01{last[10:]},1\n{last},2\n")
    table = written("at,n\n2024-01-02 10:30:00,1\n2024-01-03 22:15:00,2\n")

    done = run(synthesize, table, *COPY, "--background", "public.csv")

    assert done.exit_code == 0, done.output
    assert done.stderr.count("times of day are left out") == 1
    cells = Path("out.csv").read_text().split("\n")[1:-1]
    assert sorted(cells) == [f"2024-01-02{last[10:]},1", f"2024-01-03{last[10:]},2"]


def test_digits_that_are_lost_are_told_unless_somebody_asked_for_it() -> None:
    table = written("cost,age\n4.99,30\n12.50,31\n987654321.25,32\n")

    done = run(synthesize, table, *COPY)
    asked = run(synthesize, table, *COPY, "--step", "cost=100")

    assert "cost: rounded to multiples of 1; --step cost=S" in done.stderr
    assert "age: rounded" not in done.stderr
    assert "cost: rounded" not in asked.stderr
    assert (done.exit_code, asked.exit_code) == (0, 0)


def test_periods_come_out_as_they_came() -> None:
    cells = "month,quarter,n\n2024-01,2023Q4,1\n2023-12,2024Q1,2\n,2024Q2,3\n"
    done = run(synthesize, written(cells), *COPY)

    assert "month: dates like %Y-%m, 1 missing" in done.stderr
    assert sorted(Path("out.csv").read_text().split()) == sorted(cells.split())

    run(synthesize, "people.csv", *COPY[:-1], "out.parquet")
    quarters = pq.read_table("out.parquet")["quarter"].to_pylist()
    assert sorted(quarters) == [dt.date(2023, 10, 1), dt.date(2024, 1, 1), dt.date(2024, 4, 1)]


@pytest.mark.parametrize("command", [synthesize, compare])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age,town,bmi\n30,Bonn,25,1\n", "line 2: 4 cells stand under 3 names"),
        ("age,age\n30,31\n", "columns 1 and 2 have one name"),
        (",age\n0,31\n", "the first column has no name, as an index that pandas wrote"),
        ("age,town\n", "there is no record below the header"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(command: Any, text: str, said: str) -> None:
    done = run(command, written(text), "--method", "copy")

    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_columns_that_cannot_be_read_are_refused_or_dropped() -> None:
    pq.write_table(pa.table({"age": [30, 31], "visits": [[1], [2]]}), "people.parquet")
    command = (synthesize, "people.parquet", *COPY)

    assert "column 'visits': the column holds list" in " ".join(run(*command).output.split())
    assert run(*command, "--drop", "visits").exit_code == 0


def test_what_was_written_is_told_to_programs() -> None:
    done = run(synthesize, written("age,n\n30,1\n31,2\n"), *COPY, "--json")

    assert json.loads(done.stdout) == {
        "output": "out.csv",
        "claim": "out.claim.json",
        "n_records": 2,
        "declaration": json.loads(Path("out.claim.json").read_text()),
    }


def test_a_german_table_is_compared(simulator: Callable[..., pd.DataFrame]) -> None:
    table = simulator(900, np.random.default_rng(3))
    table["plz"] = "0" + (1067 + table["age"]).astype(str)
    table.loc[::7, "age"] = np.nan
    text = table.to_csv(sep=";", decimal=",", index=False).replace(",0;", ";")
    options = ("--method", "copy", "--targets", 80, "--tasks", 1, "--step", "weight=5")

    done = run(compare, written(text, "latin-1"), *options, "--drop", "number", "--json")

    assert done.exit_code == 0, done.output
    assert "plz: text" in done.stderr
    assert "age: whole numbers" in done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert row["accuracy"] == 1.0
