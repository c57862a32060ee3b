"""What is known about an audited model."""

from __future__ import annotations

import contextlib
import math
from typing import SupportsFloat

import attrs


def _epoch(value: SupportsFloat | None) -> int | None:
    """Return a whole number; pandas' columns have floats where an epoch is missing."""
    with contextlib.suppress(TypeError, ValueError):
        known = _known(value)
        if known is None or known.is_integer():
            return None if known is None else int(known)
    raise ValueError(f"epoch is {value!r}; give a whole number, such as 3")


def _known(value: SupportsFloat | None) -> float | None:
    """Return a number that JSON can hold; NaN says that it is not known."""
    return None if value is None or math.isnan(value) else float(value)


def _claim(value: SupportsFloat | None) -> float | None:
    """Return a claim; one of infinity promises nothing."""
    if value is not None and math.isnan(value):
        raise ValueError("claimed_epsilon is NaN; give a number, or None if nothing is claimed.")
    return None if value is None or value == math.inf else float(value)


@attrs.frozen(kw_only=True)
class AuditMetadata:
    """What is known about the audited model.

    Attributes
    ----------
    model : str
        Its name, without version or epoch: what to draw as one line over the epochs.
    epoch : int or None
        The checkpoint.
    train_accuracy, test_accuracy : float or None
        Its utility, in [0, 1]. An audit fills in what it can compute from the signals.
    claimed_epsilon : float or None
        The privacy promised, if any; the ceilings follow from it. Infinity promises nothing, and
        becomes None.
    claimed_delta : float
        The delta of that promise, in [0, 1).
    notes : str
        Whatever a reader should know.
    """

    model: str = "model"
    epoch: int | None = attrs.field(default=None, converter=_epoch)
    train_accuracy: float | None = attrs.field(default=None, converter=_known)
    test_accuracy: float | None = attrs.field(default=None, converter=_known)
    claimed_epsilon: float | None = attrs.field(default=None, converter=_claim)
    claimed_delta: float = attrs.field(default=0.0, converter=float)
    notes: str = ""
