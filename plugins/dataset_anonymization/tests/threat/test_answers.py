"""Answers are read by target, and refused in one sentence."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.threat import (
    NO_ROW,
    read_claims,
    read_inferences,
    read_reconstruction,
)

IDS = np.array([100, 200, 300])


def inferences(register, **columns):
    return read_inferences(
        pd.DataFrame(columns), schema=register.schema, target_ids=IDS, unknown=("illness",)
    ).values[:, 0]


def test_answers_find_their_targets_and_missing_ones_are_no_guess(register):
    values = inferences(register, target_id=[300, 100], illness=["i2", "i0"], age=[20, 21])
    assert values[[0, 2]].tolist() == [0, 2]
    assert np.isnan(values[1])
    assert np.isnan(inferences(register, target_id=[100])).all()


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"illness": ["i0"]}, "lacks the columns \\['target_id'\\]"),
        ({"target_id": [400], "illness": ["i0"]}, "no target 400"),
        ({"target_id": [100, 100], "illness": ["i0", "i1"]}, "target comes twice"),
        ({"target_id": [100], "illness": ["flu"]}, "'flu'"),
        ({"target_id": [100], "salary": [1]}, "unknown column 'salary'"),
        ({"target_id": ["100"], "illness": ["i0"]}, "must hold integers"),
        ({"target_id": [100.0], "illness": ["i0"]}, "must hold integers"),
        ({"target_id": [100], "confidence": [np.inf]}, "finite"),
        ({"target_id": [100], "confidence": ["high"]}, "must hold numbers"),
    ],
)
def test_faulty_answers_are_refused(register, columns, reason):
    with pytest.raises(ValueError, match=reason):
        inferences(register, **columns)


class TestReconstruction:
    def test_columns_are_encoded_in_schema_order(self, register):
        table = register.leaky.iloc[:5][["illness", "ward", "age", "sex"]]
        read = read_reconstruction(table, schema=register.schema, n_people=5)
        assert read.rows[:, 0].tolist() == table["age"].tolist()
        assert read.confidence.tolist() == [0] * 5

    def test_more_rows_than_people_are_refused(self, register):
        with pytest.raises(ValueError, match="5 rows came; give from 1 to 4"):
            read_reconstruction(register.leaky.iloc[:5], schema=register.schema, n_people=4)

    def test_a_missing_column_is_refused(self, register):
        with pytest.raises(ValueError, match="lacks the columns \\['sex'\\]"):
            read_reconstruction(
                register.leaky.drop(columns="sex"), schema=register.schema, n_people=1000
            )


class TestClaims:
    def read(self, **columns):
        return read_claims(pd.DataFrame(columns), target_ids=IDS, n_rows=50)

    def test_a_row_a_target(self):
        claims = self.read(target_id=[300, 100], anon_row=[7, -1], confidence=[0.5, 2.0])
        assert claims.rows[:, 0].tolist() == [NO_ROW, NO_ROW, 7]
        assert claims.confidence.tolist() == [2, -np.inf, 0.5]

    def test_up_to_three_rows_by_rank(self):
        claims = self.read(target_id=[200] * 3, anon_row=[7, 8, 9], rank=[3, 1, 2])
        assert claims.rows[1].tolist() == [8, 9, 7]

    @pytest.mark.parametrize(
        ("columns", "reason"),
        [
            ({"target_id": [100, 100], "anon_row": [1, 2]}, "two rows of one rank"),
            ({"target_id": [100], "anon_row": [50]}, "outside -1 to 49"),
            ({"target_id": [100], "anon_row": [-2]}, "outside -1 to 49"),
            ({"target_id": [100], "anon_row": [1], "rank": [4]}, "outside 1 to 3"),
            ({"target_id": [100], "anon_row": [1.0]}, "must hold integers"),
            ({"target_id": [100], "anon_row": pd.array([None], "Int64")}, "nulls"),
            ({"target_id": [1], "anon_row": [1]}, "no target 1"),
            ({"target_id": [100], "anon_row": [1], "note": ["x"]}, "unknown column 'note'"),
        ],
    )
    def test_faulty_claims_are_refused(self, columns, reason):
        with pytest.raises(ValueError, match=reason):
            self.read(**columns)


def test_confidence_finds_its_targets(register):
    answers = read_inferences(
        pd.DataFrame({"target_id": [300, 100], "confidence": [2, 1]}),
        schema=register.schema,
        target_ids=IDS,
        unknown=("illness",),
    )
    assert answers.confidence.tolist() == [1, 0, 2]
