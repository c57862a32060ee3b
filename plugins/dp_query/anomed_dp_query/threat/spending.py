"""What was spent, and what no attack can exceed for it."""

from __future__ import annotations

import attrs

from anomed_core.statistics import advantage_ceiling, auc_ceiling


@attrs.frozen(kw_only=True)
class Spent:
    """The privacy that an analyst has spent on one person at most, by the ledger.

    Attributes
    ----------
    epsilon, delta
        At least 0; delta at most 1.
    """

    epsilon: float
    delta: float = 0.0

    @property
    def auc_ceiling(self) -> float:
        """The largest area under the ROC curve of any attack on membership."""
        return auc_ceiling(epsilon=self.epsilon, delta=min(self.delta, 1.0))

    @property
    def advantage_ceiling(self) -> float:
        """The largest difference of any event's rates among members and non-members."""
        return advantage_ceiling(epsilon=self.epsilon, delta=min(self.delta, 1.0))
