"""The likelihood-ratio attack against a slow reading of its definition."""

import numpy as np
import pytest
from anomed_supervised_mia.attacks import Attack, LikelihoodRatioAttack, ShadowSignals, Signals
from anomed_supervised_mia.attacks._moments import smooth, split_moments
from anomed_supervised_mia.shadow import draw_memberships
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import norm

RNG = np.random.default_rng


def random_shadows(n_shadows=8, n_records=5, *, seed=0):
    rng = RNG(seed)
    return ShadowSignals(
        scaled_confidences=rng.normal(2, 3, (n_shadows, n_records)),
        memberships=draw_memberships(n_records, n_shadows=n_shadows, rng=rng),
    )


def target(confidences, records=None):
    confidences = np.asarray(confidences, dtype=float)
    return Signals.from_logits(
        np.column_stack([confidences, np.zeros_like(confidences)]),
        np.zeros(len(confidences), dtype=int),
        records=np.arange(len(confidences)) if records is None else records,
    )


def score(attack, signals):
    return attack.fit(signals, signals, rng=RNG(0)).score(signals)


def residuals(confidences, memberships):
    parts = [
        column[known] - column[known].mean()
        for column, known in zip(confidences.T, memberships.T, strict=True)
    ]
    return np.concatenate(parts)


@pytest.mark.parametrize("smoothing", [0.0, 0.05])
@pytest.mark.parametrize("variance", ["fixed", "per-record"])
@pytest.mark.parametrize("mode", ["online", "offline"])
def test_scores_follow_the_definition(mode, variance, smoothing):
    shadows, asked = random_shadows(), np.linspace(-4, 6, 5)
    attack = LikelihoodRatioAttack(
        shadows=shadows, mode=mode, variance=variance, smoothing=smoothing
    )
    p = expit(shadows.scaled_confidences)
    confidences = np.log(p + smoothing) - np.log(1 - p + smoothing)
    asked_smoothed = np.log(expit(asked) + smoothing) - np.log(expit(-asked) + smoothing)
    expected = []
    for record in range(5):
        known = shadows.memberships[:, record]
        sides = []
        for side, all_sides in ((known, shadows.memberships), (~known, ~shadows.memberships)):
            own = confidences[side, record]
            pooled = np.sqrt(np.mean(residuals(confidences, all_sides) ** 2))
            sides.append((own.mean(), own.std() if variance == "per-record" else pooled))
        if mode == "online":
            densities = [norm.logpdf(asked_smoothed[record], *side) for side in sides]
            expected.append(densities[0] - densities[1])
        else:
            expected.append(norm.logcdf(asked_smoothed[record], *sides[1]))
    np.testing.assert_allclose(score(attack, target(asked)), expected, rtol=1e-9, atol=1e-9)


@given(st.integers(2, 12), st.integers(1, 40), st.floats(-1e6, 1e6), st.integers(0, 99))
def test_moments_are_those_of_numpy_wherever_the_values_lie(n_shadows, n_records, shift, seed):
    shadows = random_shadows(2 * n_shadows, n_records, seed=seed)
    confidences = shadows.scaled_confidences + shift
    sides = split_moments(confidences, shadows.memberships, smoothing=0.0)
    for moments, mask in zip(sides, (shadows.memberships, ~shadows.memberships), strict=True):
        kept = np.where(mask, confidences, np.nan)
        np.testing.assert_array_equal(moments.count, mask.sum(axis=0))
        np.testing.assert_allclose(moments.mean, np.nanmean(kept, axis=0), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(moments.variance, np.nanvar(kept, axis=0), rtol=1e-6, atol=1e-6)


def test_blocks_do_not_show():
    shadows = random_shadows(4, 2500)
    whole = split_moments(shadows.scaled_confidences, shadows.memberships, smoothing=0.01)
    for side, moments in enumerate(whole):
        parts = [
            split_moments(
                shadows.scaled_confidences[:, columns],
                shadows.memberships[:, columns],
                smoothing=0.01,
            )[side].variance
            for columns in (slice(0, 700), slice(700, 2500))
        ]
        np.testing.assert_array_equal(moments.variance, np.concatenate(parts))


@given(st.floats(-700, 700), st.floats(1e-6, 1.0))
def test_smoothing_is_odd_bounded_and_keeps_the_order(confidence, smoothing):
    values = np.array([confidence, -confidence, confidence + 1])
    first, mirrored, larger = smooth(values, smoothing=smoothing)
    assert first == pytest.approx(-mirrored, abs=1e-9)
    assert abs(first) <= np.log1p(1 / smoothing) * (1 + 1e-12)
    assert larger >= first - 1e-12 * abs(first)


def test_smoothing_tames_votes_that_are_unanimous():
    certain = smooth(np.array([103.0, -103.0]), smoothing=0.02)
    np.testing.assert_allclose(certain, [np.log(51), -np.log(51)])


def test_records_are_looked_up_by_their_position():
    attack = LikelihoodRatioAttack(shadows=random_shadows())
    in_order = score(attack, target([1.0, 2, 3, 4, 5]))
    shuffled = score(attack, target([4.0, 1.0], records=[3, 0]))
    np.testing.assert_array_equal(shuffled, in_order[[3, 0]])


def test_equal_confidences_of_all_models_do_not_prove_certainty():
    memberships = draw_memberships(3, n_shadows=6, rng=RNG(0))
    shadows = ShadowSignals(
        scaled_confidences=np.where(memberships, 5.0, 1.0), memberships=memberships
    )
    scores = score(LikelihoodRatioAttack(shadows=shadows, variance="per-record"), target([5, 1, 9]))
    assert np.isfinite(scores).all()
    assert scores[0] > 0
    assert scores[1] < 0


@pytest.mark.parametrize("variance", ["fixed", "per-record"])
def test_records_that_no_model_knew_can_be_scored_offline_only(variance):
    shadows = random_shadows(8, 3)
    memberships = shadows.memberships.copy()
    memberships[:, 1] = False
    partly = ShadowSignals(scaled_confidences=shadows.scaled_confidences, memberships=memberships)
    online = LikelihoodRatioAttack(shadows=partly, variance=variance)
    assert np.isfinite(score(online, target([1.0, 2.0], records=[0, 2]))).all()
    with pytest.raises(ValueError, match="For 1 of 3 records fewer than 2"):
        score(online, target([1.0, 2.0, 3.0]))
    offline = LikelihoodRatioAttack(shadows=partly, variance=variance, mode="offline")
    assert np.isfinite(score(offline, target([1.0, 2.0, 3.0]))).all()


def test_variants_have_names_of_their_own_and_follow_the_protocol():
    shadows = random_shadows()
    attacks = [
        LikelihoodRatioAttack(shadows=shadows, mode=mode, variance=variance)
        for mode in ("online", "offline")
        for variance in ("fixed", "per-record")
    ]
    assert len({attack.name for attack in attacks}) == 4
    assert all(isinstance(attack, Attack) for attack in attacks)


@pytest.mark.parametrize("setting", [{"mode": "on"}, {"variance": "free"}, {"smoothing": -1}])
def test_malformed_settings_are_refused(setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        LikelihoodRatioAttack(shadows=random_shadows(), **setting)
