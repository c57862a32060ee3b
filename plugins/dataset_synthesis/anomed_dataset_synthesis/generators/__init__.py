"""Generators of synthetic tables: baselines, strong references, and one with a proof of privacy."""

from anomed_dataset_synthesis.generators._interface import FittedGenerator, Generator
from anomed_dataset_synthesis.generators.dp_marginal_tree import (
    DPMarginalTree,
    FittedMarginalTree,
)
from anomed_dataset_synthesis.generators.gaussian_copula import (
    FittedGaussianCopula,
    GaussianCopula,
)
from anomed_dataset_synthesis.generators.resampling import (
    Bootstrap,
    Copy,
    FittedResampling,
    IndependentColumns,
    Resampling,
)
from anomed_dataset_synthesis.generators.sequential_trees import (
    FittedSequentialTrees,
    SequentialTrees,
)

__all__ = [
    "Bootstrap",
    "Copy",
    "DPMarginalTree",
    "FittedGaussianCopula",
    "FittedGenerator",
    "FittedMarginalTree",
    "FittedResampling",
    "FittedSequentialTrees",
    "GaussianCopula",
    "Generator",
    "IndependentColumns",
    "Resampling",
    "SequentialTrees",
]
