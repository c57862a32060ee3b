"""What is added by entry points plays beside what is shipped."""

import numpy as np
import pytest
from anomed_anomaly_detection.interface import Batch, LabelledPools
from anomed_anomaly_detection.network import Recipe
from anomed_anomaly_detection.registry import detector, task_source, trigger
from anomed_anomaly_detection.tasks import Backdoor
from anomed_anomaly_extras import ClassDistance, Negative, Stripe

from anomed_core.statistics import auc, roc_curve


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    parts = np.split(np.random.default_rng(0).permutation(len(X)), [700, 1000, 1250, 1500])
    batches = [Batch((X[part] / 16).astype(np.float32), y[part]) for part in parts]
    names = ("training", "trusted", "untrusted", "tuning", "validation")
    return LabelledPools(**dict(zip(names, batches, strict=True)), shape=(8, 8), n_classes=10)


def test_they_are_found_by_name():
    found = detector("class-distance"), task_source("negative"), trigger("stripe", row=2)

    assert found == (ClassDistance(), Negative(), Stripe(row=2))


def test_a_stripe_lights_one_row():
    drawn = Stripe(row=1).draw((2, 3), np.random.default_rng(0))

    lit = drawn(np.zeros((1, 6), dtype=np.float32), (2, 3), np.random.default_rng(0))

    assert lit.tolist() == [[0, 0, 0, 1, 1, 1]]


@pytest.mark.parametrize("source", [Negative(), Backdoor(trigger=Stripe())])
def test_the_detector_finds_what_the_task_and_the_trigger_plant(digits, source):
    from dataclasses import replace

    built = replace(source, recipe=Recipe(epochs=60)).build(digits, np.random.default_rng(0))
    fitted = ClassDistance().fit(built.task, np.random.default_rng(0))

    scores = fitted.scores(built.task.model, built.tests["validation"].X)

    assert auc(roc_curve(built.flags["validation"], scores)) > 0.8
