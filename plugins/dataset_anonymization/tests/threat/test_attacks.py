"""Each house attack finds what its idea promises, and answers for everybody."""

import attrs
import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import Bounds, Column, TableSchema, encode
from anomed_dataset_anonymization.schemes import canonicalise
from anomed_dataset_anonymization.threat import (
    NO_ROW,
    PANEL,
    AttackerView,
    ClassMajority,
    Downcoding,
    GradientBoosting,
    IndexLinkage,
    NearestBox,
    Scoreboard,
)

SCHEMA = TableSchema(
    columns=[
        Column(
            name="age", kind="cardinal", dtype="int64", domain=Bounds(low=0, high=99), role="qi"
        ),
        Column(name="ward", kind="nominal", dtype="string", domain=["a", "b", "c"], role="qi"),
        Column(
            name="illness", kind="nominal", dtype="string", domain=["x", "y", "z"], role="sensitive"
        ),
        Column(
            name="stay",
            kind="cardinal",
            dtype="int64",
            domain=Bounds(low=0, high=1000),
            tolerance=2,
        ),
    ]
)


def attack(house_attack, table, *, targets, scheme="generalization", reference=None, ids=None):
    """Attack people of whom age and ward are known; return illness, stay, row, confidence."""
    table = pd.DataFrame(table)
    published = canonicalise(table, scheme, schema=SCHEMA, leaky=pd.DataFrame(index=range(1000)))
    known = pd.DataFrame(targets, columns=["age", "ward"]).assign(illness=None, stay=None)
    reference = pd.DataFrame(reference or [], columns=SCHEMA.names)
    view = AttackerView(
        published=published,
        known=("age", "ward"),
        unknown=("illness", "stay"),
        target_ids=np.arange(len(known)) + 10**8 if ids is None else np.array(ids),
        background=encode(known, SCHEMA)[:, :2],
        reference=encode(reference.astype({"age": float, "stay": float}), SCHEMA),
    )
    return house_attack.guess(view, rng=np.random.default_rng(0))


def illnesses(guesses):
    return ["xyz"[int(value)] for value in guesses.values[:, 0]]


@pytest.mark.parametrize("house_attack", PANEL, ids=lambda attack: attack.name)
class TestEveryAttack:
    @pytest.mark.parametrize("table", ["identity", "nothing"])
    def test_answers_for_each_target_with_a_value_of_the_domain(
        self, house_attack, table, register, request
    ):
        view = register.view(request.getfixturevalue(table))
        guesses = house_attack.guess(view, rng=np.random.default_rng(0))
        assert np.isin(guesses.values, np.arange(6)).all()
        assert guesses.values.shape == (view.n_targets, 1)
        if guesses.rows is not None:
            assert guesses.rows.shape == guesses.confidence.shape == (view.n_targets,)
            assert ((guesses.rows >= NO_ROW) & (guesses.rows < view.published.n_rows)).all()
            assert np.isfinite(guesses.confidence).all()

    def test_is_reproducible(self, house_attack, register):
        view = register.view(register.generalise(5))
        first, second = (house_attack.guess(view, rng=np.random.default_rng(3)) for _ in range(2))
        assert np.array_equal(first.values, second.values)

    def test_copes_with_one_class_and_unknown_background(self, house_attack):
        guesses = attack(
            house_attack,
            {"illness": ["x", "x", "z"], "stay": [5, 5, 9]},
            targets=[(None, None), (50, "a")],
        )
        assert not np.isnan(guesses.values).any()


TWO_CLASSES = {
    "age_min": [0, 0, 0, 50, 50],
    "age_max": [49, 49, 49, 99, 99],
    "illness": ["x", "x", "y", "z", "z"],
    "stay": [1, 1, 9, 500, 504],
}
THREE_PEOPLE = {"age": [10, 20, 30], "illness": ["x", "y", "z"], "stay": [0] * 3}


