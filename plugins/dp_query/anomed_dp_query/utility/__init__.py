"""How good estimates are for the privacy that they have cost."""

from anomed_dp_query.utility.area import area_over_epsilon
from anomed_dp_query.utility.closed_forms import (
    discrete_laplace_mae,
    discrete_laplace_variance,
    expected_gaussian_error,
    expected_laplace_error,
    gaussian_sigma,
    gaussian_sigma_of_rho,
    rho_of_budget,
)
from anomed_dp_query.utility.errors import (
    SANITY_SHARE,
    Errors,
    capped_errors,
    efficiency,
    measure_errors,
)

__all__ = [
    "SANITY_SHARE",
    "Errors",
    "area_over_epsilon",
    "capped_errors",
    "discrete_laplace_mae",
    "discrete_laplace_variance",
    "efficiency",
    "expected_gaussian_error",
    "expected_laplace_error",
    "gaussian_sigma",
    "gaussian_sigma_of_rho",
    "measure_errors",
    "rho_of_budget",
]
