"""Leave no gaps where public records show that there are none."""

import attrs
import numpy as np

from anomed_dataset_synthesis.table.canonical import CanonicalTable
from anomed_dataset_synthesis.table.codebook import MISSING, Codebook


def without_new_gaps(
    private: CanonicalTable, public: CanonicalTable, *, rng: np.random.Generator
) -> CanonicalTable:
    """Read private records under a codebook that allows gaps only where the public ones have any.

    A private value that is missing all the same, or was recoded to missing, becomes that of a
    random public record. What a record becomes depends on no other private record, so it costs
    nothing under differential privacy; a bin for gaps that are not there would cost noise.

    Parameters
    ----------
    private, public
        Tables under one codebook; the public one has at least one record.
    rng
        Draws values.

    Returns
    -------
    CanonicalTable
        The private records, in their order, under the narrower codebook.
    """
    levels = private.levels.copy()
    columns = list(private.codebook.columns)
    complete = (public.levels != MISSING).all(axis=0)
    for place in np.flatnonzero(complete):
        columns[place] = attrs.evolve(columns[place], nullable=False)
        gaps = levels[:, place] == MISSING
        levels[gaps, place] = rng.choice(public.levels[:, place], int(gaps.sum()))
    return CanonicalTable(codebook=Codebook(columns), levels=levels)
