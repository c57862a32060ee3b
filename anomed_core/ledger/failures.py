"""What a database's errors mean to whoever asked the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from anomed_core.errors import LedgerError, LedgerFullError
from anomed_core.ledger.ledger_file import can_be_written


@contextmanager
def translated_errors(engine: sa.Engine | None = None) -> Iterator[None]:
    """Turn the database's errors into the ledger's.

    Parameters
    ----------
    engine
        Of the database; tells why a file could not be opened.

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
        if isinstance(cause, sqlite3.OperationalError) and engine is not None:
            _refuse_read_only(engine.url.database or "", reason, error)
        raise LedgerError("The ledger cannot be used now; try again.", reason=reason) from error


def _refuse_read_only(path: str, reason: str, error: Exception) -> None:
    """Name the folder if it is what keeps SQLite from its file: trying again would not help."""
    folder = Path(path).absolute().parent
    if not folder.is_dir() or ("open" not in reason and "readonly" not in reason):
        return
    if not can_be_written(folder) or not can_be_written(Path(path)):
        raise LedgerError(
            "The ledger is read-only here.",
            reason=f"{folder} cannot be written ({reason}); give it to who runs this, or copy it "
            "with all its files to where it can be written",
        ) from error


def no_room_left(error: BaseException) -> LedgerFullError | None:
    """Return the error to raise if a driver's error says that the disk is full."""
    reason = str(error).lower()  # each driver has its own class for it, and its own words
    if "disk is full" not in reason and "no space left" not in reason:
        return None
    return LedgerFullError(
        "The ledger has no room left; free some space and send the request again."
    )
