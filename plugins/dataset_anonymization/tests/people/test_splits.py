"""The parts of a challenge have nobody in common, and targets give nothing away."""

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.people.splits import (
    draw_ids,
    draw_targets,
    split_people,
    split_pools,
)
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.statistics import auc, null_band, roc_of_scores


def generator():
    return np.random.default_rng(5)


@given(
    person=st.lists(st.integers(0, 30), min_size=60, max_size=90),
    seed=st.integers(0, 2**32),
)
def test_no_person_is_in_two_parts_or_pools(person, seed):
    person = [*person, *range(31)]
    rng = np.random.default_rng(seed)
    parts = split_people(len(person), leaky=0.5, non_members=0.3, rng=rng, person=person)
    pools = split_pools(parts, tuning=0.4, rng=rng, person=person)
    who = np.array(person)
    by_part = [set(who[part]) for part in (parts.leaky, parts.non_members, parts.reference)]
    assert sum(map(len, by_part)) == len(set(person))
    records = np.concatenate([parts.leaky, parts.non_members, parts.reference])
    assert sorted(records) == list(range(len(person)))
    for side, part in (("members", by_part[0]), ("non_members", by_part[1])):
        tuning, validation = (who[getattr(pools[s], side)].tolist() for s in pools)
        assert sorted(tuning + validation) == sorted(part)


def test_the_shares_are_shares_of_the_people():
    parts = split_people(1000, leaky=0.5, non_members=0.2, rng=generator())
    assert [len(parts.leaky), len(parts.non_members), len(parts.reference)] == [500, 200, 300]


@pytest.mark.parametrize("shares", [(0, 0.5), (0.5, 0), (0.5, 0.5), (0.9, 0.2), (-0.1, 0.2)])
def test_impossible_shares_are_refused(shares):
    with pytest.raises(ValueError, match="leave something for the reference"):
        split_people(100, leaky=shares[0], non_members=shares[1], rng=generator())


def test_too_few_people_are_refused():
    with pytest.raises(ValueError, match="2 people are too few"):
        split_people(40, leaky=0.4, non_members=0.3, rng=generator(), person=[0, 1] * 20)
    parts = split_people(4, leaky=0.4, non_members=0.3, rng=generator())
    with pytest.raises(ValueError, match="too few for two pools"):
        split_pools(parts, tuning=0.5, rng=generator())
    with pytest.raises(ValueError, match="above 0 and below 1"):
        split_pools(parts, tuning=1, rng=generator())
    with pytest.raises(ValueError, match="3 people were named for 4"):
        split_people(4, leaky=0.4, non_members=0.3, rng=generator(), person=[1, 2, 3])


class TestTargets:
    @pytest.fixture
    def pool(self):
        rng = generator()
        parts = split_people(1000, leaky=0.5, non_members=0.3, rng=rng)
        return split_pools(parts, tuning=0.5, rng=rng)["tuning"]

    def test_members_and_non_members_are_equally_many_and_from_the_pool(self, pool):
        targets = draw_targets(pool, 60, rng=generator())
        assert set(targets.positions[targets.is_member]) <= set(pool.members)
        assert set(targets.positions[~targets.is_member]) <= set(pool.non_members)
        assert targets.is_member.sum() == 60
        assert len(set(targets.positions)) == 120

    def test_ids_and_their_order_say_nothing(self, pool):
        targets = draw_targets(pool, 150, rng=generator())
        assert (np.diff(targets.ids) > 0).all()
        ranks = np.arange(len(targets.ids))
        for secret in (targets.is_member, targets.positions):
            assert abs(np.corrcoef(ranks, secret)[0, 1]) < 0.15

    def test_too_many_targets_are_refused(self, pool):
        with pytest.raises(ValueError, match="can't be drawn from 150"):
            draw_targets(pool, 151, rng=generator())


def test_ids_are_unique_and_no_row_numbers():
    ids = draw_ids(50_000, rng=generator())
    assert len(np.unique(ids)) == 50_000
    assert ids.min() >= 10**8


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_whoever_has_no_id_is_a_person_of_his_own(missing):
    person = pd.Series(["ada", missing, "ada", *[missing] * 5], dtype=object)
    parts = split_people(8, leaky=3 / 7, non_members=2 / 7, rng=generator(), person=person)
    people = [len(set(part) - {2}) for part in (parts.leaky, parts.non_members, parts.reference)]
    assert people == [3, 2, 2]
    pools = split_pools(parts, tuning=0.4, rng=generator(), person=person)
    assert sum(len(pool.members) for pool in pools.values()) == 3
    assert sum(len(pool.non_members) for pool in pools.values()) == 2


def test_ids_with_a_gap_are_dealt_as_those_without():
    ids = np.repeat(np.arange(50), 2).astype(float)
    whole = split_people(100, leaky=0.5, non_members=0.2, rng=generator(), person=ids)
    ids[:2] = np.nan
    assert len(whole.leaky) == 50
    sizes = [len(part) for part in (whole.leaky, whole.non_members, whole.reference)]
    gaps = split_people(100, leaky=0.5, non_members=0.2, rng=generator(), person=ids)
    assert abs(len(gaps.leaky) - sizes[0]) <= 2


@pytest.mark.parametrize("shares", [(0.3, 0.5), (0.4, 0.4)])
def test_how_often_somebody_is_drawn_tells_no_side(shares):
    """Whoever attacks many anonymizers sees who is in many draws."""
    parts = split_people(3000, leaky=shares[0], non_members=shares[1], rng=generator())
    pool = split_pools(parts, tuning=0.5, rng=generator())["validation"]
    n_draws = np.zeros(3000)
    is_member = np.isin(np.arange(3000), pool.members)
    for seed in range(15):
        n_draws[draw_targets(pool, 200, rng=np.random.default_rng(seed)).positions] += 1
    asked = n_draws > 0
    curve = roc_of_scores(n_draws[asked & is_member], n_draws[asked & ~is_member])
    low, high = null_band(int((asked & is_member).sum()), int((asked & ~is_member).sum()))
    assert low <= auc(curve) <= high
