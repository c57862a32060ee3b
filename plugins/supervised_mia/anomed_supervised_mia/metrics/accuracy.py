"""The share of records that are predicted exactly."""

from __future__ import annotations

import numpy as np


def strict_binary_accuracy(prediction: np.ndarray, ground_truth: np.ndarray) -> dict[str, float]:
    """Return the share of records that are predicted exactly.

    A record of several values counts only if all of them are right, so this is stricter than the
    share of right values; for one value a record the two are equal.

    Parameters
    ----------
    prediction
        Shape (n_records, ...), not empty.
    ground_truth
        Same shape. Dtypes may differ as long as values can be compared.

    Returns
    -------
    dict of str to float
        ``accuracy`` in [0, 1].

    Raises
    ------
    ValueError
        If the arrays are empty or differ in shape.

    Examples
    --------
    >>> import numpy as np
    >>> strict_binary_accuracy(np.array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 5]]))
    {'accuracy': 0.5}
    """
    return {"accuracy": strict_accuracy(prediction, ground_truth)}


def strict_accuracy(prediction: np.ndarray, ground_truth: np.ndarray) -> float:
    """Return the share of records that are predicted exactly; see `strict_binary_accuracy`."""
    prediction, ground_truth = np.asarray(prediction), np.asarray(ground_truth)
    if prediction.shape != ground_truth.shape:
        raise ValueError(
            f"prediction has shape {prediction.shape}, ground_truth has {ground_truth.shape}; "
            "they must be equal"
        )
    if len(prediction) == 0:
        raise ValueError("accuracy is undefined for empty arrays")
    right = prediction == ground_truth
    return float(right.reshape(len(right), -1).all(axis=1).mean())
