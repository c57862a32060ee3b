"""Find the people who stand out: a table may protect most and give these away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Coordinates

DEFAULT_SHARE = 0.25
"""About this share of the targets counts as rare."""


def find_rare(
    targets: Coordinates, population: Coordinates, *, share: float = DEFAULT_SHARE
) -> NDArray[np.bool_]:
    """Return which targets share what is known of them with the fewest people.

    Parameters
    ----------
    targets : ndarray of float64, shape (n_targets, n_known)
        True values of the known columns.
    population : ndarray of float64, shape (n_people, n_known)
        The same of all people of the challenge, the targets among them.
    share : float
        Share of the targets to choose, above 0 and below 1; more, if they tie.

    Returns
    -------
    ndarray of bool, shape (n_targets,)
        Members and non-members are treated alike.

    Raises
    ------
    ValueError
        If the share is impossible, or there is no target.
    """
    if not 0 < share < 1 or not len(targets):
        raise ValueError(f"a share of {share} of {len(targets)} targets can't be chosen.")
    both = np.concatenate([targets, population])
    label = np.zeros(len(both), dtype=np.int64)
    for values in both.T:
        codes = np.unique(values, return_inverse=True)[1]
        label = np.unique(label * (codes.max() + 1) + codes, return_inverse=True)[1]
    of_target, of_population = np.split(label, [len(targets)])
    alike = np.bincount(of_population, minlength=int(label.max()) + 1)[of_target]
    rare: NDArray[np.bool_] = alike <= np.quantile(alike, share, method="lower")
    return rare
