"""What may be an array of signals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from anomed_supervised_mia.attacks.arrays import Floats, IntArray, as_array, as_floats

#: Probabilities may leave [0, 1], and their rows miss a total of 1, by this much: half-precision
#: outputs do.
ROUNDING_TOLERANCE = 1e-2


def optional_floats(value: npt.ArrayLike | None) -> Floats | None:
    return None if value is None else as_floats(value)


def optional_probabilities(value: npt.ArrayLike | None) -> Floats | None:
    array = optional_floats(value)
    if array is None or not array.size:
        return array
    low, high = float(array.min()), float(array.max())
    if low < -ROUNDING_TOLERANCE or high > 1 + ROUNDING_TOLERANCE:
        raise ValueError(
            f"Probabilities lie in [0, 1], but values from {low!r} to {high!r} came; "
            + (
                "divide percentages by 100, and pass unnormalised outputs as logits."
                if low >= 0
                else "pass unnormalised outputs as logits."
            )
        )
    return np.clip(array, 0, 1) if low < 0 or high > 1 else array


def optional_integers(value: npt.ArrayLike | None) -> IntArray | None:
    if value is None:
        return None
    array = as_array(value)
    if array.dtype.kind not in "iub":
        raise ValueError(
            f"Labels and records are indices, but an array of dtype {array.dtype} came; "
            "encode classes as integers 0, 1, ... (numpy.unique(..., return_inverse=True))."
        )
    return array.astype(np.int64, copy=False)


def check_shape(name: str, array: npt.NDArray[Any], *, n_records: int) -> None:
    n_axes = 2 if name in {"probabilities", "logits", "features"} else 1
    if array.ndim != n_axes:
        axes = "(n_records, n_columns)" if n_axes == 2 else "(n_records,)"
        raise ValueError(
            f"{name} must have shape {axes}, but an array of shape {array.shape} came."
        )
    if name in {"probabilities", "logits"} and array.shape[1] < 2:
        raise ValueError(
            f"{name} must have a column for each class, at least 2, but {array.shape[1]} came; "
            "for a binary model give both columns, as predict_proba does."
        )
    if len(array) != n_records:
        raise ValueError(
            f"{name} has {len(array)} records, but the other signals have {n_records}; "
            "every array must describe the same records."
        )
    if array.dtype.kind == "f" and array.size and not np.isfinite([array.min(), array.max()]).all():
        raise ValueError(f"{name} must be finite, but NaN or infinite values came.")


def check_totals(probabilities: Floats) -> None:
    totals = probabilities.sum(axis=1, dtype=np.float64)
    worst = np.abs(totals - 1).argmax() if totals.size else 0
    if totals.size and abs(totals[worst] - 1) > ROUNDING_TOLERANCE:
        raise ValueError(
            f"Each row of probabilities must total 1, but one totals {float(totals[worst])!r}; "
            "give those of classes that exclude each other, or unnormalised outputs as logits. For "
            "models of several labels a record, give their losses."
        )


def check_same_classes(probabilities: Floats, logits: Floats) -> None:
    if probabilities.shape != logits.shape:
        raise ValueError(
            "Probabilities and logits must have one shape, but "
            f"{probabilities.shape} and {logits.shape} came; drop one of them."
        )


def check_labels(labels: IntArray | None, n_classes: int | None) -> None:
    if labels is None or labels.size == 0:
        return
    if labels.min() < 0 or (n_classes is not None and labels.max() >= n_classes):
        allowed = "not negative" if n_classes is None else f"in [0, {n_classes})"
        raise ValueError(
            f"Labels must be {allowed}, but values from {labels.min()} to {labels.max()} came; "
            "encode the classes as column indices."
        )
