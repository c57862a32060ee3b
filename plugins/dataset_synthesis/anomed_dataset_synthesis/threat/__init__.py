"""Threat models: how attacks on a synthetic table are scored."""

from anomed_dataset_synthesis.threat.evidence import Evidence, Risk, excess, rate_evidence, risk_of
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
from anomed_dataset_synthesis.threat.targets import (
    Split,
    Targets,
    draw_targets,
    split_population,
)

__all__ = [
    "Condition",
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
    "check_membership_scores",
    "draw_targets",
    "excess",
    "isolated",
    "link_hits",
    "parse_predicates",
    "rate_evidence",
    "risk_of",
    "split_population",
]
