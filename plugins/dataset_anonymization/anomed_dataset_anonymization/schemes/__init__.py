"""The three forms a published table may have, and the one form each of them is scored in."""

from .canonical import SCHEMES, canonicalise
from .published import (
    Frequencies,
    Points,
    PublishedCells,
    PublishedTable,
    Ranges,
    ValueSets,
    combine_ranks,
    take_rows,
)
from .republication import publish, to_parquet

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
]
