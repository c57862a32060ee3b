"""The house's predicates."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.attacks.singling_out import (
    multivariate_predicates,
    univariate_predicates,
)
from anomed_dataset_synthesis.table.canonical import canonicalise
from anomed_dataset_synthesis.table.inference import infer_codebook

FRAME = pd.DataFrame(
    {"age": [10, 10, 20, 30, 30, None, 40], "word": ["a", "a", "b", "b", "c", None, None]}
)
TABLE = canonicalise(FRAME, infer_codebook(FRAME, steps={"age": 1}))


def statements(column):
    predicates = univariate_predicates(
        TABLE, column=column, max_predicates=9, rng=np.random.default_rng(1)
    )
    return {
        (condition.comparison, condition.level, int(predicate.matches(TABLE)[0]))
        for predicate in predicates
        for condition in predicate.conditions
    }


def test_values_that_occur_once_and_lonely_extremes_are_stated():
    assert statements("age") == {("==", 10, 2), ("==", 30, 6), (">=", 30, 6)}
    assert statements("word") == {("==", 2, 4)}


def test_so_many_predicates_are_drawn_at_most(real):
    def draw(column):
        return univariate_predicates(
            real.training, column=column, max_predicates=7, rng=np.random.default_rng(1)
        )

    assert len(draw("number")) == 7
    assert draw("region") == ()
    with pytest.raises(ValueError, match="no column 'x'"):
        draw("x")


@pytest.mark.parametrize("n_columns", [3, None, 7])
def test_every_combination_describes_one_reference_record(real, n_columns):
    predicates = multivariate_predicates(
        real.training,
        background=real.background,
        n_predicates=30,
        rng=np.random.default_rng(1),
        n_columns=n_columns,
    )
    assert predicates
    for predicate in predicates:
        assert len(predicate.matches(real.training)) == 1
        assert len(predicate.conditions) == (n_columns or 4)


def test_where_nobody_is_alone_the_search_gives_up():
    twins = TABLE.take(np.repeat(np.arange(7), 2))
    assert (
        multivariate_predicates(
            twins, background=TABLE, n_predicates=5, rng=np.random.default_rng(1)
        )
        == ()
    )


def test_missing_values_are_described_as_missing():
    predicates = multivariate_predicates(
        TABLE, background=TABLE, n_predicates=40, rng=np.random.default_rng(1), n_columns=2
    )
    levels = {condition.level for predicate in predicates for condition in predicate.conditions}
    assert None in levels
