"""The signals an attack sees: derived quantities, borders, selection."""

import numpy as np
import pandas as pd
import pytest
from anomed_supervised_mia.attacks import ShadowSignals, Signals, arrays
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse import csr_matrix
from scipy.special import logsumexp, softmax

LOGITS = hnp.arrays(np.float64, (7, 4), elements=st.floats(-30, 30))
LABELS = hnp.arrays(np.int64, 7, elements=st.integers(0, 3))


def song_mittal(probabilities, label):
    """Evaluate the published formula term by term, in extended precision."""
    p = np.asarray(probabilities, dtype=np.longdouble)
    others = [p[j] * np.log1p(-p[j]) for j in range(len(p)) if j != label]
    return float(-(1 - p[label]) * np.log(p[label]) - sum(others))


@given(LOGITS, LABELS)
def test_loss_is_the_cross_entropy(logits, labels):
    expected = logsumexp(logits, axis=1) - logits[np.arange(7), labels]
    np.testing.assert_allclose(Signals.from_logits(logits, labels).loss(), expected, atol=1e-13)


@given(LOGITS, LABELS)
def test_scaled_confidence_is_the_log_odds_of_the_true_class(logits, labels):
    rest = logits.copy()
    rest[np.arange(7), labels] = -np.inf
    expected = logits[np.arange(7), labels] - logsumexp(rest, axis=1)
    actual = Signals.from_logits(logits, labels).scaled_confidence()
    np.testing.assert_allclose(actual, expected, atol=1e-12)


@given(LOGITS, LABELS)
def test_logits_and_their_probabilities_say_the_same(logits, labels):
    of_logits = Signals.from_logits(logits, labels)
    of_probabilities = Signals.from_probabilities(softmax(logits, axis=1), labels)
    for quantity in ("loss", "entropy", "modified_entropy", "scaled_confidence"):
        actual, expected = getattr(of_probabilities, quantity)(), getattr(of_logits, quantity)()
        np.testing.assert_allclose(actual, expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("label", [0, 1, 2])
def test_modified_entropy_follows_the_formula(label):
    probabilities = [0.7, 0.2, 0.1]
    actual = Signals.from_probabilities([probabilities], [label]).modified_entropy()
    np.testing.assert_allclose(actual, song_mittal(probabilities, label), rtol=1e-14)


def test_modified_entropy_tells_confidently_right_from_confidently_wrong():
    right, wrong = Signals.from_probabilities([[0.99, 0.01]] * 2, [0, 1]).modified_entropy()
    assert right < 0.001
    assert wrong > 4


def test_entropy_of_the_uniform_distribution_is_its_maximum():
    signals = Signals.from_probabilities([[0.25] * 4, [1.0, 0, 0, 0]])
    np.testing.assert_allclose(signals.entropy(), [np.log(4), 0.0], atol=1e-15)


@pytest.mark.parametrize("logit", [40.0, 80.0])
def test_confidences_that_round_to_one_stay_apart(logit):
    signals = Signals.from_logits([[logit, 0.0], [logit + 1, 0.0]], [0, 0])
    low, high = signals.scaled_confidence()
    assert high - low == pytest.approx(1.0)
    worse, better = signals.modified_entropy()
    assert better < worse


def test_certain_predictions_give_finite_quantities():
    signals = Signals.from_probabilities([[1.0, 0.0], [1.0, 0.0]], [0, 1])
    for quantity in ("loss", "entropy", "modified_entropy", "scaled_confidence"):
        assert np.isfinite(getattr(signals, quantity)()).all()
    right, wrong = signals.scaled_confidence()
    assert right == -wrong > 100


def test_given_losses_and_predicted_labels_win_over_computed_ones():
    signals = Signals(probabilities=[[0.9, 0.1]], labels=[0], losses=[7.0], predicted_labels=[1])
    assert signals.loss() == [7.0]
    assert not signals.correct()[0]


def test_subset_takes_indices_masks_and_nothing():
    signals = Signals.from_probabilities(np.full((3, 2), 0.5), [0, 1, 1], features=np.eye(3))
    np.testing.assert_array_equal(signals.subset([2, 0]).labels, [1, 0])
    np.testing.assert_array_equal(signals.subset([False, True, False]).features, [[0, 1, 0]])
    assert len(signals.subset([])) == 0


def test_concatenate_undoes_a_partition():
    signals = Signals.from_logits(np.arange(8.0).reshape(4, 2), [0, 1, 0, 1])
    joined = Signals.concatenate([signals.subset([0, 1]), signals.subset([2, 3])])
    np.testing.assert_array_equal(joined.logits, signals.logits)
    np.testing.assert_array_equal(joined.labels, signals.labels)


def test_concatenate_refuses_different_arrays():
    parts = [Signals.from_losses([1.0]), Signals.from_losses([1.0], [0])]
    with pytest.raises(ValueError, match="same arrays"):
        Signals.concatenate(parts)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"labels": [0]}, "something that the model said"),
        ({"probabilities": [0.5, 0.5]}, "shape"),
        ({"probabilities": [[1.0]]}, "column for each class"),
        ({"probabilities": [[0.5, 0.6]]}, "total 1"),
        ({"probabilities": [[-0.5, 1.5]]}, "came; pass unnormalised outputs as logits"),
        ({"probabilities": [[90.0, 10.0]]}, "divide percentages by 100, and pass unnormalised"),
        ({"probabilities": [[np.nan, 1.0]]}, "finite"),
        ({"probabilities": [[0.5, 0.5]], "logits": [[0.0, 0.0, 0.0]]}, "one shape"),
        ({"logits": [[0.0, 0.0]], "labels": [2]}, r"in \[0, 2\)"),
        ({"logits": [[0.0, 0.0]], "labels": [0, 1]}, "same records"),
        ({"logits": [[0.0, 0.0]], "labels": [0.5]}, "are indices"),
        ({"losses": [np.inf]}, "finite"),
        ({"losses": [1 + 2j]}, "dtype complex128"),
        ({"losses": [None, 1.0]}, "missing values"),
        ({"losses": np.ma.masked_array([1.0, 2.0], [True, False])}, "1 values are masked"),
        ({"probabilities": [[1.02, 0.0]]}, r"from 0.0 to 1.02 came"),
        ({"probabilities": [[0.9, 0.8, 0.7]]}, "several labels a record"),
    ],
)
def test_malformed_signals_are_refused(arrays, message):
    with pytest.raises(ValueError, match=message):
        Signals(**arrays)


