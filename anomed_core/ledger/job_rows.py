"""Jobs as rows: what is written of one, and when it is still its taker's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.errors import LedgerError
from anomed_core.ledger.claim_requests import Claim
from anomed_core.ledger.schema import jobs
from anomed_core.ledger.scores import subject_of
from anomed_core.ledger.times import as_datetime
from anomed_core.model import Split, Subject
from anomed_core.model.amounts import text_or_none
from anomed_core.wire.digests import canonical_json

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
UNFINISHED = (QUEUED, RUNNING)
"""States of jobs that still hold what they have claimed."""

_THIS = jobs.c.id == sa.bindparam("job")
MINE = (_THIS, jobs.c.state == RUNNING, jobs.c.tries == sa.bindparam("try"))
"""A job that is still its taker's: nobody has cancelled it, or taken it up again."""
_HELD = sa.select(jobs.c.id).where(*MINE).with_for_update()


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
        "left": [[one.account, one.resource, text_or_none(one.remaining)] for one in claim.left],
    }


def job_of(row: Mapping[Any, Any]) -> Job:
    """Return a stored job."""
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
