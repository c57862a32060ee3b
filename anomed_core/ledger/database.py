"""The ledger's database: connections, transactions and migrations."""

from __future__ import annotations

import fcntl
import hashlib
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from anomed_core.errors import LedgerMismatchError
from anomed_core.ledger.connecting import (
    BUSY_TIMEOUT_S,
    MOST_CONNECTIONS,
    connect,
    file_of,
    let_tables_be_rebuilt,
)
from anomed_core.ledger.failures import translated_errors
from anomed_core.ledger.postgresql import connected, connections_for_each, let_take_its_time
from anomed_core.ledger.schema import schema_state
from anomed_core.system.write_queue import WriteQueue

HEAD = "0007"
"""Identifier of the newest migration."""

RELEASE = int(HEAD)
"""Number by which a release says which schemas it can use: that of its newest migration."""

_MIGRATIONS = Path(__file__).with_name("migrations")

_NOT_WAITING_FOR_THE_DISK = sa.func.set_config("synchronous_commit", "off", sa.true())
"""In PostgreSQL, until the transaction ends."""


def begin(connection: sa.Connection, beginning: str, *, synchronous: str = "FULL") -> None:
    """Begin a transaction in SQLite's own words; for other databases, SQLAlchemy has begun it.

    It goes to the driver itself: an event of the engine for it would slow down every statement.
    """
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA synchronous = {synchronous}")  # cannot change once it has begun
        driver.execute(beginning)


def current_revision(engine: sa.Engine) -> str | None:
    """Return the migration that the database is at; ``None`` if it is empty."""
    with translated_errors(engine), connected(engine) as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def require_this_release(engine: sa.Engine) -> None:
    """Refuse a database of another release, or an empty one.

    Raises
    ------
    LedgerMismatchError
        If the database has no schema, or an older or newer one.
    """
    revision = current_revision(engine)
    if revision is None:
        raise LedgerMismatchError("the ledger is empty: no server has used it yet")
    if revision > HEAD:
        _refuse_contracted(engine, revision)
    if revision < HEAD:
        raise LedgerMismatchError(
            f"the ledger has the schema {revision} of an older release, this one needs {HEAD}; "
            "back it up and run: anomed ledger migrate"
        )


def _refuse_contracted(engine: sa.Engine, revision: str) -> None:
    """Refuse the schema of a newer release, unless it still serves this one."""
    contracted = oldest_served(engine)
    if contracted > RELEASE:
        raise LedgerMismatchError(
            f"the ledger has the schema {revision} of a newer release, which serves those with "
            f"{contracted:04} and newer, this one has {HEAD}; install the newer release"
        )


def oldest_served(engine: sa.Engine) -> int:
    """Return the number of the oldest release that the schema of a ledger serves."""
    with translated_errors(engine), connected(engine) as connection:
        return int(connection.execute(sa.select(schema_state.c.contracted)).scalar_one())


def prepare(engine: sa.Engine) -> None:
    """Create the schema in an empty database; refuse one of another release.

    Raises
    ------
    LedgerMismatchError
        If the database has an older or newer schema.
    """
    if current_revision(engine) is None:
        migrate(engine)
    require_this_release(engine)


def migrate(engine: sa.Engine) -> str | None:
    """Run all missing migrations.

    Returns
    -------
    str or None
        The revision before.

    Raises
    ------
    LedgerMismatchError
        If the database has a newer schema that does not serve this release.
    """
    with translated_errors(engine), migration_lock(engine):
        before = current_revision(engine)
        if before == HEAD:
            return before
        if before is not None and before > HEAD:
            _refuse_contracted(engine, before)
            return before
        with engine.begin() as connection:
            if connection.dialect.name != "sqlite":
                let_take_its_time(connection)
            let_tables_be_rebuilt(connection)
            begin(connection, "BEGIN IMMEDIATE")
            upgrade(connection, HEAD)
        return before


