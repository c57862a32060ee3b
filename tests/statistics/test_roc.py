"""The ROC curve and what is read off it, ties included."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomed_core.statistics import auc, interpolated_tpr, roc_curve, tpr_at_fpr


@st.composite
def ranked_records(draw):
    """Both classes, and scores from a small grid (many ties) or from all floats (few)."""
    n_records = draw(st.integers(2, 60))
    values = draw(
        st.sampled_from([st.sampled_from([0.0, 0.25, 1.0]), st.floats(-1e300, 1e300, width=64)])
    )
    scores = draw(arrays(np.float64, n_records, elements=values))
    is_member = draw(arrays(np.bool_, n_records))
    is_member[0], is_member[1] = True, False
    return is_member, scores


@given(ranked_records())
def test_curve_is_scikit_learns(records):
    is_member, scores = records
    fpr, tpr, thresholds = sklearn.metrics.roc_curve(is_member, scores, drop_intermediate=False)
    curve = roc_curve(is_member, scores)
    np.testing.assert_array_equal(curve.thresholds, thresholds)
    np.testing.assert_array_equal(curve.tpr, tpr)
    np.testing.assert_array_equal(curve.fpr, fpr)


@given(ranked_records())
def test_auc_counts_pairs_and_half_the_ties(records):
    is_member, scores = records
    members, non_members = scores[is_member][:, None], scores[~is_member][None, :]
    wins = np.mean((members > non_members) + 0.5 * (members == non_members))
    assert auc(roc_curve(is_member, scores)) == pytest.approx(wins, abs=1e-14)


@given(ranked_records())
def test_auc_of_the_reversed_score_is_the_complement(records):
    is_member, scores = records
    total = auc(roc_curve(is_member, scores)) + auc(roc_curve(is_member, -scores))
    assert total == pytest.approx(1, abs=1e-15)


@given(ranked_records(), st.floats(0, 1))
def test_operating_point_is_the_best_threshold_found_by_trying_all(records, level):
    is_member, scores = records
    candidates = []
    for threshold in [*np.unique(scores), np.nextafter(scores.max(), np.inf)]:
        decided = scores >= threshold
        if np.count_nonzero(decided & ~is_member) / np.count_nonzero(~is_member) <= level:
            candidates.append(np.count_nonzero(decided & is_member))
    point = tpr_at_fpr(roc_curve(is_member, scores), level)
    assert point.n_true_positives == max(candidates)


@given(ranked_records(), st.floats(0, 1))
def test_operating_point_says_what_its_threshold_does(records, level):
    is_member, scores = records
    point = tpr_at_fpr(roc_curve(is_member, scores), level)
    decided = scores >= point.threshold
    assert np.isfinite(point.threshold)
    assert point.n_members == np.count_nonzero(is_member)
    assert point.n_non_members == np.count_nonzero(~is_member)
    assert point.n_true_positives == np.count_nonzero(decided & is_member)
    assert point.n_false_positives == np.count_nonzero(decided & ~is_member)
    assert point.tpr == point.n_true_positives / point.n_members
    assert point.fpr == point.n_false_positives / point.n_non_members


def test_level_is_compared_with_the_quotient_of_counts():
    # 29 / 100 <= 0.29 holds, but floor(0.29 * 100) is 28.
    is_member = np.repeat([False, True], [100, 1])
    scores = np.append(np.arange(100.0), 70.5)
    assert tpr_at_fpr(roc_curve(is_member, scores), 0.29).n_false_positives == 29


def test_nothing_is_interpolated_across_a_tie():
    curve = roc_curve([True, False, True, False], [1.0, 1.0, 1.0, 0.0])
    point = tpr_at_fpr(curve, 0.25)
    assert (point.tpr, point.fpr) == (0.0, 0.0)
    assert 1.0 < point.threshold < 1.0 + 1e-15


@given(ranked_records(), st.floats(0, 1))
def test_interpolation_reads_the_curve_linearly_and_steps_at_their_upper_end(records, level):
    curve = roc_curve(*records)
    # The best of all mixtures of two neighbouring points, one way or the other, by brute force.
    best = tpr_at_fpr(curve, level).tpr
    for place in range(curve.fpr.size - 1):
        (left, right), (low, high) = curve.fpr[place : place + 2], curve.tpr[place : place + 2]
        if left <= level < right:
            best = max(best, low + (high - low) * (level - left) / (right - left))
    assert interpolated_tpr(curve, level) == pytest.approx(best, abs=1e-12)


@given(ranked_records(), st.floats(0, 1))
def test_both_rules_agree_where_a_threshold_has_the_rate(records, level):
    curve = roc_curve(*records)
    assert tpr_at_fpr(curve, level).tpr <= interpolated_tpr(curve, level)
    for fpr in np.unique(curve.fpr):
        assert tpr_at_fpr(curve, float(fpr)).tpr == interpolated_tpr(curve, float(fpr))


def test_a_constant_score_is_chance_by_one_rule_and_nothing_by_the_other():
    curve = roc_curve([True, False] * 50, np.zeros(100))
    assert interpolated_tpr(curve, 0.1) == pytest.approx(0.1)
    assert tpr_at_fpr(curve, 0.1).tpr == 0
    assert interpolated_tpr(curve, 1.0) == tpr_at_fpr(curve, 1.0).tpr == 1


@pytest.mark.parametrize("dtype", [np.bool_, np.float32, np.int64])
def test_scores_of_any_real_dtype_are_taken(dtype):
    curve = roc_curve([1, 1, 0, 0], np.array([1, 0, 0, 0], dtype=dtype))
    assert auc(curve) == 0.75
    assert curve.thresholds.dtype == np.float64


@pytest.mark.parametrize(
    ("is_member", "scores", "message"),
    [
        ([True, False], [1.0], "exactly one score"),
        ([], [], "non-empty"),
        ([[True], [False]], [[1.0], [0.0]], "one-dimensional"),
        ([True, False], [np.nan, 1.0], "finite"),
        ([True, False], [0.0, np.inf], "finite"),
        ([True, False], [0.0, -np.inf], "finite"),
        ([True, False], [0.0, np.finfo(float).max], "largest float64"),
        ([2, 0], [0.0, 1.0], "truth values"),
        ([True, False], ["a", "b"], "real numbers"),
        ([True, True], [0.0, 1.0], "2 members and 0 non-members"),
        ([False, False], [0.0, 1.0], "0 members and 2 non-members"),
    ],
)
def test_records_without_a_curve_are_refused(is_member, scores, message):
    with pytest.raises(ValueError, match=message):
        roc_curve(is_member, scores)


@pytest.mark.parametrize("level", [-0.1, 1.1, np.nan])
def test_level_that_is_no_rate_is_refused(level):
    with pytest.raises(ValueError, match="false-positive rate must be in"):
        tpr_at_fpr(roc_curve([True, False], [1.0, 0.0]), level)
    with pytest.raises(ValueError, match="false-positive rate must be in"):
        interpolated_tpr(roc_curve([True, False], [1.0, 0.0]), level)
