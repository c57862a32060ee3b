"""Which bodies rows name: what of a store belongs to something, and what must be there."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from anomed_core.ledger.archive import STORE, retired_before
from anomed_core.ledger.claim_requests import BYTES
from anomed_core.ledger.schema import archive, claim_lines, claims, jobs, scores

_BATCH = 10_000
_HELD = ("reserved", "started")


@attrs.frozen(kw_only=True)
class NamedBodies:
    """What rows name.

    Attributes
    ----------
    submitted
        SHA-256 of bodies that were scored, or are being evaluated, as bytes.
    kept
        Those of them that were kept for certain: their subjects' room was taken for them.
    filed
        SHA-256, hexadecimal, of what calls have filed and is not retired, by number of the claim.
    held
        Numbers of claims that are under way.
    jobs
        Ids of all jobs.
    """

    submitted: frozenset[bytes]
    kept: frozenset[bytes]
    filed: dict[int, frozenset[str]]
    held: frozenset[int]
    jobs: frozenset[str]


def named_bodies(connection: sa.Connection) -> NamedBodies:
    """Return what rows name, as one transaction sees it."""
    held = sa.select(claims.c.payload_digest).where(claims.c.state.in_(_HELD))
    took_room = (
        sa.select(claims.c.payload_digest)
        .join(claim_lines, claim_lines.c.claim == claims.c.id)
        .where(claims.c.state == "committed", claim_lines.c.resource == BYTES)
    )
    return NamedBodies(
        submitted=_digests(connection, sa.union_all(sa.select(scores.c.payload_digest), held)),
        kept=_digests(connection, took_room),
        filed=_filed(connection),
        held=frozenset(
            connection.execute(sa.select(claims.c.id).where(claims.c.state.in_(_HELD))).scalars()
        ),
        jobs=frozenset(connection.execute(sa.select(jobs.c.id)).scalars()),
    )


def _digests(connection: sa.Connection, query: sa.Executable) -> frozenset[bytes]:
    stored = connection.execute(query, execution_options={"yield_per": _BATCH}).scalars()
    return frozenset(bytes.fromhex(digest) for digest in stored if len(digest) == 64)


def _filed(connection: sa.Connection) -> dict[int, frozenset[str]]:
    rows = connection.execute(
        sa.select(
            archive.c.claim,
            archive.c.request_place,
            archive.c.request_digest,
            archive.c.answer_place,
            archive.c.answer_digest,
        ).where(
            sa.or_(archive.c.request_place == STORE, archive.c.answer_place == STORE),
            archive.c.recorded_at >= retired_before(connection),
        )
    )
    return {
        row.claim: frozenset(
            digest
            for place, digest in (
                (row.request_place, row.request_digest),
                (row.answer_place, row.answer_digest),
            )
            if place == STORE
        )
        for row in rows
    }
