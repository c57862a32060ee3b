"""What is guessed right counts only above what is guessed without the table."""

import numpy as np
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column
from anomed_dataset_anonymization.threat import is_right, score_inference

SALARY = Column(
    name="salary", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=99), tolerance=2
)
IS_MEMBER = np.repeat([True, False], 1000)


def successes(members, non_members):
    """Return flags with the given shares of right guesses on members and non-members."""
    ranks = np.tile(np.arange(1000), 2) / 1000
    return ranks < np.where(IS_MEMBER, members, non_members)


def test_a_guess_is_right_within_the_tolerance_only():
    guesses = np.array([10, 12, 13, np.nan, 10, np.nan])
    truth = np.array([10, 10, 10, 10, np.nan, np.nan])
    assert is_right(guesses, truth, SALARY).tolist() == [True, True, False, False, False, False]


def test_the_risk_is_what_controls_leave():
    score = score_inference(successes(0.95, 0.802), is_member=IS_MEMBER)
    assert score.members.value == 0.95
    assert score.non_members.value == 0.802
    assert score.risk.value == pytest.approx((0.95 - 0.802) / (1 - 0.802))
    assert score.advantage is None


def test_a_model_everybody_can_learn_is_no_leak():
    """Mondrian at k = 10 on Adult: 82.8 % on members, 80.9 % on non-members, 83.6 % without it."""
    score = score_inference(
        successes(0.828, 0.809),
        is_member=IS_MEMBER,
        background_right=successes(0.836, 0.836),
    )
    assert score.risk.value == 0


def test_failing_on_recognised_controls_gains_nothing():
    honest = successes(0.84, 0.80)
    cheating = honest & IS_MEMBER
    background = successes(0.82, 0.82)
    risks = [
        score_inference(right, is_member=IS_MEMBER, background_right=background).risk
        for right in (honest, cheating)
    ]
    assert risks[0] == risks[1]
    assert score_inference(cheating, is_member=IS_MEMBER).risk.value > 0.8


def test_the_advantage_over_the_background_alone_hides_a_leak_that_controls_show():
    """Mondrian at k = 5, relationship: 77.4 % on members, 72.6 % on non-members, 78.9 % without."""
    right, background = successes(0.774, 0.726), successes(0.789, 0.789)
    server = score_inference(right, is_member=IS_MEMBER)
    assert server.risk.low > 0
    submitted = score_inference(right, is_member=IS_MEMBER, background_right=background)
    assert submitted.advantage.value == 0


def test_answering_easy_targets_only_counts_the_others_as_wrong():
    everywhere, easy_half = successes(0.9, 0.9), successes(0.9, 0.9)
    easy_half[np.tile(np.arange(1000) % 2 == 0, 2)] = False
    score = score_inference(easy_half, is_member=IS_MEMBER)
    assert score.members.value == 0.45
    assert score_inference(everywhere, is_member=IS_MEMBER).members.value == 0.9


def test_only_those_who_count_are_counted():
    right = successes(1.0, 0.0)
    counted = np.zeros(2000, dtype=bool)
    counted[[0, 1, 1000, 1001]] = True
    score = score_inference(right, is_member=IS_MEMBER, counted=counted)
    assert (score.members.value, score.non_members.value) == (1, 0)
    with pytest.raises(ValueError, match="no non-member"):
        score_inference(right, is_member=IS_MEMBER, counted=IS_MEMBER)
