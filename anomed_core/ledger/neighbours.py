"""Servers that use one ledger at once: which of their processes live, and of which releases.

A process notes every few seconds that it lives, by the database's clock where that has one. Who has
noted so and then is silent is gone, wherever it was; who never did is judged by its lease alone.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from anomed_core.errors import LedgerMismatchError
from anomed_core.ledger.connecting import connect, let_tables_be_rebuilt
from anomed_core.ledger.database import (
    RELEASE,
    Database,
    begin,
    contract,
    migration_lock,
    require_this_release,
)
from anomed_core.ledger.failures import translated_errors
from anomed_core.ledger.schema import processes
from anomed_core.ledger.times import MICROSECOND, utc_microseconds
from anomed_core.system.process_identity import is_from_here, this_process

BEAT_EVERY_S = 5.0
SILENT_AFTER_S = 30.0
"""Seconds after which a process that was heard of is taken for dead: six beats."""
_FORGOTTEN_AFTER_S = 86_400.0
_AT_WORK_S = 60.0
MOST_OFFSET_S = 2.0
"""Seconds by which clocks may differ: leases and phases go by them."""

_POSTGRESQL_NOW = sa.select(
    sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()) * MICROSECOND, sa.BigInteger)
)


def _now(connection: sa.Connection) -> int:
    """Return the present by the one clock that all processes share."""
    if connection.dialect.name != "postgresql":
        return utc_microseconds()  # one machine
    now: int = connection.execute(_POSTGRESQL_NOW).scalar_one()
    return now


def silent_among(connection: sa.Connection, owners: set[str]) -> set[str]:
    """Return which processes elsewhere were heard of, but not for a while.

    Of those on this machine it is known for certain whether they live.
    """
    owners = {owner for owner in owners if owner and not is_from_here(owner)}
    if not owners:
        return set()
    oldest = _now(connection) - int(SILENT_AFTER_S * MICROSECOND)
    silent = sa.select(processes.c.name).where(
        processes.c.name.in_(owners), processes.c.beaten_at < oldest
    )
    return set(connection.execute(silent).scalars())


def oldest_release(connection: sa.Connection, *, within_s: float) -> int | None:
    """Return the oldest release that was heard of lately; ``None`` if none was."""
    since = _now(connection) - int(within_s * MICROSECOND)
    query = sa.select(sa.func.min(processes.c.release)).where(processes.c.beaten_at >= since)
    release: int | None = connection.execute(query).scalar()
    return release


def contract_ledger(url: str) -> list[str]:
    """Take from a ledger what only releases before this one need.

    Parameters
    ----------
    url
        See `connect`.

    Returns
    -------
    list of str
        Revisions whose leftovers were taken away.

    Raises
    ------
    LedgerMismatchError
        If the ledger is of another release, or an older one was at work within the last minute.
    """
    engine = connect(url)
    try:
        with translated_errors(engine), migration_lock(engine):
            require_this_release(engine)
            with engine.begin() as connection:
                let_tables_be_rebuilt(connection)
                begin(connection, "BEGIN IMMEDIATE")
                oldest = oldest_release(connection, within_s=_AT_WORK_S)
                if oldest is not None and oldest < RELEASE:
                    raise LedgerMismatchError(
                        f"a server of the release with {oldest:04} was at work within the last "
                        f"{_AT_WORK_S:g} s, and what it needs would be taken away; end all older "
                        "servers first"
                    )
                return contract(connection)
    finally:
        engine.dispose()


class Neighbours:
    """What one process tells the others.

    Parameters
    ----------
    database
        Shared with the ledger.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def beat(self) -> None:
        """Note that this process lives; forget who has been silent for long."""
        name = this_process()
        if not name:
            return
        with self._database.writing(durable=False) as connection:
            now = _now(connection)
            row = {"name": name, "release": RELEASE, "beaten_at": now}
            beaten = connection.execute(
                sa.update(processes)
                .where(processes.c.name == name)
                .values(release=RELEASE, beaten_at=now)
            )
            if beaten.rowcount == 0:
                connection.execute(sa.insert(processes), row)
                forgotten = now - int(_FORGOTTEN_AFTER_S * MICROSECOND)
                connection.execute(sa.delete(processes).where(processes.c.beaten_at < forgotten))

    def leave(self) -> None:
        """Note that this process ends, and holds nothing any more."""
        with self._database.writing(durable=False) as connection:
            connection.execute(sa.delete(processes).where(processes.c.name == this_process()))

    def clock_offset_s(self) -> float:
        """Return by how much this machine's clock is ahead of the database's; 0 if it has none."""
        with self._database.reading() as connection:
            return (utc_microseconds() - _now(connection)) / MICROSECOND


class RequestCounts:
    """Counts of requests that all servers of a ledger share.

    Parameters
    ----------
    database
        Shared with the ledger.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, who: str, period: int) -> tuple[int, int]:
        """Count a request; return how many there were in this period, and which one it is."""
        with self._database.writing(durable=False) as connection:
            row: Any = connection.execute(_COUNT, {"who": who, "period": period}).one()
            return row[0], row[1]

    def forget(self, period: int) -> None:
        """Forget what was counted before a period."""
        with self._database.writing(durable=False) as connection:
            connection.execute(_FORGET, {"period": period})


# The same words on PostgreSQL and SQLite; a period that has begun does not begin again.
_COUNT = sa.text(
    "INSERT INTO request_counts (who, period, number) VALUES (:who, :period, 1) "
    "ON CONFLICT (who) DO UPDATE SET "
    "number = CASE WHEN request_counts.period >= excluded.period "
    "THEN request_counts.number + 1 ELSE 1 END, "
    "period = CASE WHEN request_counts.period >= excluded.period "
    "THEN request_counts.period ELSE excluded.period END "
    "RETURNING number, period"
)
_FORGET = sa.text("DELETE FROM request_counts WHERE period < :period")
