"""The Adversarial Robustness Toolbox's black-box attacks, as a worker of `compare.py`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from art.attacks.evasion import HopSkipJump
from art.attacks.inference.membership_inference import (
    MembershipInferenceBlackBox,
    MembershipInferenceBlackBoxRuleBased,
)
from art.estimators.classification import BlackBoxClassifier
from measure import N_BOUNDARY, N_CLASSES, N_FEATURES, N_SIDE, network, run, truth
from sklearn.metrics import roc_auc_score

Arrays = Mapping[str, Any]


def told(arrays: Arrays) -> BlackBoxClassifier:
    """Wrap the given probabilities: a record's only feature is its position."""
    outputs = arrays["probabilities"].reshape(-1, N_CLASSES)
    return BlackBoxClassifier(lambda x: outputs[x[:, 0].astype(int)], (1,), N_CLASSES)


def trained(arrays: Arrays, kind: str) -> dict[str, Any]:
    """Fit on one half and score the other, both ways, as cross-fitting does."""
    np.random.seed(0)  # noqa: NPY002  # the library draws from the global generator
    outputs, labels = arrays["probabilities"], arrays["labels"]
    halves = np.array_split(np.random.default_rng(0).permutation(N_SIDE), 2)
    scores = np.empty((2, N_SIDE))
    for known, asked in (halves, halves[::-1]):
        attack = MembershipInferenceBlackBox(told(arrays), attack_model_type=kind)
        attack.fit(
            pred=outputs[0][known],
            y=labels[0][known],
            test_pred=outputs[1][known],
            test_y=labels[1][known],
        )
        for side in (0, 1):
            answers = attack.infer(
                None, labels[side][asked], pred=outputs[side][asked], probabilities=True
            )
            # For some models only the probability of membership is returned.
            scores[side][asked] = np.asarray(answers).reshape(len(asked), -1)[:, -1]
    return {"auc": [roc_auc_score(truth(), scores.ravel())]}


def gap(arrays: Arrays) -> dict[str, Any]:
    positions = np.arange(2 * N_SIDE, dtype=float)[:, None]
    attack = MembershipInferenceBlackBoxRuleBased(told(arrays))
    rates = [
        attack.infer(positions[side * N_SIDE :][:N_SIDE], arrays["labels"][side]).mean()
        for side in (0, 1)
    ]
    return {"tpr": rates[:1], "fpr": rates[1:]}


def boundary(arrays: Arrays) -> dict[str, Any]:
    np.random.seed(0)  # noqa: NPY002
    n_queries = 0

    def predict(points: Any) -> Any:
        nonlocal n_queries
        n_queries += len(points)
        return np.eye(3)[network(arrays, points).argmax(axis=1)]

    reach = np.abs(arrays["records"]).max()
    model = BlackBoxClassifier(predict, (N_FEATURES,), 3, clip_values=(-reach, reach))
    search = HopSkipJump(model, max_iter=4, max_eval=60, init_eval=60, verbose=False)
    origins = arrays["records"][:N_BOUNDARY].astype(np.float32)
    distances = np.linalg.norm(search.generate(origins) - origins, axis=1)
    return {"mean distance": [distances.mean()], "queries a record": [n_queries / N_BOUNDARY]}


if __name__ == "__main__":
    run(
        version("adversarial-robustness-toolbox"),
        {
            "logistic regression": lambda arrays: trained(arrays, "lr"),
            "gradient boosting": lambda arrays: trained(arrays, "gb"),
            "random forest": lambda arrays: trained(arrays, "rf"),
            "gap": gap,
            "boundary distance": boundary,
        },
    )
