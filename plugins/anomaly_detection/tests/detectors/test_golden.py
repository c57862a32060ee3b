"""Scores of every deterministic detector beside those of an independent program, by layer.

The arrays come from a script of numpy 2.4.6, scipy 1.17.1 and scikit-learn 1.9.1 alone: digits, an
MLP of 64-64-64-10 of scikit-learn, seed 0, noise of 0.3 as trigger, and PGD of 0.1.
"""

import numpy as np
import pytest
from anomed_anomaly_detection.detectors import IsolationForest, Scored
from anomed_anomaly_detection.registry import detector

OF_TABLE = {
    "knn": "knn",
    "lof": "lof",
    "mahalanobis_class": "mahalanobis_class",
    "input_mahalanobis": "mahalanobis_input",
    "spectral": "spectral",
    "que": "que",
    "pca": "pca_recon",
    "max_softmax": "max_softmax",
    "energy": "energy",
    "output_lift": "output_lift",
}


@pytest.mark.parametrize("task_name", ["noise", "pgd"])
@pytest.mark.parametrize("name", OF_TABLE)
def test_scores_are_those_of_the_independent_program(name, task_name, golden):
    task, arrays = golden(task_name)
    fitted = detector(name).fit(task, np.random.default_rng(0))

    scores = np.stack(list(fitted.layer_scores(task.model, arrays["test_X"]).values()))
    np.testing.assert_allclose(scores, arrays[f"score_{OF_TABLE[name]}"], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("task_name", ["noise", "pgd"])
def test_beatrix_agrees_as_far_as_its_float32_reference_goes(task_name, golden):
    task, arrays = golden(task_name)
    fitted = detector("beatrix").fit(task, np.random.default_rng(0))

    scores = np.stack(list(fitted.layer_scores(task.model, arrays["test_X"]).values()))
    np.testing.assert_allclose(scores, arrays["score_beatrix"], rtol=2e-4, atol=1e-7)


@pytest.mark.parametrize("task_name", ["noise", "pgd"])
def test_trees_are_walked_as_scikit_learn_does(task_name, golden):
    task, arrays = golden(task_name)
    forest = IsolationForest()
    for i, layer in enumerate(task.model.layers):
        state = forest.grown(task.model.activations(task.trusted.X)[layer], 0)
        tested = task.model.activations(arrays["test_X"])[layer]
        scores = forest.score_layer(
            state, tested, Scored(layer=layer, predictions=np.zeros(len(tested), dtype=int))
        )
        np.testing.assert_allclose(scores, arrays["score_isolation_forest"][i], rtol=1e-6)
