"""Rank swapping: exchange values between people whose values are close."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import attrs
import numpy as np

from anomed_dataset_anonymization.anonymizers._release import release_points
from anomed_dataset_anonymization.anonymizers.anonymizer import require_quasi_identifiers, share
from anomed_dataset_anonymization.schema import encode

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from anomed_dataset_anonymization.schema import TableSchema


@attrs.frozen(kw_only=True)
class RankSwapping:
    """Swap each quasi-identifier, one by one, between people of similar rank.

    Each column keeps exactly its values; how they hang together is what changes. Names are ranked
    in the order of their domain.

    Attributes
    ----------
    window : float
        Largest difference of the ranks of two people that swap, as a share of all people, above 0
        and up to 1.
    """

    name: ClassVar[str] = "rank-swapping"
    scheme: ClassVar[str] = "same"

    window: float = attrs.field(default=0.05, validator=share(positive=True))

    def anonymize(
        self, table: pd.DataFrame, schema: TableSchema, *, rng: np.random.Generator
    ) -> pd.DataFrame:
        """Anonymize a table, see `Anonymizer`."""
        coordinates = encode(table, schema)
        n_ranks = max(2, round(self.window * len(table)))
        for column in require_quasi_identifiers(schema):
            position = schema.position(column.name)
            coordinates[:, position] = swap_values(
                coordinates[:, position], n_ranks=n_ranks, rng=rng
            )
        return release_points(coordinates, index=table.index, schema=schema)


def swap_values(
    values: NDArray[np.float64], *, n_ranks: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Swap values between records whose ranks differ by less than `n_ranks`.

    The ranks, ties in random order, are cut into blocks of `n_ranks` that begin at a random place;
    within a block the records are paired at random, and each pair swaps. In a block of
    odd size one record keeps its value.

    Parameters
    ----------
    values : ndarray of float64, shape (n_records,)
        Coordinates; nulls rank last.
    n_ranks : int
        Size of the blocks, at least 2.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    ndarray of float64, shape (n_records,)
        The same values, in another order.

    Raises
    ------
    ValueError
        If `n_ranks` is below 2, so that nobody could swap.

    References
    ----------
    Moore: Controlled data-swapping techniques for masking public use microdata sets. US Bureau of
    the Census, 1996; there each record swaps with a random one of the ranks after it.
    """
    if n_ranks < 2:
        raise ValueError(f"n_ranks must be at least 2, got {n_ranks}: one rank has no partner.")
    n_records = len(values)
    by_rank = np.lexsort((rng.random(n_records), values))
    block = (np.arange(n_records) + rng.integers(n_ranks)) // n_ranks
    shuffled = by_rank[np.lexsort((rng.random(n_records), block))]
    starts = np.searchsorted(block, block, side="left")
    ends = np.searchsorted(block, block, side="right")
    places = np.arange(n_records)
    partners = starts + ((places - starts) ^ 1)
    partners = np.where(partners < ends, partners, places)
    swapped = np.empty_like(values)
    swapped[shuffled] = values[shuffled[partners]]
    return swapped