class TestClassMajority:
    def test_says_what_most_of_the_class_say(self):
        guesses = attack(ClassMajority(), TWO_CLASSES, targets=[(10, "a"), (99, "b")])
        assert illnesses(guesses) == ["x", "z"]

    def test_a_guess_within_the_tolerance_of_several_beats_the_exact_one(self):
        guesses = attack(ClassMajority(), TWO_CLASSES, targets=[(10, "a"), (60, "a")])
        assert np.abs(guesses.values[:, 1] - [1, 502]).max() <= 2

    def test_names_a_row_of_the_class(self):
        guesses = attack(ClassMajority(), TWO_CLASSES, targets=[(10, "a"), (99, "b")])
        assert guesses.rows[0] in {0, 1, 2}
        assert guesses.rows[1] in {3, 4}
        assert guesses.confidence[1] > guesses.confidence[0]

    def test_pools_all_classes_that_hold_the_target(self):
        table = {
            "age_min": [0, 0, 20, 20],
            "age_max": [40, 40, 60, 60],
            "illness": ["x", "y", "y", "z"],
            "stay": [0] * 4,
        }
        assert illnesses(attack(ClassMajority(), table, targets=[(30, "a")])) == ["y"]

    def test_takes_the_nearest_class_if_none_holds_the_target(self):
        table = {"age": [10.0, 80.0], "illness": ["x", "z"], "stay": [0, 0]}
        guesses = attack(
            ClassMajority(), table, targets=[(20, "a"), (70, "a")], scheme="microaggregation"
        )
        assert illnesses(guesses) == ["x", "z"]

    def test_says_what_everybody_says_where_the_class_says_nothing(self):
        table = {
            "age_min": [0, 50, 50],
            "age_max": [49, 99, 99],
            "illness": [None, "y", "y"],
            "stay": [0] * 3,
        }
        assert illnesses(attack(ClassMajority(), table, targets=[(10, "a")])) == ["y"]


def test_nearest_box_prefers_the_tightest_box():
    table = {
        "age_min": [0, 0, 0, 28],
        "age_max": [99, 99, 99, 32],
        "illness": ["x", "x", "x", "z"],
        "stay": [0] * 4,
    }
    guesses = attack(NearestBox(), table, targets=[(30, "a"), (50, "a")])
    assert illnesses(guesses) == ["z", "x"]
    assert guesses.rows[0] == 3


def test_nearest_box_prefers_the_likelier_class_of_frequencies():
    table = {
        "age": [50.0, 50.0],
        "ward_a": [0.9, 0.1],
        "ward_b": [0.1, 0.9],
        "illness": ["x", "y"],
        "stay": [0, 0],
    }
    guesses = attack(NearestBox(), table, targets=[(50, "a"), (50, "b")], scheme="microaggregation")
    assert illnesses(guesses) == ["x", "y"]


class TestScoreboard:
    def crowd(self, **special):
        """Ninety-nine people of ward a, and one who is special."""
        ages = np.arange(99) % 50
        table = pd.DataFrame({"age": ages, "ward": "a", "illness": "x", "stay": 0})
        return pd.concat([table, pd.DataFrame([{**table.iloc[0], **special}])])

    def test_claims_who_stands_out_by_a_rare_value(self):
        table = self.crowd(age=90, ward="c", illness="z")
        guesses = attack(Scoreboard(), table, targets=[(88, "c")], scheme="same")
        assert illnesses(guesses) == ["z"]
        assert guesses.rows[0] == 99

    def test_claims_nobody_in_a_crowd(self):
        table = self.crowd(age=25, illness="z")
        guesses = attack(Scoreboard(), table, targets=[(25, "b")], scheme="same")
        assert guesses.rows.tolist() == [NO_ROW]
        assert illnesses(guesses) == ["x"]

    def test_a_higher_threshold_claims_less(self, register, identity):
        view = register.view(identity)
        claims = [
            (Scoreboard(eccentricity=phi).guess(view, rng=None).rows != NO_ROW).sum()
            for phi in (0.0, 0.5, 1.5, 50.0)
        ]
        assert claims == sorted(claims, reverse=True)
        assert claims[0] > claims[-1] == 0


