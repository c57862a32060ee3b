"""``anomed backup`` and ``anomed restore``."""

import sqlite3
import stat
from pathlib import Path

import pytest

from anomed_core.service.server import Server
from tests.cli.conftest import Anomed


def test_a_server_is_put_back_from_one_file(
    anomed: Anomed, scored: Server, config: str, game: str, tmp_path: Path
) -> None:
    answer = anomed("backup", config, "--output", "b.zip")

    assert answer.code == 0, answer.err
    assert "3 scores" in answer.out
    assert "THE SECRET IS INSIDE" in answer.out
    assert stat.S_IMODE((tmp_path / "b.zip").stat().st_mode) == 0o600

    answer = anomed("restore", "b.zip", "--state", "new")
    assert answer.code == 0, answer.err
    assert "3 scores" in answer.out
    assert answer.out.endswith("All is as it was recorded: digests fit, chain unbroken.\n")
    assert anomed("ledger", "verify", "--state", "new").code == 0
    repeated = ("scores", "reevaluate", config, "--plugin", game, "--state", "new", "--dry-run")
    assert anomed(*repeated).code == 0


def test_programs_read_what_is_inside(anomed: Anomed, scored: Server) -> None:
    written = anomed("backup", "--output", "b.zip", "--json").json
    restored = anomed("restore", "b.zip", "--state", "new", "--json").json

    assert written["file"] == "b.zip"
    assert (written["damaged"], written["faults"], restored["faults"]) == ([], [], [])
    for name in ("revision", "tables", "n_files", "secret"):
        assert restored[name] == written[name], name
    assert (written["tables"]["scores"], written["secret"]) == (3, True)


@pytest.mark.parametrize("reason", ["option", "environment"])
def test_a_secret_that_is_not_inside_is_asked_for(
    anomed: Anomed, scored: Server, reason: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if reason == "environment":
        monkeypatch.setenv("ANOMED_SECRET", "ab" * 32)
    option = ["--without-secret"] if reason == "option" else []

    assert "The secret is not inside" in anomed("backup", "--output", "b.zip", *option).out
    answer = anomed("restore", "b.zip", "--state", "new")

    assert answer.code == 0
    assert f"put that of the server into {tmp_path / 'new' / 'secret'}" in answer.out
    assert not (tmp_path / "new" / "secret").exists()


def test_what_is_not_as_it_was_recorded_is_kept_and_told(
    anomed: Anomed, scored: Server, tmp_path: Path
) -> None:
    payload, *_ = (tmp_path / "anomed-state" / "payloads").glob("??/*")
    payload.write_bytes(b"rotten")
    scored.close()
    with sqlite3.connect(tmp_path / "anomed-state" / "ledger.sqlite") as connection:
        connection.execute("UPDATE scores SET metrics = '{}' WHERE id = 2")

    answer = anomed("backup", "--output", "b.zip")
    assert answer.code == 1
    assert f"payloads/{payload.parent.name}/{payload.name} is left out: it is damaged" in answer.out
    assert "scores row 2: its content was changed" in answer.out

    answer = anomed("restore", "b.zip", "--state", "new")
    assert answer.code == 1
    assert "scores row 2: its content was changed" in answer.out
    assert anomed("scores", "list", "--state", "new").code == 0


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("backup", "--output", "taken"), "taken is there already"),
        (("backup", "--output", "no/b.zip"), "No such file or directory"),
        (("backup", "--state", "nowhere", "--output", "b.zip"), "there is no ledger in"),
        (
            ("backup", "--ledger", "sqlite:///no.sqlite", "--output", "b.zip"),
            "no.sqlite; name the one of the server",
        ),
        (
            ("backup", "--ledger", "sqlite:///empty.sqlite", "--output", "b.zip"),
            "there is no ledger in this database",
        ),
        (
            (
                "backup",
                "--ledger",
                "sqlite:///anomed-state/ledger.sqlite",
                "--state",
                "nowhere",
                "--output",
                "b.zip",
            ),
            "there is no state directory",
        ),
        (("restore", "nothing.zip", "--state", "new"), "No such file or directory"),
        (("restore", "taken", "--state", "new"), "taken is no archive of anomed backup"),
        (("restore", "taken"), "is no archive of anomed backup"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    anomed: Anomed, server: Server, tmp_path: Path, command: tuple[str, ...], words: str
) -> None:
    (tmp_path / "taken").write_text("a letter")
    (tmp_path / "empty.sqlite").touch()
    before = sorted(tmp_path.iterdir())

    answer = anomed(*command)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("anomed: ")
    assert len(answer.err.splitlines()) == 1
    assert words in answer.err
    left = {path.name.partition(".sqlite")[0] for path in {*tmp_path.iterdir()} - {*before}}
    assert left <= {"empty"}  # SQLite's own files beside it
