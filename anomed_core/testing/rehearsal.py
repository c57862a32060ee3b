"""Rehearse a challenge: hand in its baselines as participants would, on a throw-away ledger."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator, Mapping

from anomed_core.errors import AnomedError, RequestError
from anomed_core.model import Baseline, Direction, Metric, Quality, Split, SubmissionKind
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.parameters import subject_of
from anomed_core.service.server import Server
from anomed_core.testing.client import ChallengeClient, described
from anomed_core.testing.findings import Finding, Outcome
from anomed_core.testing.trials import (
    Trial,
    baselines,
    can_attack,
    hand_in,
    label_of,
    prepare_target,
    trial_of,
)


def rehearse(
    hosted: HostedChallenge, server: Server, *, every_split: bool = False
) -> list[Finding]:
    """Score all baselines of a challenge and compare them.

    Parameters
    ----------
    hosted
        The challenge.
    server
        A server with a throw-away state: the scores are recorded there.
    every_split
        Whether finals are handed in, too; otherwise each kind's tuning data will do.

    Returns
    -------
    list of Finding
        One for each baseline and split, one for each pair of a perfect and a trivial one, and a
        warning for each one that is useful without a secret.
    """
    client = ChallengeClient(server, hosted.id)
    findings: list[Finding] = []
    scores: dict[Trial, dict[str, float]] = {}
    for number, baseline in enumerate(baselines(client)):
        if baseline.quality is Quality.ATTACK:
            continue  # it says something about products, which the conformance kit judges
        for split in _splits(client, baseline, every_split):
            begin = time.perf_counter()
            try:
                trial = _made(client, baseline, split, f"-{number}")
                text = _handed_in(client, trial, scores)
                outcome = Outcome.OK
            except _Misbehaves as problem:
                text, outcome = str(problem), Outcome.FAILED
            seconds = time.perf_counter() - begin
            findings.append(Finding(id=hosted.id, outcome=outcome, text=text, seconds=seconds))
    if not findings:
        text = "offers no baselines; nothing was scored"
        findings.append(Finding(id=hosted.id, outcome=Outcome.OK, text=text))
    return [*findings, *_compared(client, scores), *_useful_without_secrets(client, scores)]


class _Misbehaves(Exception):  # noqa: N818 - it is a finding, no error of ours
    """A baseline is not what it is declared to be."""


def _splits(client: ChallengeClient, baseline: Baseline, every_split: bool) -> Iterable[Split]:
    kind = _kinds(client).get(baseline.kind)
    if kind is None:
        return [Split.TUNING]  # to say that there is no such kind
    if every_split:
        return kind.splits
    return [Split.TUNING if Split.TUNING in kind.splits else kind.splits[0]]


def _kinds(client: ChallengeClient) -> Mapping[str, SubmissionKind]:
    return {kind.name: kind for kind in client.hosted.kinds}


def _made(client: ChallengeClient, baseline: Baseline, split: Split, suffix: str) -> Trial:
    kind = _kinds(client).get(baseline.kind)
    if kind is None:
        raise _Misbehaves(
            f"baseline {baseline.name!r} is of the kind {baseline.kind!r}, which is not declared"
        )
    label = label_of(kind, split, baseline.name)
    try:
        if kind.with_target or kind.after_final:
            prepare_target(client)
        if can_attack(client, kind, split):
            return trial_of(client, baseline, split, suffix)
    except Exception as error:
        raise _Misbehaves(f"{label} cannot be made: {described(error)}") from error
    raise _Misbehaves(f"{label} finds no valid baseline of an anonymizer to attack")


def _handed_in(client: ChallengeClient, trial: Trial, scores: dict[Trial, dict[str, float]]) -> str:
    """Submit a baseline, note its score, and return what came of it."""
    is_invalid = trial.quality is Quality.INVALID
    try:
        score = hand_in(client, trial).score
    except RequestError as error:
        if not is_invalid:
            raise _Misbehaves(
                f"{trial} is {trial.quality}, but anomed_validate_submission or the schema refuses "
                f"it: {error}"
            ) from error
        subject = subject_of(trial.kind, trial.query)
        if client.server.ledger.attempts(challenge=client.hosted.id, subject=subject):
            raise _Misbehaves(
                f"{trial} was refused only after an attempt was spent; refuse it before"
            ) from error
        return f"{trial} is refused: {error}"
    except AnomedError as error:
        raise _Misbehaves(f"{trial} is {trial.quality}, but failed: {described(error)}") from error
    if is_invalid:
        raise _Misbehaves(
            f"{trial} is invalid, but it was scored; refuse it in anomed_validate_submission"
        )
    scores[trial] = dict(score.metrics)
    name = primary_of(client, trial.kind.name).name
    return f"{trial} scores {name} = {score.metrics[name]:g}"


def primary_of(client: ChallengeClient, kind: str) -> Metric:
    """Return the metric by which submissions of a kind are ranked."""
    return next(metric for metric in client.hosted.metrics[kind] if metric.primary)


def favours_truth(metric: Metric) -> bool:
    """Whether nothing may beat a perfect submission: what ranks, and what compares with the truth.

    Other metrics, such as how anonymous a table is, may well be best for what knows nothing.
    """
    return metric.primary or metric.compares


def is_better(metric: Metric, value: float, other: float) -> bool:
    """Whether a value is better than another one, for the one who submits."""
    return value > other if metric.direction is Direction.HIGHER else value < other


def _compared(
    client: ChallengeClient, scores: Mapping[Trial, Mapping[str, float]]
) -> Iterator[Finding]:
    for perfect, trivial in itertools.product(scores, scores):
        if (perfect.quality, trivial.quality) != (Quality.PERFECT, Quality.TRIVIAL):
            continue
        if (perfect.kind, perfect.split) != (trivial.kind, trivial.split):
            continue
        problems = list(_misjudged(client, (perfect, scores[perfect]), (trivial, scores[trivial])))
        metric = primary_of(client, perfect.kind.name)
        text = (
            f"{perfect.kind.name} ({perfect.split}): perfect {scores[perfect][metric.name]:g} "
            f"against trivial {scores[trivial][metric.name]:g} in {metric.name}"
        )
        yield Finding(
            id=client.hosted.id,
            outcome=Outcome.FAILED if problems else Outcome.OK,
            text="; ".join(problems) or text,
        )


def _misjudged(
    client: ChallengeClient,
    perfect: tuple[Trial, Mapping[str, float]],
    trivial: tuple[Trial, Mapping[str, float]],
) -> Iterator[str]:
    """Yield which metrics put the trivial baseline first, or whether none tells them apart."""
    metrics = client.hosted.metrics[perfect[0].kind.name]
    for metric in filter(favours_truth, metrics):
        high, low = perfect[1][metric.name], trivial[1][metric.name]
        if is_better(metric, low, high):
            yield (
                f"{perfect[0]} is perfect but scores {metric.name} = {high:g}, worse than the "
                f"trivial {trivial[0].name!r} with {low:g} ({metric.direction} is better)"
            )
    if perfect[1] == trivial[1]:
        told = ", ".join(f"{metric.name} = {perfect[1][metric.name]:g}" for metric in metrics)
        yield (
            f"{perfect[0]} is perfect but no metric tells it from the trivial {trivial[0].name!r}: "
            f"both score {told}"
        )


def _useful_without_secrets(
    client: ChallengeClient, scores: Mapping[Trial, Mapping[str, float]]
) -> Iterator[Finding]:
    """Warn of rankings whose gates are passed by what anybody could hand in."""
    public = {trial: found for trial, found in scores.items() if trial.quality is Quality.PUBLIC}
    for trial, resolved in itertools.product(public, client.hosted.rankings):
        gates = [gate for gate, _ in resolved.gates if not gate.house_attack]
        own = [gate for gate in gates if (gate.kind or trial.kind.name) == trial.kind.name]
        if resolved.ranking.kind != trial.kind.name or not own:
            continue
        values = [f"{gate.metric} = {public[trial][gate.metric]:g}" for gate in own]
        if all(gate.admits(public[trial][gate.metric]) for gate in own):
            text = (
                f"{trial} needs nothing but what all participants get, and is useful enough for "
                f"the ranking {resolved.ranking.name!r} ({', '.join(values)}): the most private "
                "answer is to hand it in; give other public data, or fewer, or raise the gate"
            )
            yield Finding(id=client.hosted.id, outcome=Outcome.WARNING, text=text)
