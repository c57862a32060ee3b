"""Observing classifiers: what they give, and classes they never saw."""

import numpy as np
import pytest
from anomed_supervised_mia.attacks import observe
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC

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


def test_a_model_without_confidences_is_refused():
    model = KMeans(2, n_init=1, random_state=0).fit(FEATURES)
    model.classes_ = [0, 1]
    with pytest.raises(ValueError, match="KMeans has neither"):
        observe(model, FEATURES[:2], labels=[0, 1])
