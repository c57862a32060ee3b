"""The relative-membership attack against a slow reading of its definition."""

import numpy as np
import pytest
from anomed_supervised_mia.attacks import (
    Attack,
    RelativeMembershipAttack,
    ShadowSignals,
    Signals,
)
from anomed_supervised_mia.attacks.relative_membership import surpassed_shares
from anomed_supervised_mia.shadow import draw_memberships
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import expit

RNG = np.random.default_rng


def random_case(*, n_shadows=6, n_records=9, n_population=4, seed=0):
    """Draw shadow signals and a target; the last records are the population, known to nobody."""
    rng = RNG(seed)
    memberships = draw_memberships(n_records, n_shadows=n_shadows, rng=rng)
    memberships[:, -n_population:] = False
    shadows = ShadowSignals(
        scaled_confidences=rng.normal(1, 2, memberships.shape), memberships=memberships
    )
    confidences = rng.normal(1, 2, n_records)
    signals = Signals.from_logits(
        np.column_stack([confidences, np.zeros(n_records)]),
        np.zeros(n_records, dtype=int),
        records=np.arange(n_records),
    )
    return shadows, signals, signals.subset(np.arange(n_records)[-n_population:])


@pytest.mark.parametrize("margin", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("mode", ["online", "offline"])
def test_scores_follow_the_definition(mode, margin):
    shadows, signals, population = random_case()
    attack = RelativeMembershipAttack(shadows=shadows, mode=mode, margin=margin, offset=0.3)
    scores = attack.fit(signals, population, rng=RNG(0)).score(signals)
    target = signals.true_class_probability()
    ratios = []
    for record in range(len(signals)):
        p, known = expit(shadows.scaled_confidences[:, record]), shadows.memberships[:, record]
        average = p[~known].mean()
        if mode == "offline":
            average = 0.5 * ((1 + 0.3) * average + (1 - 0.3))
        elif known.any():
            average = 0.5 * (p[known].mean() + average)
        ratios.append(target[record] / average)
    expected = [np.mean([x / z > margin for z in ratios[-4:]]) for x in ratios]
    np.testing.assert_allclose(scores, expected)


@given(
    hnp.arrays(float, st.integers(1, 20), elements=st.integers(0, 3).map(float)),
    hnp.arrays(float, st.integers(1, 20), elements=st.integers(0, 3).map(float)),
)
def test_ties_are_not_surpassed(values, population):
    expected = [(population < value).mean() for value in values]
    np.testing.assert_array_equal(surpassed_shares(values, np.sort(population)), expected)


def test_models_that_all_agree_leave_nobody_surpassed():
    memberships = draw_memberships(8, n_shadows=4, rng=RNG(0))
    shadows = ShadowSignals(
        scaled_confidences=np.full(memberships.shape, 103.0), memberships=memberships
    )
    signals = Signals.from_logits([[103.0, 0.0]] * 8, [0] * 8, records=np.arange(8))
    for mode in ("online", "offline"):
        attack = RelativeMembershipAttack(shadows=shadows, mode=mode)
        scores = attack.fit(signals, signals, rng=RNG(0)).score(signals)
        np.testing.assert_array_equal(scores, np.zeros(8))


def test_impossible_classes_give_finite_ratios():
    memberships = draw_memberships(4, n_shadows=4, rng=RNG(0))
    shadows = ShadowSignals(
        scaled_confidences=np.full(memberships.shape, -103.0), memberships=memberships
    )
    signals = Signals.from_logits([[-103.0, 0.0], [0.0, 0.0]], [0, 0], records=[0, 1])
    attack = RelativeMembershipAttack(shadows=shadows, mode="online")
    scores = attack.fit(signals, signals, rng=RNG(0)).score(signals)
    np.testing.assert_array_equal(scores, [0.0, 0.5])


def test_the_attack_follows_the_protocol_and_says_that_it_learns():
    attack = RelativeMembershipAttack(shadows=random_case()[0])
    assert isinstance(attack, Attack)
    assert attack.learns


def test_what_cannot_be_compared_is_refused():
    shadows, signals, population = random_case()
    attack = RelativeMembershipAttack(shadows=shadows)
    with pytest.raises(ValueError, match="known non-members"):
        attack.fit(signals, population.subset([]), rng=RNG(0))
    all_known = ShadowSignals(
        scaled_confidences=shadows.scaled_confidences,
        memberships=np.ones_like(shadows.memberships),
    )
    with pytest.raises(ValueError, match="9 of 9 records were known to every"):
        RelativeMembershipAttack(shadows=all_known).fit(signals, population, rng=RNG(0))


@pytest.mark.parametrize("setting", [{"mode": "on"}, {"offset": 1.5}, {"margin": 0}])
def test_malformed_settings_are_refused(setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        RelativeMembershipAttack(shadows=random_case()[0], **setting)
