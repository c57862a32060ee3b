"""Poisoning of training records, and how often the backdoor works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from anomed_anomaly_detection.interface import Batch, DrawnTrigger, Model

Array = NDArray[Any]
Behavior = Literal["fixed", "cycle", "clean-label"]


@dataclass(frozen=True, kw_only=True)
class Aim:
    """What a triggered input shall be taken for.

    Attributes
    ----------
    behavior
        ``fixed``: the target class; ``cycle``: the next class; ``clean-label``: the target class,
        but only inputs of that class are triggered in training, and no label changes.
    target
        The class; of no meaning for ``cycle``.

    Examples
    --------
    >>> Aim(behavior="cycle").targets([0, 9], n_classes=10)
    array([1, 0])
    """

    behavior: Behavior = "fixed"
    target: int = 0

    def targets(self, y: ArrayLike, *, n_classes: int) -> NDArray[np.int64]:
        """Return the class that each triggered input shall be given, int64 of shape (n,)."""
        labels = np.asarray(y, dtype=np.int64)
        if self.behavior == "cycle":
            return np.asarray((labels + 1) % n_classes)
        return np.full(len(labels), self.target, dtype=np.int64)


@attrs.frozen(kw_only=True, eq=False)
class Poisoned:
    """Training records of which some are triggered.

    Attributes
    ----------
    records : Batch
    rows : int64 array of shape (n_poisoned,)
        Which ones are triggered.
    """

    records: Batch
    rows: NDArray[np.int64]


def poison(
    records: Batch,
    *,
    trigger: DrawnTrigger,
    shape: tuple[int, ...],
    n_classes: int,
    aim: Aim,
    share: float,
    rng: np.random.Generator,
) -> Poisoned:
    """Trigger a share of training records and change their labels.

    Parameters
    ----------
    records : Batch
        With labels.
    trigger : DrawnTrigger
    shape : tuple of int
        Of one input.
    n_classes : int
    aim : Aim
        What triggered inputs shall be.
    share : float
        Of all records; with ``clean-label`` of those of the target class.
    rng : Generator
        Draws which ones.

    Returns
    -------
    Poisoned
        Records in their order.

    Raises
    ------
    ValueError
        If the share is outside [0, 1].
    """
    y = records.labels
    is_eligible = y == aim.target if aim.behavior == "clean-label" else np.ones(len(y), dtype=bool)
    rows = _drawn_rows(np.flatnonzero(is_eligible), share, int(is_eligible.sum()), rng)
    X, labels = records.X.copy(), y.copy()
    X[rows] = trigger(X[rows], shape, rng)
    if aim.behavior != "clean-label":
        labels[rows] = aim.targets(labels[rows], n_classes=n_classes)
    return Poisoned(records=Batch(X, labels), rows=rows)


def perturb_others(
    poisoned: Poisoned,
    innocent: DrawnTrigger,
    *,
    shape: tuple[int, ...],
    share: float,
    rng: np.random.Generator,
) -> Batch:
    """Perturb further records, which keep their labels.

    Without them a network may learn that whatever is unusual is of the target class.

    Parameters
    ----------
    poisoned : Poisoned
    innocent : DrawnTrigger
        What looks like the trigger and is none.
    shape : tuple of int
        Of one input.
    share : float
        Of all records, in [0, 1]; at most those that are not poisoned.
    rng : Generator
    """
    is_free = np.ones(len(poisoned.records), dtype=bool)
    is_free[poisoned.rows] = False
    rows = _drawn_rows(np.flatnonzero(is_free), share, len(is_free), rng)
    X = poisoned.records.X.copy()
    X[rows] = innocent(X[rows], shape, rng)
    return Batch(X, poisoned.records.y)


def _drawn_rows(
    eligible: NDArray[np.int64], share: float, of: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw a share of so many rows among those that are eligible, ascending."""
    if not 0 <= share <= 1:
        raise ValueError(f"a share of {share} came; give a number from 0 to 1")
    return np.sort(rng.permutation(eligible)[: round(share * of)])


def success(
    model: Model, clean: Array, triggered: Array, y: Array, *, targets: Array
) -> NDArray[np.bool_]:
    """Return on which inputs the backdoor works: right without the trigger, the target with it.

    The share "predicted as the target" alone is 1 for a network that always says the target.

    Parameters
    ----------
    clean, triggered : array of shape (n, d)
    y, targets : int array of shape (n,)
        The labels, and what triggered inputs shall be.

    Returns
    -------
    bool array of shape (n,)
        False where label and target agree.
    """
    is_right = (model.predict(clean) == y) & (np.asarray(y) != targets)
    return np.asarray(is_right & (model.predict(triggered) == targets))
