"""Values to rows and rows to values."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from anomed_core.ledger.chain import Row
from anomed_core.ledger.contract import Attempt, ClaimRequest
from anomed_core.model import Role, Score, Split, Subject
from anomed_core.wire.digests import canonical_json

MICROSECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc_microseconds() -> int:
    """Return the present as microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def as_datetime(microseconds: int) -> datetime:
    """Return a stored time as a datetime in UTC."""
    return _EPOCH + timedelta(microseconds=microseconds)


def as_microseconds(moment: datetime) -> int:
    """Return a time as it is stored."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def subject_columns(challenge: str, kind: str, subject: Subject, split: Split) -> dict[str, str]:
    """Return the columns that say what a row is about."""
    return {
        "challenge": challenge,
        "kind": kind,
        "role": subject.role.value,
        "anonymizer": subject.anonymizer,
        "deanonymizer": subject.deanonymizer,
        "split": split.value,
    }


def claim_keys(request: ClaimRequest) -> dict[str, str | None]:
    """Return the unique keys that a claim takes; ``None`` where it takes none."""
    about = (request.challenge, request.kind, request.subject, request.split)
    return {
        "final_key": final_key(*about),
        "replay_key": replay_key(*about, request.replay_key),
    }


def final_key(challenge: str, kind: str, subject: Subject, split: Split) -> str | None:
    """Return the key that a final may be claimed under once; ``None`` for tuning."""
    if split is not Split.VALIDATION:
        return None
    return canonical_json([challenge, kind, subject.key])


def replay_key(
    challenge: str, kind: str, subject: Subject, split: Split, key: str | None
) -> str | None:
    """Return an idempotency key within its scope; ``None`` if the request has none."""
    if key is None:
        return None
    return canonical_json([challenge, kind, subject.key, split.value, key])


def metrics_text(metrics: Mapping[str, float]) -> str:
    """Return metrics as JSON in declared order; floats in their shortest exact form."""
    return json.dumps(dict(metrics), separators=(",", ":"), allow_nan=False)


def subject_of(row: Row) -> Subject:
    """Return who a row is about."""
    return Subject(
        role=Role(row["role"]), anonymizer=row["anonymizer"], deanonymizer=row["deanonymizer"]
    )


def score_of(row: Row) -> Score:
    """Return the score that a row holds."""
    return Score(
        id=row["id"],
        challenge=row["challenge"],
        kind=row["kind"],
        subject=subject_of(row),
        split=Split(row["split"]),
        metrics=json.loads(row["metrics"]),
        parameters=json.loads(row["parameters"]),
        origin=row["origin"],
        label=row["label"],
        payload_digest=row["payload_digest"],
        fingerprint=row["fingerprint"],
        supersedes=row["supersedes"],
        recorded_at=as_datetime(row["recorded_at"]),
    )


def attempt_of(row: Row) -> Attempt:
    """Return the attempt that a row holds."""
    return Attempt(
        id=row["id"],
        kind=row["kind"],
        subject=subject_of(row),
        split=Split(row["split"]),
        state=row["state"],
        reason=row["reason"],
        score_id=row["score_id"],
        claimed_at=as_datetime(row["claimed_at"]),
        settled_at=as_datetime(row["settled_at"]) if row["settled_at"] else None,
    )
