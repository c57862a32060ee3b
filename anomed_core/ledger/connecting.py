"""Connections to the ledger's database: how many, how they are set, and how long they wait."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from anomed_core.errors import UsageError
from anomed_core.ledger import postgresql
from anomed_core.ledger.ledger_file import LedgerFile

BUSY_TIMEOUT_S = 30.0
MOST_CONNECTIONS = 40
_KEPT_CONNECTIONS = 8
_LOOK_EVERY_S = 0.02


def connect(
    url: str, *, file: LedgerFile | None = None, at_most: int = MOST_CONNECTIONS
) -> sa.Engine:
    """Open the database of a ledger.

    Parameters
    ----------
    url
        SQLAlchemy URL: ``sqlite:////path/ledger.sqlite`` or ``postgresql+psycopg://...``.
    file
        What `file_of` returns for this URL, where it is opened in another way than usual.
    at_most
        How many connections to a database server, at most.

    Returns
    -------
    sqlalchemy.Engine
        SQLite with a write-ahead log, ``synchronous=FULL`` and immediate write transactions.

    Raises
    ------
    UsageError
        If the URL or its driver is unknown, or names no place that outlives the process.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite(parsed, file)
        kept = min(_KEPT_CONNECTIONS, at_most)
        engine = sa.create_engine(
            parsed,
            pool_size=kept,
            max_overflow=at_most - kept,
            pool_timeout=postgresql.POOL_TIMEOUT_S,
            pool_pre_ping=True,  # the database may have been restarted meanwhile
            hide_parameters=True,
            # What waited for a lock must see what its holder wrote, instead of being refused.
            isolation_level="READ COMMITTED",
        )
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ModuleNotFoundError) as error:
        raise UsageError(
            f"The ledger cannot be opened with {_without_password(url)}: {error}; use "
            "sqlite:///PATH (sqlite:////PATH from the root) or "
            "postgresql+psycopg://USER@HOST/DATABASE (needs anomed-core[postgresql])."
        ) from error
    if parsed.get_driver_name() == "psycopg":
        postgresql.bound_waiting(engine)
    return engine


def _without_password(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except sa.exc.ArgumentError:
        return repr(url)


def file_of(url: str, *, for_reading: bool = False, may_begin: bool = True) -> LedgerFile | None:
    """Return the file that a URL names; ``None`` for other databases, and for SQLite's own URIs."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        return None  # which `connect` refuses
    path = parsed.database
    if parsed.get_backend_name() != "sqlite" or not path or path.startswith((":memory:", "file:")):
        return None
    return LedgerFile(Path(path), for_reading=for_reading, may_begin=may_begin)


def _sqlite(parsed: sa.URL, file: LedgerFile | None) -> sa.Engine:
    place = parsed.database or ":memory:"
    if place.startswith((":memory:", "file::memory:")) or parsed.query.get("mode") == "memory":
        raise UsageError(
            f"The ledger cannot be opened with {parsed}: it would be in memory and lost with the "
            "process; use sqlite:///PATH (sqlite:////PATH from the root)."
        )
    engine = sa.create_engine(
        parsed,
        pool_size=8,
        max_overflow=128,
        pool_timeout=postgresql.POOL_TIMEOUT_S,
        hide_parameters=True,
    )
    if file is not None:
        sa.event.listen(engine, "do_connect", _opens(file))
    sa.event.listen(engine, "connect", _prepare_sqlite)
    if file is None or not file.for_reading:
        sa.event.listen(engine, "connect", _make_durable)
    return engine


def _opens(file: LedgerFile) -> Callable[..., None]:
    def name_file(_dialect: Any, _record: Any, cargs: list[Any], cparams: dict[str, Any]) -> None:
        cargs[:] = [file.uri]
        cparams["uri"] = True

    return name_file


def _prepare_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's events begin transactions, not the driver
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    connection.execute("PRAGMA foreign_keys = ON")


def let_tables_be_rebuilt(connection: sa.Connection) -> None:
    """Let a transaction that is about to begin replace tables that others refer to.

    SQLite changes some columns only so, and would find the references broken meanwhile. The
    connection is closed in the end instead of used again.
    """
    if connection.dialect.name == "sqlite":
        connection.detach()
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")


def has_broken_references(connection: sa.Connection) -> bool:
    """Return whether a row refers to one that is not there, where that was not checked."""
    if connection.dialect.name != "sqlite":
        return False
    return connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None


def _make_durable(connection: sqlite3.Connection, _: Any) -> None:
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on, which SQLite refuses at once while another process does so."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_EVERY_S)
        else:
            return
