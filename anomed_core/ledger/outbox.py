"""The outbox: scores that wait to be reported to a platform.

A row is written in the transaction that records its score, so a score is never recorded without it.
Deliveries are leased, so that of several workers one tries at a time, and a worker that dies in the
middle loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from anomed_core.ledger.database import Database
from anomed_core.ledger.rows import MICROSECOND, as_datetime, score_of, utc_microseconds
from anomed_core.ledger.schema import outbox, scores
from anomed_core.model import Score

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"


@attrs.frozen(kw_only=True)
class Letter:
    """A score on its way.

    Attributes
    ----------
    score
        What is reported.
    attempt
        Number of this try, from 1.
    """

    score: Score
    attempt: int


@attrs.frozen(kw_only=True)
class LetterFacts:
    """What is known about a letter."""

    score_id: int
    state: str
    tries: int
    next_try_at: datetime
    last_error: str


class Outbox:
    """Letters in a SQL database.

    Parameters
    ----------
    database
        Shared with the ledger.
    clock
        Returns microseconds since 1970-01-01 UTC.
    """

    def __init__(self, database: Database, *, clock: Callable[[], int] = utc_microseconds) -> None:
        self._database = database
        self._clock = clock

    def take(self, *, lease_s: float) -> Letter | None:
        """Take the oldest letter that is due; nobody else gets it before the lease ends.

        Returns
        -------
        Letter or None
            ``None`` if nothing is due.
        """
        now = self._clock()
        due = sa.and_(outbox.c.state == WAITING, outbox.c.next_try_at <= now)
        with self._database.reading() as connection:  # cheap look before a lock is taken
            if connection.execute(sa.select(outbox.c.score_id).where(due).limit(1)).first() is None:
                return None
        with self._database.writing() as connection:
            score_id = connection.execute(
                sa.select(outbox.c.score_id)
                .where(due)
                .order_by(outbox.c.next_try_at, outbox.c.score_id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).scalar()
            if score_id is None:
                return None
            connection.execute(
                sa.update(outbox)
                .where(outbox.c.score_id == score_id)
                .values(tries=outbox.c.tries + 1, next_try_at=now + int(lease_s * MICROSECOND))
            )
            row = (
                connection.execute(
                    sa.select(scores, outbox.c.tries)
                    .join(outbox, outbox.c.score_id == scores.c.id)
                    .where(scores.c.id == score_id)
                )
                .mappings()
                .one()
            )
        return Letter(score=score_of(row), attempt=row["tries"])

    def delivered(self, letter: Letter) -> None:
        """Note that a letter has arrived."""
        self._settle(letter, state=DELIVERED, settled_at=self._clock(), last_error="")

    def postpone(self, letter: Letter, *, delay_s: float, error: str) -> None:
        """Note why a try failed and when the next one is due."""
        self._settle(
            letter,
            state=WAITING,
            next_try_at=self._clock() + int(delay_s * MICROSECOND),
            last_error=error[:500],
        )

    def give_up(self, letter: Letter, *, error: str) -> None:
        """Note that the platform refuses a letter; `retry` puts it back."""
        self._settle(letter, state=FAILED, settled_at=self._clock(), last_error=error[:500])

    def _settle(self, letter: Letter, **values: object) -> None:
        with self._database.writing() as connection:
            connection.execute(
                sa.update(outbox).where(outbox.c.score_id == letter.score.id).values(**values)
            )

    def retry(self, score_id: int | None = None) -> int:
        """Make letters due now: one, or all that wait or were given up.

        Returns
        -------
        int
            How many.
        """
        undelivered = outbox.c.state != DELIVERED
        chosen = (
            undelivered if score_id is None else sa.and_(undelivered, outbox.c.score_id == score_id)
        )
        with self._database.writing() as connection:
            result = connection.execute(
                sa.update(outbox)
                .where(chosen)
                .values(state=WAITING, next_try_at=self._clock(), settled_at=None)
            )
            return result.rowcount

    def facts(self) -> Sequence[LetterFacts]:
        """Return what is known about all letters, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(outbox).order_by(outbox.c.score_id)).mappings()
            return [
                LetterFacts(
                    score_id=row["score_id"],
                    state=row["state"],
                    tries=row["tries"],
                    next_try_at=as_datetime(row["next_try_at"]),
                    last_error=row["last_error"],
                )
                for row in rows
            ]

    def n_waiting(self) -> int:
        """Return how many letters wait."""
        with self._database.reading() as connection:
            return connection.execute(
                sa.select(sa.func.count()).where(outbox.c.state == WAITING)
            ).scalar_one()
