"""Threat models: how attacks on a synthetic table are scored."""

from anomed_core.statistics import Estimate
from anomed_dataset_synthesis.threat.estimates import excess_success, success_rate
from anomed_dataset_synthesis.threat.evidence import Evidence, Risk, rate_evidence, risk_of
from anomed_dataset_synthesis.threat.guesses import (
    GuessResult,
    assess_guesses,
    assess_predicates,
    attribute_hits,
    link_hits,
)
from anomed_dataset_synthesis.threat.membership import (
    MembershipResult,
    assess_membership,
    check_membership_scores,
)
from anomed_dataset_synthesis.threat.predicates import (
    Condition,
    Predicate,
    isolated,
    parse_predicates,
)
from anomed_dataset_synthesis.threat.roc import auc_estimate, null_band, roc_curve
from anomed_dataset_synthesis.threat.targets import (
    Split,
    Targets,
    draw_targets,
    split_population,
)

__all__ = [
    "Condition",
    "Estimate",
    "Evidence",
    "GuessResult",
    "MembershipResult",
    "Predicate",
    "Risk",
    "Split",
    "Targets",
    "assess_guesses",
    "assess_membership",
    "assess_predicates",
    "attribute_hits",
    "auc_estimate",
    "check_membership_scores",
    "draw_targets",
    "excess_success",
    "isolated",
    "link_hits",
    "null_band",
    "parse_predicates",
    "rate_evidence",
    "risk_of",
    "roc_curve",
    "split_population",
    "success_rate",
]
