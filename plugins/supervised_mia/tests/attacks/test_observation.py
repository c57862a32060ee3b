"""Observing classifiers: what they give, and classes they never saw."""

import numpy as np
import pandas as pd
import pytest
from anomed_supervised_mia import audit
from anomed_supervised_mia.attacks import observe
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import SVC, LinearSVC

FEATURES = np.random.default_rng(0).normal(size=(60, 3))
LABELS = np.digitize(FEATURES[:, 0], [-0.5, 0.5])


def test_probabilities_are_preferred():
    model = GaussianNB().fit(FEATURES, LABELS)
    signals = observe(model, FEATURES, labels=LABELS)
    np.testing.assert_array_equal(signals.probabilities, model.predict_proba(FEATURES))
    assert signals.logits is None


@pytest.mark.parametrize("n_classes", [2, 3])
def test_decision_values_stand_in_for_logits(n_classes):
    labels = np.minimum(LABELS, n_classes - 1)
    model = LinearSVC().fit(FEATURES, labels)
    signals = observe(model, FEATURES, labels=labels)
    assert signals.logits.shape == (60, n_classes)
    np.testing.assert_array_equal(signals.logits.argmax(axis=1), model.predict(FEATURES))


@pytest.mark.parametrize("model", [LogisticRegression(), RidgeClassifier()], ids=["p", "logits"])
def test_an_unseen_class_gets_no_probability(model):
    seen = LABELS != 1
    model.fit(FEATURES[seen], LABELS[seen])
    signals = observe(model, FEATURES, labels=LABELS, classes=[0, 1, 2])
    np.testing.assert_array_equal(signals.probabilities[:, 1], 0.0)
    np.testing.assert_allclose(signals.probabilities.sum(axis=1), 1.0)
    np.testing.assert_array_equal(signals.labels, LABELS)


def test_other_arrays_are_passed_on():
    model = GaussianNB().fit(FEATURES, LABELS)
    signals = observe(model, FEATURES, labels=LABELS, records=np.arange(60))
    assert signals.records[-1] == 59


def test_an_unknown_label_is_named():
    model = GaussianNB().fit(FEATURES, LABELS)
    with pytest.raises(ValueError, match="7 came"):
        observe(model, FEATURES[:2], labels=[0, 7])


BLOBS = st.builds(
    lambda seed, n_classes, spread, n: make_blobs(
        n, centers=n_classes, cluster_std=spread, random_state=seed
    ),
    st.integers(0, 1000),
    st.integers(3, 5),
    st.sampled_from([0.5, 2.0]),
    st.sampled_from([60, 120]),
)


@settings(max_examples=15, deadline=None)
@given(BLOBS)
def test_decision_values_of_pairs_are_refused_and_those_of_classes_agree(blobs):
    X, y = blobs
    with pytest.raises(ValueError, match='decision_function_shape="ovr"'):
        observe(SVC(decision_function_shape="ovo").fit(X, y), X, labels=y)
    for model in (SVC(), OneVsOneClassifier(LinearSVC()), RidgeClassifier()):
        score = model.fit(X, y).score(X, y)
        correct = observe(model, X, labels=y).correct()
        assert correct.mean() == pytest.approx(score, abs=0.1)


@pytest.mark.parametrize("columns", [[1, 2, 0], [2, 1, 0]])
def test_columns_in_another_order_than_the_classes_are_refused(columns):
    class Shuffled(RidgeClassifier):
        def decision_function(self, X):
            return super().decision_function(X)[:, columns]

        def predict(self, X):
            return self.classes_[super().decision_function(X).argmax(axis=1)]

    model = Shuffled().fit(FEATURES, LABELS)
    with pytest.raises(ValueError, match="largest for the class that is predicted"):
        observe(model, FEATURES, labels=LABELS)


def test_a_threshold_of_ones_own_is_told_from_pairs_of_classes():
    two = LABELS < 2
    model = FixedThresholdClassifier(
        RidgeClassifier(), threshold=9.0, response_method="decision_function"
    ).fit(FEATURES[two], LABELS[two])
    with pytest.raises(ValueError, match="a threshold of one's own decides, or their sign"):
        observe(model, FEATURES[two], labels=LABELS[two])
    assert observe(model.estimator_, FEATURES[two], labels=LABELS[two]).correct().mean() > 0.5


NUMBERS = FEATURES @ [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("labels", "wrap"),
    [
        (NUMBERS + FEATURES[:, 0] ** 2, np.asarray),
        (NUMBERS + FEATURES[:, 0] ** 2, pd.Series),
        (np.column_stack([NUMBERS, FEATURES[:, 0] ** 2]), pd.DataFrame),
    ],
)
def test_a_regressor_is_observed_by_its_absolute_errors(labels, wrap):
    model = LinearRegression().fit(FEATURES, labels)
    signals = observe(model, pd.DataFrame(FEATURES), labels=wrap(labels), records=np.arange(60))
    errors = np.abs(model.predict(FEATURES) - labels).reshape(60, -1).mean(axis=1)
    np.testing.assert_allclose(signals.losses, errors, atol=1e-12)
    assert set(signals.arrays()) == {"losses", "records"}


def test_a_regressor_that_leaks_is_found_by_an_audit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 5))
    y = X[:, 0] + rng.normal(size=400)
    forest = RandomForestRegressor(30, random_state=0).fit(X[:200], y[:200])
    sides = [observe(forest, X[part], labels=y[part]) for part in (slice(200), slice(200, 400))]
    errors = np.concatenate([side.losses for side in sides])
    expected = roc_auc_score(np.repeat([1, 0], 200), -errors)
    result = audit(*sides).strongest()
    assert (result.attack, result.auc.value) == ("loss-threshold", pytest.approx(expected))
    assert expected > 0.7


def test_true_numbers_of_other_records_are_refused():
    model = LinearRegression().fit(FEATURES, NUMBERS)
    with pytest.raises(ValueError, match=r"\(60, 1\) predictions and \(59, 1\) labels"):
        observe(model, FEATURES, labels=NUMBERS[:59])


TWO_LABELS = np.column_stack([LABELS > 0, LABELS > 1]).astype(int)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(3, random_state=0),
        MultiOutputClassifier(GaussianNB()),
        OneVsRestClassifier(LogisticRegression()),
        OneVsRestClassifier(LinearSVC()),
    ],
)
def test_several_labels_a_record_are_refused(model):
    model.fit(FEATURES, TWO_LABELS)
    with pytest.raises(ValueError, match="several labels"):
        observe(model, FEATURES, labels=TWO_LABELS)


def test_a_frame_and_nullable_labels_are_observed_as_arrays_are():
    frame = pd.DataFrame(FEATURES)
    model = GaussianNB().fit(frame, LABELS)
    signals = observe(model, frame, labels=pd.Series(LABELS, dtype="Int64"))
    np.testing.assert_array_equal(signals.labels, LABELS)


def test_sparse_features_are_observed():
    sparse = csr_matrix(FEATURES)
    model = LogisticRegression().fit(sparse, LABELS)
    np.testing.assert_array_equal(observe(model, sparse, labels=LABELS).labels, LABELS)


def test_a_model_without_confidences_is_refused():
    model = KMeans(2, n_init=1, random_state=0).fit(FEATURES)
    model.classes_ = [0, 1]
    with pytest.raises(ValueError, match="KMeans has neither"):
        observe(model, FEATURES[:2], labels=[0, 1])
