"""What opponents call themselves runs nowhere."""

from __future__ import annotations

import pandas as pd
import pytest
from anomed_client import Challenge, Entry, Ranking, Score, Transfer
from anomed_client.description import Product
from anomed_client.dummy import dummy_of
from anomed_client.errors import UsageError
from anomed_client.progress import LogLines, chosen_progress
from anomed_client.results import attempts_of
from anomed_client.schemas import (
    Array,
    ArraysSchema,
    Column,
    DocumentSchema,
    TableSchema,
)

HOSTILE = "<script>alert(1)</script>\x1b[2J\n"


def test_hostile_names_are_escaped() -> None:
    told = {"attempts": [{"id": 1, "kind": HOSTILE, "data_split": "tuning", "state": "scored"}]}
    shown = [
        Ranking(name=HOSTILE, entries=(Entry(place=1, name=HOSTILE, labels=(HOSTILE,)),)),
        attempts_of(told),
        Score(metrics={HOSTILE: 1.0}, kind=HOSTILE),
    ]

    for thing in shown:
        markup = thing._repr_html_()
        assert "<script" not in markup
        assert "scope=" in markup
    assert "\x1b" not in f"{shown[0]}{shown[1]}"


def test_a_challenge_draws_itself_without_asking(challenge: Challenge, server: object) -> None:
    n_requests = len(server.requests)  # type: ignore[attr-defined]

    assert "thing" in challenge._repr_html_()
    assert "accuracy" in str(challenge.describe())
    assert "alice" in repr(challenge)
    assert len(server.requests) == n_requests  # type: ignore[attr-defined]


def test_rankings_and_histories_become_data_frames() -> None:
    ranking = Ranking(
        name="privacy", entries=(Entry(place=1, name="alice", criteria={"risk": 0.1}),)
    )

    assert ranking.to_frame().to_dict("records") == [
        {"place": 1, "name": "alice", "risk": 0.1, "labels": ""}
    ]
    assert attempts_of({}).to_frame().empty


def test_without_a_terminal_progress_is_in_the_log_only(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    progress = chosen_progress(None)
    assert isinstance(progress, LogLines)
    with caplog.at_level("INFO", logger="anomed_client"):
        for state in ("started", "running", "done"):
            progress(Transfer(what="download", name=HOSTILE, state=state, sentence=HOSTILE))  # type: ignore[arg-type]

    assert len(caplog.records) == 2
    assert "\x1b" not in caplog.text
    assert capsys.readouterr() == ("", "")


def product(schema: object) -> Product:
    return Product(path="/data/people", schema=schema)  # type: ignore[arg-type]


def test_dummy_data_have_the_form_and_repeat() -> None:
    arrays = product(
        ArraysSchema(
            arrays=(
                Array(name="X", kinds=("float",), dtype="float32", shape=(None, 4)),
                Array(name="y", kinds=("int",), shape=(7,), low=0, high=1),
            )
        )
    )
    one, again = dummy_of(arrays, seed=3), dummy_of(arrays, seed=3)

    assert (one.X.shape, one.X.dtype, one.y.shape) == ((10, 4), "float32", (7,))
    assert (one.X == again.X).all()
    assert set(one.y) <= {0, 1}


def test_dummy_tables_have_their_columns() -> None:
    table = dummy_of(
        product(
            TableSchema(
                columns=(
                    Column(name="sex", categories=("f", "m")),
                    Column(name="age", kinds=("int",), low=0, high=120),
                    Column(name="name", kinds=("str",)),
                )
            )
        ),
        seed=0,
    )

    assert list(table.columns) == ["sex", "age", "name"]
    assert table["age"].between(0, 120).all()


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("date", "1899-12-30", "1900-01-01"),
        ("date-time", "2024-12-31T23:59:58", "2025-01-01"),
        ("date", "2024-02-29", None),
        ("date-time", None, "1970-01-01"),
        ("date", None, None),
    ],
)
def test_dummy_dates_keep_to_their_bounds(kind: str, low: str | None, high: str | None) -> None:
    column = Column(name="seen", kinds=(kind,), low=low, high=high)
    seen = dummy_of(product(TableSchema(columns=(column,), min_rows=50)), seed=1)["seen"]

    assert seen.nunique() > 1
    assert low is None or seen.min() >= pd.Timestamp(low)
    assert high is None or seen.max() <= pd.Timestamp(high)
    assert kind == "date-time" or (seen == seen.dt.normalize()).all()


@pytest.mark.parametrize("schema", [TableSchema(), DocumentSchema()])
def test_what_is_not_declared_is_not_invented(schema: object) -> None:
    with pytest.raises(UsageError, match="does not declare"):
        dummy_of(product(schema), seed=0)
