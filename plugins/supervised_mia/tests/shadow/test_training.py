"""Shadow training: any estimator, any joblib backend, resumable, reproducible."""

import joblib
import numpy as np
import pandas as pd
import pytest
from anomed_supervised_mia.attacks import ShadowSignals, observe
from anomed_supervised_mia.attacks.seeding import seeded_clone
from anomed_supervised_mia.shadow import ShadowCache, draw_memberships, train_shadows
from joblib.parallel import SequentialBackend
from scipy.sparse import coo_array, csr_matrix
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

FEATURES, LABELS = load_iris(return_X_y=True)
FOREST = RandomForestClassifier(5)


class CallerOnlyBackend(SequentialBackend):
    """A third party's backend that cannot hand out results one by one."""

    supports_return_generator = False


joblib.register_parallel_backend("caller-only", CallerOnlyBackend)


class StopAfter:
    """Interrupt training after some models."""

    def __init__(self, n_models):
        self.n_models = n_models
        self.seen = []

    def __call__(self, progress):
        self.seen.append(progress)
        if progress.n_done == self.n_models:
            raise KeyboardInterrupt


def train(estimator=FOREST, *, n_shadows=6, seed=0, labels=LABELS, **options):
    memberships = draw_memberships(
        len(LABELS), n_shadows=n_shadows, rng=np.random.default_rng(seed)
    )
    rng = np.random.default_rng(seed + 1)
    return train_shadows(
        estimator, FEATURES, labels=labels, memberships=memberships, rng=rng, **options
    )


def test_each_row_is_what_a_model_trained_by_hand_says():
    shadows = train()
    rng = np.random.default_rng(1)
    for row, membership in zip(shadows.scaled_confidences, shadows.memberships, strict=True):
        model = seeded_clone(FOREST, rng=rng).fit(FEATURES[membership], LABELS[membership])
        expected = observe(model, FEATURES, labels=LABELS).scaled_confidence()
        np.testing.assert_array_equal(row, expected)


