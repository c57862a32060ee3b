"""Rank scores: full precision, declared direction, declared tie-breakers, then the earlier one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from anomed_core.model import Direction, Metric, Score


@attrs.frozen(kw_only=True)
class Ranked:
    """A score and its place.

    Attributes
    ----------
    place
        From 1; scores that are equal in every ranking metric share a place.
    score
        The score.
    """

    place: int
    score: Score


def versions(scores: Iterable[Score]) -> list[tuple[Score, Score]]:
    """Return the first and the newest version of each score, in the order of the first ones.

    Parameters
    ----------
    scores
        In the order of the ledger.
    """
    first: dict[int, Score] = {}
    newest: dict[int, Score] = {}
    for score in scores:
        origin = first.get(score.supersedes, score) if score.supersedes is not None else score
        first[score.id] = origin
        newest[origin.id] = score
    return [(first[origin], score) for origin, score in newest.items()]


def newest_versions(scores: Iterable[Score]) -> list[Score]:
    """Leave out scores that a re-evaluation superseded, in the order of their first versions."""
    return [newest for _, newest in versions(scores)]


def rank(scores: Iterable[Score], metrics: Sequence[Metric]) -> list[Ranked]:
    """Rank scores of one submission kind.

    Parameters
    ----------
    scores
        Scores of one kind and split.
    metrics
        The kind's declared metrics.

    Returns
    -------
    list of Ranked
        Best first. A score that lacks the primary metric ranks last, never first. Among equals the
        one whose first version is earlier is listed first.
    """
    order = ranking_metrics(metrics)
    entries = sorted(
        ((_key(newest, order), first.id, newest) for first, newest in versions(scores)),
        key=lambda entry: entry[:2],
    )
    ranked: list[Ranked] = []
    for position, (key, _, score) in enumerate(entries, start=1):
        tied = position > 1 and entries[position - 2][0] == key
        ranked.append(Ranked(place=ranked[-1].place if tied else position, score=score))
    return ranked


def ranking_metrics(metrics: Sequence[Metric]) -> list[Metric]:
    """Return the primary metric and then the tie-breakers in their order."""
    breakers = [metric for metric in metrics if metric.tie_breaker is not None]
    return [metric for metric in metrics if metric.primary] + sorted(
        breakers, key=lambda metric: metric.tie_breaker or 0
    )


def _key(score: Score, order: Sequence[Metric]) -> tuple[tuple[bool, float], ...]:
    key = []
    for metric in order:
        value = score.metrics.get(metric.name)
        sign = -1.0 if metric.direction is Direction.HIGHER else 1.0
        key.append((value is None, sign * value if value is not None else 0.0))
    return tuple(key)
