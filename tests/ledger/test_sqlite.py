"""What is special about a ledger in a file."""

import contextlib
import multiprocessing
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from anomed_core.errors import LedgerError, LedgerFullError, LedgerMismatchError, UsageError
from anomed_core.ledger import Database, Ledger, migrate_ledger
from anomed_core.ledger.database import HEAD, connect
from anomed_core.ledger.schema import metadata
from tests.ledger.records import (
    PROVENANCE,
    final_of,
    outcomes_of,
    score_of,
    tuning_of,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


# --- durability -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 30_000)],
)
def test_connections_are_set_for_durability(pragma: str, value: object, database: Database) -> None:
    with database.reading() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


@pytest.mark.parametrize(("durable", "level"), [(True, 2), (False, 1)])
def test_a_commit_waits_for_the_disk_if_somebody_is_told_of_it(
    durable: bool, level: int, database: Database
) -> None:
    with database.writing(durable=not durable):
        pass
    with database.writing(durable=durable) as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == level


def test_a_record_is_durable_and_a_claim_need_not_be(database: Database, ledger: Ledger) -> None:
    levels: list[tuple[str, object]] = []

    @sa.event.listens_for(database._engine, "after_cursor_execute")
    def note(_connection: object, cursor: Any, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO"):
            level = cursor.connection.execute("PRAGMA synchronous").fetchone()[0]
            levels.append((statement.split()[2], level))

    score_of(ledger, final_of())

    assert levels == [
        *((table, 1) for table in ("accounts", "claims", "claim_lines", "balances")),
        ("scores", 2),
    ]


def test_writers_take_turns_whatever_becomes_of_the_queue(path: Path) -> None:
    Path(f"{path}.turn").mkdir()  # so that it cannot be locked
    databases = [Database(f"sqlite:///{path}") for _ in range(2)]
    ledgers = [Ledger(database) for database in databases]
    outcomes = outcomes_of(
        [lambda n=n: ledgers[n % 2].claim(tuning_of()) for n in range(16)]  # type: ignore[misc]
    )
    for database in databases:
        database.close()
    assert outcomes == {"Claim": 16}


def test_a_writer_that_fails_ends_its_turn(database: Database, ledger: Ledger) -> None:
    with pytest.raises(ZeroDivisionError), database.writing():
        raise ZeroDivisionError
    score_of(ledger, final_of())


def test_readers_do_not_wait_for_a_writer(database: Database, ledger: Ledger) -> None:
    with database.writing():
        assert ledger.scores() == []


# --- tampering ------------------------------------------------------------------------------------


def test_a_full_disk_is_said_to_be_full(database: Database, ledger: Ledger) -> None:
    engine = database._engine
    claim = ledger.claim(final_of())

    @sa.event.listens_for(engine, "connect")
    def leave_no_room(connection: sqlite3.Connection, _: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    engine.dispose()
    with pytest.raises(LedgerFullError, match="no room left"):
        ledger.audit("fill", text="x" * 1_000_000)
    with pytest.raises(LedgerFullError):
        ledger.record(claim, {"x" * 100_000: 1.0}, PROVENANCE)

    assert ledger.scores() == []
    assert ledger.verify() == []


def test_a_database_that_cannot_be_written_is_an_error(path: Path, ledger: Ledger) -> None:
    score_of(ledger, final_of())
    read_only = Ledger(Database(f"sqlite:///file:{path}?mode=ro&uri=true"))

    assert len(read_only.scores()) == 1
    for do in (
        read_only.ping,
        lambda: read_only.claim(tuning_of()),
        lambda: read_only.audit("x"),
    ):
        with pytest.raises(LedgerError, match=r"cannot be used now.*readonly"):
            do()
    read_only.close()


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a database, but long enough to be looked at" * 100)

    with pytest.raises(LedgerError, match="not a database"):
        Database(f"sqlite:///{tmp_path / 'file'}")


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="unable to open"):
        Database(f"sqlite:///{tmp_path / 'nowhere' / 'ledger.sqlite'}")


@pytest.mark.parametrize(
    "url", ["nonsense", "oracle-of-delphi://x", "mysql+nodriver://u:geheim@h/d", ""]
)
def test_an_unknown_database_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match=r"use sqlite:///PATH .* or postgresql") as error:
        connect(url)

    assert "geheim" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file::memory:?cache=shared&uri=true",
        "sqlite:///file:shared?mode=memory&uri=true",
    ],
)
def test_a_ledger_that_would_not_outlive_the_process_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="lost with the process"):
        Database(url)


# --- migrations -----------------------------------------------------------------------------------


def test_migrations_end_where_the_schema_is(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD


def test_migrating_says_from_where_to_where(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"

    assert migrate_ledger(url) == (None, HEAD)
    assert migrate_ledger(url) == (HEAD, HEAD)


@pytest.mark.parametrize(
    ("revision", "advice"),
    [
        ("0000", "an older release, .* run: anomed ledger migrate"),
        ("9999", "a newer release, .* install the newer release"),
    ],
)
def test_a_ledger_of_another_release_is_refused(
    revision: str, advice: str, ledger: Ledger, path: Path
) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
        connection.execute("UPDATE schema_state SET contracted = ?", [int(revision)])

    with pytest.raises(LedgerMismatchError, match=advice):
        Database(f"sqlite:///{path}")


def test_a_ledger_of_a_newer_release_is_not_migrated(ledger: Ledger, path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("UPDATE schema_state SET contracted = 9999")

    with pytest.raises(LedgerMismatchError, match="install the newer release"):
        migrate_ledger(f"sqlite:///{path}")


def test_processes_that_open_a_new_ledger_at_once_all_succeed(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    start = context.Barrier(4)

    def run() -> None:
        start.wait()
        Database(f"sqlite:///{path}").close()

    processes = [context.Process(target=run) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert [process.exitcode for process in processes] == [0] * 4


def _connect_at(paths: list[str], barrier: Any, delays_s: list[float], failures: Any) -> None:
    for path, delay_s in zip(paths, delays_s, strict=True):
        barrier.wait()
        time.sleep(delay_s)
        try:
            connect(f"sqlite:///{path}").connect().close()
        except sa.exc.OperationalError as error:
            failures.put(str(error))


def test_processes_that_begin_a_ledger_together_wait_for_each_other(tmp_path: Path) -> None:
    """SQLite refuses to turn its write-ahead log on while somebody else does, and doesn't wait."""
    context, delays = multiprocessing.get_context("fork"), random.Random(1)
    failures, barrier = context.SimpleQueue(), context.Barrier(4)
    paths = [str(tmp_path / f"{attempt}.sqlite") for attempt in range(60)]
    children = [
        context.Process(
            target=_connect_at,
            args=(paths, barrier, [delays.uniform(0, 0.02) for _ in paths], failures),
        )
        for _ in range(4)
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 4
    assert failures.empty()
