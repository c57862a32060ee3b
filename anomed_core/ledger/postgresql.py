"""PostgreSQL's limits: how many connections there are, and how long one waits for an answer."""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import cache
from typing import Any

import sqlalchemy as sa

from anomed_core.errors import UsageError
from anomed_core.ledger.failures import translated_errors

_CONNECT_TIMEOUT_S = 10
_LOCK_TIMEOUT_S = 20
_STATEMENT_TIMEOUT_S = 30
# Later than the server's own, which say why; for a server that says nothing any more.
_ANSWER_TIMEOUT_S = 35.0
_LOOK_EVERY_S = 0.05
POOL_TIMEOUT_S = 60.0
"""Seconds that one waits for a connection while others hold all of them."""
_FOR_OTHERS = 5
"""Connections that are left for commands, backups and whoever looks."""
_FEWEST = 2

_SETTINGS = {
    "connect_timeout": _CONNECT_TIMEOUT_S,
    "tcp_user_timeout": int(_ANSWER_TIMEOUT_S * 1000),
    "keepalives_idle": 30,
    "options": f"-c lock_timeout={_LOCK_TIMEOUT_S}s -c statement_timeout={_STATEMENT_TIMEOUT_S}s",
}


def bound_waiting(engine: sa.Engine) -> None:
    """Let nothing wait for ever at an engine of psycopg; what its URL sets itself stays."""

    @sa.event.listens_for(engine, "do_connect")
    def open_one(_dialect: Any, _record: Any, cargs: list[Any], cparams: dict[str, Any]) -> Any:
        return _patient().connect(*cargs, **{**_SETTINGS, **cparams})


def connected(engine: sa.Engine) -> sa.Connection:
    """Take a connection; while the server has no room for another one, wait for it, or for ours.

    Any database will do; only PostgreSQL says such things.
    """
    deadline = time.monotonic() + POOL_TIMEOUT_S
    while True:
        try:
            return engine.connect()
        except sa.exc.OperationalError as error:
            if not _all_are_taken(error) or time.monotonic() > deadline:
                raise
        time.sleep(_LOOK_EVERY_S)


def _all_are_taken(error: Exception) -> bool:
    text = str(error)  # a refused connection has no code
    return any(
        words in text
        for words in ("too many clients", "too many connections", "remaining connection slots")
    )


@cache
def _patient() -> Any:
    """Return psycopg's connection with a deadline for each answer."""
    import psycopg

    class PatientConnection(psycopg.Connection[Any]):
        """A connection that gives a server up which takes requests and answers nothing.

        The server's own time-outs do not help where it stands still, and the network's do not
        where its machine lives on.
        """

        def wait(self, gen: Any, *arguments: Any, **named: Any) -> Any:
            return super().wait(self._in_time(gen), *arguments, **named)

        def _in_time(self, gen: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            deadline = time.monotonic() + _answer_timeout_s(self)
            try:
                wanted = next(gen)
                while True:
                    ready = yield wanted
                    if not ready and time.monotonic() > deadline:
                        self.close()
                        raise psycopg.OperationalError("the database server does not answer")
                    wanted = gen.send(ready)
            except StopIteration as end:
                return end.value

    return PatientConnection


def _answer_timeout_s(connection: Any) -> float:
    """Return how long an answer is waited for; of a migration, as long as it takes."""
    return getattr(connection, "answer_timeout_s", _ANSWER_TIMEOUT_S)


def let_take_its_time(connection: sa.Connection) -> None:
    """Let this connection work as long as it must; then it is closed instead of used again."""
    connection.detach()
    connection.exec_driver_sql("SET lock_timeout = 0")
    connection.exec_driver_sql("SET statement_timeout = 0")
    driver: Any = connection.connection.dbapi_connection
    driver.answer_timeout_s = float("inf")


def connections_for_each(engine: sa.Engine, *, processes: int) -> int:
    """Return how many connections each of some processes may have at once.

    Raises
    ------
    UsageError
        If there are too few for all.
    """
    with translated_errors(engine), connected(engine) as connection:
        allowed = int(connection.exec_driver_sql("SHOW max_connections").scalar_one())
        reserved = int(
            connection.exec_driver_sql("SHOW superuser_reserved_connections").scalar_one()
        )
    share = (allowed - reserved - _FOR_OTHERS) // processes
    if share < _FEWEST:
        needed = reserved + _FOR_OTHERS + _FEWEST * processes
        raise UsageError(
            f"PostgreSQL takes {allowed} connections, and {processes} workers need {needed} at "
            "least; raise max_connections there, or lower server.workers"
        )
    return share