@pytest.mark.parametrize(
    "estimator",
    [
        GaussianNB(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        LinearSVC(),
        RidgeClassifier(),
        Perceptron(),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_any_classifier_with_confidences_can_be_a_shadow(estimator):
    shadows = train(estimator, n_shadows=3)
    assert isinstance(shadows, ShadowSignals)
    assert shadows.scaled_confidences.std() > 0


def test_labels_may_be_text():
    names = np.array(["setosa", "versicolor", "virginica"])[LABELS]
    np.testing.assert_array_equal(
        train(labels=names).scaled_confidences, train().scaled_confidences
    )


@pytest.mark.parametrize(
    "backend",
    [
        "sequential",
        "threading",
        "multiprocessing",
        "caller-only",
        pytest.param("loky", marks=pytest.mark.slow),
    ],
)
def test_the_backend_changes_nothing(backend):
    expected = train().scaled_confidences
    with joblib.parallel_config(backend=backend, n_jobs=2):
        np.testing.assert_array_equal(train().scaled_confidences, expected)


def test_another_seed_gives_other_models():
    memberships = np.ones((1, len(LABELS)), dtype=bool)
    first, second = (
        train_shadows(
            FOREST,
            FEATURES,
            labels=LABELS,
            memberships=memberships,
            rng=np.random.default_rng(seed),
        )
        for seed in (0, 1)
    )
    assert (first.scaled_confidences != second.scaled_confidences).any()


def test_progress_counts_every_trained_model():
    seen = []
    train(on_progress=seen.append)
    assert [progress.n_done for progress in seen] == [1, 2, 3, 4, 5, 6]
    assert {(progress.n_shadows, progress.n_cached) for progress in seen} == {(6, 0)}


@pytest.mark.filterwarnings("ignore:.*tasks (have been|which were still)")  # joblib's farewell
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_interrupted_training_resumes_where_it_stopped(tmp_path, n_jobs):
    cache, seen = ShadowCache(tmp_path), []
    with joblib.parallel_config(backend="threading"), pytest.raises(KeyboardInterrupt):
        train(cache=cache, on_progress=StopAfter(4), n_jobs=n_jobs)
    resumed = train(cache=cache, on_progress=seen.append)
    assert [progress.n_done for progress in seen] == [5, 6]
    assert {progress.n_cached for progress in seen} == {4}
    np.testing.assert_array_equal(resumed.scaled_confidences, train().scaled_confidences)


def test_a_repeated_run_trains_nothing(tmp_path):
    first, seen = train(cache=ShadowCache(tmp_path)), []
    second = train(cache=ShadowCache(tmp_path), on_progress=seen.append)
    assert seen == []
    np.testing.assert_array_equal(first.scaled_confidences, second.scaled_confidences)


@pytest.mark.parametrize(
    "change",
    [
        {"estimator": RandomForestClassifier(6)},
        {"estimator": DecisionTreeClassifier()},
        {"labels": np.roll(LABELS, 1)},
        {"seed": 5},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_cache_never_answers_for_something_else(tmp_path, change):
    train(cache=ShadowCache(tmp_path))
    seen = []
    changed = train(cache=ShadowCache(tmp_path), on_progress=seen.append, **change)
    assert len(seen) == 6
    np.testing.assert_array_equal(changed.scaled_confidences, train(**change).scaled_confidences)


def test_a_class_that_a_subset_lacks_counts_as_impossible():
    memberships = (LABELS != 2)[None, :]
    shadows = train_shadows(
        GaussianNB(),
        FEATURES,
        labels=LABELS,
        memberships=memberships,
        rng=np.random.default_rng(0),
    )
    assert (shadows.scaled_confidences[0, LABELS == 2] < -100).all()


def test_a_record_in_no_subset_is_asked_about():
    memberships = np.zeros((2, len(LABELS)), dtype=bool)
    memberships[:, ::2] = True
    shadows = train_shadows(
        FOREST,
        FEATURES,
        labels=LABELS,
        memberships=memberships,
        rng=np.random.default_rng(0),
    )
    assert not shadows.memberships[:, 1].any()
    assert np.isfinite(shadows.scaled_confidences[:, 1]).all()


@pytest.mark.parametrize(
    ("memberships", "message"),
    [
        (np.ones((2, 3), dtype=bool), "same records"),
        (np.ones((2, len(LABELS))), "must be booleans"),
        (np.ones(len(LABELS), dtype=bool), "n_shadows, n_records"),
    ],
)
def test_malformed_memberships_are_refused(memberships, message):
    with pytest.raises(ValueError, match=message):
        train_shadows(
            FOREST,
            FEATURES,
            labels=LABELS,
            memberships=memberships,
            rng=np.random.default_rng(0),
        )


TABLE = pd.DataFrame(FEATURES, columns=list("abcd")).assign(job=list("xyz") * 50)
PIPELINE = make_pipeline(
    make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough"),
    LogisticRegression(max_iter=1000),
)


@pytest.mark.parametrize("index", [None, "reversed"])
@pytest.mark.parametrize(
    ("estimator", "pool", "encoded"),
    [
        (PIPELINE, TABLE, None),
        (GaussianNB(), pd.DataFrame(FEATURES), FEATURES),
        (LinearSVC(), csr_matrix(FEATURES), FEATURES),
        (LinearSVC(), coo_array(FEATURES), FEATURES),
        (GaussianNB(), FEATURES.tolist(), FEATURES),
    ],
    ids=["columns by name", "frame", "csr", "coo", "list"],
)
def test_a_pool_is_handed_on_as_the_classifier_takes_it(tmp_path, estimator, pool, encoded, index):
    if index and isinstance(pool, pd.DataFrame):
        pool = pool.set_axis(np.arange(150)[::-1])
    memberships = draw_memberships(150, n_shadows=2, rng=np.random.default_rng(0))

    def run(pool, **options):
        return train_shadows(
            estimator,
            pool,
            labels=pd.Series(LABELS, dtype="Int64"),
            memberships=memberships,
            rng=np.random.default_rng(1),
            **options,
        ).scaled_confidences

    first = run(pool, cache=ShadowCache(tmp_path))
    np.testing.assert_array_equal(run(pool, cache=ShadowCache(tmp_path)), first)
    if encoded is None:
        dummies = TABLE.drop(columns="job").join(pd.get_dummies(TABLE.job, dtype=float))
        encoded = dummies[[*"xyz", *"abcd"]].to_numpy()
        estimator = LogisticRegression(max_iter=1000)
    np.testing.assert_allclose(first, run(encoded), rtol=1e-4, atol=1e-4)
