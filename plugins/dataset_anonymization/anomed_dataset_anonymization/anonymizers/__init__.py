"""Anonymizers that come with the challenge type: references to beat, and tools to use."""

from anomed_dataset_anonymization.anonymizers.anonymizer import Anonymizer
from anomed_dataset_anonymization.anonymizers.datafly import find_datafly_levels
from anomed_dataset_anonymization.anonymizers.full_domain import Datafly, OptimalRecoding
from anomed_dataset_anonymization.anonymizers.lattice import find_optimal_levels
from anomed_dataset_anonymization.anonymizers.microaggregation import Mdav, mdav_partition
from anomed_dataset_anonymization.anonymizers.mondrian import Mondrian, mondrian_partition
from anomed_dataset_anonymization.anonymizers.noise import Noise, add_noise
from anomed_dataset_anonymization.anonymizers.pram import Pram, randomise_values
from anomed_dataset_anonymization.anonymizers.publication import anonymize_for_publication
from anomed_dataset_anonymization.anonymizers.rank_swapping import RankSwapping, swap_values
from anomed_dataset_anonymization.anonymizers.recoding import FullDomain, LeveledColumn
from anomed_dataset_anonymization.anonymizers.registry import ANONYMIZERS, create_anonymizer
from anomed_dataset_anonymization.anonymizers.trivial import Identity, Suppression

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
    "anonymize_for_publication",
    "create_anonymizer",
    "find_datafly_levels",
    "find_optimal_levels",
    "mdav_partition",
    "mondrian_partition",
    "randomise_values",
    "swap_values",
]
