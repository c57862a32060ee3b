"""How far published numbers are from the original ones, person by person."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from anomed_dataset_anonymization.privacy.classes import FloatArray


def sse_share(original: npt.ArrayLike, published: npt.ArrayLike) -> float:
    """Measure the information loss of microaggregation: 100 SSE / SST on standardised columns.

    Range 0 to 100 for class means (100 for the overall mean), above it for worse numbers; in per
    cent, lower is more useful.

    Parameters
    ----------
    original
        float (n_people, n_columns).
    published
        float (n_people, n_columns), the same people in the same order.

    Raises
    ------
    ValueError
        If the tables differ in shape, are empty or not finite, or an original column is constant,
        so that no loss can be related to its variation.

    References
    ----------
    Domingo-Ferrer, Mateo-Sanz: Practical data-oriented microaggregation for statistical disclosure
    control, IEEE TKDE 14(1), 2002, doi:10.1109/69.979982.
    """
    before, after = _as_pair(original, published)
    squared_errors = ((before - after) ** 2).sum(axis=0)
    variation = ((before - before.mean(axis=0)) ** 2).sum(axis=0)
    # standardising divides both sums of a column by the same variance
    return float(100.0 * (squared_errors / variation).mean())


def _as_pair(original: npt.ArrayLike, published: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    before = np.asarray(original, dtype=np.float64)
    after = np.asarray(published, dtype=np.float64)
    if before.ndim != 2 or before.size == 0 or before.shape != after.shape:
        raise ValueError(
            f"the original has shape {before.shape} and the published table {after.shape}, "
            "expected the same people by the same columns."
        )
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise ValueError("the tables hold NaN or infinity, errors need finite numbers.")
    constant = before.min(axis=0) == before.max(axis=0)
    if constant.any():
        raise ValueError(
            f"original column {int(np.argmax(constant))} is constant, leave it out: its errors "
            "have no variation to be compared with."
        )
    return before, after
