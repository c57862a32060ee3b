"""Members and non-members are told apart by the model's answers, never by how these are written."""

import numpy as np
import pytest
from anomed_supervised_mia import AuditMetadata, AuditResults, AuditSettings, Signals, audit
from anomed_supervised_mia.attacks import (
    LikelihoodRatioAttack,
    LogisticRegressionAttack,
    LossThreshold,
    RelativeMembershipAttack,
    ShadowSignals,
    cross_fit,
    random_forest_attack,
)
from anomed_supervised_mia.shadow import draw_memberships
from hypothesis import assume, given, settings
from hypothesis import strategies as st

N = 40
RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(2 * N, 4))
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
ARRAYS = {
    "logits": LOGITS,
    "probabilities": PROBABILITIES,
    "labels": np.arange(2 * N) % 3,
    "predicted_labels": LOGITS.argmax(axis=1),
    "losses": RNG.exponential(size=2 * N),
    "features": RNG.normal(size=(2 * N, 5)),
    "records": np.arange(2 * N),
}

HELD = st.fixed_dictionaries(
    {},
    optional={
        name: st.tuples(
            st.sampled_from([np.float32, np.float64] if array.dtype.kind == "f" else [np.int64]),
            st.sampled_from([None, -1] if name == "features" else [None]),
        )
        for name, array in ARRAYS.items()
    },
).filter(lambda held: set(held) - {"labels", "records"})


def described(held, rows):
    return Signals(
        **{
            name: ARRAYS[name][rows].astype(dtype)[..., :n_columns]
            if ARRAYS[name].ndim == 2
            else ARRAYS[name][rows].astype(dtype)
            for name, (dtype, n_columns) in held.items()
        }
    )


@given(HELD, HELD)
def test_sides_that_are_described_in_different_ways_are_refused(one, other):
    assume(one != other)
    members, non_members = described(one, slice(N)), described(other, slice(N, 2 * N))
    for attacks in (None, [LossThreshold()], [random_forest_attack()]):
        with pytest.raises(ValueError, match="described alike"):
            audit(members, non_members, attacks=attacks)
    with pytest.raises(ValueError, match="described alike"):
        cross_fit(
            members, non_members, attack=LogisticRegressionAttack(), rng=np.random.default_rng(0)
        )


@settings(max_examples=20, deadline=None)
@given(HELD)
def test_sides_that_are_described_alike_are_audited(held):
    assume({"logits", "probabilities", "losses"} & set(held))
    results = audit(described(held, slice(N)), described(held, slice(N, 2 * N)))
    assert len(results) >= 1


def test_trained_attacks_refuse_logits_against_probabilities():
    members = Signals.from_logits(LOGITS[:N], ARRAYS["labels"][:N])
    non_members = Signals.from_probabilities(PROBABILITIES[N:], ARRAYS["labels"][N:])
    with pytest.raises(ValueError, match="members came with logits float64 of 4 columns"):
        random_forest_attack().fit(members, non_members, rng=np.random.default_rng(0))


def test_permuted_probabilities_are_no_leak():
    sides = [
        Signals.from_probabilities(np.tile(p, (500, 1))) for p in ([0.7, 0.1, 0.2], [0.1, 0.2, 0.7])
    ]
    for result in audit(*sides):
        assert result.auc.value == 0.5
        assert result.epsilon.estimate.low == 0


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("attack", [LikelihoodRatioAttack, RelativeMembershipAttack])
@pytest.mark.parametrize("mode", ["online", "offline"])
def test_shadow_models_that_all_say_the_same_tell_nothing(attack, mode, order):
    rows = np.array([[0.5, 0.3, 0.15, 0.05], [0.5, 0.05, 0.15, 0.3]])[::order]
    confidence = Signals.from_probabilities(rows[:1], [0]).scaled_confidence()[0]
    memberships = draw_memberships(400, n_shadows=16, rng=np.random.default_rng(1))
    shadows = ShadowSignals(
        scaled_confidences=np.full((16, 400), confidence), memberships=memberships
    )
    sides = [
        Signals.from_probabilities(np.tile(row, (200, 1)), [0] * 200, records=records)
        for row, records in zip(rows, np.arange(400).reshape(2, 200), strict=True)
    ]
    (result,) = audit(*sides, attacks=[attack(shadows=shadows, mode=mode)])
    assert result.auc.value == 0.5
    assert result.epsilon.estimate.low == 0


LOSSES = [Signals.from_losses([0.1, 0.2, 0.5]), Signals.from_losses([0.3, 0.4])]


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ([LOGITS, LOGITS], {}, "members is needed as Signals, but came as ndarray"),
        (LOSSES, {"attacks": [LossThreshold]}, "call the class"),
        (LOSSES, {"attacks": ["loss"]}, "instances such as LossThreshold"),
        (LOSSES, {"slices": [LOSSES]}, "names or partitions"),
    ],
)
def test_what_is_of_another_type_is_refused_with_a_sentence(arguments, options, message):
    with pytest.raises(TypeError, match=message):
        audit(*arguments, **options)


def test_a_seed_and_a_single_level_stand_for_a_generator_and_several():
    results = audit(*LOSSES, settings=AuditSettings(levels=0.01), rng=0)
    assert [found.level for found in results.results[0].tpr_at_fpr] == [0.01]


NUMBERS = st.one_of(
    st.none(),
    st.floats(0.125, 1, width=16),
    st.floats(0.125, 1, width=16).map(np.float16),
    st.floats(0.125, 1, width=32).map(np.float32),
    st.floats(0.125, 1).map(np.float64),
    st.floats(0.125, 1).map(np.array),
    st.integers(0, 1).map(np.int64),
)


@given(
    epoch=st.one_of(st.none(), st.integers(0, 99), st.integers(0, 99).map(np.int16)),
    train_accuracy=st.one_of(NUMBERS, st.just(np.nan)),
    test_accuracy=st.one_of(NUMBERS, st.just(np.float32("nan"))),
    claimed_epsilon=st.one_of(NUMBERS, st.just(np.inf), st.just(np.float32(np.inf))),
    claimed_delta=NUMBERS.filter(lambda number: number is not None and number < 1),
)
def test_what_is_known_about_a_model_comes_back_from_json(**known):
    results = audit(*LOSSES, metadata=AuditMetadata(**known))
    assert AuditResults.from_json(results.to_json()) == results


def test_a_claim_of_infinity_claims_nothing_and_one_of_nan_is_refused():
    assert AuditMetadata(claimed_epsilon=np.inf).claimed_epsilon is None
    with pytest.raises(ValueError, match="claimed_epsilon is NaN"):
        AuditMetadata(claimed_epsilon=np.nan)
