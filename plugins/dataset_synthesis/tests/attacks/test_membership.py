"""The house's membership attacks."""

from itertools import combinations

import numpy as np
import pytest
from anomed_dataset_synthesis.attacks.membership import (
    background_outliers,
    density_ratio,
    distance_ratio,
    exact_match,
)
from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.table.codebook import Codebook, NumericColumn
from anomed_dataset_synthesis.threat.membership import assess_membership
from anomed_dataset_synthesis.threat.targets import draw_targets
from scipy.special import expit

ATTACKS = (exact_match, distance_ratio, density_ratio)


@pytest.fixture(scope="module")
def targets(real):
    return draw_targets(real.training, real.non_members, n_each=600, rng=np.random.default_rng(4))


def line(levels, *, n_columns=1):
    columns = [NumericColumn(name=str(n), minimum=0, maximum=100) for n in range(n_columns)]
    return CanonicalTable(codebook=Codebook(columns), levels=np.reshape(levels, (-1, n_columns)))


def auc(scores, targets):
    return assess_membership(scores, targets.is_member, attack="a")[0].auc()


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_copy_is_recognised_and_a_fresh_sample_is_not(real, targets, attack):
    copy = attack(targets.table, real.training, real.background)
    assert auc(copy, targets).value > 0.95
    half = np.arange(len(real.background)) % 2 == 0
    fresh = attack(targets.table, real.background.take(half), real.background.take(~half))
    low, high = assess_membership(fresh, targets.is_member, attack="a")[0].null_band()
    assert low - 0.02 < auc(fresh, targets).value < high + 0.02


@pytest.mark.parametrize("attack", ATTACKS)
def test_scores_do_not_depend_on_the_order_of_any_table(real, targets, attack):
    rng = np.random.default_rng(1)
    some = targets.table.take(np.arange(50))
    order = rng.permutation(50)
    tables = real.non_members, real.background
    shuffled = [table.take(rng.permutation(len(table))) for table in tables]
    forth = attack(some, *tables)
    assert attack(some.take(order), *shuffled) == pytest.approx(forth[order], abs=1e-12)
    assert ((forth >= 0) & (forth <= 1)).all()


@pytest.mark.parametrize("attack", ATTACKS)
def test_swapping_members_and_controls_mirrors_the_area(real, targets, attack):
    scores = attack(targets.table, real.training, real.background)
    forth = assess_membership(scores, targets.is_member, attack="a")[0]
    back = assess_membership(scores, ~targets.is_member, attack="a")[0]
    assert forth.auc().value == pytest.approx(1 - back.auc().value)


def test_exact_match_weighs_shares_on_both_sides():
    scores = exact_match(line([1, 2, 3, 4]), line([1, 1, 3, 9]), line([3, 3, 2, 9, 9, 9, 9, 9]))
    assert scores.tolist() == [1.0, 0.0, 0.5, 0.5]


def test_distance_ratio_is_the_share_of_the_way_to_the_background():
    scores = distance_ratio(line([10, 20, 30, 0]), line([12, 30, 0]), line([0, 16, 100]))
    assert scores == pytest.approx([6 / 8, 4 / 12, 1.0, 0.5])


def test_density_ratio_agrees_with_counting_by_hand():
    rng = np.random.default_rng(0)
    tables = [line(rng.integers(0, 3, (n, 3)), n_columns=3) for n in (6, 40, 50)]
    for order in (1, 2, 3):
        logs = np.zeros(6)
        choices = list(combinations(range(3), order))
        for choice in choices:
            for place, target in enumerate(tables[0].levels[:, choice]):
                shares = [
                    ((table.levels[:, choice] == target).all(axis=1).sum() + 0.1) / len(table)
                    for table in tables[1:]
                ]
                logs[place] += np.log(shares[0] / shares[1]) / len(choices)
        assert density_ratio(*tables, order=order) == pytest.approx(expit(logs))


def test_a_nearly_unique_number_gives_members_away_though_columns_are_independent(
    real, targets, independent
):
    shuffled = independent(real.training, np.random.default_rng(1))
    assert auc(distance_ratio(targets.table, shuffled, real.background), targets).value < 0.56
    assert auc(density_ratio(targets.table, shuffled, real.background), targets).low > 0.7


def test_an_order_beyond_the_columns_is_refused(real):
    with pytest.raises(ValueError, match="give 1 up to all"):
        density_ratio(real.non_members, real.training, real.background, order=8)


def test_outliers_are_the_targets_farthest_from_the_background():
    chosen = background_outliers(
        line([1, 50, 99, 2]), line([0, 1, 2, 3, 4, 5]), share=0.5, n_neighbours=2
    )
    assert chosen.tolist() == [False, True, True, False]
    tied = background_outliers(line([7] * 40), line([7] * 9))
    assert np.flatnonzero(tied).tolist() == [0, 1]
