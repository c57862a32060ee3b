"""Attributes: how often a secret is guessed, beyond guesses about people who are not there."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.statistics import Confusion, Estimate, confusion, estimate_advantage
from anomed_dp_query.threat.spending import Spent

Flags = npt.NDArray[np.bool_]


@attrs.frozen(kw_only=True, eq=False)
class SecretsFound:
    """What an attack on a secret column has found out.

    Attributes
    ----------
    outcome
        Whose secret was guessed, and who is a member.
    by_background
        Share of the members whose secret the background alone tells.
    spent
        What the attacked analyst had spent.
    n_attackers
        How many may attack.
    """

    outcome: Confusion
    by_background: float
    spent: Spent
    n_attackers: int

    @property
    def advantage(self) -> Estimate:
        """Share of right guesses among members minus among non-members, with its 95 % interval."""
        return estimate_advantage(self.outcome)

    @property
    def of_members(self) -> float:
        """Share of members whose secret was guessed."""
        return self.outcome.n_true_positives / self.outcome.n_members

    @property
    def of_non_members(self) -> float:
        """Share of non-members whose secret was guessed: what anybody can tell of anybody."""
        return self.outcome.n_false_positives / self.outcome.n_non_members

    @property
    def is_incident(self) -> bool:
        """Whether more was surely learnt than what was spent allows."""
        confidence = 1 - 0.05 / self.n_attackers
        surely = estimate_advantage(self.outcome, confidence=confidence).low
        return surely > self.spent.advantage_ceiling


def assess_secrets(
    is_right: Flags,
    is_member: Flags,
    *,
    right_by_background: Flags,
    spent: Spent,
    n_attackers: int,
) -> SecretsFound:
    """Assess guesses of a secret.

    Parameters
    ----------
    is_right, is_member, right_by_background : bool arrays of shape (n_targets,)
        Whose secret was guessed, who is a member, and whose secret the background alone tells.
    spent
        What the attacked analyst had spent.
    n_attackers
        At least 1.
    """
    return SecretsFound(
        outcome=confusion(is_member, is_right),
        by_background=float(right_by_background[is_member].mean()),
        spent=spent,
        n_attackers=n_attackers,
    )
