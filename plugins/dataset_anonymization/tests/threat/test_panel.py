"""The worst case of a table grows with what it gives away, and is 0 without any."""

import functools

import numpy as np
import pytest
from anomed_dataset_anonymization.schema import encode
from anomed_dataset_anonymization.threat import (
    PANEL,
    key_shares,
    run_panel,
    shared_level,
    worst_result,
)


def attack(register, table, **more):
    return run_panel(
        register.view(table),
        register.truth,
        lineage=register.lineage(table),
        rng=np.random.default_rng(1),
        **more,
    )


@pytest.fixture(scope="module")
def panel(register):
    return functools.partial(attack, register)


def by_goal(results, attack, group="all"):
    return {
        result.column: result.score
        for result in results
        if (result.attack, result.group) == (attack, group)
    }


def test_each_attack_reports_each_goal_and_group(panel, identity):
    results = panel(identity)
    goals = {(result.attack, result.column, result.group) for result in results}
    assert len(goals) == len(results)
    names = {attack.name for attack in PANEL}
    assert {attack for attack, _, _ in goals} == names
    assert {(attack, group) for attack, column, group in goals if column is None} == {
        (name, group) for name in names - {"gradient_boosting"} for group in ("all", "rare")
    }


def test_a_table_published_as_it_is_gives_almost_everybody_away(panel, identity):
    results = panel(identity)
    scores = by_goal(results, "nearest_box")
    assert scores["illness"].risk.low > 0.4
    assert scores[None].recall.value > 0.5
    assert worst_result(results).risk.low > 0.5


def test_larger_classes_give_less_away(panel, register, identity, nothing):
    tables = [identity, *(register.generalise(k) for k in (3, 30)), nothing]
    worst = [worst_result(panel(table)).risk.value for table in tables]
    assert worst == sorted(worst, reverse=True)
    assert worst[0] > 0.8


def test_a_table_that_says_nothing_is_no_risk(panel, nothing):
    results = panel(nothing)
    assert worst_result(results).risk.low == 0
    assert by_goal(results, "nearest_box")[None].recall.value == pytest.approx(1 / 600)


def test_a_table_about_other_people_is_no_risk(panel, register):
    """Publish invented people: whatever attacks say, it is no better for members."""
    rng = np.random.default_rng(2)
    invented = register.leaky.reset_index(drop=True)
    for name in invented:
        invented[name] = rng.permutation(invented[name])
    results = panel(register.publish(invented, "same"))
    inferred = [result for result in results if result.column is not None]
    assert worst_result(inferred).risk.low == 0


def test_k_anonymity_bounds_re_identification(panel, register):
    """A class of k finds a person with probability 1 / k, whatever the attack."""
    for k in (3, 10):
        for result in panel(register.generalise(k)):
            if result.column is None and result.group == "all":
                assert result.score.recall.value <= 1 / k + 1e-9


def test_the_order_of_rows_and_ids_says_nothing(panel, register, identity):
    scores = by_goal(panel(identity), "index_linkage")
    assert scores[None].risk.low == 0
    assert scores["illness"].risk.low == 0


def test_the_panel_is_reproducible(panel, register):
    table = register.generalise(5)
    assert panel(table) == panel(table)


def test_more_results_widen_each_interval():
    assert shared_level(0.95, 1) == 0.95
    assert shared_level(0.95, 10) == pytest.approx(0.995)


def test_no_result_has_no_worst():
    with pytest.raises(ValueError, match="no attack was run"):
        worst_result([])


def test_attacks_get_no_lineage(register, identity):
    assert identity.lineage is not None
    assert register.view(identity).published.lineage is None
    with pytest.raises(ValueError, match="drop its lineage"):
        type(register.view(identity))(
            published=identity,
            known=("age",),
            unknown=("illness",),
            target_ids=register.truth.ids,
            background=register.background[:, :1],
            reference=register.reference,
        )


class TestKeyColumns:
    def test_a_column_that_stays_unique_is_told(self, register, identity):
        shares = key_shares(identity, encode(register.leaky, register.schema))
        counts = register.leaky["age"].value_counts()
        assert shares["age"] == pytest.approx((counts == 1).sum() / len(register.leaky))
        assert shares["illness"] == 0

    def test_a_generalised_column_is_no_key(self, register):
        shares = key_shares(register.generalise(5), encode(register.leaky, register.schema))
        assert set(shares.values()) == {0}

    def test_a_table_of_another_shape_is_refused(self, identity):
        with pytest.raises(ValueError, match="4 columns"):
            key_shares(identity, np.zeros((3, 2)))


def test_dates_are_attacked_as_their_numbers_are(register, dated_register):
    found = [
        [
            (result.attack, result.column, result.group, result.score.risk.value)
            for result in attack(people, people.generalise(10))
        ]
        for people in (register, dated_register)
    ]
    assert found[0] == found[1]
