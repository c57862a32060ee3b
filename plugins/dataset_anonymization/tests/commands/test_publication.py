"""Nobody is published by accident: of index, order and metadata, nothing is left."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from anomed_dataset_anonymization.anonymizers import ANONYMIZERS
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from anomed_core.cli import anomed

KNOWN = ("age", "town", "smoker")
K = {"mondrian": 4, "mdav": 4, "datafly": 4, "optimal-recoding": 4}


@attrs.frozen
class Register:
    """People in some order, under some index, in a file of some format."""

    people: pd.DataFrame
    index: str
    suffix: str
    form: str


def indexed(people: pd.DataFrame, index: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return people under an index that says who they are, in another order."""
    labels = [f"Person-{number}" for number in rng.permutation(len(people))]
    if index == "filtered":
        return people[rng.random(len(people)) < 0.7]
    people.index = {
        "named": pd.Index(labels, name="name"),
        "unnamed": pd.Index(labels),
        "numbers": pd.Index(rng.permutation(10 * len(people))[: len(people)], name="account"),
        "levels": pd.MultiIndex.from_arrays([labels, range(len(people))], names=["name", "row"]),
    }[index]
    return people.iloc[rng.permutation(len(people))]


INDEXES = ("named", "unnamed", "numbers", "filtered", "levels")


@st.composite
def registers(draw: st.DrawFn) -> Register:
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_people = draw(st.integers(25, 60))
    people = pd.DataFrame(
        {
            "age": pd.array(rng.integers(18, 90, n_people), "Int64"),
            "town": rng.choice(["Bonn", "Kiel", "Ulm, Donau", "NA"], n_people),
            "smoker": pd.array(rng.random(n_people) < 0.3, "boolean"),
            "bmi": np.round(rng.normal(25, 4, n_people), 1),
            "illness": rng.choice(["flu", "gout"], n_people),
        }
    )
    for name in draw(st.lists(st.sampled_from(list(people.columns)), max_size=3)):
        people.loc[rng.random(n_people) < 0.1, name] = None
    index = draw(st.sampled_from(INDEXES))
    return Register(
        people=indexed(people, index, rng),
        index=index,
        suffix=draw(st.sampled_from([".csv", ".parquet"])),
        form=draw(st.sampled_from(["scheme", "readable"])),
    )


def save(people: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".parquet":
        people.to_parquet(path)
    else:
        people.to_csv(path, index=not isinstance(people.index, pd.RangeIndex))


def published(register: Register, path: Path, method: str, *more: str) -> tuple[bytes, Any]:
    """Return what the command writes about a file, and what it says in JSON."""
    output = path.with_name(f"out{path.suffix}")
    words = ["anonymize", str(path), "--method", method, "--output", str(output), "--seed", "7"]
    words += ["--quasi-identifiers", ",".join(KNOWN), "--json", "--format", register.form, *more]
    words += ["--k", str(K[method])] if method in K else []
    result = CliRunner().invoke(anomed, words)
    assert result.exit_code == 0, result.exception
    return output.read_bytes(), json.loads(result.stdout)


def without_index(register: Register) -> list[str]:
    names = [name for name in register.people.index.names if name]
    if register.suffix == ".csv" and names:
        return [word for name in names for word in ("--drop", name)]
    return ["--read", "index=drop"]


@pytest.mark.parametrize("method", sorted(ANONYMIZERS))
@given(register=registers())
@settings(max_examples=4, deadline=None)
def test_neither_index_nor_order_changes_what_is_published(method: str, register: Register) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"people{register.suffix}"
        save(register.people, path)
        first, said = published(register, path, method, *without_index(register))
        save(register.people.sample(frac=1, random_state=1).reset_index(drop=True), path)
        second, _ = published(register, path, method)
        table = read(path.with_name(f"out{register.suffix}"))

    assert first == second
    assert b"pandas" not in first
    assert b"Person-" not in first
    assert_sorted(table, register)
    assert k_of(table) == said["k"]


@pytest.mark.parametrize("index", INDEXES)
def test_an_index_is_never_taken_along_unless_it_is_asked_for(tmp_path: Path, index: str) -> None:
    rng = np.random.default_rng(1)
    path = tmp_path / "people.parquet"
    save(indexed(pd.DataFrame({"age": rng.integers(18, 90, 60)}), index, rng), path)

    result = CliRunner().invoke(anomed, ["anonymize", str(path), "--method", "identity"])

    assert "keeps an index" in str(result.exception)
    assert list(tmp_path.iterdir()) == [path]


def read(path: Path) -> pd.DataFrame:
    if path.suffix == ".csv":
        return pd.read_csv(path, keep_default_na=False, na_values=[""])
    assert pq.read_schema(path).metadata is None
    return pq.read_table(path).to_pandas()


def assert_sorted(table: pd.DataFrame, register: Register) -> None:
    if register.form == "scheme":
        again = table.sort_values(list(table.columns), ignore_index=True)
        pd.testing.assert_frame_equal(again, table)


def k_of(table: pd.DataFrame) -> int:
    """Return the size of the smallest group of alike cells, as everybody counts it."""
    known = [name for name in table.columns if name.split("_")[0] in KNOWN]
    return int(table.groupby(known, dropna=False, observed=True).size().min())
