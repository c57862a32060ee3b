"""Two lines from data to an area with its interval, and the files of it."""

import json
import tracemalloc
from dataclasses import dataclass

import attrs
import numpy as np
import pytest
from anomed_anomaly_detection import build_task, detector, evaluate
from anomed_anomaly_detection.detectors import ActivationDetector, Mahalanobis
from anomed_anomaly_detection.evaluation import divide, judge
from anomed_anomaly_detection.interface import Batch, MissingNeedError
from anomed_anomaly_detection.network import Recipe
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from anomed_core import UsageError


@dataclass(frozen=True, kw_only=True)
class BatchStatistics(ActivationDetector):
    name = "batch"

    def fit_layer(self, trusted, untrusted, context):
        return {"nothing": np.zeros(1)}

    def score_layer(self, state, activations, context):
        return ((activations - activations.mean(axis=0)) ** 2).sum(axis=1)


def test_two_lines_give_an_area_with_its_interval():
    task = build_task(
        "backdoor", data="sklearn:digits", trigger="corner", recipe=Recipe(epochs=60), seed=0
    )
    result = evaluate(detector("mahalanobis"), task)

    assert result.auc > 0.99
    assert result.interval[0] <= result.auc <= result.interval[1]
    assert set(result.layers) == {"linear_0", "linear_1", "linear_2"}
    assert result.tpr_at_fpr[0.01] > 0.9
    assert result.settings["detector"]["name"] == "mahalanobis"


def test_files_hold_what_was_measured(corner, tmp_path):
    result = evaluate(detector("mahalanobis"), corner, split="tuning")
    names = [path.name for path in result.write(tmp_path / "out")]
    told = json.loads((tmp_path / "out" / "eval.json").read_text())

    assert names == ["eval.json", "scores.npz", "histogram.pdf"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    assert list(told)[:2] == ["AUC_ROC", "AP"]
    assert told["AUC_ROC"] == result.auc
    with np.load(tmp_path / "out" / "scores.npz") as file:
        np.testing.assert_array_equal(file["score"], result.scores)
        np.testing.assert_array_equal(file["anomalous"], corner.flags["tuning"])
    first = (tmp_path / "out" / "histogram.pdf").read_bytes()
    result.write(tmp_path / "out")
    assert (tmp_path / "out" / "histogram.pdf").read_bytes() == first


def test_scores_that_depend_on_the_batch_are_refused(corner):
    with pytest.raises(ValueError, match="scores of batch depend on the inputs that are scored"):
        evaluate(BatchStatistics(), corner)


def test_only_who_says_so_is_given_flags(corner):
    assert evaluate(detector("supervised_probe"), corner).auc > 0.95
    with pytest.raises(MissingNeedError, match="supervised_probe needs the flags of untrusted"):
        detector("supervised_probe").fit(corner.task, np.random.default_rng(0))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=4, max_size=40))
def test_areas_and_precisions_are_those_of_scikit_learn(pairs):
    flags = np.array([flag for flag, _ in pairs])
    scores = np.array([score for _, score in pairs], dtype=float)
    flags[:2] = [True, False]
    result = judge(flags, scores)

    assert result.auc == pytest.approx(roc_auc_score(flags, scores))
    assert result.ap == pytest.approx(average_precision_score(flags, scores))
    assert judge(flags, 1e5 * scores - 7).auc == result.auc
    assert judge(flags, -scores).auc == pytest.approx(1 - result.auc)


def test_a_constant_score_is_chance_and_flags_nobody():
    result = judge([True, False] * 50, np.zeros(100))

    assert result.auc == 0.5
    assert result.tpr_at_fpr == {0.01: 0.0, 0.05: 0.0}


def test_pools_share_no_record_and_hold_every_class(digits):
    records = Batch(np.arange(1000, dtype=np.float32)[:, None], np.arange(1000) % 4)
    pools = divide(records, shape=(1,), n_classes=4, rng=np.random.default_rng(0))
    parts = [pools.training, pools.trusted, pools.untrusted, pools.tuning, pools.validation]

    assert [len(part) for part in parts] == [400, 120, 120, 180, 180]
    assert len(np.unique(np.concatenate([part.X for part in parts]))) == 1000
    assert all(np.ptp(np.bincount(part.labels)) == 0 for part in parts)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "backdor"}, "no task 'backdor' is installed; did you mean 'backdoor'"),
        (
            {"name": "backdoor", "triger": "corner"},
            "has no option 'triger'; did you mean 'trigger'",
        ),
        ({"name": "backdoor", "data": "sklearn:diabetes"}, "must hold at least 2 classes"),
        ({"name": "backdoor", "data": "digits"}, "'digits' names no known source"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_sentence(options, message):
    with pytest.raises(UsageError, match=message):
        build_task(options.pop("name"), **options)


def test_memory_does_not_grow_with_the_data(tmp_path, corner):
    peaks = {}
    for n in (20_000, 100_000):
        path = tmp_path / f"{n}.npy"
        rows = np.lib.format.open_memmap(path, "w+", np.float32, (n, 64))
        rows[:] = np.random.default_rng(0).random((n, 64), dtype=np.float32)
        trusted = Batch(np.load(path, mmap_mode="r"))
        task = attrs.evolve(corner.task, trusted=trusted)
        tracemalloc.start()
        Mahalanobis().fit(task, np.random.default_rng(0))
        peaks[n] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

    assert peaks[100_000] < 1.1 * peaks[20_000]
