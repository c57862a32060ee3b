"""``anomed ledger`` and ``outbox``, and where a server remembers."""

import sqlite3
from pathlib import Path

import pytest

from anomed_core.service.server import Server
from tests.cli.conftest import Anomed


@pytest.fixture
def elsewhere(scored: Server, config: str, tmp_path: Path) -> str:
    """Return a configuration that names the state directory of what was scored."""
    scored.close()
    (tmp_path / "anomed-state").rename(tmp_path / "kept")
    with Path(config).open("a") as file:
        file.write('[server]\nstate = "kept"\n')
    return config


@pytest.mark.parametrize(
    "command",
    [
        ["scores", "list", "--json"],
        ["scores", "export"],
        ["ledger", "verify"],
        ["ledger", "migrate"],
        ["outbox", "list", "--json"],
        ["outbox", "retry"],
        ["outbox", "retry", "2"],
        ["tokens", "list"],
        ["tokens", "create", "anonymizer", "alice", "--challenge", "mine"],
    ],
    ids=" ".join,
)
def test_the_configuration_says_where_the_ledger_is(
    command: list[str], anomed: Anomed, elsewhere: str, tmp_path: Path
) -> None:
    answer = anomed(*command, elsewhere)
    spelled_out = anomed(*command, "--state", "kept")

    assert (answer.code, spelled_out.code) == (0, 0)
    assert answer.out == spelled_out.out or command[0] == "tokens"
    assert not (tmp_path / "anomed-state").exists()


def test_a_token_is_created_where_the_server_looks_for_it(anomed: Anomed, elsewhere: str) -> None:
    anomed("tokens", "create", "anonymizer", "alice", "--challenge", "mine", elsewhere)

    (row,) = anomed("tokens", "list", elsewhere, "--json").json
    assert anomed("tokens", "revoke", row["id"], elsewhere).code == 0
    assert anomed("tokens", "list", elsewhere, "--json").json[0]["revoked"]


def test_options_take_precedence_over_the_configuration(anomed: Anomed, elsewhere: str) -> None:
    answer = anomed("scores", "list", elsewhere, "--state", "nowhere")

    assert answer.code == 2
    assert "nowhere; give the CONFIG, --state or --ledger" in answer.err


def test_a_delivery_is_retried_by_its_number(anomed: Anomed, elsewhere: str) -> None:
    answer = anomed("outbox", "retry", "two", elsewhere)

    assert answer.code == 2
    assert "'two' is not a whole number; anomed outbox list shows them" in answer.err


def test_an_untouched_ledger_is_proved(anomed: Anomed, scored: Server) -> None:
    assert anomed("ledger", "verify").out == (
        "All is as it was recorded: 3 scores, chain unbroken.\n"
    )
    assert anomed("ledger", "verify", "--json").json == {
        "scores": 3,
        "faults": [],
        "store": [],
    }


def test_a_changed_ledger_fails_with_code_1(anomed: Anomed, scored: Server, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "anomed-state" / "ledger.sqlite") as connection:
        connection.execute("UPDATE scores SET anonymizer = 'me' WHERE id = 2")
    connection.close()

    answer = anomed("ledger", "verify")

    assert (answer.code, answer.out) == (1, "scores row 2: its content was changed\n")


def test_a_forged_criterion_is_a_fault(anomed: Anomed, scored: Server, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "anomed-state" / "ledger.sqlite") as connection:
        connection.execute("UPDATE criteria SET value = 0 WHERE score_id = 1")
    connection.close()

    answer = anomed("ledger", "verify")

    told = "criteria row 1: its criteria are not what the score says\n"
    assert (answer.code, answer.out) == (1, told)


def test_a_score_that_cannot_be_read_is_a_fault_like_any_other(
    anomed: Anomed, scored: Server, tmp_path: Path
) -> None:
    with sqlite3.connect(tmp_path / "anomed-state" / "ledger.sqlite") as connection:
        connection.execute("UPDATE scores SET metrics = '{' WHERE id = 2")
    connection.close()

    answer = anomed("ledger", "verify", "--json")

    assert answer.code == 1
    assert answer.json["scores"] == 3
    assert [fault["row"] for fault in answer.json["faults"]] == [2]


def test_a_current_ledger_needs_no_migration(anomed: Anomed, server: Server) -> None:
    assert "already" in anomed("ledger", "migrate").out


def test_deliveries_are_listed_and_retried(anomed: Anomed, scored: Server) -> None:
    rows = anomed("outbox", "list", "--json").json

    assert [(row["score"], row["state"], row["tries"]) for row in rows] == [
        (1, "waiting", 0),
        (2, "waiting", 0),
        (3, "waiting", 0),
    ]
    assert anomed("outbox", "list").out.startswith("Nothing has been delivered yet: 3 scores wait")
    assert anomed("outbox", "retry", "2").out.startswith("1 deliveries are due now")
    assert anomed("outbox", "retry").out.startswith("3 deliveries are due now")
