"""Jobs: what was accepted and is answered later, by whichever worker comes to it.

A job is a row, so that it outlives the process that accepted it. It is leased to one worker at a
time, which lengthens the lease for as long as it lives; the job of one that was killed is taken up
again. The claim that a job holds is settled in the transaction that settles the job: an attempt is
reserved exactly while its job is unfinished.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from anomed_core.ledger.claim_requests import ClaimRequest, replay_key_of
from anomed_core.ledger.database import Database
from anomed_core.ledger.job_rows import (
    CANCELLED,
    DONE,
    FAILED,
    MINE,
    QUEUED,
    RUNNING,
    UNFINISHED,
    Job,
    NewJob,
    add_job,
    finish_job,
    holds,
    job_of,
)
from anomed_core.ledger.schema import claims, jobs
from anomed_core.ledger.settling import keys_of_claims, lapse_claim
from anomed_core.ledger.times import MICROSECOND, utc_microseconds
from anomed_core.system.process_identity import is_gone, this_process
from anomed_core.wire.digests import canonical_json

LEASE_S = 30.0
"""Seconds after which a job is taken up again whose worker says nothing any more."""

_LONGEST_DELAY_S = 60.0

_UNFINISHED = jobs.c.state.in_(UNFINISHED)
_THIS = jobs.c.id == sa.bindparam("job")
# Built once: building a statement costs several times as much as answering it.
_LEASED = sa.select(jobs).where(jobs.c.state == RUNNING).order_by(jobs.c.created_at, jobs.c.id)
_DUE = (
    sa.select(jobs)
    .where(
        jobs.c.state == QUEUED,
        sa.or_(jobs.c.due_at <= sa.bindparam("now"), jobs.c.due_at > sa.bindparam("too_late")),
    )
    .order_by(jobs.c.created_at, jobs.c.id)
    .limit(1)
)
"""The oldest job that waits; what waits for too long was put off before the clock was set back."""
_TAKE = (
    sa.update(jobs)
    .where(_THIS, jobs.c.state == sa.bindparam("was"), jobs.c.tries == sa.bindparam("tries_before"))
    .values(
        state=RUNNING,
        tries=jobs.c.tries + 1,
        owner=sa.bindparam("taker"),
        lease_until=sa.bindparam("until"),
        updated_at=sa.bindparam("now"),
    )
)


class JobBook:
    """Jobs in a SQL database.

    Parameters
    ----------
    database
        Shared with the ledger.
    kept_s
        Seconds until what has come of a job is forgotten.
    clock
        Returns microseconds since 1970-01-01 UTC.
    """

    def __init__(
        self,
        database: Database,
        *,
        kept_s: float,
        clock: Callable[[], int] = utc_microseconds,
    ) -> None:
        self._database = database
        self._clock = clock
        self.kept_s = kept_s

    def get(self, identifier: str) -> Job | None:
        """Return a job; ``None`` if there is none of this id, or it has expired."""
        query = sa.select(jobs).where(jobs.c.id == identifier, sa.not_(self._has_expired()))
        with self._database.reading() as connection:
            return _first(connection, query)

    def under_key(self, request: ClaimRequest) -> Job | None:
        """Return the unfinished job that was accepted under a request's idempotency key."""
        key = replay_key_of(request)
        if key is None:
            return None
        query = (
            sa.select(jobs)
            .join(claims, claims.c.id == jobs.c.claim)
            .where(claims.c.replay_key == key, _UNFINISHED)
        )
        with self._database.reading() as connection:
            return _first(connection, query)

    def n_unfinished(self, challenge: str, holder: str) -> int:
        """Return how many jobs of a holder wait or run."""
        query = (
            sa.select(sa.func.count())
            .select_from(jobs)
            .where(jobs.c.challenge == challenge, jobs.c.holder == holder, _UNFINISHED)
        )
        with self._database.reading() as connection:
            return connection.execute(query).scalar_one()

    def unfinished(self) -> frozenset[str]:
        """Return the ids of all jobs that wait or run."""
        with self._database.reading() as connection:
            return frozenset(connection.execute(sa.select(jobs.c.id).where(_UNFINISHED)).scalars())

    def add(self, new: NewJob) -> None:
        """Accept a job that claims nothing."""
        with self._database.writing() as connection:
            add_job(connection, new, claim=None, now=self._clock())

    def take(self) -> Job | None:
        """Take the job that has waited longest; ``None`` if none waits.

        Those come first whose worker was killed.
        """
        while (row := self._waiting(now := self._clock())) is not None:
            taking = {
                "job": row["id"],
                "was": row["state"],
                "tries_before": row["tries"],
                "taker": this_process(),
                "until": now + int(LEASE_S * MICROSECOND),
                "now": now,
            }
            # What a power cut undoes is taken again, which every job bears.
            with self._database.writing(durable=False) as connection:
                if connection.execute(_TAKE, taking).rowcount == 1:
                    return job_of({**row, "state": RUNNING, "tries": row["tries"] + 1})
        return None

    def _waiting(self, now: int) -> sa.RowMapping | None:
        with self._database.reading() as connection:
            for row in connection.execute(_LEASED).mappings():
                if _is_abandoned(row, now):
                    return row
            window = {"now": now, "too_late": now + int(2 * _LONGEST_DELAY_S * MICROSECOND)}
            return connection.execute(_DUE, window).mappings().first()

    def extend(self, job: Job) -> bool:
        """Lengthen the lease of a job; say whether it is still the caller's."""
        until = self._clock() + int(LEASE_S * MICROSECOND)
        with self._database.writing(durable=False) as connection:
            extended = connection.execute(
                sa.update(jobs).where(*MINE).values(lease_until=until),
                {"job": job.id, "try": job.tries},
            )
            return extended.rowcount == 1

    def put_back(self, job: Job, *, delay_s: float = 0.0) -> None:
        """Let a job wait again, as nothing came of this try through no fault of its own."""
        now = self._clock()
        due_at = now + int(min(delay_s, _LONGEST_DELAY_S) * MICROSECOND)
        with self._database.writing(durable=False) as connection:
            connection.execute(
                sa.update(jobs)
                .where(*MINE)
                .values(state=QUEUED, owner="", due_at=due_at, updated_at=now),
                {"job": job.id, "try": job.tries},
            )

    def finish(self, job: Job, told: Mapping[str, Any]) -> bool:
        """Note what came of a job that claimed nothing; say whether it was still the caller's."""
        return self._settle(job, "", state=DONE, told=canonical_json(dict(told)))

    def fail(
        self,
        job: Job,
        *,
        error: str,
        sentence: str,
        reason: str,
        details: Mapping[str, str] | None = None,
    ) -> bool:
        """Note why nothing comes of a job, and give back what it holds; say whether it was ours."""
        facts = {"error": error, "sentence": sentence}
        if details:
            facts["told"] = canonical_json({**job.told, "details": dict(details)})
        return self._settle(job, reason, state=FAILED, **facts)

    def _settle(self, job: Job, reason: str, **facts: Any) -> bool:
        now = self._clock()
        with self._database.writing() as connection:
            if not holds(connection, job):
                return False
            finish_job(connection, job, now=now, **facts)
            self._lapse(connection, job, reason, now)
        return True

    def _lapse(self, connection: sa.Connection, job: Job, reason: str, now: int) -> None:
        """End the claim of a job; its accounts are held after the job, as in `Ledger.record`."""
        if job.claim is not None:
            self._database.serialise(connection, *keys_of_claims(connection, [job.claim]))
            lapse_claim(connection, job.claim, reason, now=now)

    def cancel(self, job: Job) -> bool:
        """End an unfinished job and give back what it holds; say whether it was unfinished."""
        now = self._clock()
        with self._database.writing() as connection:
            cancelled = connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job.id, _UNFINISHED)
                .values(state=CANCELLED, owner="", updated_at=now)
            )
            if cancelled.rowcount != 1:
                return False
            self._lapse(connection, job, "cancelled", now)
        return True

    def forget(self) -> int:
        """Remove the jobs that have expired, and return how many."""
        expired = self._has_expired()
        with self._database.reading() as connection:
            if connection.execute(sa.select(jobs.c.id).where(expired).limit(1)).first() is None:
                return 0
        with self._database.writing(durable=False) as connection:
            return connection.execute(sa.delete(jobs).where(expired)).rowcount

    def _has_expired(self) -> sa.ColumnElement[bool]:
        oldest = self._clock() - int(self.kept_s * MICROSECOND)
        return sa.and_(sa.not_(_UNFINISHED), jobs.c.updated_at <= oldest)


def _is_abandoned(row: sa.RowMapping, now: int) -> bool:
    """Return whether nobody works at a running job any more."""
    longest = now + int(2 * LEASE_S * MICROSECOND)  # more only if the clock was set back
    return not now < row["lease_until"] <= longest or is_gone(row["owner"])


def _first(connection: sa.Connection, query: sa.Select[Any]) -> Job | None:
    row = connection.execute(query).mappings().first()
    return job_of(row) if row else None
