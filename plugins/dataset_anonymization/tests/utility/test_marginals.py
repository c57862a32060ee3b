import numpy as np
import pytest
from anomed_dataset_anonymization.utility import Boxes, ValueMasses, k_marginal_score
from hypothesis import given
from hypothesis import strategies as st


def nominal(*columns, n_values=3):
    return Boxes(
        columns={
            f"c{place}": ValueMasses.from_values(values, n_values=n_values)
            for place, values in enumerate(columns)
        },
        counts=np.ones(len(columns[0]), dtype=np.int64),
    )


def test_the_original_scores_a_thousand(boxes):
    table = boxes([(1, 1), (2, 2), (9, 9)], [{0}, {1}, {0}])
    assert k_marginal_score(table, table) == 1000.0


def test_disjoint_tables_score_nothing(boxes):
    first, second = boxes([(1, 1)], [{0}]), boxes([(9, 9)], [{3}])
    assert k_marginal_score(first, second) == pytest.approx(0.0)


def test_a_hand_worked_pair():
    """Densities 1/2, 1/2, 0, 0 against 1/4 each: an L1 difference of 1."""
    correlated = nominal([0, 1], [0, 1], n_values=2)
    uniform = nominal([0, 0, 1, 1], [0, 1, 0, 1], n_values=2)
    assert k_marginal_score(correlated, uniform) == pytest.approx(500.0)


def test_generalised_rows_spread_their_mass():
    correlated = nominal([0, 1], [0, 1], n_values=2)
    suppressed = nominal([-1, -1], [-1, -1], n_values=2)
    assert k_marginal_score(correlated, suppressed) == pytest.approx(500.0)


def test_the_score_is_the_mean_over_pairs():
    original = nominal([0, 1, 2], [0, 1, 2], [0, 0, 0])
    shuffled = nominal([0, 1, 2], [1, 2, 0], [0, 0, 0])
    # the pair of the first two columns differs entirely, the other two pairs agree
    assert k_marginal_score(original, shuffled) == pytest.approx(1000 * 2 / 3)


def test_leaving_out_rows_at_random_costs_only_the_distortion(boxes):
    table = boxes([(1, 1), (1, 1), (9, 9), (9, 9)], [{0}, {0}, {1}, {1}])
    half = boxes([(1, 1), (9, 9)], [{0}, {1}])
    assert k_marginal_score(table, half) == 1000.0


@given(data=st.data())
def test_any_two_tables_score_in_range_and_symmetrically_for_listed_values(data):
    row = st.tuples(st.integers(-1, 2), st.integers(-1, 2))
    first = nominal(*zip(*data.draw(st.lists(row, min_size=1, max_size=8)), strict=True))
    second = nominal(*zip(*data.draw(st.lists(row, min_size=1, max_size=8)), strict=True))
    score = k_marginal_score(first, second)
    assert -1e-9 <= score <= 1000.0
    assert k_marginal_score(second, first) == pytest.approx(score)


def test_numbers_are_binned_at_the_originals_twentieths(boxes):
    """Forty ages among ten points: each point is a bin, so a shift by one is seen."""
    ages = [(age, age) for age in range(10)] * 4
    people = boxes(ages, [{0}] * 40)
    shifted = boxes([(min(9, low + 1),) * 2 for low, _ in ages], [{0}] * 40)
    assert k_marginal_score(people, shifted) == pytest.approx(1000 * (1 - 0.1))


def test_pairs_need_two_columns(boxes):
    table = boxes([(1, 1)], [{0}]).select(["age"])
    with pytest.raises(ValueError, match="1 column"):
        k_marginal_score(table, table)


def test_the_published_table_needs_all_columns(boxes):
    table = boxes([(1, 1)], [{0}])
    with pytest.raises(ValueError, match="lacks the columns"):
        k_marginal_score(table, table.select(["age"]))