@pytest.mark.parametrize(
    "quantity", ["loss", "entropy", "modified_entropy", "scaled_confidence", "log_probabilities"]
)
def test_quantities_that_need_probabilities_say_so(quantity):
    with pytest.raises(ValueError, match="probabilities or logits"):
        getattr(Signals.from_labels([0], [0]), quantity)()


@pytest.mark.parametrize(
    "quantity", ["loss", "modified_entropy", "correct", "true_class_probability"]
)
def test_quantities_that_need_labels_say_so(quantity):
    with pytest.raises(ValueError, match="true labels"):
        getattr(Signals.from_probabilities([[0.5, 0.5]]), quantity)()


DISTRIBUTIONS = st.one_of(
    st.lists(st.integers(1, 100), min_size=3, max_size=8).map(lambda x: np.array(x) / sum(x)),
    st.builds(
        lambda top, k: np.array([top, *[(1 - top) / (k - 1)] * (k - 1)]),
        st.sampled_from([0.5, 0.9, 1 - 1e-9]),
        st.integers(3, 100),
    ),
)


@given(row=DISTRIBUTIONS, form=st.sampled_from(["probabilities", "logits"]), data=st.data())
def test_what_is_equal_up_to_the_order_of_the_classes_is_equal(row, form, data):
    outputs = np.log(row) if form == "logits" else row
    others = data.draw(st.permutations(range(1, len(row))))
    place = data.draw(st.integers(0, len(row) - 1))
    permuted = np.insert(outputs[others], place, outputs[0])
    signals = [
        Signals(**{form: np.tile(values, (3, 1))}, labels=[label] * 3)
        for values, label in ((outputs, 0), (permuted, place))
    ]
    for quantity in (
        "entropy",
        "modified_entropy",
        "scaled_confidence",
        "loss",
        "largest_log_probability",
    ):
        one, other = (getattr(side, quantity)() for side in signals)
        np.testing.assert_array_equal(one, other, err_msg=quantity)


@given(
    DISTRIBUTIONS,
    st.sampled_from([np.float16, np.float32, np.float64]),
    st.floats(-1, 1),
)
def test_probabilities_that_leave_the_unit_interval_by_rounding_are_taken(row, dtype, step):
    rounded = (row * (1 + step * np.finfo(dtype).eps)).astype(dtype)
    rounded[0] += dtype(1) - rounded[0]
    rounded[1:] = -np.finfo(dtype).eps * abs(dtype(step))
    signals = Signals.from_probabilities([rounded * dtype(1.001)], [0])
    assert 0 <= signals.probabilities.min() <= signals.probabilities.max() <= 1
    assert np.isfinite(signals.loss()).all()


FORMS = {
    "frame": pd.DataFrame,
    "nullable frame": lambda array: pd.DataFrame(array).astype("Float64"),
    "sparse": csr_matrix,
    "list": np.ndarray.tolist,
    "big-endian": lambda array: array.astype(">f8"),
    "Fortran": np.asfortranarray,
}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_goes_for_an_array_gives_the_same(form):
    probabilities = np.random.default_rng(0).dirichlet(np.ones(4), 30)
    labels = np.arange(30) % 4
    came = Signals.from_probabilities(
        FORMS[form](probabilities), pd.Series(labels, dtype="Int64"), losses=pd.Series([1.0] * 30)
    )
    plain = Signals.from_probabilities(probabilities, labels)
    for quantity in ("entropy", "modified_entropy", "scaled_confidence"):
        np.testing.assert_array_equal(getattr(came, quantity)(), getattr(plain, quantity)())
    np.testing.assert_array_equal(came.loss(), 1.0)


def test_columns_of_frames_select_records_and_hold_shadow_signals():
    signals = Signals.from_losses([1.0, 2.0, 3.0])
    mask = pd.Series([True, False, True], dtype="boolean")
    np.testing.assert_array_equal(signals.subset(mask).losses, [1.0, 3.0])
    shadows = ShadowSignals(
        scaled_confidences=pd.DataFrame([[0.5, 1.5]]).astype("Float64"),
        memberships=pd.DataFrame([[True, False]]).astype("boolean"),
    )
    assert shadows.n_records == 2


def test_blocks_do_not_show(monkeypatch):
    logits, labels = np.random.default_rng(0).normal(size=(50, 7)), np.arange(50) % 7
    names = ("loss", "entropy", "modified_entropy", "scaled_confidence", "true_class_probability")
    whole = [getattr(Signals.from_logits(logits, labels), name)() for name in names]
    monkeypatch.setattr(arrays, "BLOCK_NUMBERS", 20)
    parts = [getattr(Signals.from_logits(logits, labels), name)() for name in names]
    np.testing.assert_array_equal(parts, whole)
