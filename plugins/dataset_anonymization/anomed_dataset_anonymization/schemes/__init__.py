"""The three forms a published table may have, and the one form each of them is scored in."""

from anomed_dataset_anonymization.schemes.canonical import SCHEMES, canonicalise
from anomed_dataset_anonymization.schemes.published import (
    Frequencies,
    Points,
    PublishedCells,
    PublishedTable,
    Ranges,
    ValueSets,
    combine_ranks,
    take_rows,
)
from anomed_dataset_anonymization.schemes.republication import publish, to_parquet, write_scheme

__all__ = [
    "SCHEMES",
    "Frequencies",
    "Points",
    "PublishedCells",
    "PublishedTable",
    "Ranges",
    "ValueSets",
    "canonicalise",
    "combine_ranks",
    "publish",
    "take_rows",
    "to_parquet",
    "write_scheme",
]
