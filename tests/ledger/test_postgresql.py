"""What is special about a ledger on PostgreSQL."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from anomed_core.errors import LedgerError, UsageError
from anomed_core.ledger import Database, Ledger, postgresql
from anomed_core.ledger.postgresql import connections_for_each
from tests.ledger.records import final_of, outcomes_of, score_of, tuning_of
from tests.postgresql import create_database


@pytest.fixture
def database(migrated_postgresql: str) -> Iterator[Database]:
    database = Database(create_database(migrated_postgresql, copy=True))
    yield database
    database.close()


def test_a_record_is_durable_and_a_claim_need_not_be(database: Database) -> None:
    levels: list[tuple[str, object]] = []

    @sa.event.listens_for(database._engine, "after_execute")
    def note(connection: sa.Connection, statement: object, *_: object) -> None:
        if isinstance(statement, sa.Insert):
            level = connection.exec_driver_sql("SHOW synchronous_commit").scalar()
            levels.append((statement.table.name, level))

    score_of(Ledger(database), final_of())

    assert levels == [
        *((table, "off") for table in ("accounts", "claims", "claim_lines", "balances")),
        ("scores", "on"),
    ]


# --- a server that has no room, or stands still ---------------------------------------------------


def as_guest(database: Database, *, connections: int) -> str:
    """Return the URL of the same database for a user who may have so many connections."""
    name = f"guest_{os.urandom(6).hex()}"
    with database.writing() as connection:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT {connections}")
        for kind in ("TABLES", "SEQUENCES"):
            connection.exec_driver_sql(f"GRANT ALL ON ALL {kind} IN SCHEMA public TO {name}")
    return database._engine.url.set(username=name).render_as_string(hide_password=False)


def test_a_connection_is_waited_for_while_all_are_taken(database: Database) -> None:
    guest = Database(as_guest(database, connections=2))
    ledger = Ledger(guest)

    outcomes = outcomes_of([lambda: ledger.claim(tuning_of()) for _ in range(8)])

    guest.close()
    assert outcomes == {"Claim": 8}


@pytest.fixture
def allowed(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.exec_driver_sql("SHOW max_connections").scalar_one())


def test_processes_share_the_connections_that_there_are(database: Database, allowed: int) -> None:
    workers = allowed // 10
    each = Database(url_of(database), processes=workers)
    pool = each._engine.pool
    assert isinstance(pool, sa.pool.QueuePool)
    with ExitStack() as held:
        for _ in range(connections_for_each(database._engine, processes=workers)):
            held.enter_context(each.reading())
        assert pool._max_overflow == pool.overflow()
        assert workers * pool.checkedout() <= allowed - 5
    each.close()


def test_too_few_connections_are_told_before_anybody_needs_one(
    database: Database, allowed: int
) -> None:
    with pytest.raises(
        UsageError, match=f"takes {allowed} connections, and {allowed} workers need"
    ):
        Database(url_of(database), processes=allowed)


def test_a_connection_that_gets_no_answer_is_given_up(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_ANSWER_TIMEOUT_S", 0.3)
    with database.reading() as connection:
        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    try:
        os.kill(process, signal.SIGSTOP)
    except ProcessLookupError:
        pytest.skip("PostgreSQL runs on another machine")
    try:
        began = time.monotonic()
        Ledger(database).ping()  # over a new connection
        assert time.monotonic() - began < 5
    finally:
        os.kill(process, signal.SIGCONT)


def test_an_answer_that_does_not_come_is_an_error(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "_ANSWER_TIMEOUT_S", 0.3)

    with (
        pytest.raises(LedgerError, match=r"cannot be used now.*does not answer"),
        database.reading() as connection,
    ):
        connection.exec_driver_sql("SELECT pg_sleep(5)")


def test_locks_and_statements_have_deadlines(database: Database) -> None:
    with database.reading() as connection:
        for setting, value in (("lock_timeout", "20s"), ("statement_timeout", "30s")):
            assert connection.exec_driver_sql(f"SHOW {setting}").scalar() == value


def test_a_migration_takes_as_long_as_it_must(database: Database) -> None:
    with database._engine.connect() as connection:
        postgresql.let_take_its_time(connection)
        for setting in ("lock_timeout", "statement_timeout"):
            assert connection.exec_driver_sql(f"SHOW {setting}").scalar() == "0"
    test_locks_and_statements_have_deadlines(database)


def url_of(database: Database) -> str:
    return database._engine.url.render_as_string(hide_password=False)
