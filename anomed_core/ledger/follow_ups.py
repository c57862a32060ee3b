"""Follow-ups: what is done about a score after it was recorded.

A follow-up is written in the transaction that records its score, so that none is ever forgotten.
Follow-ups are leased, so that of several workers one tries at a time, and a worker that dies in the
middle loses nothing. The outbox is the follow-ups named `DELIVER`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.ledger.database import Database
from anomed_core.ledger.schema import follow_ups, scores
from anomed_core.ledger.scores import score_of
from anomed_core.ledger.times import MICROSECOND, as_datetime, utc_microseconds
from anomed_core.model import Score, Split

DELIVER = "deliver"
"""Report a score to a platform."""

WAITING, DONE, FAILED = "waiting", "done", "failed"

_LONGEST_WAIT_S = 3600.0
_END_OF_TIME = 2**62

# Built once: building a statement costs several times as much as answering it.
_ADD = sa.insert(follow_ups)
_DUE = (
    sa.select(scores, follow_ups.c.name.label("name"), follow_ups.c.tries)
    .select_from(follow_ups)
    .join(scores, scores.c.id == follow_ups.c.score_id)
    .where(
        follow_ups.c.state == "waiting",
        follow_ups.c.next_try_at.between(sa.bindparam("earliest"), sa.bindparam("latest")),
        sa.func.substr(follow_ups.c.name, 1, sa.func.length(sa.bindparam("prefix")))
        == sa.bindparam("prefix"),
    )
    .order_by(follow_ups.c.next_try_at, follow_ups.c.score_id)
    .limit(1)
)
"""The oldest follow-up that waits within two times, with its score."""

_DUE_FINALS_FIRST = _DUE.order_by(None).order_by(
    sa.case((scores.c.split == Split.VALIDATION.value, 0), else_=1),
    follow_ups.c.next_try_at,
    follow_ups.c.score_id,
)

_THIS = (
    follow_ups.c.score_id == sa.bindparam("score"),
    follow_ups.c.name == sa.bindparam("follow_up"),
)
_TAKE = (
    sa.update(follow_ups)
    .where(
        *_THIS,
        follow_ups.c.state == "waiting",
        follow_ups.c.tries == sa.bindparam("tries_before"),
    )
    .values(tries=follow_ups.c.tries + 1, next_try_at=sa.bindparam("lease_until"))
)
"""Take a follow-up, unless somebody else has taken it since it was looked at."""

_FINISH = (
    sa.update(follow_ups)
    .where(*_THIS)
    .values(state="done", settled_at=sa.bindparam("now"), last_error="")
)


@attrs.frozen(kw_only=True)
class FollowUp:
    """Something that is to be done now.

    Attributes
    ----------
    score
        What it is about.
    name
        What is to be done: ``deliver``, or ``attack:`` and the name of a house attack.
    attempt
        Number of this try, from 1.
    """

    score: Score
    name: str
    attempt: int


@attrs.frozen(kw_only=True)
class FollowUpFacts:
    """What is known about a follow-up."""

    score_id: int
    name: str
    state: str
    tries: int
    next_try_at: datetime
    last_error: str


def add_follow_ups(
    connection: sa.Connection, score_id: int, names: Sequence[str], *, due_at: int
) -> None:
    """Write down what is to be done about a score, in the transaction that records it."""
    if names:
        due = {"state": WAITING, "next_try_at": due_at}
        connection.execute(_ADD, [{"score_id": score_id, "name": name, **due} for name in names])


def settle_follow_up(connection: sa.Connection, score_id: int, name: str, *, now: int) -> bool:
    """Mark a follow-up as done; say whether it was waiting until now."""
    settled = connection.execute(
        sa.update(follow_ups)
        .where(
            follow_ups.c.score_id == score_id,
            follow_ups.c.name == name,
            follow_ups.c.state == WAITING,
        )
        .values(state=DONE, settled_at=now, last_error="")
    )
    return settled.rowcount == 1


_Windows = Iterable[tuple[int, int]]


def _first_due(
    connection: sa.Connection, due: sa.Select[Any], prefix: str, windows: _Windows
) -> sa.RowMapping | None:
    """Return the first follow-up that is due, and its score.

    What waits for longer than anything is put off was so before the machine's clock was set back.
    """
    for earliest, latest in windows:
        window = {"prefix": prefix, "earliest": earliest, "latest": latest}
        row = connection.execute(due, window).mappings().first()
        if row is not None:
            return row
    return None


def _is_taken(connection: sa.Connection, row: sa.RowMapping, until: int) -> bool:
    taking = {
        "score": row["id"],
        "follow_up": row["name"],
        "tries_before": row["tries"],
        "lease_until": until,
    }
    return connection.execute(_TAKE, taking).rowcount == 1


def _follow_up(row: sa.RowMapping) -> FollowUp:
    return FollowUp(score=score_of(row), name=row["name"], attempt=row["tries"] + 1)


class FollowUpBook:
    """Follow-ups in a SQL database.

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

    def take(
        self,
        prefix: str,
        *,
        lease_s: float,
        finals_first: bool = False,
        challenges: Collection[str] | None = None,
        names: Collection[str] | None = None,
    ) -> FollowUp | None:
        """Take the oldest follow-up that is due; nobody else gets it before the lease ends.

        Parameters
        ----------
        prefix
            How the names of those to take begin.
        lease_s
            Seconds until it is due again if nothing is noted.
        finals_first
            Whether what is about tuning waits until nothing is due about finals.
        challenges, names
            Only what is about these challenges, or is called so, as a server may have a neighbour
            that knows more; ``None`` for all.

        Returns
        -------
        FollowUp or None
            ``None`` if nothing is due.
        """
        now = self._clock()
        longest_wait = int(max(_LONGEST_WAIT_S, 2 * lease_s) * MICROSECOND)
        due = _DUE_FINALS_FIRST if finals_first else _DUE
        if challenges is not None:
            due = due.where(scores.c.challenge.in_(challenges))
        if names is not None:
            due = due.where(follow_ups.c.name.in_(names))
        windows = [(0, now), (now + longest_wait, _END_OF_TIME)]
        until = now + int(lease_s * MICROSECOND)
        if self._database.has_row_locks:
            return self._take_unlocked(due, prefix, windows, until)
        while True:
            with self._database.reading() as connection:
                row = _first_due(connection, due, prefix, windows)
            if row is None:
                return None
            # What a power cut undoes is taken again, which whoever does it has to bear anyway.
            with self._database.writing(durable=False) as connection:
                if _is_taken(connection, row, until):
                    return _follow_up(row)

    def _take_unlocked(
        self, due: sa.Select[Any], prefix: str, windows: _Windows, until: int
    ) -> FollowUp | None:
        """Take what nobody else is taking now: else all would try the same one, and one gets it."""
        due = due.with_for_update(skip_locked=True, of=follow_ups)
        with self._database.writing(durable=False) as connection:
            row = _first_due(connection, due, prefix, windows)
            if row is None or not _is_taken(connection, row, until):
                return None
            return _follow_up(row)

    def done(self, follow_up: FollowUp) -> None:
        """Note that a follow-up is done."""
        with self._database.writing(durable=False) as connection:
            connection.execute(
                _FINISH,
                {"score": follow_up.score.id, "follow_up": follow_up.name, "now": self._clock()},
            )

    def postpone(self, follow_up: FollowUp, *, delay_s: float, error: str) -> None:
        """Note why a try failed and when the next one is due."""
        self._settle(
            follow_up,
            state=WAITING,
            next_try_at=self._clock() + int(delay_s * MICROSECOND),
            last_error=error[:500],
        )

    def give_up(self, follow_up: FollowUp, *, error: str) -> None:
        """Note that trying again is useless; `retry` puts the follow-up back."""
        self._settle(follow_up, state=FAILED, settled_at=self._clock(), last_error=error[:500])

    def _settle(self, follow_up: FollowUp, **values: object) -> None:
        with self._database.writing() as connection:
            connection.execute(
                sa.update(follow_ups)
                .where(
                    follow_ups.c.score_id == follow_up.score.id, follow_ups.c.name == follow_up.name
                )
                .values(**values)
            )

    def retry(self, prefix: str, *, score_id: int | None = None) -> int:
        """Make follow-ups due now: those about one score, or all that wait or were given up.

        Returns
        -------
        int
            How many.
        """
        chosen = sa.and_(
            follow_ups.c.state != DONE, follow_ups.c.name.startswith(prefix, autoescape=True)
        )
        if score_id is not None:
            chosen = sa.and_(chosen, follow_ups.c.score_id == score_id)
        with self._database.writing() as connection:
            result = connection.execute(
                sa.update(follow_ups)
                .where(chosen)
                .values(state=WAITING, next_try_at=self._clock(), settled_at=None)
            )
            return result.rowcount

    def facts(self, prefix: str = "") -> Sequence[FollowUpFacts]:
        """Return what is known about follow-ups whose name has a prefix, oldest first."""
        query = (
            sa.select(follow_ups)
            .where(follow_ups.c.name.startswith(prefix, autoescape=True))
            .order_by(follow_ups.c.score_id, follow_ups.c.name)
        )
        with self._database.reading() as connection:
            return [
                FollowUpFacts(
                    score_id=row["score_id"],
                    name=row["name"],
                    state=row["state"],
                    tries=row["tries"],
                    next_try_at=as_datetime(row["next_try_at"]),
                    last_error=row["last_error"],
                )
                for row in connection.execute(query).mappings()
            ]

    def n_waiting(self, prefix: str, *, finals_of: str = "") -> int:
        """Return how many follow-ups are waiting whose name has a prefix.

        Parameters
        ----------
        prefix
            How their names begin.
        finals_of
            Only those about the finals of this challenge.
        """
        query = sa.select(sa.func.count()).where(
            follow_ups.c.state == WAITING, follow_ups.c.name.startswith(prefix, autoescape=True)
        )
        if finals_of:
            query = query.where(
                follow_ups.c.score_id == scores.c.id,
                scores.c.challenge == finals_of,
                scores.c.split == Split.VALIDATION.value,
            )
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one()
