"""Attacks on what was released, for anybody who can count."""

from anomed_dp_query.attacks.likelihood import membership_scores
from anomed_dp_query.attacks.releases import Release
from anomed_dp_query.attacks.secrets import guess_secrets, secret_probabilities

__all__ = ["Release", "guess_secrets", "membership_scores", "secret_probabilities"]
