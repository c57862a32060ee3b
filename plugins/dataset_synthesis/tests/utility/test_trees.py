"""The classifier copes with numbers that nobody, or hardly anybody, has."""

import numpy as np
import pytest
from anomed_dataset_synthesis.utility._trees import boosted_trees, decide

NUMBERS = np.array([False, False])


@pytest.mark.parametrize("n_records", [60, 12_000])  # the longer table is trained with early stops
@pytest.mark.parametrize("n_known", [0, 1, 5, 40])
def test_a_number_that_few_have_is_no_obstacle(n_records: int, n_known: int) -> None:
    rng = np.random.default_rng(0)
    features = rng.random((n_records, 2))
    labels = features[:, 0] > 0.5
    features[n_known:, 1] = np.nan
    trees = boosted_trees(features, labels, is_category=NUMBERS, rng=rng)
    whole = rng.random((200, 2))
    assert ((decide(trees, whole) > 0) == (whole[:, 0] > 0.5)).mean() > 0.9


def test_a_number_too_rare_for_a_leaf_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    features = rng.random((2_000, 2))
    labels = features[:, 0] + 0.3 * rng.random(2_000) > 0.6
    decisions = []
    for n_known in (0, 1, 19):
        rare = features.copy()
        rare[n_known:, 1] = np.nan
        trees = boosted_trees(rare, labels, is_category=NUMBERS, rng=np.random.default_rng(2))
        decisions.append(decide(trees, features))
    np.testing.assert_array_equal(decisions[0], decisions[1])
    np.testing.assert_array_equal(decisions[0], decisions[2])
