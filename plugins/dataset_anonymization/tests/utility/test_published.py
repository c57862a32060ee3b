import pandas as pd
import pytest
from anomed_dataset_anonymization import utility
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema
from anomed_dataset_anonymization.schemes import canonicalise
from anomed_dataset_anonymization.utility import (
    boxes_of_people,
    boxes_of_published,
    gcp,
    k_marginal_score,
    truthfulness,
)


@pytest.fixture
def schema():
    return TableSchema(
        columns=[
            Column(name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=99)),
            Column(name="sex", kind="nominal", dtype="string", domain=["F", "M", "X"]),
            Column(
                name="triage", kind="ordinal", dtype="string", domain=["green", "yellow", "red"]
            ),
        ]
    )


@pytest.fixture
def people():
    return pd.DataFrame(
        {
            "age": [20, 24, 61, 67],
            "sex": ["F", "M", "F", "F"],
            "triage": ["green", "yellow", "red", "red"],
        },
        index=pd.Index([11, 12, 13, 14], name="record_id"),
    )


def test_the_unchanged_table_is_exact_and_true(schema, people):
    original = boxes_of_people(people, schema)
    same = boxes_of_published(canonicalise(people, "same", schema=schema, leaky=people))
    assert gcp(same) == 0.0
    assert truthfulness(same, original) == 1.0
    assert k_marginal_score(original, same) == 1000.0


def test_a_null_is_the_whole_domain(schema, people):
    people.loc[11] = [pd.NA, pd.NA, pd.NA]
    same = boxes_of_published(canonicalise(people, "same", schema=schema, leaky=people))
    assert gcp(same) == pytest.approx(1 / 4)


def test_ranges_and_sets_become_boxes(schema, people):
    generalised = pd.DataFrame(
        {
            "age_min": [20, 60],
            "age_max": [29, 69],
            "sex_F": [True, True],
            "sex_M": [True, False],
            "triage_min": ["green", "red"],
            "triage_max": ["yellow", "red"],
            "count": [2, 2],
        }
    )
    table = canonicalise(generalised, "generalization", schema=schema, leaky=people)
    boxes = boxes_of_published(table)
    assert boxes.n_people == 4
    # age costs 9/99 throughout, sex and triage 1/2 for one half of the people
    assert gcp(boxes) == pytest.approx((9 / 99 + 1 / 4 + 1 / 4) / 3)
    assert truthfulness(boxes, boxes_of_people(people, schema)) == 1.0


def test_class_means_and_frequencies_become_mass(schema, people):
    aggregated = pd.DataFrame(
        {
            "age": [22.0, 64.0],
            "sex_F": [0.5, 1.0],
            "sex_M": [0.5, 0.0],
            "triage": ["green", "red"],
            "count": [2, 2],
        }
    )
    boxes = boxes_of_published(
        canonicalise(aggregated, "microaggregation", schema=schema, leaky=people)
    )
    sex = boxes.columns["sex"]
    assert sorted(sex.mass[sex.cell_of_row][:, 1]) == [0.0, 0.0, 0.5, 0.5]
    age = boxes.columns["age"]
    assert sorted(age.midpoints[age.cell_of_row]) == [22.0, 22.0, 64.0, 64.0]


def test_values_outside_the_domain_are_refused(schema, people):
    with pytest.raises(ValueError, match="domain"):
        boxes_of_people(people.assign(age=[20, 24, 61, 120]), schema)
    with pytest.raises(ValueError, match="lacks the columns"):
        boxes_of_people(people.drop(columns="age"), schema)


def test_all_public_names_are_listed_in_order():
    assert utility.__all__ == sorted(utility.__all__)
    assert all(hasattr(utility, name) for name in utility.__all__)