def upgrade(connection: sa.Connection, revision: str) -> None:
    """Run the missing migrations up to a revision, in the transaction that is under way."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def contract(connection: sa.Connection) -> list[str]:
    """Take away what only older releases need, in the transaction that is under way.

    Returns
    -------
    list of str
        Revisions whose leftovers were taken away.
    """
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    contracted = connection.execute(sa.select(schema_state.c.contracted)).scalar_one()
    due = [revision for revision in revisions() if contracted < int(revision) <= RELEASE]
    scripts = ScriptDirectory(str(_MIGRATIONS))
    with Operations.context(MigrationContext.configure(connection)):
        for revision in due:
            script = scripts.get_revision(revision)
            take_away = getattr(script.module, "contract", None) if script else None
            if take_away is not None:
                take_away()
    connection.execute(sa.update(schema_state).values(contracted=RELEASE))
    return due


def revisions() -> list[str]:
    """Return the identifiers of all migrations, oldest first."""
    scripts = (_MIGRATIONS / "versions").glob("m[0-9]*_*.py")
    return sorted(script.name[1:].partition("_")[0] for script in scripts)


@contextmanager
def migration_lock(engine: sa.Engine) -> Iterator[None]:
    """Let one process migrate at a time."""
    if engine.dialect.name == "sqlite":
        path = Path(f"{engine.url.database}.migrating")
        with path.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with engine.connect() as connection:
        let_take_its_time(connection)
        # Any number does that no other program takes in this database.
        connection.execute(sa.text("SELECT pg_advisory_lock(714025)"))
        try:
            yield
        finally:
            connection.execute(sa.text("SELECT pg_advisory_unlock(714025)"))


def migrate_ledger(url: str) -> tuple[str | None, str]:
    """Bring a ledger to the schema of this release.

    Parameters
    ----------
    url
        See `connect`.

    Returns
    -------
    (before, after) : tuple of (str or None) and str
        Revisions; ``None`` if the database was empty.
    """
    engine = connect(url)
    try:
        before = migrate(engine)
        return before, max(before or "", HEAD)
    finally:
        engine.dispose()


class Database:
    """The database that ledger, token book and outbox share.

    Parameters
    ----------
    url
        See `connect`.
    processes
        How many processes of this server share a database server's connections, which are divided
        among them; ``None`` for one that opens a few and is soon gone.
    for_reading
        Whether to do without writing for as long as nothing is written, as on read-only media.
    may_begin
        Whether a file that is not there is begun; else it was there before, and may come back.

    Raises
    ------
    LedgerError
        If a file is gone that may not be begun.
    UsageError
        If the URL or its driver is unknown, or there are too few connections.
    LedgerMismatchError
        If the database has the schema of another release.
    """

    def __init__(
        self,
        url: str,
        *,
        processes: int | None = None,
        for_reading: bool = False,
        may_begin: bool = True,
    ) -> None:
        self._url = url
        self._file = file_of(url, may_begin=may_begin)
        if self._file is not None and not may_begin:
            self._file.found()
        self._engine = connect(url, file=self._file)
        self._reader = self._engine
        if self._file is not None and for_reading:
            self._reader = connect(url, file=file_of(url, for_reading=True))
        self._looking = threading.Lock()
        self._served: dict[str, str] = {}
        self._queue = _queue_of(self._engine)
        try:
            self._open(processes)
        except BaseException:
            self.close()
            raise

    def _open(self, processes: int | None) -> None:
        if self._reader is self._engine:
            prepare(self._engine)
        else:
            require_this_release(self._reader)
        if self._file is not None:
            self._file.remember()
        if processes is not None and not self._is_sqlite:
            share = connections_for_each(self._engine, processes=processes)
            if share < MOST_CONNECTIONS:
                self._engine.dispose()
                self._engine = self._reader = connect(self._url, at_most=share)

    def serve(self, challenge: str, fingerprint: str) -> None:
        """Take no file for this database any more that does not know this challenge."""
        self._served[challenge] = fingerprint

    def _look_at_file(self) -> None:
        """Take up another file that somebody has put in place, if it is sound.

        Raises
        ------
        LedgerError
            If the file is gone, or another one is there that is no ledger of these challenges.
        """
        if self._file is None or self._file.is_in_place():
            return
        with self._looking:
            if not self._file.is_in_place():
                self._file.require_sound(HEAD, self._served)
                self._engine.dispose()
                self._reader.dispose()
                self._file.remember()

    @contextmanager
    def writing(
        self, *, durable: bool = True, alone_on: Collection[str] = ()
    ) -> Iterator[sa.Connection]:
        """Begin a transaction that may write; it commits at the end.

        Parameters
        ----------
        durable
            Whether the commit waits for the disk. What does not wait outlives the process all the
            same, and is on the disk when the next durable transaction is; a power cut in between
            undoes it. That is right for what nobody was told yet.
        alone_on
            Keys that are known already; see `serialise`.
        """
        turn = self._queue.turn() if self._queue is not None else nullcontext()
        self._look_at_file()
        with turn, self._transaction(self._engine) as connection:
            # Locked at once: SQLite refuses a reader that begins to write after somebody else did.
            begin(connection, "BEGIN IMMEDIATE", synchronous="FULL" if durable else "NORMAL")
            if not self._is_sqlite:
                # In one statement, as each costs a way to the server and back.
                first = [] if durable else [_NOT_WAITING_FOR_THE_DISK]
                _select(connection, first + _locks(alone_on))
            yield connection

    @contextmanager
    def reading(self, *, snapshot: bool = False) -> Iterator[sa.Connection]:
        """Begin a transaction that only reads; a snapshot sees one moment in all its queries."""
        reader = self._reader
        if snapshot and not self._is_sqlite:  # whose read transactions are snapshots anyhow
            reader = reader.execution_options(isolation_level="REPEATABLE READ")
        self._look_at_file()
        with self._transaction(reader) as connection:
            begin(connection, "BEGIN")
            yield connection

    @contextmanager
    def _transaction(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        with translated_errors(engine), connected(engine) as connection, connection.begin():
            yield connection

    def serialise(self, connection: sa.Connection, *keys: str) -> None:
        """Let one transaction at a time pass that names a key; the others wait for its end.

        Keys that are named together are taken in an order of their own, so that no two
        transactions wait for each other. SQLite has one writer at a time anyway.
        """
        if not self._is_sqlite:
            _select(connection, _locks(keys))

    @property
    def has_row_locks(self) -> bool:
        """Whether rows can be locked one by one, and servers on other machines may do so."""
        return not self._is_sqlite

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Release all connections."""
        self._engine.dispose()
        self._reader.dispose()
        if self._queue is not None:
            self._queue.close()


def _locks(keys: Collection[str]) -> list[sa.ColumnElement[Any]]:
    """Return what takes a lock for each key, in one order for all transactions."""
    # PostgreSQL takes 64 bits, which must be the same in every process.
    numbers = sorted({_number_of(key) for key in keys})
    return [sa.func.pg_advisory_xact_lock(number) for number in numbers]


def _number_of(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)


def _select(connection: sa.Connection, columns: list[sa.ColumnElement[Any]]) -> None:
    if columns:
        connection.execute(sa.select(*columns))


def _queue_of(engine: sa.Engine) -> WriteQueue | None:
    """Return the queue of a SQLite file's writers; other databases have locks that wait."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path.startswith((":memory:", "file:")):
        return None
    return WriteQueue(Path(f"{path}.turn"), timeout_s=BUSY_TIMEOUT_S)
