"""All rows of a ledger: out of one database, and into an empty one of any sort.

Rows are mappings from names of columns to what JSON has exactly: text, integers, floating-point
numbers and null. Tables are those that the database has at its revision, not those of this
release: so an older ledger leaves as it is, and is migrated where it arrives.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.errors import LedgerFullError, LedgerMismatchError, UsageError
from anomed_core.ledger.chain import ChainFault
from anomed_core.ledger.connecting import (
    connect,
    file_of,
    has_broken_references,
    let_tables_be_rebuilt,
)
from anomed_core.ledger.database import HEAD, migration_lock, revisions, upgrade
from anomed_core.ledger.failures import translated_errors
from anomed_core.ledger.postgresql import connected, let_take_its_time
from anomed_core.ledger.reading import ledger_faults
from anomed_core.ledger.schema import metadata

TransferredRow = Mapping[str, str | int | float | None]
"""A row by the names of its columns."""

_BATCH = 1000
_READING, _WRITING = "BEGIN", "BEGIN IMMEDIATE"
_SQLITE_FILES = ("", "-wal", "-shm", "-journal", ".migrating", ".turn")


@attrs.frozen(kw_only=True)
class LeavingLedger:
    """A ledger as one moment sees it.

    Attributes
    ----------
    revision
        The migration that it is at.
    """

    revision: str
    _connection: sa.Connection
    _tables: Mapping[str, sa.Table]

    @property
    def tables(self) -> list[str]:
        """Names of the tables; each refers to earlier ones only."""
        return list(self._tables)

    def rows(self, table: str) -> Iterator[TransferredRow]:
        """Read all rows of a table in the order of its primary key."""
        read = self._tables[table]
        found = self._connection.execution_options(yield_per=_BATCH).execute(
            sa.select(read).order_by(*read.primary_key.columns)
        )
        for row in found.mappings():
            yield dict(row)

    def faults(self) -> list[ChainFault]:
        """Return what is not as it was recorded; an older schema is checked where it arrives."""
        return ledger_faults(self._connection) if self.revision == HEAD else []


@contextmanager
def leaving_ledger(url: str) -> Iterator[LeavingLedger]:
    """Read a ledger in one transaction, which keeps nobody from writing.

    Raises
    ------
    UsageError
        If there is no ledger.
    LedgerMismatchError
        If it is of a newer release.
    """
    file = file_of(url, for_reading=True)
    if file is not None and not file.path.exists():
        raise UsageError(f"there is no ledger {file.path}; name the one of the server")
    engine = connect(url, file=file)
    try:
        reader = engine
        if file is None:
            reader = engine.execution_options(isolation_level="REPEATABLE READ")
        with _transaction(reader, _READING) as connection:  # of SQLite, it sees one moment anyhow
            revision = _revision(connection)
            if revision is None:
                raise UsageError("there is no ledger in this database; name the one of the server")
            _require_known(revision, "the ledger")
            tables = _tables(connection, revision)
            yield LeavingLedger(revision=revision, connection=connection, tables=tables)
    finally:
        engine.dispose()


@attrs.frozen(kw_only=True)
class ArrivingLedger:
    """A ledger that nobody sees before all of it is there."""

    _revision: str
    _connection: sa.Connection
    _tables: Mapping[str, sa.Table]

    @property
    def tables(self) -> list[str]:
        """Names of the tables; each refers to earlier ones only."""
        return list(self._tables)

    def insert(self, table: str, rows: Iterable[TransferredRow]) -> int:
        """Write rows, after those that they refer to; return how many.

        Raises
        ------
        UsageError
            If there are no such columns, or rows contradict each other.
        """
        target = self._tables[table]
        columns = {column.name for column in target.columns}
        waiting, n_rows = iter(rows), 0
        while batch := list(islice(waiting, _BATCH)):
            strange = next((set(row) ^ columns for row in batch if set(row) != columns), None)
            if strange:
                raise UsageError(f"rows of {table} lack or add the columns {sorted(strange)}")
            try:
                self._connection.execute(sa.insert(target), batch)
            except (sa.exc.IntegrityError, sa.exc.DataError) as error:
                reason = str(error.orig).splitlines()[0]
                raise UsageError(f"the database takes no such row of {table}: {reason}") from error
            n_rows += len(batch)
        return n_rows

    def complete(self) -> list[ChainFault]:
        """Let new rows be numbered after these, migrate, and return what `verify` would find.

        Raises
        ------
        UsageError
            If rows refer to others that are not there.
        """
        if self._connection.dialect.name == "postgresql":
            for table in self._tables.values():
                _continue_sequence(self._connection, table)
        if self._revision != HEAD:
            upgrade(self._connection, HEAD)
        if has_broken_references(self._connection):
            raise UsageError("rows refer to others that are not there; take another copy")
        return ledger_faults(self._connection)


@contextmanager
def arriving_ledger(url: str, revision: str) -> Iterator[ArrivingLedger]:
    """Fill an empty database in one transaction; a failure leaves it as it was.

    Parameters
    ----------
    url
        See `connect`.
    revision
        The migration that the rows are of.

    Raises
    ------
    UsageError
        If the database is not empty, or there is no room left.
    LedgerMismatchError
        If the revision is of a newer release.
    """
    _require_known(revision, "what is to be restored")
    file = file_of(url)
    is_new = file is not None and not file.path.exists()
    engine = connect(url, file=file)
    try:
        with (
            translated_errors(engine),
            migration_lock(engine),
            _transaction(engine, _WRITING) as connection,
        ):
            _require_empty(connection, revision)
            upgrade(connection, revision)
            tables = _tables(connection, revision)
            for table in reversed(tables.values()):  # migrations begin clock and chains
                connection.execute(sa.delete(table))
            yield ArrivingLedger(revision=revision, connection=connection, tables=tables)
    except BaseException as error:
        engine.dispose()
        if file is not None and is_new:
            for ending in _SQLITE_FILES:
                Path(f"{file.path}{ending}").unlink(missing_ok=True)
        if isinstance(error, LedgerFullError):
            raise UsageError(
                "there is no room left for the ledger; nothing is restored, free some space"
            ) from error
        raise
    finally:
        engine.dispose()


@contextmanager
def _transaction(engine: sa.Engine, beginning: str) -> Iterator[sa.Connection]:
    """Begin a transaction that may take long, in SQLite's own words."""
    with translated_errors(engine), connected(engine) as connection, connection.begin():
        if engine.dialect.name == "sqlite":
            if beginning != _READING:
                let_tables_be_rebuilt(connection)
            connection.exec_driver_sql(beginning)
        else:
            let_take_its_time(connection)
        yield connection


