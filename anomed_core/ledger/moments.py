"""The ledger as it is at one moment: what rankings and pages ask together."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime

import attrs
import sqlalchemy as sa

from anomed_core.ledger.finals import Finals, numbers_in
from anomed_core.ledger.grants import disqualified_ids
from anomed_core.ledger.schema import audit, chain_heads, challenges, scores
from anomed_core.ledger.scores import score_of
from anomed_core.ledger.teams import shown_names
from anomed_core.ledger.times import as_datetime
from anomed_core.model import Role, Score, Split
from anomed_core.wire.digests import canonical_json

Stamp = tuple[str, str, str]
"""Head of the chain of scores, ranked metrics, and what was decided about teams."""

_MOST_CHANGED = 100
"""Of more anonymizers, it would take about as long to ask for them as to ask for all."""


@attrs.frozen(kw_only=True)
class Link:
    """A score in the chain of all scores: each holds the hash of the one before it.

    Attributes
    ----------
    previous_hash, hash
        Hexadecimal SHA-256.
    core_version, plugin, plugin_version
        What code recorded it.
    """

    previous_hash: str
    hash: str
    core_version: str
    plugin: str
    plugin_version: str


@attrs.frozen
class Moment:
    """The ledger as it is at one moment.

    Attributes
    ----------
    connection
        In a transaction that sees one moment.
    """

    connection: sa.Connection

    def finals(self, challenge: str, *, kind: str, anchor: str) -> Finals:
        """Return the finals of a submission kind; see `Finals`."""
        return Finals(connection=self.connection, challenge=challenge, kind=kind, anchor=anchor)

    def names(self, challenge: str) -> dict[str, str]:
        """Return under which names ids are shown; those that are missing, as they are."""
        return shown_names(self.connection, challenge)

    def recorded(self, numbers: Iterable[int]) -> dict[int, tuple[dict[str, float], datetime]]:
        """Return metrics of scores, and when they were recorded, by number."""
        query = sa.select(scores.c.id, scores.c.metrics, scores.c.recorded_at).where(
            scores.c.id.in_(numbers_in(self.connection, numbers))
        )
        return {
            number: (json.loads(metrics), as_datetime(recorded_at))
            for number, metrics, recorded_at in self.connection.execute(query)
        }

    def link(self, number: int) -> Link | None:
        """Return where a score stands in the chain of all scores, and what code recorded it."""
        columns = ("previous_hash", "hash", "core_version", "plugin", "plugin_version")
        query = sa.select(*(scores.c[name] for name in columns)).where(scores.c.id == number)
        row = self.connection.execute(query).mappings().first()
        return None if row is None else Link(**row)

    def successor(self, number: int) -> Score | None:
        """Return the version of a score that superseded it; ``None`` if it counts itself."""
        query = sa.select(scores).where(scores.c.supersedes == number).order_by(scores.c.id.desc())
        row = self.connection.execute(query.limit(1)).mappings().first()
        return None if row is None else score_of(row)

    def annulled(self, challenge: str, kind: str) -> list[Score]:
        """Return participants' finals of a kind that do not count any more, oldest first."""
        later = scores.alias("later")
        query = (
            sa.select(scores)
            .where(
                scores.c.challenge == challenge,
                scores.c.kind == kind,
                scores.c.split == Split.VALIDATION.value,
                scores.c.annulled != "",
                scores.c.label == "",
                ~sa.exists().where(
                    later.c.id > scores.c.id,
                    later.c.supersedes.in_((scores.c.id, scores.c.supersedes)),
                ),
            )
            .order_by(scores.c.id)
        )
        return [score_of(row) for row in self.connection.execute(query).mappings()]

    def disqualified(self, challenge: str) -> frozenset[tuple[Role, str]]:
        """Return roles and ids that belong to disqualified teams."""
        return disqualified_ids(self.connection, challenge)

    def changed(self, challenge: str, *, since: Stamp) -> list[str] | None:
        """Return the anonymizers about whom finals were scored since a moment.

        Parameters
        ----------
        challenge
            Identifier.
        since
            The stamp of that moment.

        Returns
        -------
        list of str or None
            Criteria of all others are what they were. ``None`` if that cannot be told: these are
            many, other metrics are ranked now, somebody was disqualified or reinstated, or the
            ledger was replaced by another one.
        """
        head, *others = since
        last = self.connection.execute(sa.select(scores.c.id).where(scores.c.hash == head)).scalar()
        if last is None or others != list(self.stamp(challenge)[1:]):
            return None
        new = sa.select(scores.c.anonymizer).where(
            scores.c.challenge == challenge,
            scores.c.split == Split.VALIDATION.value,
            scores.c.id > last,
        )
        about = list(self.connection.execute(new.distinct().limit(_MOST_CHANGED + 1)).scalars())
        return about if len(about) <= _MOST_CHANGED else None

    def position(self, challenge: str) -> tuple[str, ...]:
        """Return what is read faster than a stamp, and changes whenever the stamp does.

        Whatever a stamp tells of teams was decided in a transaction that appended to the audit.
        """
        heads = (
            sa.select(chain_heads.c.hash).where(chain_heads.c.name == table.name)
            for table in (scores, audit)
        )
        ranked = sa.select(challenges.c.ranked).where(challenges.c.id == challenge)
        query = sa.select(*(one.scalar_subquery() for one in (*heads, ranked)))
        return tuple(text or "" for text in self.connection.execute(query).one())

    def stamp(self, challenge: str) -> Stamp:
        """Return what changes with each score, each decision, and when other metrics are ranked."""
        head = sa.select(chain_heads.c.hash).where(chain_heads.c.name == scores.name)
        ranked = sa.select(challenges.c.ranked).where(challenges.c.id == challenge)
        parts = (self.connection.execute(query).scalar() or "" for query in (head, ranked))
        decided = [sorted(self.names(challenge).items()), sorted(self.disqualified(challenge))]
        return (next(parts), next(parts), canonical_json(decided))
