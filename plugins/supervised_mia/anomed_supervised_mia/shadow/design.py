"""Which records each shadow model is trained on."""

from __future__ import annotations

import numpy as np

from anomed_supervised_mia.attacks.arrays import BoolArray


def draw_memberships(n_records: int, *, n_shadows: int, rng: np.random.Generator) -> BoolArray:
    """Deal each record to half of the shadow models, at random.

    Every record is known to exactly ``n_shadows // 2`` models, so that each of the two
    distributions the attacks estimate has the same number of samples for every record; a model
    knows half of the records on average.

    Returns
    -------
    bool (n_shadows, n_records)

    Raises
    ------
    ValueError
        If there are fewer than 2 shadow models, or no records.

    Examples
    --------
    >>> draw_memberships(5, n_shadows=4, rng=np.random.default_rng(0)).sum(axis=0)
    array([2, 2, 2, 2, 2])
    """
    if n_shadows < 2 or n_records < 1:
        raise ValueError(
            "Shadow models need company and records, but "
            f"{n_shadows} models and {n_records} records came; take at least 2 and 1."
        )
    half = np.zeros((n_shadows, n_records), dtype=bool)
    half[: n_shadows // 2] = True
    return rng.permuted(half, axis=0)
