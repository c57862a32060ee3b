"""Claims and predictions that cannot be are refused before an attempt is spent."""

import numpy as np
import pytest
from anomed_supervised_mia.declaration import refuse_impossible_claims, refuse_non_labels

from anomed_core import SubmissionRejected


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"epoch": "0"},
        {"epoch": "120", "claimed_epsilon": "0.5"},
        {"claimed_epsilon": "1e3"},
        {"model": "anything"},
    ],
)
def test_possible_claims_pass(claims):
    refuse_impossible_claims(claims)


@pytest.mark.parametrize("epoch", ["-1", "1.5", "", "one", "٣", "9" * 10])
def test_epochs_are_whole_numbers(epoch):
    with pytest.raises(SubmissionRejected, match="send a whole number from 0"):
        refuse_impossible_claims({"epoch": epoch})


@pytest.mark.parametrize("epsilon", ["0", "-1", "inf", "nan", "", "little"])
def test_claimed_epsilons_are_positive_numbers(epsilon):
    with pytest.raises(SubmissionRejected, match="send a positive number"):
        refuse_impossible_claims({"claimed_epsilon": epsilon})


def test_whole_numbers_are_labels_whatever_their_type():
    refuse_non_labels(np.array([0.0, 2.0]), np.array([0, 1]))


@pytest.mark.parametrize(
    ("prediction", "complaint"), [([0.5, 1.0], "holds 1 values"), ([0.0, 1e12], "beyond")]
)
def test_probabilities_are_no_labels(prediction, complaint):
    with pytest.raises(SubmissionRejected, match=complaint):
        refuse_non_labels(np.array(prediction), np.array([0, 1]))


def test_numbers_may_be_anything_where_numbers_are_predicted():
    refuse_non_labels(np.array([0.5, 1e12]), np.array([0.1, 0.2]))
