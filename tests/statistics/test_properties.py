"""What holds for every metric; one that is in no table fails the suite."""

import attrs
import numpy as np
import pytest

from anomed_core import statistics
from anomed_core.statistics import MembershipEstimate, confusion, roc_curve

RNG_SEED = 0


def split(is_member, scores, **options):
    rng = np.random.default_rng(RNG_SEED)
    return statistics.epsilon_of_split(is_member, scores, rng=rng, **options).estimate


def of_roc(name, get=lambda result: result):
    def measure(is_member, scores, **options):
        return get(getattr(statistics, name)(roc_curve(is_member, scores), **options))

    return measure


def of_decision(name, get=lambda result: result):
    def measure(is_member, scores, **options):
        return get(getattr(statistics, name)(confusion(is_member, scores >= 0.5), **options))

    return measure


def tpr(is_member, scores, **options):
    return statistics.estimate_tpr_at_fpr(roc_curve(is_member, scores), 0.1, **options).estimate


# Name: how to measure it, its range, its value at chance, its value for a perfect attack
# (None: what the sample size permits).
ESTIMATES = {
    "epsilon_of_decision": (of_decision("epsilon_of_decision", lambda b: b.estimate), 0, None),
    "epsilon_of_one_run": (of_roc("epsilon_of_one_run", lambda b: b.estimate), 0, None),
    "epsilon_of_scores": (of_roc("epsilon_of_scores", lambda b: b.estimate), 0, None),
    "epsilon_of_split": (split, 0, None),
    "estimate_advantage": (of_decision("estimate_advantage"), 0, 1),
    "estimate_auc": (of_roc("estimate_auc"), 0.5, 1),
    "estimate_balanced_accuracy": (of_decision("estimate_balanced_accuracy"), 0.5, 1),
    "estimate_best_balanced_accuracy": (of_roc("estimate_best_balanced_accuracy"), 0.5, 1),
    "estimate_max_advantage": (of_roc("estimate_max_advantage", lambda m: m.estimate), 0, 1),
    "estimate_tpr_at_fpr": (tpr, 0.1, 1),
}
NOT_ESTIMATES = {
    "advantage",
    "advantage_ceiling",
    "as_truth",
    "auc",
    "auc_ceiling",
    "balanced_accuracy_ceiling",
    "check_confidence",
    "clopper_pearson",
    "confusion",
    "delong_variance",
    "difference_limits",
    "epsilon_of_rates",
    "fix_threshold",
    "interpolated_tpr",
    "lower_limit",
    "normal_quantile",
    "null_advantage",
    "null_band",
    "one_run_epsilon",
    "one_run_p_value",
    "operating_point",
    "rank",
    "residual_risk",
    "roc_curve",
    "roc_of_ranking",
    "roc_of_scores",
    "threshold_test",
    "tpr_at_fpr",
    "tpr_ceiling",
    "tpr_limits",
    "upper_limit",
    "wilson_interval",
}
every_estimate = pytest.mark.parametrize(
    ("measure", "at_chance", "at_best"), ESTIMATES.values(), ids=ESTIMATES
)


def records(n, overlap, seed=1):
    rng = np.random.default_rng(seed)
    is_member = rng.permutation(np.repeat([True, False], n))
    return is_member, overlap * rng.random(2 * n) + (1 - overlap) * is_member


def test_every_public_function_is_in_a_table():
    functions = {name for name in statistics.__all__ if not attrs.has(getattr(statistics, name))}
    assert functions == set(ESTIMATES) | NOT_ESTIMATES


@every_estimate
def test_estimate_travels_with_interval_sizes_and_method(measure, at_chance, at_best):
    is_member, scores = records(100, 0.8)
    estimate = measure(is_member, scores, confidence=0.9)
    assert isinstance(estimate, MembershipEstimate)
    assert estimate.low <= estimate.value <= estimate.high
    assert estimate.confidence == 0.9
    assert 0 < estimate.n_members <= 100
    assert 0 < estimate.n_non_members <= 100
    assert estimate.method


@every_estimate
def test_chance_is_inside_of_the_interval_at_chance(measure, at_chance, at_best):
    is_member, scores = records(400, 1.0)
    estimate = measure(is_member, scores)
    assert estimate.low <= at_chance <= estimate.high


@every_estimate
def test_perfect_attack_has_the_best_value(measure, at_chance, at_best):
    is_member, scores = records(400, 0.4)
    estimate = measure(is_member, scores)
    if at_best is None:
        assert 3.5 < estimate.value < np.log(400)
    else:
        assert estimate.value == at_best
        assert estimate.low > at_chance + 0.4 * (at_best - at_chance)


@every_estimate
def test_more_records_narrow_the_interval(measure, at_chance, at_best):
    few, many = (measure(*records(n, 0.8)) for n in (100, 2500))
    width = [e.high - e.low if np.isfinite(e.high) else -e.low for e in (few, many)]
    assert width[1] < width[0]


@every_estimate
def test_more_confidence_widens_the_interval(measure, at_chance, at_best):
    is_member, scores = records(200, 0.8)
    lax, strict = (measure(is_member, scores, confidence=c) for c in (0.8, 0.999))
    assert strict.low < lax.low
    assert strict.high >= lax.high


@every_estimate
def test_order_of_the_records_does_not_matter(measure, at_chance, at_best):
    is_member, scores = records(60, 0.8)
    scores = scores.round(1)
    reverse = measure(is_member[::-1], scores[::-1])
    if measure is split:
        # Which records choose the threshold is drawn by position, so only the sizes agree.
        assert reverse.n_members == measure(is_member, scores).n_members
    else:
        assert reverse == measure(is_member, scores)


@every_estimate
@pytest.mark.parametrize("confidence", [0.0, 1.0, 95])
def test_impossible_confidence_is_refused(measure, at_chance, at_best, confidence):
    with pytest.raises(ValueError, match="confidence must be"):
        measure(*records(20, 0.8), confidence=confidence)
