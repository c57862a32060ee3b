"""The criteria of finals: what rankings read, kept beside the scores in an indexed table.

A challenge declares which metrics are ranked. Their values are written in the transaction that
records a score, and anew for all scores when other metrics are declared; every process writes what
the ledger says was declared last. Only scores on the validation split have criteria; a version that
was superseded, an annulled score, an older result of the same house attack, and whatever a
disqualified team has made or was attacked by have none.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.ledger.chain import Row
from anomed_core.ledger.grants import disqualified_ids
from anomed_core.ledger.schema import challenges, criteria, scores
from anomed_core.model import Role, Split
from anomed_core.wire.digests import canonical_json

_COMPETING = (Role.ANONYMIZER, Role.DEANONYMIZER)
_BATCH = 10_000
"""Rows that are written at once when a challenge declares other criteria."""


@attrs.frozen(kw_only=True, order=True)
class RankedMetric:
    """A metric of which every final holds a criterion.

    Attributes
    ----------
    kind
        Name of the submission kind.
    label
        Empty for what participants submit; for the house's, the name of attack or entry.
    metric
        Name of the metric.
    estimate
        Name of the metric that it is a confidence limit of; empty if it is none.
    """

    kind: str
    label: str = ""
    metric: str
    estimate: str = ""


_Declared = dict[tuple[str, str], list[RankedMetric]]
_ByScore = Iterator[tuple[int, Iterator[tuple[Any, ...]]]]

_COPIED = ("challenge", "kind", "split", "origin", "label", "role", "anonymizer", "deanonymizer")
_RESULT = ("challenge", "kind", "label", "anonymizer", "deanonymizer")
"""What tells the result of one attack of the house on one subject."""
_DECLARED = sa.select(challenges.c.ranked).where(challenges.c.id == sa.bindparam("challenge"))
_ADD = sa.insert(criteria)


def ranked_text(ranked: Iterable[RankedMetric]) -> str:
    """Return ranked metrics as the ledger keeps them; equal sets give equal text."""
    return canonical_json([list(attrs.astuple(metric)) for metric in sorted(set(ranked))])


@functools.lru_cache(maxsize=64)
def _parsed(text: str) -> _Declared:
    declared: _Declared = {}
    for kind, label, metric, estimate in json.loads(text or "[]"):
        ranked = RankedMetric(kind=kind, label=label, metric=metric, estimate=estimate)
        declared.setdefault((kind, label), []).append(ranked)
    return declared


def parsed_ranked(connection: sa.Connection, challenge: str) -> list[RankedMetric]:
    """Return the metrics that were declared last as ranked."""
    text = connection.execute(_DECLARED, {"challenge": challenge}).scalar()
    return [metric for metrics in _parsed(text or "").values() for metric in metrics]


def keep_criteria(connection: sa.Connection, row: Row) -> None:
    """Keep the criteria of a score that is being recorded, and drop those that it replaces."""
    if row["split"] != Split.VALIDATION.value:
        return
    declared = _parsed(
        connection.execute(_DECLARED, {"challenge": row["challenge"]}).scalar() or ""
    )
    mine = declared.get((row["kind"], row["label"]), ())
    counts = bool(mine) and not row["annulled"]
    if row["supersedes"] is not None:
        old = sa.delete(criteria).where(criteria.c.score_id == row["supersedes"])
        # What had no criteria any more was an older result of the house, and stays one.
        counts = connection.execute(old).rowcount > 0 and counts
    elif row["label"] and mine:
        _drop_older_results(connection, row, mine)
    if counts and not _is_out(row, disqualified_ids(connection, row["challenge"])):
        connection.execute(_ADD, list(_rows(row, _first_id(connection, row), mine)))


def _is_out(row: Row, out: frozenset[tuple[Role, str]]) -> bool:
    ids = {(Role.ANONYMIZER, row["anonymizer"]), (Role.DEANONYMIZER, row["deanonymizer"])}
    return not out.isdisjoint(ids)


def _drop_older_results(
    connection: sa.Connection, row: Row, declared: Iterable[RankedMetric]
) -> None:
    """Drop what the house has found before with the same label on the same subject."""
    connection.execute(
        sa.delete(criteria).where(
            *(criteria.c[name] == row[name] for name in _RESULT),
            criteria.c.metric.in_([metric.metric for metric in declared]),
        )
    )


def _rows(row: Row, first_id: int, declared: Iterable[RankedMetric]) -> Iterator[dict[str, Any]]:
    metrics = json.loads(row["metrics"])
    for ranked in declared:
        yield {
            **{name: row[name] for name in _COPIED},
            "score_id": row["id"],
            "first_id": first_id,
            "metric": ranked.metric,
            "value": metrics.get(ranked.metric),
            "estimate": metrics.get(ranked.estimate),
        }


def _first_id(connection: sa.Connection, row: Row) -> int:
    """Return the number of the first version of a score."""
    first, before = row["id"], row["supersedes"]
    while before is not None:
        first = before
        before = connection.execute(
            sa.select(scores.c.supersedes).where(scores.c.id == first)
        ).scalar()
    return int(first)


def rebuild_criteria(
    connection: sa.Connection, challenge: str, ranked: Iterable[RankedMetric]
) -> None:
    """Declare a challenge's ranked metrics and write the criteria of all its finals anew."""
    text = ranked_text(ranked)
    declared = _parsed(text)
    connection.execute(
        sa.update(challenges).where(challenges.c.id == challenge).values(ranked=text)
    )
    connection.execute(sa.delete(criteria).where(criteria.c.challenge == challenge))
    _add_due(connection, _due(connection, challenge, declared))


