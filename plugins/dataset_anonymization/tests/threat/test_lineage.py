"""Whose a row is follows a credible declaration, and else the nearest rows."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema, encode
from anomed_dataset_anonymization.schemes import canonicalise
from anomed_dataset_anonymization.threat import NO_ROW, trace_lineage

SCHEMA = TableSchema(
    columns=[
        Column(name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=9)),
        Column(name="sex", kind="nominal", dtype="string", domain=["F", "M"]),
    ]
)
LEAKY = pd.DataFrame(
    {"age": [1, 1, 5, 9], "sex": ["F", "F", "M", "M"]}, index=[1000, 2000, 3000, 4000]
)


def trace(table, scheme="same"):
    published = canonicalise(table, scheme, schema=SCHEMA, leaky=LEAKY)
    lineage = trace_lineage(
        published,
        people=encode(LEAKY, SCHEMA),
        is_member=np.ones(4, dtype=bool),
        leaky_positions=np.arange(4),
        n_leaky=4,
    )
    return published, lineage


def credit_of(lineage, rows):
    return lineage.credit(np.array(rows)[:, np.newaxis]).tolist()


def test_a_true_declaration_counts_alone():
    _, lineage = trace(LEAKY)
    assert len(lineage.ownership) == 1
    assert credit_of(lineage, [0, 1, 2, 3]) == [0.5, 0.5, 1, 1]


def test_identical_rows_earn_the_same_whoever_is_named():
    _, lineage = trace(LEAKY)
    assert credit_of(lineage, [0, 0, 2, 3]) == credit_of(lineage, [1, 1, 2, 3])


def test_a_class_of_k_earns_1_by_k():
    table = LEAKY.drop(columns="age").assign(age_min=0, age_max=9, sex=None)
    _, lineage = trace(table, "generalization")
    assert credit_of(lineage, [3, 2, 1, 0]) == [0.25] * 4


@pytest.mark.parametrize("declared", [[2000, 1000, 4000, 3000], [3000, 4000, 1000, 2000]])
def test_a_false_declaration_does_not_hide_who_is_who(declared):
    published, lineage = trace(LEAKY.set_axis(declared))
    assert published.lineage is not None
    assert len(lineage.ownership) == 2
    assert credit_of(lineage, [0, 1, 2, 3]) == [0.5, 0.5, 1, 1]


def test_swapping_people_published_alike_is_no_lie():
    _, lineage = trace(LEAKY.set_axis([2000, 1000, 3000, 4000]))
    assert len(lineage.ownership) == 1


def test_without_a_declaration_the_nearest_rows_count():
    _, lineage = trace(LEAKY.reset_index(drop=True).assign(age=[0, 1, 6, 9]))
    assert credit_of(lineage, [0, 0, 2, 3]) == [0, 0, 1, 1]
    assert credit_of(lineage, [1, 1, 2, 3]) == [1, 1, 1, 1]


def test_overlapping_boxes_share_the_credit():
    table = pd.DataFrame({"age_min": [0, 0, 5, 5], "age_max": [4, 9, 9, 9]})
    _, lineage = trace(table, "generalization")
    assert credit_of(lineage, [0, 1, 2, 3]) == [0.5, 0.5, 1 / 3, 1 / 3]


def test_who_is_not_published_has_no_row():
    _, lineage = trace(LEAKY.iloc[2:])
    assert credit_of(lineage, [0, 0, 0, 1]) == [0, 0, 1, 1]


def test_fewer_rows_than_people_lower_the_credit_of_the_nearest():
    _, lineage = trace(LEAKY.reset_index(drop=True).iloc[:2])
    assert credit_of(lineage, [0, 1, 0, 1]) == [0.25] * 4


def test_several_rows_named_add_up_once_each():
    _, lineage = trace(LEAKY)
    rows = np.array([[0, 1, NO_ROW], [0, 0, 0], [NO_ROW] * 3, [1, 2, 3]])
    assert lineage.credit(rows).tolist() == [1, 0.5, 0, 1]


def test_positions_beyond_the_leaky_table_are_refused():
    published = canonicalise(LEAKY, "same", schema=SCHEMA, leaky=LEAKY)
    with pytest.raises(ValueError, match="do not fit"):
        trace_lineage(
            published,
            people=encode(LEAKY, SCHEMA),
            is_member=np.ones(4, dtype=bool),
            leaky_positions=np.arange(4) + 1,
            n_leaky=4,
        )


def test_if_none_of_the_people_is_published_nothing_is_credited():
    published = canonicalise(LEAKY.iloc[:2], "same", schema=SCHEMA, leaky=LEAKY)
    lineage = trace_lineage(
        published,
        people=encode(LEAKY, SCHEMA)[2:],
        is_member=np.ones(2, dtype=bool),
        leaky_positions=np.array([2, 3]),
        n_leaky=4,
    )
    assert credit_of(lineage, [0, 1]) == [0, 0]


def test_strangers_are_credited_as_members_without_a_declaration_are():
    """Whoever names the nearest row is as often right of people who were never in the table."""
    people = encode(pd.DataFrame({"age": [1, 9, 1, 9], "sex": ["F", "M", "F", "M"]}), SCHEMA)
    lineage = trace_lineage(
        canonicalise(LEAKY.reset_index(drop=True), "same", schema=SCHEMA, leaky=LEAKY),
        people=people,
        is_member=np.array([True, True, False, False]),
        leaky_positions=np.array([0, 3, -1, -1]),
        n_leaky=4,
    )
    assert credit_of(lineage, [0, 3, 0, 3]) == [0.5, 1, 0.5, 1]


def test_a_row_that_is_farther_than_rows_are_from_strangers_is_nobodys():
    people = encode(pd.DataFrame({"age": [1, 7, 5, 9], "sex": ["F", "M", "M", "M"]}), SCHEMA)
    lineage = trace_lineage(
        canonicalise(LEAKY.reset_index(drop=True), "same", schema=SCHEMA, leaky=LEAKY),
        people=people,
        is_member=np.array([True, True, False, False]),
        leaky_positions=np.array([0, 3, -1, -1]),
        n_leaky=4,
    )
    assert credit_of(lineage, [0, 2, 2, 3]) == [0.5, 0, 1, 1]
