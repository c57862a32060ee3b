"""What an attacker can learn about people from a published table, and how much of it is a leak."""

import warnings
from typing import Any

from anomed_core.statistics import Rate
from anomed_dataset_anonymization.threat.anonymity_loss import (
    anonymity_loss,
    best_discounted_precision,
    discounted_precision,
)
from anomed_dataset_anonymization.threat.answers import (
    MAX_GUESSES,
    Claims,
    Inferences,
    Reconstruction,
    read_claims,
    read_inferences,
    read_reconstruction,
)
from anomed_dataset_anonymization.threat.background import guess_from_background
from anomed_dataset_anonymization.threat.class_majority import ClassMajority
from anomed_dataset_anonymization.threat.downcoding import Downcoding
from anomed_dataset_anonymization.threat.exposure import find_exposed
from anomed_dataset_anonymization.threat.findings import Found, Inferred, Linked, Reconstructed
from anomed_dataset_anonymization.threat.gradient_boosting import GradientBoosting
from anomed_dataset_anonymization.threat.handed_out import claims_of, inferences_of, read_view
from anomed_dataset_anonymization.threat.index_linkage import IndexLinkage
from anomed_dataset_anonymization.threat.inference import (
    InferenceScore,
    is_right,
    score_inference,
)
from anomed_dataset_anonymization.threat.key_columns import key_shares
from anomed_dataset_anonymization.threat.lineage import Lineage, trace_lineage
from anomed_dataset_anonymization.threat.linkage import LinkageScore, score_linkage
from anomed_dataset_anonymization.threat.nearest_box import NearestBox, nearest_rows
from anomed_dataset_anonymization.threat.panel import PANEL, run_panel
from anomed_dataset_anonymization.threat.public_people import nearness_to_public
from anomed_dataset_anonymization.threat.rarity import find_rare
from anomed_dataset_anonymization.threat.reconstruction import (
    ReconstructionScore,
    score_reconstruction,
)
from anomed_dataset_anonymization.threat.rivals import (
    guess_from_rivals,
    rows_as_people,
    rows_by_guesses,
)
from anomed_dataset_anonymization.threat.scoreboard import Scoreboard
from anomed_dataset_anonymization.threat.scoring import (
    AttackResult,
    score_claims,
    score_guesses,
    shared_level,
    worst_result,
)
from anomed_dataset_anonymization.threat.truth import TargetTruth
from anomed_dataset_anonymization.threat.view import NO_ROW, Attack, AttackerView, Guesses

__all__ = [
    "MAX_GUESSES",
    "NO_ROW",
    "PANEL",
    "Attack",
    "AttackResult",
    "AttackerView",
    "Claims",
    "ClassMajority",
    "Downcoding",
    "Found",
    "GradientBoosting",
    "Guesses",
    "IndexLinkage",
    "InferenceScore",
    "Inferences",
    "Inferred",
    "Lineage",
    "LinkageScore",
    "Linked",
    "NearestBox",
    "Rate",
    "Reconstructed",
    "Reconstruction",
    "ReconstructionScore",
    "Scoreboard",
    "TargetTruth",
    "anonymity_loss",
    "best_discounted_precision",
    "claims_of",
    "discounted_precision",
    "find_exposed",
    "find_rare",
    "guess_from_background",
    "guess_from_rivals",
    "inferences_of",
    "is_right",
    "key_shares",
    "nearest_rows",
    "nearness_to_public",
    "read_claims",
    "read_inferences",
    "read_reconstruction",
    "read_view",
    "rows_as_people",
    "rows_by_guesses",
    "run_panel",
    "score_claims",
    "score_guesses",
    "score_inference",
    "score_linkage",
    "score_reconstruction",
    "shared_level",
    "trace_lineage",
    "worst_result",
]

_FORMER = {"HOUSE_ATTACKS": PANEL, "HouseAttack": Attack}


def __getattr__(name: str) -> Any:
    if name not in _FORMER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    now = "PANEL" if name == "HOUSE_ATTACKS" else "Attack"
    warnings.warn(f"{__name__}.{name} is {now} now", DeprecationWarning, stacklevel=2)
    return _FORMER[name]
