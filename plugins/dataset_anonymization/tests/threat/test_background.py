"""The background-only model learns from the reference, and knows no table."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import TableSchema, encode
from anomed_dataset_anonymization.threat import guess_from_background


def guess(people, asked, unknown):
    schema = TableSchema.infer(people)
    return guess_from_background(
        np.array(asked, dtype=float),
        reference=encode(people, schema),
        schema=schema,
        known=("age",),
        unknown=unknown,
        rng=np.random.default_rng(0),
    )


def test_it_learns_what_follows_from_what_is_known():
    ages = np.arange(400) % 80
    people = pd.DataFrame({"age": ages, "retired": ages >= 60, "pay": np.where(ages < 30, 10, 20)})
    values = guess(people, [[10], [40], [75]], ("retired", "pay"))
    assert values.tolist() == [[0, 10], [0, 20], [1, 20]]


def test_it_says_the_commonest_where_there_is_nothing_to_learn():
    people = pd.DataFrame({"age": [1, 2, 3], "illness": ["x", "y", "y"]})
    assert guess(people, [[1]], ("illness",)).tolist() == [[1]]


def test_a_column_without_values_can_not_be_learnt():
    people = pd.DataFrame({"age": [1, 2], "illness": ["x", "y"]})
    schema = TableSchema.infer(people)
    with pytest.raises(ValueError, match="no value of column 'illness'"):
        guess_from_background(
            np.zeros((1, 1)),
            reference=encode(people.assign(illness=None), schema),
            schema=schema,
            known=("age",),
            unknown=("illness",),
            rng=np.random.default_rng(0),
        )
