"""What became of attempts: one participant's history, and who has submitted at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
import sqlalchemy as sa

from anomed_core.ledger.chain import Row
from anomed_core.ledger.schema import as_datetime, attempts, scores
from anomed_core.ledger.scores import subject_of
from anomed_core.model import Split, Subject


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
        ``claimed``, ``scored`` or ``released``.
    reason
        Why it was released, if it was.
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


def history(
    connection: sa.Connection, challenge: str, subject: Subject, choice: Choice
) -> list[Attempt]:
    """Return the attempts of a subject, oldest first."""
    query = (
        sa.select(attempts, scores.c.id.label("score_id"))
        .select_from(attempts.outerjoin(scores, scores.c.attempt_id == attempts.c.id))
        .where(
            attempts.c.challenge == challenge,
            attempts.c.role == subject.role.value,
            attempts.c.deanonymizer == subject.deanonymizer,
            attempts.c.id > choice.after,
        )
        .order_by(attempts.c.id)
        .limit(choice.limit)
    )
    if not choice.every_pair:
        query = query.where(attempts.c.anonymizer == subject.anonymizer)
    if choice.kind is not None:
        query = query.where(attempts.c.kind == choice.kind)
    if choice.split is not None:
        query = query.where(attempts.c.split == choice.split.value)
    return [_attempt_of(row) for row in connection.execute(query).mappings()]


def submitters(
    connection: sa.Connection, challenge: str, kinds: Sequence[str]
) -> list[tuple[str, Split]]:
    """Return which anonymizers have a score of these kinds, and for which splits, sorted.

    Whose final was annulled is left out.
    """
    annulled = scores.alias("annulled")
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
                )
            ),
        )
        .order_by(scores.c.anonymizer, scores.c.split)
    )
    return [(row.anonymizer, Split(row.split)) for row in connection.execute(query)]


def _attempt_of(row: Row) -> Attempt:
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
