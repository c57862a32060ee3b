"""The ledger's database: connections, transactions, migrations, and what time it is."""

from __future__ import annotations

import fcntl
import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from anomed_core.errors import LedgerError, LedgerFullError, LedgerMismatchError, UsageError
from anomed_core.ledger.schema import attempts, clock
from anomed_core.system.write_queue import WriteQueue

HEAD = "0003"
"""Identifier of the newest migration."""

_MIGRATIONS = Path(__file__).with_name("migrations")
_BUSY_TIMEOUT_S = 30.0
_LOOK_EVERY_S = 0.02

_TIMES = sa.select(
    sa.select(attempts.c.claimed_at).order_by(attempts.c.id.desc()).limit(1).scalar_subquery(),
    sa.select(clock.c.reached).scalar_subquery(),
)
"""Times that have been reached for certain: of the newest claim, and what was noted."""


def connect(url: str) -> sa.Engine:
    """Open the database of a ledger.

    Parameters
    ----------
    url
        SQLAlchemy URL: ``sqlite:////path/ledger.sqlite`` or ``postgresql+psycopg://...``.

    Returns
    -------
    sqlalchemy.Engine
        SQLite with a write-ahead log, ``synchronous=FULL`` and immediate write transactions.

    Raises
    ------
    UsageError
        If the URL or its driver is unknown.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            engine = sa.create_engine(
                parsed, pool_size=8, max_overflow=128, pool_timeout=60, hide_parameters=True
            )
            sa.event.listen(engine, "connect", _prepare_sqlite)
            return engine
        return sa.create_engine(
            parsed,
            pool_size=8,
            max_overflow=32,
            pool_timeout=60,
            pool_pre_ping=True,  # the database may have been restarted meanwhile
            hide_parameters=True,
            # What waited for a lock must see what its holder wrote, instead of being refused.
            isolation_level="READ COMMITTED",
        )
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(
            f"The ledger cannot be opened with {_without_password(url)}: {error}; use a path, "
            "sqlite:///PATH or postgresql+psycopg://USER@HOST/DATABASE "
            "(needs anomed-core[postgresql])."
        ) from error


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return "this URL"


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's events begin transactions, not the driver
    connection.execute(f"PRAGMA busy_timeout = {int(_BUSY_TIMEOUT_S * 1000)}")
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on, which SQLite refuses at once while another process does so."""
    deadline = time.monotonic() + _BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_EVERY_S)
        else:
            return


def _begin(connection: sa.Connection, beginning: str, *, synchronous: str = "FULL") -> None:
    """Begin a transaction in SQLite's own words; for other databases, SQLAlchemy has begun it.

    It goes to the driver itself: an event of the engine for it would slow down every statement.
    """
    if connection.dialect.name == "sqlite":
        driver: Any = connection.connection.dbapi_connection
        driver.execute(f"PRAGMA synchronous = {synchronous}")  # cannot change once it has begun
        driver.execute(beginning)


def current_revision(engine: sa.Engine) -> str | None:
    """Return the migration that the database is at; ``None`` if it is empty."""
    with translated_errors(), engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def prepare(engine: sa.Engine) -> None:
    """Create the schema in an empty database; refuse one of another release.

    Raises
    ------
    LedgerMismatchError
        If the database has an older or newer schema.
    """
    revision = current_revision(engine)
    if revision is None:
        migrate(engine)
    elif revision != HEAD:
        age = "an older" if revision < HEAD else "a newer"
        raise LedgerMismatchError(
            f"the ledger has the schema {revision} of {age} release, this one needs {HEAD}; "
            + (
                "back it up and run: anomed ledger migrate"
                if revision < HEAD
                else "install the newer release"
            )
        )


def migrate(engine: sa.Engine) -> str | None:
    """Run all missing migrations.

    Returns
    -------
    str or None
        The revision before.
    """
    from alembic import command
    from alembic.config import Config

    with _migration_lock(engine), translated_errors():
        before = current_revision(engine)
        if before == HEAD:
            return before
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with engine.begin() as connection:
            _begin(connection, "BEGIN IMMEDIATE")
            config.attributes["connection"] = connection
            command.upgrade(config, HEAD)
        return before


