"""Exact nearest neighbours of mixed-type records."""

from anomed_dataset_synthesis.neighbours.search import Engine, Neighbours, nearest
from anomed_dataset_synthesis.neighbours.space import MixedSpace, Points, fit_space

__all__ = ["Engine", "MixedSpace", "Neighbours", "Points", "fit_space", "nearest"]
