"""Rows of scores: what they say, how they are appended, how they are found again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.errors import LedgerError
from anomed_core.ledger.chain import COVERS, Row, append
from anomed_core.ledger.criteria import keep_criteria
from anomed_core.ledger.schema import claim_lines, claims, scores
from anomed_core.ledger.times import as_datetime
from anomed_core.model import Role, Score, Split, Subject
from anomed_core.wire.digests import canonical_json

_WITH_CLAIMS = sa.select(scores).join(claims, claims.c.id == scores.c.attempt_id)
BY_REPLAY_KEY = _WITH_CLAIMS.where(claims.c.replay_key == sa.bindparam("key"))
# What was returned has nothing committed, so there is one at most on the account of a final.
BY_ACCOUNT = _WITH_CLAIMS.join(claim_lines, claim_lines.c.claim == claims.c.id).where(
    claim_lines.c.account == sa.bindparam("account"), claim_lines.c.committed == "1"
)

LARGEST_ID = 2**63 - 1
"""More is no id, and more than a database can look for."""


@attrs.frozen(kw_only=True)
class Provenance:
    """Which code made a score."""

    core_version: str
    plugin: str
    plugin_version: str


@attrs.frozen(kw_only=True)
class NewScore:
    """A score that is about to be recorded.

    Attributes
    ----------
    challenge, kind, subject, split
        What it is about.
    metrics
        Name to value, in declared order.
    parameters
        Declared query parameters of the submission.
    origin
        ``participant`` or ``house``.
    label
        Name of the house attack; empty for participants.
    payload_digest, fingerprint
        Of the submission and of the challenge.
    provenance
        Which code made it.
    attempt_id
        The claim that it settles, if a participant made one.
    supersedes
        The version that it replaces, if it does.
    annulled
        Why it does not count; empty if it counts.
    """

    challenge: str
    kind: str
    subject: Subject
    split: Split
    metrics: Mapping[str, float]
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    origin: str = "participant"
    label: str = ""
    payload_digest: str
    fingerprint: str
    provenance: Provenance
    attempt_id: int | None = None
    supersedes: int | None = None
    annulled: str = ""


def new_version(
    score: Score, metrics: Mapping[str, float], provenance: Provenance, *, fingerprint: str
) -> NewScore:
    """Return the score of a submission that was evaluated again."""
    return NewScore(
        challenge=score.challenge,
        kind=score.kind,
        subject=score.subject,
        split=score.split,
        metrics=metrics,
        parameters=score.parameters,
        origin=score.origin,
        label=score.label,
        payload_digest=score.payload_digest,
        fingerprint=fingerprint,
        provenance=provenance,
        supersedes=score.id,
    )


def annulled_version(row: Row, reason: str) -> NewScore:
    """Return the version of a stored score that does not count."""
    score = score_of(row)
    made_by = Provenance(
        core_version=row["core_version"],
        plugin=row["plugin"],
        plugin_version=row["plugin_version"],
    )
    new = new_version(score, score.metrics, made_by, fingerprint=score.fingerprint)
    return attrs.evolve(new, annulled=reason)


def attack_result(
    score: Score, attack: str, metrics: Mapping[str, float], provenance: Provenance
) -> NewScore:
    """Return the result of a house attack on what a score was given for."""
    return NewScore(
        challenge=score.challenge,
        kind=score.kind,
        subject=score.subject,
        split=score.split,
        metrics=metrics,
        origin="house",
        label=attack,
        payload_digest=score.payload_digest,
        fingerprint=score.fingerprint,
        provenance=provenance,
    )


def append_score(connection: sa.Connection, new: NewScore, *, now: int) -> Score:
    """Append a score to the chain, and keep its criteria."""
    row = {
        **subject_columns(new.challenge, new.kind, new.subject, new.split),
        "attempt_id": new.attempt_id,
        "origin": new.origin,
        "label": new.label,
        "metrics": _metrics_text(new.metrics),
        "parameters": canonical_json(dict(new.parameters)),
        "payload_digest": new.payload_digest,
        "fingerprint": new.fingerprint,
        "core_version": new.provenance.core_version,
        "plugin": new.provenance.plugin,
        "plugin_version": new.provenance.plugin_version,
        "supersedes": new.supersedes,
        "annulled": new.annulled,
        "covers": COVERS,
        "recorded_at": now,
    }
    stored = append(connection, scores, row)
    keep_criteria(connection, stored)
    return score_of(stored)


def _metrics_text(metrics: Mapping[str, float]) -> str:
    """Return metrics as JSON in declared order; floats in their shortest exact form."""
    return json.dumps(dict(metrics), separators=(",", ":"), allow_nan=False)


def subject_columns(
    challenge: str, kind: str, subject: Subject | None, split: Split | None
) -> dict[str, str]:
    """Return the columns that say what a row is about; empty where there is none."""
    return {
        "challenge": challenge,
        "kind": kind,
        "role": subject.role.value if subject else "",
        "anonymizer": subject.anonymizer if subject else "",
        "deanonymizer": subject.deanonymizer if subject else "",
        "split": split.value if split else "",
    }


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
        annulled=row["annulled"],
        recorded_at=as_datetime(row["recorded_at"]),
    )


def one_score(
    connection: sa.Connection, query: sa.Select[Any], parameters: Mapping[str, Any] | None = None
) -> Score | None:
    """Return the score that a query finds, if there is one."""
    row = connection.execute(query, parameters).mappings().first()
    return score_of(row) if row else None


def newest_scores(
    connection: sa.Connection, challenge: str, *, before: int | None, limit: int
) -> list[Score]:
    """Return what participants' scores are now, the newest first: no superseded versions."""
    # A list that is made once: nothing else asks what supersedes a score, so there is no index.
    superseded = sa.select(scores.c.supersedes).where(scores.c.supersedes.is_not(None))
    query = sa.select(scores).where(
        scores.c.challenge == challenge,
        scores.c.label == "",
        scores.c.id.not_in(superseded),
    )
    if before is not None:
        query = query.where(scores.c.id < min(before, LARGEST_ID))
    rows = connection.execute(query.order_by(scores.c.id.desc()).limit(limit)).mappings()
    return [score_of(row) for row in rows]


