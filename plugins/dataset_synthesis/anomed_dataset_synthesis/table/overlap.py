"""Whether records that are called public are in the private table, too."""

import attrs
import numpy as np
import numpy.typing as npt
from scipy.stats import binom

from anomed_dataset_synthesis.table.canonical import CanonicalTable, keys_of

_IMPROBABLE = 1e-4


@attrs.frozen(kw_only=True)
class Overlap:
    """What two tables have in common.

    Attributes
    ----------
    n_shared
        Records of the public table that the private one has, too.
    chance
        Probability of as many doubles across the tables as there are, or more, if both were
        samples of other people of one population; 0 where the tables are the same.
    """

    n_shared: int
    chance: float

    @property
    def is_sure(self) -> bool:
        """Return whether chance does not explain what is shared."""
        return self.chance < _IMPROBABLE


def overlap(private: CanonicalTable, public: CanonicalTable) -> Overlap:
    """Compare two tables record by record.

    People of one population may well be alike. But then two who are can be both private, both
    public or one of each, by chance alone: among records that occur exactly twice in the two
    tables together, the share of those split between them shows whether people were copied.

    Parameters
    ----------
    private, public
        Tables under one codebook, at least one record each.

    Returns
    -------
    Overlap
        How many records are shared, and how surely they are the same people.

    Raises
    ------
    ValueError
        If a table is empty or the codebooks differ.
    """
    mine, others = keys_of(private, public)
    n_keys = int(max(mine.max(), others.max())) + 1
    in_private, in_public = (
        np.bincount(mine, minlength=n_keys),
        np.bincount(others, minlength=n_keys),
    )
    n_shared = int(in_public[in_private > 0].sum())
    if np.array_equal(in_private, in_public):
        return Overlap(n_shared=n_shared, chance=0.0)
    return Overlap(n_shared=n_shared, chance=_chance(in_private, in_public))


def _chance(in_private: npt.NDArray[np.intp], in_public: npt.NDArray[np.intp]) -> float:
    doubles = in_private + in_public == 2
    n_split = int((doubles & (in_private == 1)).sum())
    n_private, n_public = int(in_private.sum()), int(in_public.sum())
    n_records = n_private + n_public
    split = 2 * n_private * n_public / (n_records * (n_records - 1))
    return float(binom.sf(n_split - 1, int(doubles.sum()), min(split, 1.0)))
