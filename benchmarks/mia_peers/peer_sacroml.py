"""SACRO-ML's worst-case attack and metrics, as a worker of `compare.py`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
from measure import run, truth
from sacroml import metrics
from sacroml.attacks.worst_case_attack import WorstCaseAttack

logging.disable(logging.INFO)


def worst_case(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Repeat twice, as cross-fitting in two folds does; the default is 10 times."""
    attack = WorstCaseAttack(write_report=False, n_reps=2, n_dummy_reps=0, test_prop=0.5)
    attack.attack_from_preds(*arrays["probabilities"])
    return {"auc": [np.mean([result["AUC"] for result in attack.attack_metrics])]}


def measures(arrays: Mapping[str, Any]) -> dict[str, Any]:
    scores = np.column_stack([1 - arrays["scores"], arrays["scores"]])
    found = metrics.get_metrics(scores, truth())
    return {
        "auc": [found["AUC"]],
        "advantage": [found["Advantage"]],
        "ppv": [found["PPV"]],
        "tpr@0.5%": [float(found["TPR@0.5%"])],
    }


if __name__ == "__main__":
    run(version("sacroml"), {"random forest": worst_case, "metrics of given scores": measures})
