"""Scoring of attribute guesses, links and predicates."""

import numpy as np
import pytest
from anomed_dataset_synthesis.attacks.singling_out import multivariate_predicates
from anomed_dataset_synthesis.table.codebook import CategoryColumn, NumericColumn
from anomed_dataset_synthesis.table.rows import row_keys
from anomed_dataset_synthesis.threat.guesses import (
    assess_guesses,
    assess_predicates,
    attribute_hits,
    link_hits,
)
from anomed_dataset_synthesis.threat.predicates import parse_predicates

IS_MEMBER = np.arange(1000) % 2 == 0


def guess_at(rate, other, seed=1):
    """Be right about members at one rate and about non-members at another."""
    return np.random.default_rng(seed).random(1000) < np.where(IS_MEMBER, rate, other)


@pytest.mark.parametrize(
    ("true", "guess", "right"),
    [
        (900, 855, True),
        (900, 854, False),
        (900, 945, True),
        (900, 946, False),
        (900, -5, False),
        (-900, -855, True),
        (-900, 900, False),
        (0, 0, True),
        (0, 1, False),
    ],
)
def test_a_number_is_right_within_five_percent_of_the_true_one(true, guess, right):
    column = NumericColumn(name="x", minimum=-1000, maximum=1000)
    hits = attribute_hits(np.array([guess + 1000]), np.array([true + 1000]), column=column)
    assert hits.tolist() == [right]


@pytest.mark.parametrize("true", ["1960-06-01", "1970-01-01", "1970-02-01", "2020-01-01"])
@pytest.mark.parametrize(
    ("days_off", "right"), [(0, True), (-200, True), (200, True), (201, False)]
)
def test_a_date_is_right_within_a_hundredth_of_the_range_whenever_it_is(true, days_off, right):
    column = NumericColumn(name="born", kind="date", minimum=-5_000, maximum=15_050)
    day = np.datetime64(true, "D").astype(int)
    hits = attribute_hits(
        np.array([day + days_off + 5_000]), np.array([day + 5_000]), column=column
    )
    assert hits.tolist() == [right]


def test_missing_is_right_only_for_missing():
    column = NumericColumn(name="x", minimum=0, maximum=10, nullable=True)
    hits = attribute_hits(np.array([-1, -1, 0]), np.array([-1, 0, -1]), column=column)
    assert hits.tolist() == [True, False, False]


def test_a_category_must_be_the_true_one():
    column = CategoryColumn(name="x", categories=("a", "b", "c"))
    hits = attribute_hits(np.array([0, 1, 2]), np.array([0, 2, 2]), column=column)
    assert hits.tolist() == [True, False, True]
    with pytest.raises(ValueError, match="give one per target"):
        attribute_hits(np.array([0, 1]), np.array([0]), column=column)


def test_what_can_be_guessed_without_a_leak_is_no_risk():
    (result,) = assess_guesses(guess_at(0.8, 0.8), IS_MEMBER, attack="a", measure="income")
    assert result.success().value == pytest.approx(0.8, abs=0.05)
    assert result.non_member_success().value == pytest.approx(0.8, abs=0.05)
    assert result.over_non_members().low == 0
    assert result.evidence()[0].advantage(0.999).low == 0


def test_what_only_members_lose_is_risk():
    (result,) = assess_guesses(guess_at(0.6, 0.2), IS_MEMBER, attack="a", measure="income")
    assert result.over_non_members().value == pytest.approx(0.5, abs=0.08)
    assert result.over_non_members().low > 0.35


def test_the_background_only_model_is_compared_on_the_same_members():
    (result,) = assess_guesses(
        guess_at(0.8, 0.8),
        IS_MEMBER,
        attack="a",
        measure="income",
        background_hits=guess_at(0.4, 0.4, seed=2),
    )
    assert result.over_background().value == pytest.approx(0.67, abs=0.08)
    assert result.over_non_members().low == 0
    (alone,) = assess_guesses(guess_at(0.8, 0.8), IS_MEMBER, attack="a", measure="income")
    with pytest.raises(ValueError, match="not compared with a background-only model"):
        alone.over_background()


