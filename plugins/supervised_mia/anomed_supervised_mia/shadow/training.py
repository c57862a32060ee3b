"""Train shadow models of any scikit-learn classifier, in parallel, resumably and reproducibly."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Generator, Iterable
from typing import Any

import attrs
import joblib
import numpy as np
import numpy.typing as npt
import sklearn

from anomed_supervised_mia.attacks.arrays import (
    BoolArray,
    FloatArray,
    as_array,
    as_table,
    rows_of,
)
from anomed_supervised_mia.attacks.observation import observe
from anomed_supervised_mia.attacks.seeding import seeded_clone
from anomed_supervised_mia.attacks.shadow_signals import ShadowSignals
from anomed_supervised_mia.shadow.cache import ShadowCache

#: Changes whenever a cached result would no longer be what training gives.
CACHE_VERSION = 1


@attrs.frozen(kw_only=True)
class ShadowProgress:
    """Report how far training is: `n_done` of `n_shadows` models, `n_cached` of them reused."""

    n_done: int
    n_shadows: int
    n_cached: int


def train_shadows(
    estimator: Any,
    features: Any,
    *,
    labels: npt.ArrayLike,
    memberships: BoolArray,
    rng: np.random.Generator,
    cache: ShadowCache | None = None,
    n_jobs: int | None = None,
    on_progress: Callable[[ShadowProgress], None] | None = None,
) -> ShadowSignals:
    """Train a copy of a classifier on each subset of a pool, and ask it about the whole pool.

    The models are trained through joblib: to choose another backend than its default, call this
    inside ``joblib.parallel_config``. The result depends on the arguments alone, not on the
    backend, the number of jobs or what the cache holds.

    Parameters
    ----------
    estimator
        A classifier, unfitted, with `predict_proba` or `decision_function`; it is copied, and every
        `random_state` in it is seeded.
    features : array (n_records, ...)
        The pool, as the classifier takes it: a data frame or a sparse matrix stays one.
    labels : array (n_records,)
        The true classes.
    memberships : bool (n_shadows, n_records)
        The subsets (see `draw_memberships`); a record in none of them is merely asked about.
    rng
        Draws the seeds of the models.
    cache
        Keeps each model's answers as soon as it is trained. `None` keeps nothing.
    n_jobs
        How many models to train at a time, as joblib counts; `None` leaves it to joblib.
    on_progress
        Is called in the calling thread, after each trained model.

    Raises
    ------
    ValueError
        If the lengths differ, or memberships are not booleans; besides, whatever the classifier
        raises where a subset does not suit it.
    """
    pool = _Pool(features=as_table(features), labels=as_array(labels))
    memberships = _checked(memberships, pool=pool)
    copies = [seeded_clone(estimator, rng=rng) for _ in memberships]
    confidences = np.full(memberships.shape, np.nan)
    keys = [] if cache is None else _keys(copies, memberships, pool=pool)
    missing = [
        shadow
        for shadow in range(len(memberships))
        if cache is None or not _load(cache, keys[shadow], target=confidences[shadow])
    ]
    n_cached = n_done = len(memberships) - len(missing)
    tasks = ((shadow, copies[shadow], memberships[shadow]) for shadow in missing)
    with contextlib.closing(_train_all(tasks, pool=pool, n_jobs=n_jobs)) as trained:
        for shadow, answers in trained:
            confidences[shadow] = answers
            if cache is not None:
                cache.put(keys[shadow], answers)
            n_done += 1
            if on_progress is not None:
                on_progress(
                    ShadowProgress(n_done=n_done, n_shadows=len(memberships), n_cached=n_cached)
                )
    return ShadowSignals(scaled_confidences=confidences, memberships=memberships)


@attrs.frozen(kw_only=True, eq=False)
class _Pool:
    features: Any
    labels: npt.NDArray[Any]


def _checked(memberships: npt.ArrayLike, *, pool: _Pool) -> BoolArray:
    array = as_array(memberships)
    if array.dtype.kind != "b" or array.ndim != 2:
        raise ValueError(
            "Memberships must be booleans of shape (n_shadows, n_records), but an array of dtype "
            f"{array.dtype} and shape {array.shape} came; see draw_memberships."
        )
    n_features = pool.features.shape[0]
    lengths = {n_features, len(pool.labels), array.shape[1]}
    if len(lengths) != 1:
        raise ValueError(
            f"Features, labels and memberships must be of the same records, but "
            f"{n_features}, {len(pool.labels)} and {array.shape[1]} came."
        )
    return array


def _keys(copies: list[Any], memberships: BoolArray, *, pool: _Pool) -> list[str]:
    """Name each model's answers by all that they follow from, the libraries' versions included."""
    common = [str(CACHE_VERSION), sklearn.__version__, np.__version__]
    common.append(joblib.hash((pool.features, pool.labels), hash_name="sha1"))
    return [
        hashlib.sha256(
            "|".join([*common, joblib.hash((copy, membership), hash_name="sha1")]).encode()
        ).hexdigest()
        for copy, membership in zip(copies, memberships, strict=True)
    ]


def _load(cache: ShadowCache, key: str, *, target: FloatArray) -> bool:
    """Copy a cached result to its row; tell whether there was one."""
    found = cache.get(key)
    if found is None or found.shape != target.shape:
        return False
    target[:] = found
    return True


def _train_all(
    tasks: Iterable[tuple[int, Any, BoolArray]], *, pool: _Pool, n_jobs: int | None
) -> Generator[tuple[int, FloatArray], None, None]:
    """Yield results as they come, or all at the end where the joblib backend knows no better."""
    backend, _ = joblib.parallel.get_active_backend()
    streams = getattr(backend, "supports_return_generator", False)
    parallel = joblib.Parallel(
        n_jobs=n_jobs, return_as="generator_unordered" if streams else "list"
    )
    classes = np.unique(pool.labels)
    job = joblib.delayed(_train_one)
    yield from parallel(
        job(shadow, copy, membership, pool.features, pool.labels, classes)
        for shadow, copy, membership in tasks
    )


def _train_one(
    shadow: int,
    estimator: Any,
    membership: BoolArray,
    features: Any,
    labels: npt.NDArray[Any],
    classes: npt.NDArray[Any],
) -> tuple[int, FloatArray]:
    # Arguments by position: every joblib backend passes these, in a process of its own or not.
    estimator.fit(rows_of(features, membership), labels[membership])
    signals = observe(estimator, features, labels=labels, classes=classes)
    return shadow, signals.scaled_confidence()
