"""How a dataset's answers are counted: the unit that is protected, and the sum that is kept."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import attrs

from anomed_dp_query.accounting.price import Price


class Unit(StrEnum):
    """Which tables are neighbours: what an epsilon of this dataset is about.

    `ADD_REMOVE` one person's rows more or less; `CHANGE_ONE` one person's rows are others, and the
    number of rows may be public; `AS_LOMAS` whatever each library takes, so that epsilons of
    different libraries are not comparable.
    """

    ADD_REMOVE = "add-remove"
    CHANGE_ONE = "change-one"
    AS_LOMAS = "as-lomas"


class Accounting(StrEnum):
    """How questions add up.

    `BASIC`: epsilons and deltas; `ZCDP`: rhos of zero-concentrated differential privacy.
    """

    BASIC = "basic"
    ZCDP = "zcdp"


@attrs.frozen(kw_only=True)
class Policy:
    """How a dataset's answers are counted.

    Attributes
    ----------
    unit
        Which tables are neighbours.
    accounting
        How questions add up.
    reporting_delta
        At which delta a rho is told as an epsilon.
    maximum_epsilon, maximum_delta
        What one question may cost at most; ``None`` for no such limit.
    size_is_public
        Whether the number of rows is told; it needs another unit than `Unit.ADD_REMOVE`.
    score_epsilon
        What the noisy count of right predictions costs with each model; ``None`` for no score.

    Raises
    ------
    ValueError
        If a public size comes with a unit that would have exact answers.
    """

    unit: Unit = attrs.field(default=Unit.ADD_REMOVE, converter=Unit)
    accounting: Accounting = attrs.field(default=Accounting.BASIC, converter=Accounting)
    reporting_delta: Decimal = Decimal("1e-6")
    maximum_epsilon: Decimal | None = None
    maximum_delta: Decimal | None = None
    size_is_public: bool = False
    score_epsilon: Decimal | None = None

    def __attrs_post_init__(self) -> None:
        if self.size_is_public and self.unit is Unit.ADD_REMOVE:
            raise ValueError(
                'size_is_public with unit = "add-remove" would release exact sums, as no two '
                'tables of one size are neighbours then; write unit = "change-one"'
            )
        if not 0 < self.reporting_delta < 1:
            raise ValueError(f"reporting_delta must be between 0 and 1, got {self.reporting_delta}")

    def distance(self, contributions: int) -> int:
        """Return how many rows are added and removed between neighbours, at most.

        Parameters
        ----------
        contributions
            Rows that one person has at most.
        """
        return 2 * contributions if self.unit is Unit.CHANGE_ONE else contributions


def over_maximum(price: Price, policy: Policy) -> str | None:
    """Return why a question costs more than one may; ``None`` if it does not."""
    for what, amount, maximum in (
        ("epsilon", price.epsilon, policy.maximum_epsilon),
        ("delta", price.delta, policy.maximum_delta),
    ):
        if maximum is not None and amount > maximum:
            return (
                f"it would cost {what} {amount:f}, and one question of this dataset may cost "
                f"{maximum:f} at most; ask for less or for more noise"
            )
    return None
