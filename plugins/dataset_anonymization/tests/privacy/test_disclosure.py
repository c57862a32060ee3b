import math

import pytest
from anomed_dataset_anonymization.privacy import (
    basic_beta,
    delta_disclosure,
    delta_disclosure_present,
    enhanced_beta,
)
from hypothesis import given
from hypothesis import strategies as st


def test_basic_beta_is_the_gain_of_the_rarest_value(small_table):
    # value 0 has share 1/5 in the table, 1/2 in class 0
    table = small_table([(0, 0, 2), (0, 1, 2), (1, 1, 6)]).contingency
    assert basic_beta(table) == pytest.approx((0.5 - 0.2) / 0.2)


def test_enhanced_beta_is_infinite_where_the_gain_exceeds_the_bound(small_table):
    # the gain 1 of a value with share 0.1 is allowed, as -ln 0.1 is 2.303
    allowed = small_table([(0, 0, 2), (0, 1, 4), (0, 2, 4), (1, 1, 5), (1, 2, 5)]).contingency
    assert enhanced_beta(allowed) == pytest.approx(1.0)
    # the gain 1 of a value with share 0.5 is not, as -ln 0.5 is 0.693
    excessive = small_table([(0, 0, 2), (1, 1, 2)]).contingency
    assert basic_beta(excessive) == pytest.approx(1.0)
    assert enhanced_beta(excessive) == math.inf


def test_delta_is_infinite_where_a_class_lacks_a_value(small_table):
    table = small_table([(0, 0, 2), (0, 1, 2), (1, 1, 6)]).contingency
    assert delta_disclosure(table) == math.inf
    assert delta_disclosure_present(table) == pytest.approx(math.log(0.5 / 0.2))


def test_values_that_occur_nowhere_are_lacked_by_nobody(small_table):
    table = small_table([(0, 1, 1), (0, 4, 1), (1, 1, 1), (1, 4, 1)]).contingency
    assert delta_disclosure(table) == 0.0


def test_classes_like_the_table_disclose_nothing(small_table):
    table = small_table([(0, 0, 1), (0, 1, 3), (1, 0, 2), (1, 1, 6)]).contingency
    assert basic_beta(table) == 0.0
    assert enhanced_beta(table) == 0.0
    assert delta_disclosure(table) == 0.0


@given(data=st.data())
def test_all_numbers_follow_their_definitions(small_tables, data):
    table = data.draw(small_tables)
    gains, ratios, satisfiable = [0.0], [], True
    for q, p in (
        pair
        for shares in table.class_shares()
        for pair in zip(shares, table.table_shares(), strict=True)
    ):
        if p == 0:
            continue
        gain = float((q - p) / p)
        gains.append(gain)
        satisfiable &= gain <= 0 or gain <= -math.log(p)
        ratios.append(abs(math.log(q / p)) if q else math.inf)
    assert basic_beta(table.contingency) == pytest.approx(max(gains), abs=1e-12)
    expected = max(gains) if satisfiable else math.inf
    assert enhanced_beta(table.contingency) == pytest.approx(expected, abs=1e-12)
    assert delta_disclosure(table.contingency) == pytest.approx(max(ratios), abs=1e-12)


@given(data=st.data())
def test_the_finite_companion_never_exceeds_delta(small_tables, data):
    table = data.draw(small_tables).contingency
    assert delta_disclosure_present(table) <= delta_disclosure(table)
