"""Naming a row earns the probability that it is the right one, and nothing by luck."""

import numpy as np
import pytest
from anomed_dataset_anonymization.threat import NO_ROW, score_linkage
from anomed_dataset_anonymization.threat.linkage import count_named

IS_MEMBER = np.repeat([True, False], 100)


def score(credit, n_named=1, **more):
    named = np.broadcast_to(np.asarray(n_named), 200)
    return score_linkage(
        np.broadcast_to(np.asarray(credit, dtype=float), 200),
        n_named=named,
        is_member=IS_MEMBER,
        n_rows=1000,
        **more,
    )


def own(credit):
    """Return credit about members alone."""
    return np.where(IS_MEMBER, credit, 0.0)


def test_recall_is_the_mean_credit_of_members():
    assert score(0.1).recall.value == pytest.approx(0.1)
    assert score(np.where(IS_MEMBER, 1.0, 0.0)).risk.value == 1


def test_claims_on_controls_are_wrong():
    assert score(0.1).precision == pytest.approx(0.05)
    assert score(0.1, n_named=IS_MEMBER.astype(int)).precision == pytest.approx(0.1)


def test_without_claims_there_is_no_precision_and_no_risk():
    silent = score(0.0, n_named=0)
    assert silent.precision is None
    assert (silent.recall.value, silent.risk.value, silent.true_positive_rate) == (0, 0, 0)


def test_naming_rows_at_random_is_no_risk():
    assert score(own(1 / 1000)).risk.value == pytest.approx(0, abs=1e-12)
    assert score(own(3 / 1000), n_named=3).risk.value == pytest.approx(0, abs=1e-12)


def test_what_naming_rows_earns_about_non_members_is_no_risk():
    assert score(0.1).risk.value == pytest.approx(0, abs=1e-12)
    assert score(np.where(IS_MEMBER, 0.4, 0.1)).risk.value == pytest.approx(0.3 / 0.9)


def test_naming_no_rows_for_non_members_on_purpose_is_no_success():
    silent = IS_MEMBER.astype(int)
    assert score(0.4, n_named=silent).non_members.value == 0
    assert score(0.4, n_named=silent).risk.low > 0.2
    assert score(0.4, n_named=silent, floors=[(np.full(200, 0.4), ~IS_MEMBER)]).risk.low == 0


def test_more_guesses_cost_precision():
    assert score(0.3, n_named=3).precision == pytest.approx(0.05)


def test_what_others_know_from_other_tables_is_no_risk():
    assert score(own(0.4)).risk.low > 0.2
    assert score(own(0.4), floors=[(own(0.4), IS_MEMBER)]).risk.low == 0


class TestTruePositiveRate:
    def test_counts_the_surest_claims_that_spare_the_controls(self):
        confidence = np.where(IS_MEMBER, 2.0, 1.0)
        assert score(0.5, confidence=confidence).true_positive_rate == pytest.approx(0.5)

    def test_allows_one_control_in_a_hundred(self):
        confidence = np.where(IS_MEMBER, 2.0, 1.0)
        confidence[100] = 3.0
        assert score(1.0, confidence=confidence).true_positive_rate == 1
        confidence[101] = 3.0
        assert score(1.0, confidence=confidence).true_positive_rate == 0

    def test_equal_confidence_hides_nothing_in_the_order(self):
        assert score(1.0).true_positive_rate == 0
        assert score(1.0, confidence=np.ones(200)).true_positive_rate == 0


def test_only_those_who_count_are_counted():
    with pytest.raises(ValueError, match="0 non-members"):
        score(1.0, counted=IS_MEMBER)


def test_a_row_named_twice_counts_once():
    rows = np.array([[4, 4, 5], [NO_ROW, 3, 3], [NO_ROW] * 3, [7, 8, 9]])
    assert count_named(rows).tolist() == [2, 1, 0, 3]
