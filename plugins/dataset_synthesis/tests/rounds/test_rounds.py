"""A round is drawn from the real records alone, and put together from what was kept."""

import re

import attrs
import numpy as np
import pytest
from anomed_dataset_synthesis.rounds import (
    Round,
    RoundPlan,
    answers_of_background,
    build_round,
    draw_people,
    draw_tasks,
    halves_of,
)
from anomed_dataset_synthesis.table.canonical import RealTables, keys_of
from anomed_dataset_synthesis.table.codebook import Codebook

LEFT = ("age", "weight", "visits")


@pytest.fixture(scope="module")
def plan(codebook: Codebook) -> RoundPlan:
    left, right = halves_of(codebook, LEFT)
    return RoundPlan(
        n_targets=100, n_tasks=1, secrets=("outcome",), left_columns=left, right_columns=right
    )


@pytest.fixture(scope="module")
def drawn(real: RealTables, plan: RoundPlan) -> dict[str, np.ndarray]:
    people = draw_people(real, plan, rng=np.random.default_rng(1))
    order = np.random.default_rng(2).permutation(2 * plan.n_targets)
    answers = answers_of_background(people, real, plan, right_order=order)
    return people | answers | draw_tasks(real, plan, rng=np.random.default_rng(3))


@pytest.fixture(scope="module")
def built(real: RealTables, plan: RoundPlan, drawn: dict[str, np.ndarray]) -> Round:
    return build_round("tuning", real, plan, drawn)


def test_each_kind_of_attack_is_asked_about_people_of_its_own(built: Round) -> None:
    tables = (built.membership.table, built.attributes.table, built.halves.left)
    keys = [set(of_one) for of_one in keys_of(*tables)]

    assert [len(table) for table in tables] == [200, 200, 200]
    assert not keys[0] & keys[1]
    assert not keys[0] & keys[2]
    assert not keys[1] & keys[2]


def test_members_and_non_members_are_equally_many(built: Round) -> None:
    for is_member in (
        built.membership.is_member,
        built.attributes.is_member,
        built.halves.is_member,
    ):
        assert is_member.sum() == 100


def test_partners_lead_to_the_same_people(built: Round) -> None:
    halves = built.halves

    assert halves.right.take(halves.partners).levels.tolist() == halves.left.levels.tolist()


def test_equal_generators_draw_equal_people(
    real: RealTables, plan: RoundPlan, drawn: dict[str, np.ndarray]
) -> None:
    again = draw_people(real, plan, rng=np.random.default_rng(1))

    assert all((again[name] == drawn[name]).all() for name in again)


def test_hidden_tasks_are_answered_by_real_records(built: Round) -> None:
    assert len(built.real_aucs) == 1
    assert min(built.real_aucs.values()) > 0.6


def test_more_targets_than_records_are_refused(real: RealTables, plan: RoundPlan) -> None:
    with pytest.raises(ValueError, match="2000 for each of 3 kinds") as why:
        draw_people(real, attrs.evolve(plan, n_targets=2_000), rng=np.random.default_rng(1))

    largest, advised = map(int, re.findall(r"room for (\d+); give (\d+),", str(why.value))[0])
    for n_targets in (largest, advised):
        draw_people(real, attrs.evolve(plan, n_targets=n_targets), rng=np.random.default_rng(2))
    with pytest.raises(ValueError, match=rf"room for {largest}; give"):
        draw_people(real, attrs.evolve(plan, n_targets=largest + 1), rng=np.random.default_rng(2))


def test_records_that_leave_no_room_for_enough_targets_are_too_few(
    real: RealTables, plan: RoundPlan
) -> None:
    few = attrs.evolve(real, training=real.training.take(np.arange(200)))

    with pytest.raises(ValueError, match="fewer than 100 say too little, so give more records"):
        draw_people(
            few, attrs.evolve(plan, n_targets=100, least_targets=100), rng=np.random.default_rng(1)
        )


def test_records_that_are_all_alike_are_refused(real: RealTables, plan: RoundPlan) -> None:
    alike = real.training.take(np.zeros(500, dtype=np.intp))

    with pytest.raises(ValueError, match="1 distinct records; at least 100"):
        draw_tasks(attrs.evolve(real, training=alike), plan, rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (("no such column",), "there is no column 'no such column', only age"),
        (("age", "weight", "visits", "number", "region", "job", "outcome"), "both halves need"),
    ],
)
def test_halves_need_known_columns_on_both_sides(
    codebook: Codebook, left: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        halves_of(codebook, left)


def test_without_a_left_half_the_first_columns_make_it(codebook: Codebook) -> None:
    assert halves_of(codebook, ()) == (LEFT, ("number", "region", "job", "outcome"))