def test_confident_guesses_are_looked_at_apart():
    hits = guess_at(0.2, 0.2)
    sure = np.arange(1000) < 100
    hits[sure & IS_MEMBER] = True
    everyone, surest = assess_guesses(
        hits, IS_MEMBER, attack="a", measure="m", confidences=sure.astype(float)
    )
    assert surest.members == (50, 50)
    assert surest.non_members[1] == 50
    assert surest.over_non_members().low > 0.8 > everyone.over_non_members().high


def test_constant_confidences_change_nothing():
    everyone, surest = assess_guesses(
        guess_at(0.5, 0.3), IS_MEMBER, attack="a", measure="m", confidences=np.ones(1000)
    )
    assert (surest.members, surest.non_members) == (everyone.members, everyone.non_members)


def test_being_confident_about_one_kind_only_gains_nothing():
    confidences = np.where(IS_MEMBER, 1.0, 0.0) + np.arange(1000) / 1e6
    _, surest = assess_guesses(
        guess_at(0.5, 0.5), IS_MEMBER, attack="a", measure="m", confidences=confidences
    )
    assert (surest.members[1], surest.non_members[1]) == (50, 50)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"confidences": np.ones(3)}, "one finite number per target"),
        ({"confidences": np.full(1000, np.nan)}, "one finite number per target"),
        ({"background_hits": np.ones(3, bool)}, "one per target"),
        ({"hits": np.ones(3, bool)}, "one per target"),
        ({"is_member": np.ones(1000, bool)}, "give members and non-members"),
    ],
)
def test_guesses_that_do_not_fit_the_targets_are_refused(options, complaint):
    given = {"hits": guess_at(0.5, 0.5), "is_member": IS_MEMBER, **options}
    hits, is_member = given.pop("hits"), given.pop("is_member")
    with pytest.raises(ValueError, match=complaint):
        assess_guesses(hits, is_member, attack="a", measure="m", **given)


def test_a_link_is_right_if_the_halves_are_equal_in_value():
    halves = np.array([[1, 1], [2, 2], [1, 1], [3, 3]])
    (keys,) = row_keys(halves, n_levels=(5, 5))
    partners = np.array([0, 1, 2, 3])
    hits = link_hits(np.array([2, 1, 3, -1]), partners, right_keys=keys)
    assert hits.tolist() == [True, True, False, False]


@pytest.mark.parametrize("guesses", [np.array([0, 4]), np.array([-2, 0]), np.zeros(3, int)])
def test_links_to_nowhere_are_refused(guesses):
    with pytest.raises(ValueError, match="give"):
        link_hits(guesses, np.array([0, 1]), right_keys=np.array([0, 1, 2, 3]))
    with pytest.raises(ValueError, match="one whole number each"):
        link_hits(np.array([0.5, 1.0]), np.array([0, 1]), right_keys=np.array([0, 1]))


@pytest.fixture(scope="module")
def state(real):
    def run(reference, **options):
        rng = np.random.default_rng(2)
        predicates = multivariate_predicates(
            reference, background=real.background, n_predicates=100, rng=rng
        )
        return assess_predicates(
            predicates,
            training=real.training,
            non_members=real.non_members,
            attack="a",
            measure="m",
            rng=rng,
            **options,
        )

    return run


def test_predicates_from_a_copy_single_people_out_and_from_a_fresh_sample_do_not(real, state):
    assert state(real.training).over_non_members().low > 0.65
    assert state(real.background).over_non_members().low == 0


def test_predicates_left_out_count_as_failures(real, state):
    assert state(real.training, n_required=400).members[1] == 400
    assert state(real.training, n_required=400).over_non_members().value < 0.4


def test_of_the_longer_table_as_many_records_are_looked_at(real):
    everyone = parse_predicates([[["age", ">=", 0]]], real.training.codebook)
    single = real.non_members.take(np.array([5]))
    result = assess_predicates(
        everyone,
        training=real.training,
        non_members=single,
        attack="a",
        measure="m",
        rng=np.random.default_rng(1),
    )
    assert (result.members, result.non_members) == ((1, 1), (1, 1))


def test_no_predicates_are_refused(real):
    with pytest.raises(ValueError, match="give at least one"):
        assess_predicates(
            (),
            training=real.training,
            non_members=real.non_members,
            attack="a",
            measure="m",
            rng=np.random.default_rng(1),
        )