@contextmanager
def _migration_lock(engine: sa.Engine) -> Iterator[None]:
    """Let one process migrate at a time."""
    if engine.dialect.name == "sqlite":
        path = Path(f"{engine.url.database}.migrating")
        with path.open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with engine.connect() as connection:
        # Any number does that no other program takes in this database.
        connection.execute(sa.text("SELECT pg_advisory_lock(714025)"))
        try:
            yield
        finally:
            connection.execute(sa.text("SELECT pg_advisory_unlock(714025)"))


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the database's errors into the ledger's.

    Raises
    ------
    LedgerFullError
        If there is no room left.
    LedgerError
        If the database cannot be reached, read or written.
    """
    try:
        yield
    except sa.exc.IntegrityError:
        raise  # an answer, not a failure: somebody else was faster
    except (sa.exc.SQLAlchemyError, sqlite3.Error) as error:
        cause = getattr(error, "orig", None) or error
        full = no_room_left(cause)
        if full is not None:
            raise full from error
        reason = str(cause).splitlines()[0]
        raise LedgerError("The ledger cannot be used now; try again.", reason=reason) from error


def no_room_left(error: BaseException) -> LedgerFullError | None:
    """Return the error to raise if a driver's error says that the disk is full."""
    reason = str(error).lower()  # each driver has its own class for it, and its own words
    if "disk is full" not in reason and "no space left" not in reason:
        return None
    return LedgerFullError(
        "The ledger has no room left; free some space and send the request again."
    )


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
        return migrate(engine), HEAD
    finally:
        engine.dispose()


class LedgerClock:
    """The machine's clock, but never earlier than the latest time in the ledger.

    It never runs backwards, so nothing reopens when the machine's clock does.

    Parameters
    ----------
    read
        Returns microseconds since 1970-01-01 UTC.
    """

    def __init__(self, read: Callable[[], int]) -> None:
        self._read = read

    def now(self, connection: sa.Connection) -> int:
        """Return the present, but never earlier than the newest claim or what was reached."""
        claimed, reached = connection.execute(_TIMES).one()
        return max(self._read(), claimed or 0, reached or 0)

    def machine_now(self) -> int:
        """Return what the machine's clock says, even if it was set back."""
        return self._read()

    def reached(self, connection: sa.Connection) -> int:
        """Return the time that `reach` remembers."""
        moment: int = connection.execute(sa.select(clock.c.reached)).scalar_one()
        return moment

    def reach(self, connection: sa.Connection, moment: int) -> None:
        """Remember that a time has come, for all processes and restarts."""
        connection.execute(sa.update(clock).where(clock.c.reached < moment).values(reached=moment))


class Database:
    """The database that ledger, token book and outbox share.

    Parameters
    ----------
    url
        See `connect`.

    Raises
    ------
    UsageError
        If the URL or its driver is unknown.
    LedgerMismatchError
        If the database has the schema of another release.
    """

    def __init__(self, url: str) -> None:
        self._engine = connect(url)
        prepare(self._engine)
        self._queue = _queue_of(self._engine)

    @contextmanager
    def writing(self, *, durable: bool = True) -> Iterator[sa.Connection]:
        """Begin a transaction that may write; it commits at the end.

        Parameters
        ----------
        durable
            Whether the commit waits for the disk. What does not wait outlives the process all the
            same, and is on the disk when the next durable transaction is; a power cut in between
            undoes it. That is right for what nobody was told yet.
        """
        turn = self._queue.turn() if self._queue is not None else nullcontext()
        with turn, translated_errors(), self._engine.begin() as connection:
            # Locked at once: SQLite refuses a reader that begins to write after somebody else did.
            _begin(connection, "BEGIN IMMEDIATE", synchronous="FULL" if durable else "NORMAL")
            if not durable and not self._is_sqlite:
                connection.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
            yield connection

    @contextmanager
    def reading(self, *, snapshot: bool = False) -> Iterator[sa.Connection]:
        """Begin a transaction that only reads; a snapshot sees one moment in all its queries."""
        reader = self._engine
        if snapshot and not self._is_sqlite:  # whose read transactions are snapshots anyhow
            reader = reader.execution_options(isolation_level="REPEATABLE READ")
        with translated_errors(), reader.begin() as connection:
            _begin(connection, "BEGIN")
            yield connection

    def serialise(self, connection: sa.Connection, key: str) -> None:
        """Let one transaction at a time pass that names this key; the others wait for its end.

        SQLite has one writer at a time anyway.
        """
        if not self._is_sqlite:
            # PostgreSQL takes 64 bits, which must be the same in every process.
            number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], signed=True)
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def close(self) -> None:
        """Release all connections."""
        self._engine.dispose()
        if self._queue is not None:
            self._queue.close()


def _queue_of(engine: sa.Engine) -> WriteQueue | None:
    """Return the queue of a SQLite file's writers; other databases have locks that wait."""
    path = engine.url.database
    if engine.dialect.name != "sqlite" or not path or path.startswith((":memory:", "file:")):
        return None
    return WriteQueue(Path(f"{path}.turn"), timeout_s=_BUSY_TIMEOUT_S)
