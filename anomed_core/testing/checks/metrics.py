"""Whether metrics measure anything: what guessing gives, what never varies, what nothing earns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from anomed_core.model import Metric, Quality
from anomed_core.testing.checks.failure import DoubtfulError, doubt_if_any, fail_if_any
from anomed_core.testing.checks.needing import needs_submissions
from anomed_core.testing.checks.truth import columns
from anomed_core.testing.client import ChallengeClient
from anomed_core.testing.legal import NAN
from anomed_core.testing.plugin_under_test import PluginUnderTest
from anomed_core.testing.rehearsal import favours_truth, is_better
from anomed_core.testing.trials import Trial, evaluate, payload_of, prepare_target, trials
from anomed_core.testing.tried import BUDGET_S, LegalInput, Tried, legal_input

_SIGMAS = 4


@needs_submissions
def constant_input_scored(plugin_under_test: PluginUnderTest) -> str:
    """Return exactly the declared metrics, finite and in bounds, on every input that is allowed.

    Such as constants, the lowest and highest values in turn, noise, repetitions, NaN where it is
    allowed, and columns and keys that nobody asked for.
    """
    found = legal_input(plugin_under_test)
    fail_if_any(
        f"{one.trial}, constant input ({one.variant.label}): {one.problem}"
        if one.variant.knows_nothing
        else f"{one.trial}, {one.variant.label}: {one.problem}"
        for one in found.tried
        if one.problem
    )
    if found.n_left:
        raise DoubtfulError(
            f"not checked with {found.n_left} of {found.n_left + len(found.tried)} inputs, as "
            f"{BUDGET_S:g} s were over: give a smaller configuration"
        )
    return f"{len(found.tried)} inputs"


@needs_submissions
def chance_as_declared(plugin_under_test: PluginUnderTest) -> str:
    """Score what knows nothing at about the chance that a metric declares.

    As in `baselines_hold`, what a hook computes besides the metric that ranks is not judged.
    """
    client = plugin_under_test.open()
    scored = plugin_under_test.scores()
    problems: list[str] = []
    declared = [
        (kind, metric)
        for kind, metrics in client.hosted.metrics.items()
        for metric in metrics
        if metric.chance is not None and favours_truth(metric)
    ]
    for kind, metric in declared:
        guesses = {
            trial: scores[metric.name]
            for trial, scores in scored.items()
            if trial.kind.name == kind and trial.quality is Quality.TRIVIAL
        }
        problems += _off_chance(client, metric, guesses)
    fail_if_any(problems)
    return f"{len(declared)} metrics"


def _off_chance(
    client: ChallengeClient, metric: Metric, guesses: Mapping[Trial, float]
) -> Iterator[str]:
    """Yield a metric whose trivial baselines are all further from chance than noise is."""
    width = metric.bounds[1] - metric.bounds[0]
    if not guesses or metric.chance is None or not math.isfinite(width):
        return
    noises = {trial: _noise(client, trial, width) for trial in guesses}
    if any(abs(guesses[trial] - metric.chance) <= noises[trial] for trial in guesses):
        return
    trial, value = next(iter(guesses.items()))
    yield (
        f"{metric.name} declares chance={metric.chance:g}, but {trial}, which knows nothing, "
        f"scores {value:g}, and noise is about {noises[trial]:.2g}"
    )


def _noise(client: ChallengeClient, trial: Trial, width: float) -> float:
    """Return how far a mean of as many values as a submission has may stray, at the most."""
    n = max((column.size for _, column in columns(payload_of(trial, client))), default=1)
    return _SIGMAS * (width / 2) / math.sqrt(max(n, 1))


@needs_submissions
def metrics_vary(plugin_under_test: PluginUnderTest) -> str:
    """Tell submissions apart with each metric: none is the same for whatever is handed in."""
    client = plugin_under_test.open()
    scores: dict[str, list[Mapping[str, float]]] = {kind: [] for kind in client.hosted.metrics}
    for trial, scored in plugin_under_test.scores().items():
        scores[trial.kind.name].append(scored)
    for one in legal_input(plugin_under_test).tried:
        if one.scores:
            scores[one.trial.kind.name].append(one.scores)
    fixed = _fixed(client, scores)
    if any(favours_truth(metric) for _, metric, _ in fixed):
        for trial, scored in _on_what_protects_nobody(plugin_under_test):
            scores[trial.kind.name].append(scored)
        fixed = _fixed(client, scores)
    fail_if_any(
        f"{metric.name} of {kind} is {value:g} for whatever is handed in, so it measures nothing"
        for kind, metric, value in fixed
        if favours_truth(metric)
    )
    others = [metric.name for _, metric, _ in fixed]
    return f"the same for whatever is handed in: {', '.join(others)}" if others else ""


def _fixed(
    client: ChallengeClient, scores: Mapping[str, list[Mapping[str, float]]]
) -> list[tuple[str, Metric, float]]:
    """Return the metrics that have one value in all of at least two scores."""
    found = []
    for kind, metrics in client.hosted.metrics.items():
        for metric in metrics if len(scores[kind]) > 1 else ():
            values = {one[metric.name] for one in scores[kind] if metric.name in one}
            if len(values) == 1:
                found.append((kind, metric, values.pop()))
    return found


def _on_what_protects_nobody(
    plugin_under_test: PluginUnderTest,
) -> Iterator[tuple[Trial, dict[str, float]]]:
    """Score attacks on the perfect submission: against what is well protected, all may fail."""
    with plugin_under_test.served() as client:
        prepare_target(client, perfect=True)
        for trial in trials(client):
            if trial.kind.with_target:
                yield trial, evaluate(client, trial)


@needs_submissions
def nothing_scores_like_the_truth(plugin_under_test: PluginUnderTest) -> str:
    """Score nothing that knows nothing as well as what is perfect, and doubt NaN that is scored."""
    client = plugin_under_test.open()
    found = legal_input(plugin_under_test)
    scored = plugin_under_test.scores()
    guessing = [one for one in found.tried if one.scores and one.variant.knows_nothing]
    fail_if_any(
        f"{one} scores {metric.name} = {one.scores[metric.name]:g}, as well as the perfect "
        "baseline: refuse such input, or score it as what knows nothing"
        for one in guessing
        for metric in client.hosted.metrics[one.trial.kind.name]
        if _is_earned_by_nothing(metric, one, scored, found)
    )
    doubt_if_any(
        f"{one} is scored: finite=False lets NaN in, which compares as false and sorts last; leave "
        "finite=False out, or refuse NaN in anomed_validate_submission"
        for one in guessing
        if NAN in one.variant.label
    )
    return f"{len(guessing)} inputs"


def _is_earned_by_nothing(
    metric: Metric, one: Tried, scored: Mapping[Trial, Mapping[str, float]], found: LegalInput
) -> bool:
    """Whether input that knows nothing gets the value that only the truth should get.

    A metric that ranks must not give it to any; others, such as a share of what was found, may give
    it to a constant, and must not give it to NaN alone.
    """
    if not favours_truth(metric) or not (metric.primary or NAN in one.variant.label):
        return False
    values = {
        quality: [
            scores[metric.name]
            for trial, scores in scored.items()
            if (trial.kind.name, trial.split, trial.quality)
            == (one.trial.kind.name, one.trial.split, quality)
        ]
        for quality in (Quality.PERFECT, Quality.TRIVIAL)
    }
    value = one.scores[metric.name]
    if any(is_better(metric, best, value) for best in values[Quality.PERFECT]):
        return False
    rivals = values[Quality.TRIVIAL]
    if not metric.primary:
        rivals = rivals + [
            other.scores[metric.name]
            for other in found.tried
            if other.scores
            and other.trial.kind.name == one.trial.kind.name
            and other.trial.split is one.trial.split
            and other.variant.knows_nothing
            and NAN not in other.variant.label
        ]
    return bool(values[Quality.PERFECT]) and all(is_better(metric, value, o) for o in rivals)
