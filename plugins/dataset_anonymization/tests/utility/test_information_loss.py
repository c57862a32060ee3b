import math
from collections import Counter

import numpy as np
import pytest
from anomed_dataset_anonymization.privacy import Codes
from anomed_dataset_anonymization.utility import (
    Boxes,
    Intervals,
    ValueMasses,
    gcp,
    ncp_xu,
    non_uniform_entropy,
)
from hypothesis import given
from hypothesis import strategies as st


def codes(values):
    return Codes(codes=np.array(values, dtype=np.int64), n_codes=max(values) + 1)


def test_a_hand_worked_table(boxes):
    # age costs 3/9 and 0, colour costs 1/3 and 0
    table = boxes([(2, 5), (7, 7)], [{0, 1}, {3}])
    assert gcp(table) == pytest.approx((3 / 9 + 1 / 3) / 4)
    assert ncp_xu(table) == pytest.approx((3 / 9 + 2 / 4) / 4)
    assert gcp(table.select(["age"])) == gcp(table.select(["colour"])) == pytest.approx(1 / 6)


def test_exact_rows_cost_nothing_and_suppressed_ones_everything(boxes):
    assert gcp(boxes([(2, 2)], [{1}])) == 0.0
    everything = boxes([(0, 9)], [{0, 1, 2, 3}])
    assert gcp(everything) == 1.0
    assert ncp_xu(everything) == 1.0


def test_a_missing_row_costs_as_much_as_a_suppressed_one(boxes):
    missing = gcp(boxes([(2, 5), (7, 7)], [{0, 1}, {3}]), n_original=3)
    suppressed = gcp(boxes([(2, 5), (7, 7), (0, 9)], [{0, 1}, {3}, {0, 1, 2, 3}]))
    assert missing == pytest.approx(suppressed)


def test_counts_weigh_the_rows(boxes):
    assert gcp(boxes([(0, 9), (7, 7)], [{0}, {0}], counts=[1, 3])) == pytest.approx(1 / 8)


def test_a_domain_of_one_value_costs_nothing():
    table = Boxes(
        columns={
            "constant": Intervals.from_rows([5], [5], domain=(5, 5), step=1),
            "only": ValueMasses.from_values([0], n_values=1),
        },
        counts=np.array([1]),
    )
    assert gcp(table) == 0.0
    assert ncp_xu(table) == 0.0


def test_more_people_than_there_are_is_refused(boxes):
    with pytest.raises(ValueError, match="2 people are published, but the original table has"):
        gcp(boxes([(1, 1), (2, 2)], [{0}, {0}]), n_original=1)


@given(data=st.data())
def test_certainty_penalties_stay_in_range_and_in_order(boxes, random_rows, data):
    table = boxes(*zip(*data.draw(random_rows), strict=True))
    assert 0.0 <= gcp(table) <= ncp_xu(table) <= 1.0


@given(data=st.data())
def test_widening_a_cell_never_lowers_the_penalty(boxes, random_rows, data):
    ages, colours = map(list, zip(*data.draw(random_rows), strict=True))
    before = gcp(boxes(ages, colours))
    ages[0] = (max(0, ages[0][0] - 1), min(9, ages[0][1] + 1))
    colours[0] = colours[0] | {0}
    assert gcp(boxes(ages, colours)) >= before


def test_entropy_of_a_hand_worked_recoding():
    # 4 rows of {a, a, b, c} published as {x, x, x, c}: a loses log2(3/2), b loses log2(3)
    loss = non_uniform_entropy([codes([0, 0, 1, 2])], [codes([0, 0, 0, 1])])
    assert loss.bits == pytest.approx(2 * math.log2(3 / 2) + math.log2(3))
    assert loss.share == pytest.approx(loss.bits / 6)  # all suppressed: 2 * 1 + 2 + 2 bits


def test_unchanged_columns_lose_nothing():
    assert non_uniform_entropy([codes([0, 1])], [codes([1, 0])]).bits == 0.0


def test_suppressing_a_column_loses_all_of_it():
    assert non_uniform_entropy([codes([0, 1, 1])], [codes([0, 0, 0])]).share == pytest.approx(1.0)


def test_a_constant_column_has_nothing_to_lose():
    loss = non_uniform_entropy([codes([0, 0])], [codes([0, 0])])
    assert (loss.bits, loss.share) == (0.0, 0.0)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_entropy_is_the_conditional_entropy_of_the_original(pairs):
    before, after = zip(*pairs, strict=True)
    joint, groups = Counter(pairs), Counter(after)
    expected = sum(-count * math.log2(count / groups[group]) for (_, group), count in joint.items())
    loss = non_uniform_entropy([codes(before)], [codes(after)])
    assert loss.bits == pytest.approx(expected, abs=1e-9)
    assert 0.0 <= loss.share <= 1.0 + 1e-12


def test_tables_of_other_columns_are_refused():
    with pytest.raises(ValueError, match="1 original and 0 published columns"):
        non_uniform_entropy([codes([0])], [])
