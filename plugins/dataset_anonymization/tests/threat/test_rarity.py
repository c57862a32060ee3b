"""Rare people share what is known of them with the fewest others."""

import numpy as np
import pytest
from anomed_dataset_anonymization.threat import find_rare

POPULATION = np.repeat([[0.0, 0], [0, 1], [1, np.nan]], [10, 3, 1], axis=0)


def test_the_smallest_classes_are_rare():
    targets = np.array([[0, 0], [0, 0], [0, 1], [1, np.nan]], float)
    assert find_rare(targets, POPULATION, share=0.25).tolist() == [False, False, False, True]
    assert find_rare(targets, POPULATION, share=0.5).tolist() == [False, False, True, True]


def test_ties_are_rare_together():
    targets = np.array([[0, 1]] * 4, float)
    assert find_rare(targets, POPULATION).all()


@pytest.mark.parametrize("share", [0, 1, -1])
def test_impossible_shares_are_refused(share):
    with pytest.raises(ValueError, match="can't be chosen"):
        find_rare(POPULATION, POPULATION, share=share)
