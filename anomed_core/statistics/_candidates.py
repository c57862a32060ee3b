"""Which thresholds a bound may try: fixed by the sample sizes, never by the outcome."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_core.statistics.roc import Roc


@attrs.frozen(kw_only=True, eq=False)
class Candidates:
    """Thresholds to try, with the counts that an exact limit may use at each.

    Attributes
    ----------
    index : int64 array of shape (n_thresholds,)
        Positions on the curve.
    n_true_positives, n_false_positives : int64 arrays of shape (n_thresholds,)
        Never more favourable to the attack than what the curve says there. At a threshold found by
        a rank, the count that defines it is the rank asked for, even if a tie made it stop before:
        the limit is exact for the rank.
    n_tests : int
        By how much the error must be divided, at least 1.
    """

    index: NDArray[np.int64]
    n_true_positives: NDArray[np.int64]
    n_false_positives: NDArray[np.int64]
    n_tests: int


def candidates(roc: Roc) -> Candidates:
    """Return the thresholds to try on a curve.

    They admit 0, 1, 2, 4, ... non-members, up to half of them, or miss as many members. If the
    score has no more levels than there are such ranks, its levels are the candidates: they are a
    property of the score.

    Parameters
    ----------
    roc : Roc

    Returns
    -------
    Candidates
    """
    admitted, missed = _doubling(roc.n_non_members), _doubling(roc.n_members)
    n_tests = admitted.size + missed.size
    n_thresholds = max(roc.thresholds.size - 2, 1)
    if n_thresholds <= n_tests:
        index = np.arange(1, n_thresholds + 1)
        return Candidates(
            index=index,
            n_true_positives=roc.n_true_positives[index],
            n_false_positives=roc.n_false_positives[index],
            n_tests=1 if n_thresholds == 1 else n_tests,
        )
    detected = roc.n_members - missed
    by_admitted = np.searchsorted(roc.n_false_positives, admitted, side="right") - 1
    by_missed = np.searchsorted(roc.n_true_positives, detected, side="left")
    return Candidates(
        index=np.concatenate([by_admitted, by_missed]),
        n_true_positives=np.concatenate([roc.n_true_positives[by_admitted], detected]),
        n_false_positives=np.concatenate([admitted, roc.n_false_positives[by_missed]]),
        n_tests=n_tests,
    )


def _doubling(n_records: int) -> NDArray[np.int64]:
    """Return 0, 1, 2, 4, ... up to half of the records."""
    powers = 2 ** np.arange(n_records.bit_length(), dtype=np.int64)
    return np.append(0, powers[powers <= n_records // 2])
