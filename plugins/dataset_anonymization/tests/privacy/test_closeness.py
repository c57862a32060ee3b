import itertools

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.privacy import (
    Codes,
    contingency,
    equivalence_classes,
    t_closeness_equal,
    t_closeness_hierarchical,
    t_closeness_ordered,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

# values 0 and 1 share a parent, 2 and 3 another, 4 stands alone until the root
HIERARCHY = [[0, 1, 2, 3, 4], [0, 0, 1, 1, 2], [0, 0, 1, 1, 1], [0, 0, 0, 0, 0]]


def earth_movers_distance(p, q, ground):
    """Solve the transport problem itself."""
    n_values = len(p)
    flows_out = np.kron(np.eye(n_values), np.ones(n_values))
    flows_in = np.kron(np.ones(n_values), np.eye(n_values))
    solution = linprog(
        np.ravel(ground),
        A_eq=np.vstack([flows_out, flows_in]),
        b_eq=np.concatenate([p, q]).astype(float),
        method="highs",
    )
    assert solution.success
    return solution.fun


def worst_distance(table, ground):
    p = table.table_shares()
    return max(earth_movers_distance(p, q, ground) for q in table.class_shares())


GROUND_EQUAL = 1 - np.eye(5)
GROUND_ORDERED = np.abs(np.subtract.outer(np.arange(5), np.arange(5))) / 4
GROUND_HIERARCHICAL = np.array(
    [
        [min(h for h in range(4) if HIERARCHY[h][a] == HIERARCHY[h][b]) / 3 for a in range(5)]
        for b in range(5)
    ]
)


@pytest.mark.parametrize(
    ("measure", "ground"),
    [
        (t_closeness_equal, GROUND_EQUAL),
        (t_closeness_ordered, GROUND_ORDERED),
        (lambda table: t_closeness_hierarchical(table, HIERARCHY), GROUND_HIERARCHICAL),
    ],
    ids=["equal", "ordered", "hierarchical"],
)
@given(data=st.data())
def test_t_is_the_earth_movers_distance(small_tables, measure, ground, data):
    table = data.draw(small_tables)
    assert measure(table.contingency) == pytest.approx(worst_distance(table, ground), abs=1e-9)


@pytest.mark.parametrize(
    ("classes", "t"),
    [
        ([[3, 4, 5], [6, 8, 11], [7, 9, 10]], 0.375),
        ([[3, 5, 9], [6, 8, 11], [4, 7, 10]], 1 / 6),
    ],
)
def test_the_salary_tables_of_the_paper(classes, t):
    """Li et al. 2007, tables 3 and 5: salaries from 3k to 11k in classes of three."""
    labels = pd.DataFrame({"zip": np.repeat([0, 1, 2], 3)})
    table = contingency(equivalence_classes(labels), np.ravel(classes))
    assert t_closeness_ordered(table) == pytest.approx(t)


def test_a_class_like_the_table_is_perfectly_close(small_table):
    table = small_table([(0, 0, 2), (0, 3, 4), (1, 0, 1), (1, 3, 2)]).contingency
    assert t_closeness_equal(table) == pytest.approx(0, abs=1e-15)
    assert t_closeness_ordered(table) == pytest.approx(0, abs=1e-15)


def test_values_that_occur_nowhere_keep_their_rank():
    classes = equivalence_classes(pd.DataFrame({"zip": [1, 2]}))
    near = contingency(classes, Codes(codes=np.array([0, 1]), n_codes=11))
    far = contingency(classes, Codes(codes=np.array([0, 10]), n_codes=11))
    assert t_closeness_ordered(near) == pytest.approx(0.05)
    assert t_closeness_ordered(far) == pytest.approx(0.5)


def test_a_domain_of_one_value_is_perfectly_close():
    """pycanon 1.3.6 divides by zero on a constant number."""
    classes = equivalence_classes(pd.DataFrame({"zip": [1, 2]}))
    assert t_closeness_ordered(contingency(classes, [7, 7])) == 0.0


@given(data=st.data())
def test_a_flat_hierarchy_is_the_equal_distance(small_tables, data):
    table = data.draw(small_tables).contingency
    flat = [list(range(5)), [0] * 5]
    assert t_closeness_hierarchical(table, flat) == pytest.approx(t_closeness_equal(table))


@given(data=st.data(), order=st.permutations(range(5)))
def test_the_equal_distance_ignores_the_order_of_values(small_tables, small_table, data, order):
    table = data.draw(small_tables)
    rows = [
        (label, order[value], count)
        for label, member in enumerate(table.members)
        for value, count in member.items()
    ]
    permuted = small_table(rows).contingency
    assert t_closeness_equal(permuted) == pytest.approx(t_closeness_equal(table.contingency))


@pytest.mark.parametrize(
    ("hierarchy", "complaint"),
    [
        ([[0, 1, 2, 3, 4]], "at least 2 levels"),
        ([[0, 1], [0, 0]], "5 values"),
        ([[0, 0, 1, 2, 3], [0] * 5], "level 0"),
        ([[0, 1, 2, 3, 4], [0, 0, 0, 0, 1]], "last level"),
        ([[0, 1, 2, 3, 4], [0, 0, 1, 1, 1], [0, 1, 1, 1, 1], [0] * 5], "level 2"),
    ],
)
def test_hierarchies_that_do_not_nest_are_refused(small_table, hierarchy, complaint):
    table = small_table([(0, 0, 1)]).contingency
    with pytest.raises(ValueError, match=complaint):
        t_closeness_hierarchical(table, hierarchy)


def test_the_hierarchical_ground_distance_is_a_metric():
    for a, b, c in itertools.product(range(5), repeat=3):
        ground = GROUND_HIERARCHICAL
        assert ground[a, c] <= max(ground[a, b], ground[b, c])
