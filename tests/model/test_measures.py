"""A measure gets what it names; two further arguments are the truth and what was given."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sklearn.metrics import mean_squared_error, roc_auc_score

from anomed_core import Metric

VALUES = {name: name for name in ("challenge", "request", "submission", "target")}
PAIR = {"truth": "T", "given": "G"}


def told(measure: Callable[..., Any]) -> Any:
    metric = Metric(name="m", measure=measure)
    return metric.measured(VALUES | (PAIR if metric.compares else {}))


@pytest.mark.parametrize(
    ("measure", "result"),
    [
        (lambda truth, given: (truth, given), ("T", "G")),
        (lambda a, b, k=5: (a, b, k), ("T", "G", 5)),
        (lambda *pair: pair, ("T", "G")),
        (lambda truth, given, challenge: (truth, given, challenge), ("T", "G", "challenge")),
        (lambda request, truth, given: (request, truth, given), ("request", "T", "G")),
        (lambda truth, given, *, target: (truth, given, target), ("T", "G", "target")),
        (lambda challenge, submission: (challenge, submission), ("challenge", "submission")),
        (lambda *, target: target, "target"),
        (lambda submission, level=0.5: (submission, level), ("submission", 0.5)),
        (partial(lambda level, truth, given: (level, truth, given), 2), (2, "T", "G")),
        (lambda target, prediction: (target, prediction), ("T", "G")),
        (lambda prediction, target: (prediction, target), ("T", "G")),
        (max, "T"),
    ],
)
def test_a_measure_gets_what_it_asks_for(measure: Callable[..., Any], result: Any) -> None:
    assert told(measure) == result


@pytest.mark.parametrize(
    "measure",
    [
        lambda truth: 0.0,
        lambda truth, given, more: 0.0,
        lambda truth, request: 0.0,
        lambda truth, given, *, level: 0.0,
        lambda truth, given, k=1, challenge=None: 0.0,
    ],
)
def test_what_nothing_is_known_for_is_refused_at_once(measure: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"the measure of the metric 'm' takes .*; a measure takes"):
        Metric(name="m", measure=measure)


def test_metrics_of_scikit_learn_compare() -> None:
    for measure in (roc_auc_score, mean_squared_error):
        assert Metric.of(measure).compares


def test_a_metric_without_a_measure_measures_nothing() -> None:
    assert not Metric(name="m").compares
    with pytest.raises(ValueError, match="the metric 'm' has no measure"):
        Metric(name="m").measured({})
