"""How much better predictions are next to training records: a trace of memorisation."""

from __future__ import annotations

import numpy as np

_CHUNK = 256
"""Records whose distances are computed at once."""


def memorisation_auc(
    losses: np.ndarray, records: np.ndarray, training_records: np.ndarray
) -> float:
    """Compare losses near the training data with losses far from it.

    A model that generalises does about as well on both halves of unseen records; one that
    memorises does better where it has seen something alike (Feldman 2020,
    doi:10.1145/3357713.3384290, explains why such records are memorised).

    Parameters
    ----------
    losses
        Loss of each unseen record, float64 of shape (n_records,); lower is better.
    records
        Unseen records, shape (n_records, ...).
    training_records
        What the model was trained on, shape (n_training, ...).

    Returns
    -------
    float
        Probability that a record of the nearer half has a smaller loss than one of the farther
        half, ties counting half; 0.5 without memorisation.

    Raises
    ------
    ValueError
        If there are fewer than two records.

    Examples
    --------
    >>> near, far = [[0.0], [0.1]], [[5.0], [6.0]]
    >>> memorisation_auc(np.array([0, 0, 1, 1]), np.array(near + far), np.zeros((1, 1)))
    1.0
    """
    from sklearn.metrics import roc_auc_score

    if len(records) < 2:
        raise ValueError(f"at least two records are needed, got {len(records)}")
    distances = _nearest(_flat(records), _flat(training_records))
    is_near = np.zeros(len(records), dtype=bool)
    is_near[np.argsort(distances, kind="stable")[: len(records) // 2]] = True
    return float(roc_auc_score(is_near, -losses.astype(np.float64)))


def _flat(records: np.ndarray) -> np.ndarray:
    return records.reshape(len(records), -1).astype(np.float64)


def _nearest(records: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the squared Euclidean distance of each record to the nearest other one."""
    squares = (others**2).sum(axis=1)
    chunks = [
        ((part**2).sum(axis=1)[:, None] + squares - 2 * part @ others.T).min(axis=1)
        for part in np.array_split(records, range(_CHUNK, len(records), _CHUNK))
    ]
    return np.concatenate(chunks)