class TestDowncoding:
    def test_both_values_of_a_set_of_two_people_are_there(self):
        """Two people with the set {x, y} are one x and one y, however common x is elsewhere."""
        table = {
            "age_min": [0] * 2 + [50] * 4,
            "age_max": [49] * 2 + [99] * 4,
            "illness_x": [1, 1, 1, 1, 1, 1],
            "illness_y": [1, 1, 1, 1, 1, 1],
            "stay": [0] * 6,
        }
        world = [(age, "a", "x", 0) for age in range(90)] + [(5, "a", "y", 0)] * 10
        view = attack(_Votes(), table, targets=[(10, "a"), (60, "a")], reference=world).values
        assert view[0].tolist() == pytest.approx([1, 1, 0])
        assert view[1].tolist() == pytest.approx([1 + 2 * 0.9, 1 + 2 * 0.1, 0], abs=0.05)

    def test_somebody_has_each_end_of_a_range(self):
        """Stays from 100 to 900 in a class of three: two people are at the ends."""
        table = {
            "age_min": [0] * 3,
            "age_max": [49] * 3,
            "illness": ["x"] * 3,
            "stay_min": [100] * 3,
            "stay_max": [900] * 3,
        }
        guesses = attack(Downcoding(), table, targets=[(10, "a")])
        assert min(abs(guesses.values[0, 1] - 100), abs(guesses.values[0, 1] - 900)) <= 2

    def test_a_target_at_the_end_of_a_range_is_held_to_have_made_it(self):
        table = {
            "age_min": [20, 20, 0, 0],
            "age_max": [40, 40, 60, 60],
            "illness": ["x", "x", "z", "z"],
            "stay": [0] * 4,
        }
        world = [(30, "a", "x", 0)] * 5 + [(60, "a", "z", 0)] + [(50, "a", "z", 0)] * 20
        targets = [(20, "a"), (60, "a")]
        guesses = attack(Downcoding(), table, targets=targets, reference=world)
        assert illnesses(guesses) == ["x", "z"]

    def test_what_is_rare_in_the_world_is_rare_in_a_box(self):
        table = {
            "age_min": [0] * 4 + [40] * 4,
            "age_max": [50] * 4 + [90] * 4,
            "illness": ["x"] * 4 + ["z"] * 4,
            "stay": [0] * 8,
        }
        world = [(45, "a", "x", 0)] * 30 + [(5, "a", "x", 0)] * 300 + [(80, "a", "z", 0)]
        guesses = attack(Downcoding(), table, targets=[(45, "a")], reference=world)
        assert illnesses(guesses) == ["z"]


class _Votes:
    """Shows the votes that downcoding counts, in place of the answer."""

    def guess(self, view, *, rng):
        from anomed_dataset_anonymization.threat._candidates import published_candidates
        from anomed_dataset_anonymization.threat.downcoding import _minimal_votes

        candidates = published_candidates(view, view.schema["illness"])
        return attrs.make_class("Answer", ["values"])(_minimal_votes(view, candidates))


class TestGradientBoosting:
    def test_learns_what_generalised_rows_teach(self):
        ages = np.repeat(np.arange(10) * 10, 40)
        table = {
            "age_min": ages,
            "age_max": ages + 9,
            "illness": np.where(ages >= 50, "z", "x"),
            "stay": 0,
        }
        guesses = attack(GradientBoosting(), table, targets=[(12, "a"), (88, "c")])
        assert illnesses(guesses) == ["x", "z"]
        assert guesses.rows is None

    def test_says_the_commonest_where_there_is_nothing_to_learn(self):
        table = {"age": [1, 2, 3], "illness": ["z", "z", "x"], "stay": [0] * 3}
        assert illnesses(attack(GradientBoosting(), table, targets=[(1, "a")])) == ["z"]


class TestIndexLinkage:
    def test_reads_row_numbers_that_survived_in_ids(self):
        guesses = attack(IndexLinkage(), THREE_PEOPLE, targets=[(0, "a")] * 2, ids=[2, 0])
        assert guesses.rows.tolist() == [2, 0]
        assert illnesses(guesses) == ["z", "x"]

    def test_reads_an_order_that_survived_in_ids(self):
        guesses = attack(IndexLinkage(), THREE_PEOPLE, targets=[(0, "a")] * 3, ids=[900, 700, 800])
        assert guesses.rows.tolist() == [2, 0, 1]
