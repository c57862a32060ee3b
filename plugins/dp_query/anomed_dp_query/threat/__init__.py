"""What attacks have learnt, against what no attack can learn for the privacy that was spent."""

from anomed_dp_query.threat.auditing import Audited, audit_release
from anomed_dp_query.threat.bits import BitsFound, assess_bits
from anomed_dp_query.threat.membership import (
    FALSE_POSITIVE_RATES,
    MembershipFound,
    assess_membership,
)
from anomed_dp_query.threat.secrets import SecretsFound, assess_secrets
from anomed_dp_query.threat.spending import Spent

__all__ = [
    "FALSE_POSITIVE_RATES",
    "Audited",
    "BitsFound",
    "MembershipFound",
    "SecretsFound",
    "Spent",
    "assess_bits",
    "assess_membership",
    "assess_secrets",
    "audit_release",
]
