"""Anonymizers that come with the challenge type: references to beat, and tools to use."""

from .anonymizer import Anonymizer
from .datafly import find_datafly_levels
from .full_domain import Datafly, OptimalRecoding
from .lattice import find_optimal_levels
from .mondrian import Mondrian, mondrian_partition
from .recoding import FullDomain, LeveledColumn

__all__ = [
    "Anonymizer",
    "Datafly",
    "FullDomain",
    "LeveledColumn",
    "Mondrian",
    "OptimalRecoding",
    "find_datafly_levels",
    "find_optimal_levels",
    "mondrian_partition",
]
