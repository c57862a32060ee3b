"""Exact nearest neighbours of mixed-type records."""

from anomed_dataset_synthesis.neighbours.search import Neighbours, nearest
from anomed_dataset_synthesis.neighbours.space import MixedSpace, Points, fit_space

__all__ = ["MixedSpace", "Neighbours", "Points", "fit_space", "nearest"]
