"""Cross-fitting: nobody is scored by an attack that saw it."""

from typing import ClassVar

import attrs
import numpy as np
import pytest
from anomed_supervised_mia.attacks import LossThreshold, Signals, cross_fit
from hypothesis import given
from hypothesis import strategies as st


@attrs.frozen
class Recall:
    """Score 1 for each record it was fitted on, else 0; keep how many it saw of each kind."""

    name: ClassVar[str] = "recall"
    learns: ClassVar[bool] = True
    seen: list = attrs.field(factory=list)

    def fit(self, members, non_members, *, rng):
        self.seen.append((len(members), len(non_members)))
        return RecallFitted(np.concatenate([members.losses, non_members.losses]))


@attrs.frozen
class RecallFitted:
    known: np.ndarray

    def score(self, signals):
        return np.isin(signals.losses, self.known).astype(float)


def distinct_signals(n_members, n_non_members):
    values = np.arange(n_members + n_non_members, dtype=float)
    return Signals.from_losses(values[:n_members]), Signals.from_losses(values[n_members:])


@given(st.integers(3, 30), st.integers(3, 30), st.integers(2, 3), st.integers(0, 9))
def test_no_record_is_scored_by_an_attack_that_saw_it(n_members, n_non_members, n_folds, seed):
    attack = Recall()
    members, non_members = distinct_signals(n_members, n_non_members)
    rng = np.random.default_rng(seed)
    scores = cross_fit(members, non_members, attack=attack, rng=rng, n_folds=n_folds)
    assert scores.members.shape == (n_members,)
    assert scores.non_members.shape == (n_non_members,)
    assert not scores.members.any()
    assert not scores.non_members.any()
    assert all(known == unknown > 0 for known, unknown in attack.seen)
    assert len(attack.seen) == n_folds


def test_an_attack_that_learns_nothing_scores_every_record_directly():
    members, non_members = distinct_signals(3, 1)
    rng = np.random.default_rng(0)
    scores = cross_fit(members, non_members, attack=LossThreshold(), rng=rng)
    np.testing.assert_array_equal(scores.members, [0, -1, -2])
    np.testing.assert_array_equal(scores.non_members, [-3])


@pytest.mark.parametrize(("n_members", "n_folds"), [(1, 2), (9, 1), (2, 3)])
def test_too_few_records_or_folds_are_refused(n_members, n_folds):
    members, non_members = distinct_signals(n_members, 9)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="at least 2 folds"):
        cross_fit(members, non_members, attack=Recall(), rng=rng, n_folds=n_folds)
