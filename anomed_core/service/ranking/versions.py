"""Versions of scores: a re-evaluation, or an annulment, follows the score that it supersedes."""

from __future__ import annotations

from collections.abc import Iterable

from anomed_core.model import Score


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
