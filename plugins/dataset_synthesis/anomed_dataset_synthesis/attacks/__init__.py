"""The house panel: attacks that the server runs on every submission."""

from anomed_dataset_synthesis.attacks.attribute import guess_by_neighbour, guess_by_neighbours
from anomed_dataset_synthesis.attacks.diagnostics import Diagnostics, diagnose
from anomed_dataset_synthesis.attacks.linkage import link_by_reference
from anomed_dataset_synthesis.attacks.membership import (
    background_outliers,
    density_ratio,
    distance_ratio,
    exact_match,
)
from anomed_dataset_synthesis.attacks.panel import PanelResult, run_panel
from anomed_dataset_synthesis.attacks.singling_out import (
    multivariate_predicates,
    univariate_predicates,
)

__all__ = [
    "Diagnostics",
    "PanelResult",
    "background_outliers",
    "density_ratio",
    "diagnose",
    "distance_ratio",
    "exact_match",
    "guess_by_neighbour",
    "guess_by_neighbours",
    "link_by_reference",
    "multivariate_predicates",
    "run_panel",
    "univariate_predicates",
]
