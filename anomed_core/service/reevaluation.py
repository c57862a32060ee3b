"""Evaluate kept submissions again: to prove that scores repeat, or after a metric was mended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import attrs

from anomed_core.engine import Engine
from anomed_core.ledger import DELIVER, Ledger
from anomed_core.model import Score, Split
from anomed_core.service.evaluation import Evaluation
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.kept_submissions import KeptSubmissions
from anomed_core.service.ranking.versions import versions

_MOST_TOLD = 3
"""Metrics that are named in a line."""


@attrs.frozen(kw_only=True)
class Reevaluation:
    """A score and what its submission is worth now.

    Attributes
    ----------
    score
        The newest version so far.
    metrics
        What came out now; ``None`` if nothing could be evaluated.
    obstacle
        Why nothing could be evaluated; empty otherwise.
    is_lost
        Whether something is missing that should be there, so that nobody knows whether the score
        repeats: a file, or the extension that added a kind.
    recorded
        The new version; ``None`` if nothing was recorded.
    """

    score: Score
    metrics: dict[str, float] | None
    obstacle: str = ""
    is_lost: bool = False
    recorded: Score | None = None

    @property
    def repeats(self) -> bool:
        """Whether every metric has the very same value as before."""
        return self.metrics == dict(self.score.metrics)

    @property
    def text(self) -> str:
        """What came out, in a few words."""
        if self.metrics is None:
            return self.obstacle
        if self.repeats:
            return "the same"
        old, new = self.score.metrics, self.metrics
        names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
        changes = [f"{name} {old.get(name)} -> {new.get(name)}" for name in names[:_MOST_TOLD]]
        more = [f"{len(names) - _MOST_TOLD} more"] if len(names) > _MOST_TOLD else []
        return ", ".join(changes + more)

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        return {
            "score": self.score.id,
            "kind": self.score.kind,
            "anonymizer": self.score.subject.anonymizer,
            "deanonymizer": self.score.subject.deanonymizer,
            "repeats": self.repeats,
            "obstacle": self.obstacle,
            "was": dict(self.score.metrics),
            "is": self.metrics,
            "new_score": self.recorded.id if self.recorded else None,
        }


def reevaluate(
    hosted: HostedChallenge,
    *,
    ledger: Ledger,
    submissions: KeptSubmissions,
    engine: Engine,
    only: Collection[int] = (),
    splits: Collection[Split] = (Split.VALIDATION,),
    record: bool = True,
    progress: Callable[[str, int, int], None] | None = None,
) -> Iterator[Reevaluation]:
    """Evaluate submissions to a challenge again, each against what could be attacked at its time.

    Parameters
    ----------
    hosted
        The challenge as it is now.
    ledger
        Holds the scores. The old rows stay; new ones supersede them.
    submissions
        Holds the bodies.
    engine
        Where evaluations run.
    only
        Numbers of the scores to evaluate, of any version; empty for all.
    splits
        Finals, scores of tuning data, or both.
    record
        Whether new versions are recorded. One that repeats the old under the same fingerprint never
        is.
    progress
        Told how many are evaluated, and of how many.

    Yields
    ------
    Reevaluation
        In the order of the ledger.

    Raises
    ------
    ServiceError
        If an evaluation fails; what was yielded before is recorded.
    """
    recorded = versions(ledger.scores(challenge=hosted.id))
    chosen = [pair for pair in recorded if _is_meant(*pair, splits=splits, only=only)]
    for number, (first, newest) in enumerate(chosen):
        if progress is not None:
            progress(f"scores of {hosted.id}", number, len(chosen))
        submission = submissions.of_score(hosted, newest, until=first.recorded_at)
        if submission is None:
            yield _without_submission(hosted, newest)
            continue
        target = submissions.target_of(hosted, submission, before=first.id)
        if target and target.submission is None and hosted.kind(newest.kind).with_target:
            obstacle = "what it attacks is missing in the state directory"
            yield Reevaluation(score=newest, metrics=None, obstacle=obstacle, is_lost=True)
            continue
        target = submissions.with_rivals(hosted, submission, target, before=first.id)
        job = Evaluation(challenge=hosted.id, submission=submission, target=target)
        outcome = Reevaluation(score=newest, metrics=engine.run(job))
        is_current = outcome.repeats and newest.fingerprint == hosted.fingerprint
        if record and not is_current:
            outcome = attrs.evolve(
                outcome,
                recorded=ledger.supersede(
                    newest,
                    outcome.metrics or {},
                    hosted.provenance_of(newest.kind),
                    fingerprint=hosted.fingerprint,
                    follow_ups=[DELIVER],
                ),
            )
        yield outcome


def _is_meant(
    first: Score, newest: Score, *, splits: Collection[Split], only: Collection[int]
) -> bool:
    counts = newest.origin == "participant" and not newest.annulled
    is_chosen = not only or not {first.id, newest.id}.isdisjoint(only)
    return counts and is_chosen and newest.split in splits


def _without_submission(hosted: HostedChallenge, score: Score) -> Reevaluation:
    if score.kind not in hosted.metrics:
        obstacle, is_lost = "nobody declares its kind any more", True
    elif score.split in hosted.kind(score.kind).keeps:
        obstacle, is_lost = "its submission is missing in the state directory", True
    else:
        obstacle, is_lost = "submissions of its kind are not kept", False
    return Reevaluation(score=score, metrics=None, obstacle=obstacle, is_lost=is_lost)
