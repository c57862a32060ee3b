"""What a served model answers is read as its targets demand, or refused, or flagged."""

import attrs
import numpy as np
import pytest
from anomed_supervised_mia.challenge.arena import open_arena
from anomed_supervised_mia.challenge.data import Parts
from anomed_supervised_mia.challenge.house import AnonymizerUnavailableError, audit_served_model
from anomed_supervised_mia.challenge.scoring import evaluate_MIA, evaluator_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from anomed_core import Lottery, Role, Split, Subject, Submission

N_EACH = 40
MEMBERS = slice(0, N_EACH)
OUTSIDERS = slice(2 * N_EACH, 3 * N_EACH)


def audit_of_answers(answer, *, targets, classifies=True):
    """Audit answers; record ``i`` has the features ``[i]``, and the first forty are members."""
    X = np.arange(3.0 * N_EACH).reshape(-1, 1)
    parts = np.split(np.arange(3 * N_EACH), 3)
    names = ("training", "tuning", "validation")
    data = {name: (X[rows], targets[rows]) for name, rows in zip(names, parts, strict=True)}
    arena = open_arena(
        Parts(key="k", load=lambda: data),
        length=5,
        evaluate_prediction=evaluator_of(["accuracy"]),
        evaluate_memberships=evaluate_MIA,
        lottery=Lottery(bytes(32), "c"),
        freeze=lambda name, key, compute: compute(),
    )
    submission = Submission(
        kind="anonymizer",
        subject=Subject(role=Role.ANONYMIZER, anonymizer="a"),
        split=Split.TUNING,
        payload={"prediction": targets[parts[1]]},
        digest="0" * 64,
    )
    arena = attrs.evolve(arena, classifies=classifies)
    return audit_served_model(
        arena,
        submission,
        lambda features: answer(features[:, 0].astype(int)),
        np.random.default_rng(1),
    ).metrics()


def two_classes(unseen=2):
    """Return targets; those of the non-members are a label that nobody was trained on, or not."""
    y = np.repeat([0, 2], N_EACH // 2)
    return np.concatenate([y, y, np.full(N_EACH, unseen)])


@pytest.mark.parametrize(("unseen", "elsewhere"), [(1, 2), (5, 9)])
def test_no_answer_but_the_label_itself_is_right_for_a_label_that_nobody_was_trained_on(
    unseen, elsewhere
):
    def answer(i):
        return np.where(i < N_EACH // 2, 0, np.where(i < N_EACH, 2, elsewhere))

    assert audit_of_answers(answer, targets=two_classes(unseen))["auc"] == 1.0


@pytest.mark.parametrize("unseen", [1, 5])
def test_a_label_that_nobody_was_trained_on_has_no_probability(unseen):
    metrics = audit_of_answers(
        lambda i: np.tile([0.5, 0.5], (len(i), 1)), targets=two_classes(unseen)
    )

    assert metrics["auc"] == 1.0


TARGETS = {
    "floats": np.random.default_rng(0).normal(size=3 * N_EACH),
    "single precision": np.random.default_rng(0).normal(size=3 * N_EACH).astype(np.float32),
    "several": np.random.default_rng(0).normal(size=(3 * N_EACH, 2)),
    "counts": np.random.default_rng(0).integers(0, 5, 3 * N_EACH),
}


@pytest.mark.parametrize("form", [np.asarray, np.float32, lambda x: x[..., None]])
@pytest.mark.parametrize("kind", TARGETS)
def test_numbers_are_attacked_by_their_error(kind, form):
    targets = TARGETS[kind]
    noise = np.random.default_rng(1).normal(size=targets.shape)
    noise[MEMBERS] /= 4
    answers = targets + noise
    answers[N_EACH : 2 * N_EACH] = targets[N_EACH : 2 * N_EACH]
    errors = np.abs(noise).reshape(len(noise), -1).mean(axis=1)
    expected = roc_auc_score(
        np.repeat([1, 0], N_EACH), -np.concatenate([errors[MEMBERS], errors[OUTSIDERS]])
    )

    metrics = audit_of_answers(lambda i: form(answers[i]), targets=targets, classifies=False)

    assert metrics["auc"] == pytest.approx(expected)
    assert metrics["auc"] > 0.8
    assert metrics["flagged"] == 0


@pytest.mark.parametrize("targets", [TARGETS["floats"], two_classes(), two_classes().astype(str)])
def test_right_answers_in_any_form_tell_nothing(targets):
    metrics = audit_of_answers(lambda i: targets[i], targets=targets)

    assert metrics["auc"] == 0.5
    assert metrics["flagged"] == metrics["answers_not_finite"] == 0


NOT_NUMBERS = st.sampled_from([np.nan, np.inf, -np.inf])


@settings(max_examples=25, deadline=None)
@given(
    targets=st.sampled_from([TARGETS["floats"], TARGETS["several"], two_classes()]),
    form=st.sampled_from(["targets", "probabilities"]),
    value=NOT_NUMBERS,
    broken=st.sets(st.integers(0, 3 * N_EACH - 1), min_size=1),
)
def test_an_answer_that_is_no_number_is_flagged_whoever_gets_it(targets, form, value, broken):
    answers = targets.astype(float)
    if form == "probabilities" and targets.ndim == 1 and targets.dtype.kind == "i":
        answers = np.stack([targets == 0, targets == 2], axis=1).astype(float)
    answers[sorted(broken)] = value

    metrics = audit_of_answers(lambda i: answers[i], targets=targets)

    assert metrics["flagged"] == 1
    assert 0 < metrics["answers_not_finite"] <= 1
    n_members = sum(i < N_EACH for i in broken)
    n_outsiders = sum(i >= 2 * N_EACH for i in broken)
    assert metrics["auc"] == pytest.approx(0.5 + (n_outsiders - n_members) / N_EACH / 2)


@pytest.mark.parametrize(
    ("targets", "answers", "message"),
    [
        (two_classes(), np.tile([0.5, 0.25, 0.25], (120, 1)), "3 probabilities .* of the 2 class"),
        (two_classes(), np.full(120, 0.5), "labels and not probabilities"),
        (two_classes(), np.full((120, 1), 0.5), "1 probabilities .* or labels"),
        (two_classes(), np.zeros((120, 2, 2)), "2x2 probabilities"),
        (two_classes(), np.full(120, "0"), "dtype <U1, but the targets have dtype int64"),
        (two_classes().astype(str), np.zeros(120), "dtype float64, but the targets have dtype <U"),
        (TARGETS["floats"], np.full(120, "0"), "dtype <U1"),
        (TARGETS["floats"], np.zeros((120, 3)), r"shape \(3,\) for each record; give \(\)"),
        (TARGETS["several"], np.zeros(120), r"shape \(\) for each record; give \(2,\)"),
    ],
)
def test_answers_that_are_no_prediction_of_the_targets_are_refused(targets, answers, message):
    with pytest.raises(AnonymizerUnavailableError, match=message):
        audit_of_answers(lambda i: answers[i], targets=targets)
