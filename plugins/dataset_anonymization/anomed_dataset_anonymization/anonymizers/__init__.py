"""Anonymizers that come with the challenge type: references to beat, and tools to use."""

from .anonymizer import Anonymizer
from .datafly import find_datafly_levels
from .full_domain import Datafly, OptimalRecoding
from .lattice import find_optimal_levels
from .microaggregation import Mdav, mdav_partition
from .mondrian import Mondrian, mondrian_partition
from .noise import Noise, add_noise
from .pram import Pram, randomise_values
from .rank_swapping import RankSwapping, swap_values
from .recoding import FullDomain, LeveledColumn
from .registry import ANONYMIZERS, create_anonymizer
from .trivial import Identity, Suppression

__all__ = [
    "ANONYMIZERS",
    "Anonymizer",
    "Datafly",
    "FullDomain",
    "Identity",
    "LeveledColumn",
    "Mdav",
    "Mondrian",
    "Noise",
    "OptimalRecoding",
    "Pram",
    "RankSwapping",
    "Suppression",
    "add_noise",
    "create_anonymizer",
    "find_datafly_levels",
    "find_optimal_levels",
    "mdav_partition",
    "mondrian_partition",
    "randomise_values",
    "swap_values",
]
