"""Supervised learning against membership inference: a challenge type for anomed-core.

The names are those of anomed-challenge, so its examples run with ``import anomed_supervised_mia as
anochal``. They are imported when they are used: finding the plugin must not load scikit-learn.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anomed_supervised_mia.attacks import Signals
    from anomed_supervised_mia.auditing.audits import AuditSettings, audit
    from anomed_supervised_mia.auditing.results import AuditMetadata, AuditResults
    from anomed_supervised_mia.challenge.data import (
        InMemoryNumpyArrays,
        NpzFromDisk,
        NumpyDataset,
        discard_targets,
    )
    from anomed_supervised_mia.challenge.scoring import (
        evaluate_membership_inference_attack,
        evaluate_MIA,
    )
    from anomed_supervised_mia.challenge.upstream import (
        SupervisedLearningMIAChallenge,
        supervised_learning_MIA_challenge_server_factory,
    )
    from anomed_supervised_mia.metrics.accuracy import strict_binary_accuracy
    from anomed_supervised_mia.report import write_report

_HOME_OF = {
    "SupervisedLearningMIAChallenge": "challenge.upstream",
    "InMemoryNumpyArrays": "challenge.data",
    "NpzFromDisk": "challenge.data",
    "NumpyDataset": "challenge.data",
    "AuditMetadata": "auditing.results",
    "AuditResults": "auditing.results",
    "AuditSettings": "auditing.audits",
    "Signals": "attacks",
    "audit": "auditing.audits",
    "discard_targets": "challenge.data",
    "evaluate_MIA": "challenge.scoring",
    "evaluate_membership_inference_attack": "challenge.scoring",
    "strict_binary_accuracy": "metrics.accuracy",
    "supervised_learning_MIA_challenge_server_factory": "challenge.upstream",
    "write_report": "report",
}

__all__ = [
    "AuditMetadata",
    "AuditResults",
    "AuditSettings",
    "InMemoryNumpyArrays",
    "NpzFromDisk",
    "NumpyDataset",
    "Signals",
    "SupervisedLearningMIAChallenge",
    "audit",
    "discard_targets",
    "evaluate_MIA",
    "evaluate_membership_inference_attack",
    "strict_binary_accuracy",
    "supervised_learning_MIA_challenge_server_factory",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        module = importlib.import_module(f"{__name__}.{_HOME_OF[name]}")
        value = getattr(module, name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
