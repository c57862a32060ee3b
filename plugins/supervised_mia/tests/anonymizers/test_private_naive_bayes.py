"""Private naive Bayes: the noise and the sensitivity that privacy follows from, and its use."""

import numpy as np
import pytest
from anomed_supervised_mia.anonymizers import PrivateNaiveBayes
from anomed_supervised_mia.anonymizers.private_naive_bayes import two_sided_geometric
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare, dlaplace, ks_2samp
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.naive_bayes import CategoricalNB

RNG = np.random.default_rng


def random_records(n_records, n_features, *, seed):
    rng = RNG(seed)
    return rng.uniform(0, 1, (n_records, n_features)), rng.integers(0, 3, n_records)


def exact_counts(features, labels):
    model = PrivateNaiveBayes(epsilon=np.inf, classes=[0, 1, 2]).fit(features, labels)
    return model._counts(model._bins(features), labels), model


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_the_noise_has_the_promised_distribution(scale):
    draws = two_sided_geometric(scale, shape=(100_000,), rng=RNG(0))
    reach = int(4 * scale)
    support = np.arange(-reach, reach + 1)
    decay = np.exp(-1 / scale)
    expected = (1 - decay) / (1 + decay) * decay ** np.abs(support)
    observed = np.array([(draws == value).sum() for value in support])
    rest = len(draws) - observed.sum()
    expected_counts = np.append(expected, 1 - expected.sum()) * len(draws)
    assert chisquare(np.append(observed, rest), expected_counts).pvalue > 0.001


@given(st.integers(1, 20), st.integers(1, 5), st.integers(0, 999))
def test_a_replaced_record_changes_the_counts_by_the_sensitivity_at_most(
    n_records, n_features, seed
):
    features, labels = random_records(n_records, n_features, seed=seed)
    other_features, other_labels = features.copy(), labels.copy()
    other_features[-1:], other_labels[-1:] = random_records(1, n_features, seed=seed + 1)
    (counts, model), (others, _) = (
        exact_counts(features, labels),
        exact_counts(other_features, other_labels),
    )
    assert np.abs(counts - others).sum() <= model.sensitivity == 2 * n_features


def test_the_sensitivity_is_attained():
    features, labels = np.zeros((1, 4)), np.array([0])
    (counts, model), (others, _) = (
        exact_counts(features, labels),
        exact_counts(features + 1, labels),
    )
    assert np.abs(counts - others).sum() == model.sensitivity


def test_adding_a_record_changes_one_bin_of_each_feature():
    features, labels = random_records(5, 3, seed=0)
    (counts, _), (fewer, _) = (exact_counts(features[n:], labels[n:]) for n in (0, 1))
    assert np.abs(counts - fewer).sum() == 3
    model = PrivateNaiveBayes(neighbours="add-or-remove").fit(features, labels)
    assert model.sensitivity == 3


def test_the_noise_of_a_model_scales_with_sensitivity_over_epsilon():
    """Compare shares of a bin that holds all 100 records with scipy's discrete Laplace noise."""
    features, labels = np.zeros((100, 400)), np.zeros(100, dtype=int)
    epsilon, sensitivity = 40.0, 2 * 400
    model = PrivateNaiveBayes(epsilon=epsilon, classes=[0, 1], n_bins=2, random_state=0)
    shares = np.exp(model.fit(features, labels).log_frequencies_[0, :, 0])

    def expected(scale):
        noise = dlaplace.rvs(1 / scale, size=(2, 20_000), random_state=1)
        full, empty = np.maximum(100 + noise[0], 0) + 1.0, np.maximum(noise[1], 0) + 1.0
        return full / (full + empty)

    assert ks_2samp(shares, expected(sensitivity / epsilon)).pvalue > 0.001
    assert ks_2samp(shares, expected(sensitivity / epsilon / 2)).pvalue < 1e-6


def test_without_noise_it_is_categorical_naive_bayes():
    features, labels = random_records(200, 4, seed=3)
    model = PrivateNaiveBayes(epsilon=np.inf).fit(features, labels)
    bins = np.minimum((features * 4).astype(int), 3)
    reference = CategoricalNB(alpha=1.0, min_categories=4).fit(bins, labels)
    np.testing.assert_allclose(model.predict_proba(features), reference.predict_proba(bins))


# The first columns are the mean accuracy and AUC of a histogram naive Bayes of 4 bins with Laplace
# noise for adding or removing a record, over 10 random half-and-half splits of the digits.
@pytest.mark.parametrize(
    ("epsilon", "accuracy", "auc"),
    [(0.1, 0.113, 0.507), (1, 0.300, 0.521), (10, 0.846, 0.541), (100, 0.906, 0.542)],
)
def test_it_is_at_least_as_useful_as_the_reference_and_leaks_no_more(epsilon, accuracy, auc):
    features, labels = load_digits(return_X_y=True)
    runs = []
    for seed in range(5):
        halves = np.array_split(RNG(seed).permutation(len(labels)), 2)
        model = PrivateNaiveBayes(
            epsilon=epsilon, bounds=(0, 16), neighbours="add-or-remove", random_state=seed
        ).fit(features[halves[0]], labels[halves[0]])
        own = [model.predict_proba(features[h])[np.arange(len(h)), labels[h]] for h in halves]
        smaller = own[0][:, None] > own[1]
        ties = own[0][:, None] == own[1]
        runs.append(
            [model.score(features[halves[1]], labels[halves[1]]), (smaller + ties / 2).mean()]
        )
    mean = np.mean(runs, axis=0)
    assert mean[0] > accuracy - 0.02
    assert mean[1] < auc + 0.02


def test_it_is_a_scikit_learn_estimator():
    features, labels = random_records(50, 2, seed=0)
    names = np.array(["a", "b", "c"])[labels]
    model = clone(PrivateNaiveBayes(epsilon=5.0, random_state=1))
    first, second = (clone(model).fit(features, names).predict_proba(features) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_allclose(first.sum(axis=1), 1.0)
    assert set(model.fit(features, names).predict(features)) <= {"a", "b", "c"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epsilon": 0}, "Epsilon must be positive"),
        ({"epsilon": np.nan}, "Epsilon must be positive"),
        ({"n_bins": 1}, "n_bins must be at least 2"),
        ({"neighbours": "some"}, "'replace' or 'add-or-remove'"),
        ({"bounds": (1.0, 0.0)}, "each low below its high"),
        ({"bounds": ([0.0, 0.0, 0.0], 1.0)}, "two arrays of 2 numbers"),
        ({"classes": [0, 1]}, "among the classes"),
    ],
)
def test_malformed_settings_are_refused(settings, message):
    features, labels = random_records(20, 2, seed=0)
    with pytest.raises(ValueError, match=message):
        PrivateNaiveBayes(**settings).fit(features, labels)


def test_malformed_features_are_refused():
    features, labels = random_records(20, 2, seed=0)
    model = PrivateNaiveBayes().fit(features, labels)
    with pytest.raises(ValueError, match="n_records, 2"):
        model.predict(features[:, :1])
    with pytest.raises(ValueError, match="finite"):
        model.predict([[np.nan, 0.0]])
