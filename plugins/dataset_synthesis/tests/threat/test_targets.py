"""The lottery of members, non-members and targets."""

import numpy as np
import pytest
from anomed_dataset_synthesis.table.canonical import keys_of
from anomed_dataset_synthesis.threat.targets import draw_targets, split_population


def test_a_split_holds_every_record_once():
    split = split_population(1000, rng=np.random.default_rng(1))
    parts = split.background, split.training, split.non_members
    assert sorted(np.concatenate(parts).tolist()) == list(range(1000))
    assert len(split.background) == 333
    assert len(split.training) == pytest.approx(333, abs=60)
    assert len(split.training) != len(split.non_members)


def test_membership_is_a_fair_and_independent_coin():
    inside = np.zeros((400, 30), dtype=bool)
    for seed in range(400):
        split = split_population(30, rng=np.random.default_rng(seed), background_share=0)
        inside[seed, split.training] = True
    assert inside.mean() == pytest.approx(0.5, abs=0.02)
    off_diagonal = np.corrcoef(inside.T)[~np.eye(30, dtype=bool)]
    assert abs(off_diagonal.mean()) < 0.01


def test_targets_are_balanced_mixed_and_without_doubles_on_the_other_side(real):
    shared = real.training.take(np.arange(0, 800))
    levels = np.concatenate([shared.levels, real.non_members.levels])
    non_members = type(shared)(codebook=shared.codebook, levels=levels)
    targets = draw_targets(real.training, non_members, n_each=600, rng=np.random.default_rng(1))
    assert targets.is_member.sum() == 600
    assert abs(targets.is_member[:600].sum() - 300) < 80
    asked, members, non_members = keys_of(targets.table, real.training, non_members)
    assert np.isin(asked[targets.is_member], members).all()
    assert np.isin(asked[~targets.is_member], non_members).all()
    assert not np.isin(asked[targets.is_member], non_members).any()
    assert not np.isin(asked[~targets.is_member], members).any()


def test_too_many_targets_and_impossible_shares_are_refused(real):
    with pytest.raises(ValueError, match="0 records of one kind"):
        draw_targets(real.training, real.training, n_each=1, rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match="give 1 to"):
        draw_targets(real.training, real.non_members, n_each=0, rng=np.random.default_rng(1))
    with pytest.raises(ValueError, match="give one in 0 to 1"):
        split_population(10, rng=np.random.default_rng(1), background_share=1.5)
