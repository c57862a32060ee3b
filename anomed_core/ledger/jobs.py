"""Jobs: what was accepted and is answered later, by whichever worker comes to it.

A job is a row, so that it outlives the process that accepted it. It is leased to one worker at a
time, which lengthens the lease for as long as it lives; the job of one that was killed is taken up
again. The claim that a job holds is settled in the transaction that settles the job: an attempt is
reserved exactly while its job is unfinished.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.errors import LedgerError
from anomed_core.ledger.claim_requests import Claim, ClaimRequest, replay_key_of
from anomed_core.ledger.database import Database
from anomed_core.ledger.schema import (
    MICROSECOND,
    as_datetime,
    claims,
    jobs,
    utc_microseconds,
)
from anomed_core.ledger.scores import subject_of
from anomed_core.ledger.settling import keys_of_claims, lapse_claim
from anomed_core.model import Split, Subject, amount_text
from anomed_core.system.process_identity import is_gone, this_process
from anomed_core.wire.digests import canonical_json

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
UNFINISHED = (QUEUED, RUNNING)
"""States of jobs that still hold what they have claimed."""

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
_MINE = (_THIS, jobs.c.state == RUNNING, jobs.c.tries == sa.bindparam("try"))
"""A job that is still its taker's: nobody has cancelled it, or taken it up again."""
_HELD = sa.select(jobs.c.id).where(*_MINE).with_for_update()


@attrs.frozen(kw_only=True)
class NewJob:
    """A job that is about to be accepted.

    Attributes
    ----------
    id
        Random, since whoever knows it under ``auth = "open"`` may ask for it.
    what
        ``submission``, ``operation`` or ``audit``.
    challenge, kind, subject, split
        What it is about; no split where there are none.
    holder
        Whose it is: the own id of the subject, or the name of an organiser.
    parameters, payload_digest
        What came with it.
    request_id
        Of the request that brought it.
    told
        What its worker must know, and what its answer says, beside the result.
    """

    id: str
    what: str
    challenge: str
    kind: str
    subject: Subject
    split: Split | None = None
    holder: str
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    payload_digest: str = ""
    request_id: str = ""
    told: Mapping[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Job(NewJob):
    """A job as it is now.

    Attributes
    ----------
    claim
        Number of the claim that it holds or held; ``None`` if it claims nothing.
    state
        ``queued``, ``running``, ``done``, ``failed`` or ``cancelled``.
    tries
        How often it was taken up.
    score_id, entry_id
        The score, or the entry of the archive, that came of it, if one did.
    error, sentence
        Class of the error that it failed with, and what its owner is told.
    created_at, updated_at
        In UTC; a finished job is updated no more.
    """

    claim: int | None
    state: str
    tries: int
    score_id: int | None
    entry_id: int | None
    error: str
    sentence: str
    created_at: datetime
    updated_at: datetime

    @property
    def is_finished(self) -> bool:
        """Whether nothing will change any more."""
        return self.state not in UNFINISHED


def add_job(connection: sa.Connection, new: NewJob, *, claim: Claim | None, now: int) -> None:
    """Write down a job, in the transaction that claims what it needs."""
    row = {
        "id": new.id,
        "claim": claim.id if claim else None,
        "challenge": new.challenge,
        "what": new.what,
        "kind": new.kind,
        "role": new.subject.role.value,
        "anonymizer": new.subject.anonymizer,
        "deanonymizer": new.subject.deanonymizer,
        "split": new.split.value if new.split else "",
        "holder": new.holder,
        "parameters": canonical_json(dict(new.parameters)),
        "payload_digest": new.payload_digest,
        "request_id": new.request_id,
        "state": QUEUED,
        "told": canonical_json({**new.told, **(_told_of(claim, now) if claim else {})}),
        "due_at": now,
        "lease_until": now,
        "created_at": now,
        "updated_at": now,
    }
    connection.execute(sa.insert(jobs), row)


def holds(connection: sa.Connection, job: Job) -> bool:
    """Return whether a job is still its taker's, and lock it, before what it claims is locked."""
    return connection.execute(_HELD, {"job": job.id, "try": job.tries}).first() is not None


def require_held(connection: sa.Connection, job: Job) -> None:
    """Refuse to go on with a job that is not its taker's any more; see `holds`.

    Raises
    ------
    LedgerError
    """
    if not holds(connection, job):
        raise LedgerError("The job was cancelled, or is somebody else's now.")


def finish_job(connection: sa.Connection, job: Job, *, now: int, **facts: Any) -> None:
    """Note what came of a job that its taker `holds`."""
    connection.execute(
        sa.update(jobs).where(jobs.c.id == job.id).values(owner="", updated_at=now, **facts)
    )


def _told_of(claim: Claim, now: int) -> dict[str, Any]:
    """Return what the answer to a request says beside what comes of it."""
    quota = claim.request.quota
    resets_at = quota.ends_at(as_datetime(now)) if quota is not None else None
    return {
        "remaining": claim.remaining,
        "resets_at": resets_at.isoformat() if resets_at else None,
        "left": [
            [
                one.account,
                one.resource,
                None if one.remaining is None else amount_text(one.remaining),
            ]
            for one in claim.left
        ],
    }


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else amount_text(amount)


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
                    return _job_of({**row, "state": RUNNING, "tries": row["tries"] + 1})
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
                sa.update(jobs).where(*_MINE).values(lease_until=until),
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
                .where(*_MINE)
                .values(state=QUEUED, owner="", due_at=due_at, updated_at=now),
                {"job": job.id, "try": job.tries},
            )

    def finish(self, job: Job, told: Mapping[str, Any]) -> bool:
        """Note what came of a job that claimed nothing; say whether it was still the caller's."""
        return self._settle(job, "", state=DONE, told=canonical_json(dict(told)))

    def fail(self, job: Job, *, error: str, sentence: str, reason: str) -> bool:
        """Note why nothing comes of a job, and give back what it holds; say whether it was ours."""
        return self._settle(job, reason, state=FAILED, error=error, sentence=sentence)

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
    return _job_of(row) if row else None


def _job_of(row: Mapping[Any, Any]) -> Job:
    return Job(
        id=row["id"],
        what=row["what"],
        challenge=row["challenge"],
        kind=row["kind"],
        subject=subject_of(row),
        split=Split(row["split"]) if row["split"] else None,
        holder=row["holder"],
        parameters=json.loads(row["parameters"]),
        payload_digest=row["payload_digest"],
        request_id=row["request_id"],
        claim=row["claim"],
        state=row["state"],
        tries=row["tries"],
        told=json.loads(row["told"]),
        score_id=row["score_id"],
        entry_id=row["entry_id"],
        error=row["error"],
        sentence=row["sentence"],
        created_at=as_datetime(row["created_at"]),
        updated_at=as_datetime(row["updated_at"]),
    )
