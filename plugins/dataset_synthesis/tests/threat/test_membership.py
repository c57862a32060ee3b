"""Scoring of membership attacks."""

import numpy as np
import pytest
from anomed_dataset_synthesis.threat.membership import (
    MembershipResult,
    assess_membership,
    check_membership_scores,
)

IS_MEMBER = np.arange(4000) < 2000


def by_skill(share, seed=1):
    """Know `share` of the members for sure, and nothing of the others."""
    rng = np.random.default_rng(seed)
    scores = rng.random(4000) * 0.9
    scores[: int(share * 2000)] = 1.0
    return scores


def test_a_worthless_attack_is_in_the_band_and_no_evidence():
    (result,) = assess_membership(by_skill(0), IS_MEMBER, attack="coin")
    low, high = result.null_band()
    assert low <= result.auc().value <= high
    for piece in result.evidence():
        assert piece.advantage(0.999).low == 0


def test_a_known_leak_is_estimated():
    (result,) = assess_membership(by_skill(0.3), IS_MEMBER, attack="leak")
    # TPR = .3 + .7 f; the normalised advantage is .3 at each FPR, and 2 AUC - 1 as well.
    assert result.tpr_at(0.1).value == pytest.approx(0.37, abs=0.02)
    for piece in result.evidence():
        advantage = piece.advantage()
        assert advantage.low < 0.3 < advantage.high
        assert advantage.high - advantage.low < 0.1


@pytest.mark.parametrize("fpr", [0.01, 0.1])
def test_the_interval_of_the_tpr_covers_the_truth(fpr):
    rng = np.random.default_rng(3)
    covered = []
    for seed in range(150):
        members = np.where(rng.random(400) < 0.3, 1.0, rng.random(400))
        result = MembershipResult(
            attack="a",
            group="g",
            members=members,
            non_members=np.random.default_rng(seed).random(400),
        )
        estimate = result.tpr_at(fpr)
        assert estimate.low <= estimate.value <= estimate.high
        covered.append(estimate.low <= 0.3 + 0.7 * fpr <= estimate.high)
    assert np.mean(covered) > 0.94


def test_the_worst_group_shows_what_the_average_hides():
    scores = by_skill(0)
    outliers = (np.arange(4000) % 20) == 0
    scores[outliers & IS_MEMBER] = 1.0
    everyone, some = assess_membership(
        scores, IS_MEMBER, attack="leak", groups={"outliers": outliers}
    )
    assert everyone.evidence()[0].advantage().value < 0.15
    assert some.evidence()[0].advantage().low > 0.8
    assert len(some.members) == 100


def test_a_group_without_controls_is_left_out():
    results = assess_membership(
        by_skill(0), IS_MEMBER, attack="a", groups={"members only": IS_MEMBER}
    )
    assert [result.group for result in results] == ["all targets"]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.01, 1.01])
def test_scores_outside_zero_to_one_are_refused(bad):
    scores = by_skill(0)
    scores[17] = bad
    with pytest.raises(ValueError, match="1 scores are NaN or outside 0 to 1"):
        assess_membership(scores, IS_MEMBER, attack="a")


def test_wrong_lengths_and_kinds_are_refused():
    with pytest.raises(ValueError, match="for 4 targets"):
        check_membership_scores(np.zeros(3), 4)
    with pytest.raises(ValueError, match="two members and two non-members"):
        assess_membership(np.zeros(5), np.array([True] * 4 + [False]), attack="a")