def _tables(connection: sa.Connection, revision: str) -> dict[str, sa.Table]:
    """Return the ledger's tables as the database has them; it may hold those of others, too."""
    there = sa.MetaData()
    there.reflect(connection, only=list(_names_of_tables(revision)))
    return {table.name: table for table in there.sorted_tables}


@functools.cache
def _names_of_tables(revision: str) -> tuple[str, ...]:
    """Return what the tables are called at a revision, which migrations alone know."""
    engine = sa.create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            upgrade(connection, revision)
            names = sa.inspect(connection).get_table_names()
            return tuple(name for name in names if name != "alembic_version")
    finally:
        engine.dispose()


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def _require_known(revision: str, whose: str) -> None:
    known = revisions()
    if revision not in known:
        raise LedgerMismatchError(
            f"{whose} has the schema {revision} of a newer release, this one knows "
            f"{known[0]} to {known[-1]}; install the newer release"
        )


def _require_empty(connection: sa.Connection, revision: str) -> None:
    there = set(sa.inspect(connection).get_table_names())
    if there & {*metadata.tables, *_names_of_tables(revision), "alembic_version"}:
        raise UsageError("there is a ledger in this database already; name an empty database")


def _continue_sequence(connection: sa.Connection, table: sa.Table) -> None:
    """Let PostgreSQL number new rows after those that came with their numbers."""
    for column in table.primary_key.columns:
        if not isinstance(column.type, sa.Integer):
            continue
        name: Any = connection.execute(
            sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
        ).scalar()
        if name is not None:
            after = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
            connection.execute(sa.select(sa.func.setval(name, after, False)))
