"""The archive: what was asked and answered, by claim, chained as scores are.

A row's hash covers everything but the bodies themselves, which it covers by their digests: so what
is kept no longer leaves the chain as it was, and what is kept cannot be changed unnoticed. JSON of
a moderate size stands in the row; larger bodies, and those of other media types, are files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.ledger.chain import Row, append, append_audit, audit_rows
from anomed_core.ledger.schema import archive, claims
from anomed_core.ledger.scores import LARGEST_ID
from anomed_core.ledger.times import as_datetime, as_microseconds
from anomed_core.model import Line, Role, Subject, amount_text
from anomed_core.wire.digests import canonical_json, digest_bytes

ANSWERED, LOST = "answered", "lost"
"""Outcomes: ``lost`` where something was spent, and no answer came to be."""

RETIRED = "archive retired"
"""Action of the audit row that says which bodies are kept no longer."""

ROW, STORE, NOWHERE = "row", "store", ""
"""Where a body is: in the row, in a file, or there is none."""

_JSON = "application/json"
_LARGEST_IN_ROW = 2**16
_BODIES = ("request", "answer")
_OWN_ID = {Role.ANONYMIZER: "anonymizer", Role.DEANONYMIZER: "deanonymizer"}


@attrs.frozen(kw_only=True, slots=False)
class ArchivedBody:
    """A request or an answer that is about to be archived.

    Attributes
    ----------
    content
        Its bytes; of JSON, the canonical ones.
    media_type
        What they are.
    """

    content: bytes = attrs.field(repr=False)
    media_type: str = _JSON

    @cached_property
    def digest(self) -> str:
        """SHA-256 of its bytes, hexadecimal."""
        return digest_bytes(self.content)

    @property
    def place(self) -> str:
        """Where it will be: `ROW` or `STORE`."""
        is_small = len(self.content) <= _LARGEST_IN_ROW
        return ROW if is_small and self.media_type == _JSON else STORE


@attrs.frozen(kw_only=True)
class ArchiveEntry:
    """A call and its answer that are about to be archived.

    Attributes
    ----------
    challenge, operation
        What was called.
    subject
        Who called; ``None`` where nobody in particular did.
    parameters
        Query parameters that were given.
    request
        As it came; ``None`` if there was none, or it is not known any more.
    request_digest
        Of a request that is not known any more.
    answer
        As it is sent; ``None`` if it was lost.
    """

    challenge: str
    operation: str
    subject: Subject | None
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    request: ArchivedBody | None = None
    request_digest: str = ""
    answer: ArchivedBody | None

    @property
    def filed(self) -> tuple[ArchivedBody, ...]:
        """The bodies that must be files before the entry is recorded."""
        return tuple(b for b in (self.request, self.answer) if b is not None and b.place == STORE)


@attrs.frozen(kw_only=True)
class KeptBody:
    """A body as the archive has it.

    Attributes
    ----------
    media_type, digest, size_bytes
        What it is.
    place
        `ROW`, `STORE`, or `NOWHERE` if there was none.
    text
        Its content, if it is in the row and still kept.
    """

    media_type: str
    digest: str
    size_bytes: int
    place: str
    text: str | None = attrs.field(repr=False)


@attrs.frozen(kw_only=True)
class Entry:
    """A recorded call.

    Attributes
    ----------
    id
        Its number, which grows.
    claim
        Number of the claim that paid for it.
    challenge, operation, subject, parameters
        See `ArchiveEntry`.
    request, answer
        What is known of the bodies.
    lines
        What was spent on it.
    outcome
        `ANSWERED` or `LOST`.
    recorded_at
        In UTC.
    """

    id: int
    claim: int
    challenge: str
    operation: str
    subject: Subject | None
    parameters: Mapping[str, str]
    request: KeptBody
    answer: KeptBody
    lines: tuple[Line, ...]
    outcome: str
    recorded_at: datetime


def append_entry(
    connection: sa.Connection,
    claim_id: int,
    entry: ArchiveEntry,
    lines: Sequence[Line],
    *,
    now: int,
) -> int:
    """Append an entry to the chain, in the transaction that settles its claim.

    Parameters
    ----------
    connection
        In a transaction.
    claim_id
        The claim that it is about.
    entry
        What was asked and answered; whatever is `filed` is a file already.
    lines
        What was spent.
    now
        As stored.

    Returns
    -------
    int
        Number of the entry.
    """
    subject = entry.subject
    row = {
        "claim": claim_id,
        "challenge": entry.challenge,
        "operation": entry.operation,
        "role": subject.role.value if subject else "",
        "anonymizer": subject.anonymizer if subject else "",
        "deanonymizer": subject.deanonymizer if subject else "",
        "parameters": canonical_json(dict(entry.parameters)),
        **_columns("request", entry.request),
        **_columns("answer", entry.answer),
        "lines": lines_text(lines),
        "outcome": LOST if entry.answer is None else ANSWERED,
        "recorded_at": now,
    }
    if entry.request is None:
        row["request_digest"] = entry.request_digest
    number: int = append(connection, archive, row)["id"]
    return number


def lines_text(lines: Sequence[Line]) -> str:
    """Return lines as canonical text."""
    rows = [[line.account, line.resource, amount_text(line.amount)] for line in lines]
    return canonical_json(sorted(rows))


def _columns(name: str, body: ArchivedBody | None) -> dict[str, Any]:
    if body is None:
        told: tuple[str, str, int, str, str | None] = ("", "", 0, NOWHERE, None)
    else:
        text = body.content.decode() if body.place == ROW else None
        told = (body.media_type, body.digest, len(body.content), body.place, text)
    columns = ("type", "digest", "bytes", "place", "text")
    return {f"{name}_{column}": value for column, value in zip(columns, told, strict=True)}


def entry_of(connection: sa.Connection, challenge: str, number: int) -> Entry | None:
    """Return an entry by its number; ``None`` if there is none in this challenge."""
    wanted = number if 0 < number <= LARGEST_ID else 0  # what no database holds is nobody's number
    found = connection.execute(
        sa.select(archive).where(archive.c.id == wanted, archive.c.challenge == challenge)
    )
    row = found.mappings().first()
    return _entry(row) if row else None


def entry_under_key(connection: sa.Connection, key: str) -> tuple[Entry, str] | None:
    """Return the entry whose claim has an idempotency key, and the digest of the body it had."""
    found = connection.execute(
        sa.select(archive, claims.c.payload_digest)
        .join(claims, claims.c.id == archive.c.claim)
        .where(claims.c.replay_key == key)
    )
    row = found.mappings().first()
    return (_entry(row), row["payload_digest"]) if row else None


def archived_claims(connection: sa.Connection, claim_ids: Sequence[int]) -> list[int]:
    """Return which of these claims have an entry."""
    found = sa.select(archive.c.claim).where(archive.c.claim.in_(claim_ids))
    return list(connection.execute(found).scalars())


def entries_of(
    connection: sa.Connection,
    challenge: str,
    *,
    role: Role | None = None,
    holder: str = "",
    after: int = 0,
    until: datetime | None = None,
    limit: int | None = None,
) -> Iterator[Entry]:
    """Yield entries of a challenge, oldest first.

    Parameters
    ----------
    connection
        In a transaction.
    challenge
        Whose.
    role, holder
        Of whoever called, whomever they asked about; ``None`` for everybody.
    after
        Only entries of higher numbers.
    until
        Only what was recorded before.
    limit
        As many at most.
    """
    query = sa.select(archive).where(archive.c.challenge == challenge, archive.c.id > after)
    if role is not None:
        query = query.where(archive.c.role == role.value)
        if role in _OWN_ID:
            query = query.where(archive.c[_OWN_ID[role]] == holder)
    if until is not None:
        query = query.where(archive.c.recorded_at < as_microseconds(until))
    found = connection.execute(query.order_by(archive.c.id).limit(limit))
    return (_entry(row) for row in found.mappings())


def _entry(row: Row) -> Entry:
    role = row["role"]
    subject = Subject(
        role=Role(role or Role.PUBLIC),
        anonymizer=row["anonymizer"],
        deanonymizer=row["deanonymizer"],
    )
    return Entry(
        id=row["id"],
        claim=row["claim"],
        challenge=row["challenge"],
        operation=row["operation"],
        subject=subject if role else None,
        parameters=json.loads(row["parameters"]),
        request=_kept(row, "request"),
        answer=_kept(row, "answer"),
        lines=tuple(Line(*line) for line in json.loads(row["lines"])),
        outcome=row["outcome"],
        recorded_at=as_datetime(row["recorded_at"]),
    )


def _kept(row: Row, name: str) -> KeptBody:
    return KeptBody(
        media_type=row[f"{name}_type"],
        digest=row[f"{name}_digest"],
        size_bytes=row[f"{name}_bytes"],
        place=row[f"{name}_place"],
        text=row[f"{name}_text"],
    )


def retired_before(connection: sa.Connection) -> int:
    """Return before which stored time bodies are kept no longer; 0 if all are kept."""
    told = [row for row in audit_rows(connection) if row.action == RETIRED]
    return max((int(row.detail["before"]) for row in told), default=0)


def retire(connection: sa.Connection, *, before: int, now: int) -> list[int]:
    """Remove bodies from rows that are older than a stored time; note so in the audit.

    Returns
    -------
    list of int
        Claims of the entries that had bodies until now: what they have filed is to go, too.
    """
    since = retired_before(connection)
    is_due = sa.and_(archive.c.recorded_at >= since, archive.c.recorded_at < before)
    retired = connection.execute(sa.select(archive.c.claim).where(is_due)).scalars().all()
    if retired:
        connection.execute(
            sa.update(archive).where(is_due).values(request_text=None, answer_text=None)
        )
        detail = {"before": str(before), "entries": str(len(retired))}
        append_audit(connection, RETIRED, detail, now=now)
    return list(retired)


def archive_faults(connection: sa.Connection) -> Iterator[tuple[int, str]]:
    """Yield numbers of entries whose bodies are not what was recorded, and what is wrong."""
    retired = retired_before(connection)
    rows = connection.execution_options(yield_per=1000).execute(
        sa.select(archive).order_by(archive.c.id)
    )
    for row in rows.mappings():
        for name in _BODIES:
            problem = _problem(row, name, is_retired=row["recorded_at"] < retired)
            if problem:
                yield row["id"], f"its {name} {problem}"
        if (row["outcome"] == ANSWERED) != (row["answer_place"] != NOWHERE):
            yield row["id"], f"its outcome is {row['outcome']}, which does not fit its answer"


def _problem(row: Row, name: str, *, is_retired: bool) -> str:
    text = row[f"{name}_text"]
    if text is None:
        is_missing = row[f"{name}_place"] == ROW and not is_retired
        return "is missing" if is_missing else ""
    is_same = row[f"{name}_place"] == ROW and digest_bytes(text.encode()) == row[f"{name}_digest"]
    return "" if is_same else "was changed"