def renew_criteria(
    connection: sa.Connection, challenge: str, ids: Collection[tuple[Role, str]]
) -> None:
    """Write the criteria anew of all that some have a part in, by role and id."""
    text = connection.execute(_DECLARED, {"challenge": challenge}).scalar() or ""
    connection.execute(
        sa.delete(criteria).where(criteria.c.challenge == challenge, _involves(criteria, ids))
    )
    _add_due(connection, _due(connection, challenge, _parsed(text), _involves(scores, ids)))


def _involves(table: sa.Table, ids: Collection[tuple[Role, str]]) -> sa.ColumnElement[bool]:
    by_role = {table.c[role.value]: [name for r, name in ids if r is role] for role in _COMPETING}
    return sa.or_(sa.false(), *(column.in_(names) for column, names in by_role.items() if names))


def _add_due(connection: sa.Connection, due: Iterator[Row]) -> None:
    while batch := list(islice(due, _BATCH)):
        connection.execute(_ADD, batch)


def _due(
    connection: sa.Connection, challenge: str, declared: _Declared, *about: sa.ColumnElement[bool]
) -> Iterator[Row]:
    """Yield what the scores say the criteria of a challenge are, in the order of the scores.

    Only some scores are looked at if it is said which subjects they are `about`.
    """
    finals = sa.select(scores).where(
        scores.c.challenge == challenge, scores.c.split == Split.VALIDATION.value, *about
    )
    chains = connection.execute(
        finals.with_only_columns(scores.c.id, scores.c.supersedes)
        .where(scores.c.supersedes.is_not(None))
        .order_by(scores.c.id)
    ).all()
    first: dict[int, int] = {}
    for score_id, before in chains:
        first[score_id] = first.get(before, before)
    out = disqualified_ids(connection, challenge)
    superseded = {before for _, before in chains}
    newest_results = set(
        connection.execute(
            finals.with_only_columns(sa.func.max(scores.c.id))
            .where(scores.c.label != "", scores.c.supersedes.is_(None))
            .group_by(*(scores.c[name] for name in _RESULT))
        ).scalars()
    )
    stored = connection.execute(
        finals.order_by(scores.c.id), execution_options={"yield_per": _BATCH}
    )
    for row in stored.mappings():
        first_id = first.get(row["id"], row["id"])
        is_newest = not row["label"] or first_id in newest_results
        counts = is_newest and row["id"] not in superseded and not row["annulled"]
        if counts and not _is_out(row, out):
            yield from _rows(row, first_id, declared.get((row["kind"], row["label"]), ()))


def criteria_faults(connection: sa.Connection) -> Iterator[tuple[int, str]]:
    """Yield each score whose criteria are not what it says, with one sentence."""
    columns = [column.name for column in criteria.columns]
    for challenge, text in connection.execute(sa.select(challenges.c.id, challenges.c.ranked)):
        stored = connection.execute(
            sa.select(criteria)
            .where(criteria.c.challenge == challenge)
            .order_by(criteria.c.score_id),
            execution_options={"yield_per": _BATCH},
        )
        kept = groupby(map(tuple, stored), key=itemgetter(0))
        rows = (
            tuple(row[name] for name in columns)
            for row in _due(connection, challenge, _parsed(text))
        )
        due = groupby(rows, key=itemgetter(0))
        yield from _differences(kept, due)
    known = sa.select(challenges.c.id)
    strays = sa.select(criteria.c.score_id).where(criteria.c.challenge.not_in(known)).distinct()
    for number in connection.execute(strays.order_by(criteria.c.score_id)).scalars():
        yield number, "its criteria belong to a challenge that was never opened"


def _differences(kept: _ByScore, due: _ByScore) -> Iterator[tuple[int, str]]:
    """Compare two streams in the order of the scores."""
    nothing: tuple[float, frozenset[Any]] = (math.inf, frozenset())

    def following(rows: _ByScore) -> tuple[float, frozenset[Any]]:
        return next(((number, frozenset(group)) for number, group in rows), nothing)

    mine, expected = following(kept), following(due)
    while mine != nothing or expected != nothing:
        number = min(mine[0], expected[0])
        if number < expected[0]:
            yield int(number), "it has criteria, although rankings don't count it"
        elif number < mine[0]:
            yield int(number), "its criteria are missing"
        elif mine[1] != expected[1]:
            yield int(number), "its criteria are not what the score says"
        mine = following(kept) if mine[0] == number else mine
        expected = following(due) if expected[0] == number else expected
