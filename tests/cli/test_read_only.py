"""Commands that only read, on a medium that cannot be written, and as another user."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from anomed_core.wire import encode_npz
from tests.cli.conftest import Anomed, open_guessing
from tests.faults.small_disk import small_disk

READING = {
    "scores rank": ("scores", "rank", "CONFIG", "--plugin", "GAME"),
    "scores list": ("scores", "list"),
    "scores export": ("scores", "export", "--format", "jsonl"),
    "ledger verify": ("ledger", "verify"),
    "ledger audit": ("ledger", "audit"),
    "report": ("report", "CONFIG", "--plugin", "GAME"),
    "tokens list": ("tokens", "list"),
    "teams list": ("teams", "list"),
    "attempts list": ("attempts", "list"),
    "outbox list": ("outbox", "list"),
}


def play(folder: Path) -> None:
    """Let a server record a final, and end."""
    server = open_guessing(folder)
    hosted = server.challenges["mine"]
    server.submissions.submit(
        hosted,
        hosted.kind("anonymizer"),
        query={"anonymizer": "alice", "data_split": "validation"},
        body=encode_npz({"prediction": np.asarray(hosted.challenge.definition.y)}),
    )
    server.close()


@pytest.fixture
def medium(tmp_path: Path, config: str) -> Iterator[Path]:
    """Return a read-only medium with the state of a competition that is over."""
    with small_disk(tmp_path / "medium", size_mib=8) as disk:
        play(disk.folder)
        make_read_only(disk.folder)
        yield disk.folder / "anomed-state"


def make_read_only(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)


@pytest.mark.parametrize("command", READING)
def test_a_read_only_medium_can_be_read(
    command: str, medium: Path, anomed: Anomed, config: str, game: str
) -> None:
    named = {"CONFIG": config, "GAME": game}
    words = [named.get(word, word) for word in READING[command]]

    answer = anomed(*words, "--state", str(medium))

    assert (answer.code, answer.err) == (0, "")


def test_what_writes_names_the_folder(medium: Path, anomed: Anomed, config: str, game: str) -> None:
    for words in (
        ("scores", "annul", "1", "--reason", "why"),
        ("tokens", "create", "organiser", "me"),
        ("ledger", "migrate"),
        ("serve", config, "--plugin", game, "--port", "0"),
    ):
        answer = anomed(*words, "--state", str(medium))

        assert (answer.code, answer.err.count("\n")) == (2, 1), answer
        assert str(medium) in answer.err
        assert "read-only" in answer.err.lower()


def test_a_log_that_cannot_be_read_in_is_told(tmp_path: Path, anomed: Anomed, config: str) -> None:
    with small_disk(tmp_path / "medium", size_mib=8) as disk:
        play(disk.folder)
        state = disk.folder / "anomed-state"
        (state / "ledger.sqlite-wal").write_bytes(b"some")
        make_read_only(disk.folder)

        answer = anomed("scores", "list", "--state", str(state))

    assert answer.code == 2
    assert str(state) in answer.err


def test_ranking_adds_no_challenge(anomed: Anomed, config: str, game: str, tmp_path: Path) -> None:
    play(tmp_path)
    renamed = Path(config)
    renamed.write_text(renamed.read_text().replace("challenges.mine", "challenges.other"))
    before = anomed("ledger", "audit", "--json").out

    answer = anomed("scores", "rank", config, "--plugin", game, "--json")

    assert [table["entries"] for table in json.loads(answer.out)] == [[]] * 2
    assert "the ledger knows no challenge of this id" in answer.err
    assert "challenge=other" in answer.err
    assert anomed("ledger", "audit", "--json").out == before


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_another_user_may_read_what_was_given_to_read(anomed: Anomed) -> None:
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    state = folder / "anomed-state"
    listing = ("scores", "list", "--state", str(state))
    annulling = ("scores", "annul", "1", "--reason", "why", "--state", str(state))
    try:
        play(folder)
        assert anomed(*listing).code == 0
        with somebody_else():
            answer = anomed(*listing)
            assert (answer.code, answer.err.count("\n")) == (2, 1)
            assert f"{state / 'ledger.sqlite'} cannot be read (Permission denied)" in answer.err
        state.chmod(0o755)
        (state / "ledger.sqlite").chmod(0o644)
        with somebody_else():
            assert "alice" in anomed(*listing).out
            answer = anomed(*annulling)
            assert (answer.code, answer.err.count("\n")) == (2, 1)
            assert f"{state} cannot be written" in answer.err
    finally:
        shutil.rmtree(folder)


@contextmanager
def somebody_else() -> Iterator[None]:
    """Give up root's rights for a while; what is imported must be imported before."""
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
