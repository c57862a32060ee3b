"""What questions cost: exact amounts, added up, under one neighbour relation."""

from anomed_dp_query.accounting.amounts import (
    DELTA_STEP,
    EPSILON_STEP,
    AmountError,
    charged,
    exact,
)
from anomed_dp_query.accounting.composition import (
    amounts_of,
    epsilon_of_rho,
    largest_epsilon,
    rho_of_epsilon,
)
from anomed_dp_query.accounting.policy import Accounting, Policy, Unit, over_maximum
from anomed_dp_query.accounting.price import Part, Price, split

__all__ = [
    "DELTA_STEP",
    "EPSILON_STEP",
    "Accounting",
    "AmountError",
    "Part",
    "Policy",
    "Price",
    "Unit",
    "amounts_of",
    "charged",
    "epsilon_of_rho",
    "exact",
    "largest_epsilon",
    "over_maximum",
    "rho_of_epsilon",
    "split",
]
