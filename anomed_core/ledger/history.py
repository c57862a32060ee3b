"""What somebody has made of its attempts, and who can be attacked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from anomed_core.ledger.chain import Row
from anomed_core.ledger.claim_requests import SUBMISSION
from anomed_core.ledger.grants import disqualified_ids
from anomed_core.ledger.schema import claims, scores
from anomed_core.ledger.scores import subject_of
from anomed_core.ledger.times import as_datetime
from anomed_core.model import Role, Split, Subject


@attrs.frozen(kw_only=True)
class Attempt:
    """A row of a subject's history.

    Attributes
    ----------
    id
        Number of the attempt.
    kind, subject, split
        What was claimed.
    state
        ``claimed``, ``scored``, ``released`` after a failure, ``returned`` by an annulment, or
        ``spent``: it failed, and has cost what it held.
    reason
        Why it was released or returned, if it was.
    score_id
        The recorded score, if there is one.
    claimed_at, settled_at
        In UTC.
    """

    id: int
    kind: str
    subject: Subject
    split: Split
    state: str
    reason: str
    score_id: int | None
    claimed_at: datetime
    settled_at: datetime | None


@attrs.frozen(kw_only=True)
class Choice:
    """Which of a subject's attempts are wanted; by default all.

    Attributes
    ----------
    every_pair
        Whether the subject's deanonymizer is meant with whatever anonymizer.
    kind, split
        Only these.
    after
        Only attempts of higher numbers.
    limit
        As many as this at most; ``None`` for all.
    """

    every_pair: bool = False
    kind: str | None = None
    split: Split | None = None
    after: int = 0
    limit: int | None = None


EVERYTHING = Choice()
"""All attempts of a subject."""

_WORDS = {"reserved": "claimed", "started": "claimed", "committed": "scored"}
"""What participants call the states of their attempts."""


def attempts_of(
    connection: sa.Connection, challenge: str, subject: Subject, choice: Choice
) -> list[Attempt]:
    """Return the attempts of a subject, oldest first."""
    query = (
        sa.select(claims, scores.c.id.label("score_id"))
        .select_from(claims.outerjoin(scores, scores.c.attempt_id == claims.c.id))
        .where(
            claims.c.challenge == challenge,
            claims.c.what == SUBMISSION,
            claims.c.role == subject.role.value,
            claims.c.deanonymizer == subject.deanonymizer,
            claims.c.id > choice.after,
        )
        .order_by(claims.c.id)
        .limit(choice.limit)
    )
    if not choice.every_pair:
        query = query.where(claims.c.anonymizer == subject.anonymizer)
    if choice.kind is not None:
        query = query.where(claims.c.kind == choice.kind)
    if choice.split is not None:
        query = query.where(claims.c.split == choice.split.value)
    return [_attempt_of(row) for row in connection.execute(query).mappings()]


def submitters(
    connection: sa.Connection, challenge: str, kinds: Sequence[str]
) -> list[tuple[str, Split]]:
    """Return which anonymizers have a score of these kinds, and for which splits, sorted.

    Whose final was annulled is left out, unless another one was handed in after it, and so are
    disqualified teams.
    """
    annulled, later = scores.alias("annulled"), scores.alias("later")
    next_final = sa.select(later.c.id).where(
        *(
            later.c[name] == annulled.c[name]
            for name in ("challenge", "kind", "anonymizer", "split", "origin")
        ),
        later.c.id > annulled.c.id,
        later.c.supersedes.is_(None),
    )
    query = (
        sa.select(scores.c.anonymizer, scores.c.split)
        .distinct()
        .where(
            scores.c.challenge == challenge,
            scores.c.kind.in_(kinds),
            scores.c.origin == "participant",
            scores.c.anonymizer.not_in(
                sa.select(annulled.c.anonymizer).where(
                    annulled.c.challenge == challenge,
                    annulled.c.kind.in_(kinds),
                    annulled.c.split == Split.VALIDATION.value,
                    annulled.c.origin == "participant",
                    annulled.c.annulled != "",
                    ~next_final.exists(),
                )
            ),
        )
        .order_by(scores.c.anonymizer, scores.c.split)
    )
    out = disqualified_ids(connection, challenge)
    return [
        (row.anonymizer, Split(row.split))
        for row in connection.execute(query)
        if (Role.ANONYMIZER, row.anonymizer) not in out
    ]


def _attempt_of(row: Row) -> Attempt:
    return Attempt(
        id=row["id"],
        kind=row["kind"],
        subject=subject_of(row),
        split=Split(row["split"]),
        state=_WORDS.get(row["state"]) or row["state"],
        reason=row["reason"],
        score_id=row["score_id"],
        claimed_at=as_datetime(row["claimed_at"]),
        settled_at=as_datetime(row["settled_at"]) if row["settled_at"] else None,
    )
