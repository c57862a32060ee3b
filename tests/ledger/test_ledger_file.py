"""A ledger's file that is removed, moved or replaced while it is in use."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from anomed_core.errors import LedgerError
from anomed_core.ledger import Database, Ledger, TokenBook, migrate_ledger
from anomed_core.ledger.ledger_file import LedgerFile
from anomed_core.model import Role, Subject
from tests.ledger.records import final_of, score_of, tuning_of


@pytest.fixture
def path(tmp_path: Path, migrated_sqlite: Path) -> Path:
    path = tmp_path / "a folder" / "50% of ?#.sqlite"
    path.parent.mkdir()
    shutil.copyfile(migrated_sqlite, path)
    return path


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{str(path).replace('%', '%25').replace('?', '%3F')}")
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    ledger = Ledger(database)
    ledger.open_challenge("c", "f", accept_change=False)
    score_of(ledger, final_of())
    return ledger


def copy_of(path: Path) -> Path:
    copy = path.with_suffix(".copy")
    source, target = sqlite3.connect(path), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()
    return copy


def remove(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()


def test_who_goes_on_begins_no_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite"

    with pytest.raises(LedgerError, match="try again"):
        Database(f"sqlite:///{path}", may_begin=False)
    monkeypatch.setattr(LedgerFile, "found", lambda _: (0, 0))  # gone right after a look
    with pytest.raises(LedgerError, match="unable to open"):
        Database(f"sqlite:///{path}", may_begin=False)

    assert not path.exists()


def put_another(path: Path) -> None:
    """Put an empty ledger in its place, as a command does that creates what is missing."""
    other = path.with_suffix(".other")
    migrate_ledger(f"sqlite:///{str(other).replace('%', '%25').replace('?', '%3F')}")
    remove(path)
    other.rename(path)


def put_nonsense(path: Path) -> None:
    remove(path)
    path.write_bytes(b"not a database, but long enough to be looked at" * 100)


def put_one_that_is_torn(path: Path) -> None:
    copy = copy_of(path)
    content = bytearray(copy.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    remove(path)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (remove, "is gone"),
        (lambda path: path.rename(path.with_suffix(".elsewhere")), "is gone"),
        (put_another, "knows other challenges"),
        (put_nonsense, "not a database"),
        (put_one_that_is_torn, "replaced by another one that cannot be taken"),
    ],
)
def test_nothing_is_written_to_a_file_that_is_not_the_ledgers(
    harm: Callable[[Path], object], reason: str, path: Path, ledger: Ledger, database: Database
) -> None:
    harm(path)

    for do in (
        ledger.ping,
        ledger.scores,
        lambda: ledger.claim(tuning_of()),
        lambda: ledger.audit("x"),
        TokenBook(database).facts,
    ):
        with pytest.raises(LedgerError, match=reason) as error:
            do()
        assert error.value.public == "The ledger cannot be used now; try again."


def test_a_ledger_that_comes_back_is_taken_up_again(path: Path, ledger: Ledger) -> None:
    aside = path.with_suffix(".aside")
    path.rename(aside)
    with pytest.raises(LedgerError):
        ledger.ping()

    aside.rename(path)

    ledger.ping()
    assert len(ledger.scores()) == 1


def test_a_copy_that_is_put_in_its_place_is_taken_up(path: Path, ledger: Ledger) -> None:
    copy = copy_of(path)
    remove(path)
    copy.rename(path)

    score_of(ledger, final_of(Subject(role=Role.ANONYMIZER, anonymizer="another")))

    assert len(ledger.scores()) == 2
    assert ledger.verify() == []
    assert sqlite3.connect(path).execute("SELECT count(*) FROM scores").fetchone() == (2,)
