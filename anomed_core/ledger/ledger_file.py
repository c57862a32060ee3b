"""The file of a SQLite ledger: how it is opened, and whether it is still the one that was opened.

SQLite goes on reading and writing a file that somebody has removed: everything is answered, and
nothing of it is there after a restart. So the path is looked at before each transaction.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from anomed_core.errors import LedgerError

Identity = tuple[int, int]
"""Device and number of a file, which no other file has for as long as it is open."""


class LedgerFile:
    """A file, as it was when it was opened.

    Parameters
    ----------
    path
        Where it is.
    for_reading
        Whether nothing is written, so that a read-only medium will do.
    may_begin
        Whether it is created if it is not there.
    """

    def __init__(self, path: Path, *, for_reading: bool = False, may_begin: bool = True) -> None:
        self.path = path.absolute()
        self.for_reading = for_reading
        self._may_begin = may_begin
        self._identity: Identity | None = None

    @property
    def uri(self) -> str:
        """How to open it: what was there once is never created again, as it would be empty."""
        if not self.for_reading:
            mode = "rwc" if self._may_begin and self._identity is None else "rw"
        elif self._needs_no_log:
            mode = "ro&immutable=1"
        else:
            mode = "ro"
        return f"file:{quote(str(self.path))}?mode={mode}"

    @property
    def _needs_no_log(self) -> bool:
        """Whether all is in the file itself and nobody can write: SQLite needs no other file."""
        log = Path(f"{self.path}-wal")
        has_log = log.exists() and log.stat().st_size > 0
        return not has_log and not can_be_written(self.path.parent)

    def remember(self) -> None:
        """Take the file that is there for the right one."""
        self._identity = self.found()

    def is_in_place(self) -> bool:
        """Whether it is still where it was."""
        return self.found() == self._identity

    def found(self) -> Identity:
        """Return which file is there now.

        Raises
        ------
        LedgerError
            If there is none.
        """
        try:
            facts = os.stat(self.path)  # noqa: PTH116 - on the way of every transaction
        except OSError as error:
            raise LedgerError(
                "The ledger cannot be used now; try again.",
                reason=f"its file {self.path} is gone ({error.strerror}); bring it back",
            ) from error
        return facts.st_dev, facts.st_ino

    def require_sound(self, revision: str, challenges: dict[str, str]) -> None:
        """Raise `LedgerError` if another file that is there now is no ledger of these challenges.

        Parameters
        ----------
        revision
            Its schema.
        challenges
            Fingerprints by id; each must be known there.
        """
        try:
            connection = sqlite3.connect(f"file:{quote(str(self.path))}?mode=rw", uri=True)
            try:
                found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                known = dict(connection.execute("SELECT id, fingerprint FROM challenges"))
                (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            finally:
                connection.close()
        except sqlite3.Error as error:
            problem = str(error)
        else:
            if found != (revision,):
                problem = "it has another schema"
            elif not challenges.items() <= known.items():
                problem = "it knows other challenges than those that are served"
            else:
                problem = "" if verdict == "ok" else verdict
        if problem:
            raise LedgerError(
                "The ledger cannot be used now; try again.",
                reason=f"its file {self.path} was replaced by another one that cannot be taken "
                f"({problem}); bring the right file back",
            )


def can_be_written(path: Path) -> bool:
    """Whether this user may write to a file or folder, and its medium lets anybody."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
