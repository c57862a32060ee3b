import math

import pytest
from anomed_dataset_anonymization.privacy import alpha, distinct_l, entropy_l, recursive_c
from hypothesis import given
from hypothesis import strategies as st


def one_class(small_table, *counts):
    return small_table([(0, value, count) for value, count in enumerate(counts)]).contingency


def test_alpha_is_the_share_of_the_commonest_value(small_table):
    assert alpha(one_class(small_table, 9, 1)) == 0.9


def test_a_class_of_one_value_has_no_diversity(small_table):
    table = small_table([(0, 0, 3), (1, 0, 1), (1, 1, 1)]).contingency
    assert distinct_l(table) == 1
    assert entropy_l(table) == 1.0
    assert alpha(table) == 1.0
    assert recursive_c(table, 2) == math.inf


@pytest.mark.parametrize("l", [2, 3, 4, 5])
def test_equally_frequent_values_have_full_entropy(small_table, l):  # noqa: E741 - as in l-diversity
    """Truncating exp(H) to an integer makes pycanon 1.3.6 report l - 1 for some of these."""
    assert entropy_l(one_class(small_table, *[3] * l)) == pytest.approx(l, rel=1e-12)


def test_recursive_c_divides_the_commonest_by_the_tail(small_table):
    """A class of 9 to 1 needs c > 9; dividing the rarest by the tail, as pycanon does, says 1."""
    assert recursive_c(one_class(small_table, 9, 1), 2) == 9.0
    assert recursive_c(one_class(small_table, 1, 6, 2, 3), 3) == 2.0


def test_recursive_c_with_l_of_1_is_alpha(small_table):
    assert recursive_c(one_class(small_table, 3, 1), 1) == 0.75


def test_the_worst_class_decides(small_table):
    table = small_table([(0, 0, 5), (0, 1, 5), (1, 0, 8), (1, 1, 2)]).contingency
    assert recursive_c(table, 2) == 4.0


def test_l_below_1_is_refused(small_table):
    with pytest.raises(ValueError, match="l is 0"):
        recursive_c(one_class(small_table, 1, 1), 0)


@given(data=st.data(), l=st.integers(1, 5))
def test_all_numbers_follow_their_definitions(small_tables, data, l):  # noqa: E741
    table = data.draw(small_tables)
    entropies, ratios = [], []
    for member in table.members:
        shares = [count / member.total() for count in member.values()]
        entropies.append(math.exp(-sum(share * math.log(share) for share in shares)))
        descending = sorted(member.values(), reverse=True)
        tail = sum(descending[l - 1 :])
        ratios.append(descending[0] / tail if tail else math.inf)
    assert distinct_l(table.contingency) == min(len(member) for member in table.members)
    assert entropy_l(table.contingency) == pytest.approx(min(entropies))
    assert recursive_c(table.contingency, l) == pytest.approx(max(ratios))
    assert alpha(table.contingency) == float(max(max(q) for q in table.class_shares()))


@given(data=st.data())
def test_entropy_l_lies_between_one_and_distinct_l(small_tables, data):
    table = data.draw(small_tables).contingency
    assert 1.0 <= entropy_l(table) <= distinct_l(table) * (1 + 1e-12)
