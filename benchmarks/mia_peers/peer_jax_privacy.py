"""JAX Privacy's auditing of given scores, as a worker of `compare.py`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from jax_privacy.auditing import CanaryScoreAuditor
from measure import N_SIDE, run


def measures(arrays: Mapping[str, Any]) -> dict[str, Any]:
    auditor = CanaryScoreAuditor(arrays["scores"][:N_SIDE], arrays["scores"][N_SIDE:])
    return {
        "auc": [float(auditor.attack_auroc())],
        "tpr@0.5%": [float(auditor.tpr_at_given_fpr(0.005))],
    }


if __name__ == "__main__":
    run(version("jax_privacy"), {"metrics of given scores": measures})