def by_id(score_id: int) -> sa.Select[Any]:
    """Return the query for a score; whatever is no id finds nothing."""
    wanted = score_id if 0 < score_id <= LARGEST_ID else 0
    return sa.select(scores).where(scores.c.id == wanted)


def chosen_scores(connection: sa.Connection, choice: Mapping[str, str | None]) -> list[Score]:
    """Return the scores whose columns have the given values, oldest first; ``None`` is any."""
    query = sa.select(scores).order_by(scores.c.id)
    for name, value in choice.items():
        if value is not None:
            query = query.where(scores.c[name] == value)
    return [score_of(row) for row in connection.execute(query).mappings()]


def newest_row(connection: sa.Connection, score_id: int) -> sa.RowMapping:
    """Return the row of a score that no other version has superseded, and that counts.

    Raises
    ------
    LedgerError
        If there is no such score, a newer version of it, or it was annulled.
    """
    versions = sa.select(scores).where(
        sa.or_(scores.c.id == score_id, scores.c.supersedes == score_id)
    )
    known = connection.execute(versions).mappings().all()
    if [row["id"] for row in known] != [score_id]:
        raise LedgerError(f"Score {score_id} is unknown, or was superseded already.")
    if known[0]["annulled"]:
        raise LedgerError(f"Score {score_id} was annulled; it counts for nothing any more.")
    return known[0]


def has_entry(
    connection: sa.Connection, challenge: str, kind: str, name: str, *, fingerprint: str
) -> bool:
    """Return whether an entry of the house was scored under a fingerprint."""
    wanted = {
        "challenge": challenge,
        "kind": kind,
        "split": Split.VALIDATION.value,
        "origin": "house",
        "label": name,
        "fingerprint": fingerprint,
    }
    entries = sa.select(scores.c.id).where(*(scores.c[c] == value for c, value in wanted.items()))
    return connection.execute(entries.limit(1)).first() is not None
