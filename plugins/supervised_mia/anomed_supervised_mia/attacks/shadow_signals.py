"""What shadow models say of the records in a pool, and which of these they were trained on."""

from __future__ import annotations

from typing import Self

import attrs
import numpy as np
import numpy.typing as npt

from anomed_supervised_mia.attacks.arrays import (
    BoolArray,
    FloatArray,
    IntArray,
    as_array,
    as_floats,
)
from anomed_supervised_mia.attacks.signals import Signals


def _floats(value: npt.ArrayLike) -> FloatArray:
    return as_floats(value).astype(np.float64, copy=False)


def _flags(value: npt.ArrayLike) -> BoolArray:
    array = as_array(value)
    if array.dtype.kind != "b":
        raise ValueError(
            f"Memberships are booleans, but an array of dtype {array.dtype} came; "
            "compare with 1 where 0 and 1 stand for them."
        )
    return array


@attrs.frozen(kw_only=True, eq=False)
class ShadowSignals:
    """The confidences of shadow models on every record of a pool.

    Parameters
    ----------
    scaled_confidences : float64 (n_shadows, n_records)
        Logit-scaled confidences ``ln p_y - ln (1 - p_y)``, finite (see `Signals`).
    memberships : bool (n_shadows, n_records)
        Which records each shadow model was trained on.

    Raises
    ------
    ValueError
        If the shapes differ, a confidence is not finite, or memberships are not booleans.
    """

    scaled_confidences: FloatArray = attrs.field(converter=_floats)
    memberships: BoolArray = attrs.field(converter=_flags)

    def __attrs_post_init__(self) -> None:
        if self.scaled_confidences.ndim != 2:
            raise ValueError(
                "Scaled confidences must have shape (n_shadows, n_records), but an array of shape "
                f"{self.scaled_confidences.shape} came."
            )
        if self.scaled_confidences.shape != self.memberships.shape:
            raise ValueError(
                "Scaled confidences and memberships must have one shape, but "
                f"{self.scaled_confidences.shape} and {self.memberships.shape} came."
            )
        if not np.isfinite(self.scaled_confidences).all():
            raise ValueError("Scaled confidences must be finite, but NaN or infinite values came.")

    @property
    def n_shadows(self) -> int:
        """Count the shadow models."""
        return len(self.memberships)

    @property
    def n_records(self) -> int:
        """Count the records of the pool."""
        return len(self.memberships.T)

    def positions_of(self, signals: Signals) -> IntArray:
        """Return the positions in the pool of the signals' records, int64 (n_signals,).

        Raises
        ------
        ValueError
            If the signals do not say which records they are of, or name one outside the pool.
        """
        if signals.records is None:
            raise ValueError(
                "An attack with shadow models needs to know which records of the pool the signals "
                "are of, but records are missing; give their positions as records."
            )
        records = signals.records
        if len(records) and not 0 <= records.min() <= records.max() < self.n_records:
            raise ValueError(
                f"Records are positions in a pool of {self.n_records}, but values from "
                f"{records.min()} to {records.max()} came."
            )
        return records

    def leave_one_out(self, shadow: int) -> tuple[Signals, BoolArray, Self]:
        """Take one shadow model for the target: many targets at the price of one set of shadows.

        Returns
        -------
        signals
            What the chosen model says of every record of the pool, as logits of "the true class"
            (column 0, the label throughout) against "any other".
        members : bool (n_records,)
            Which records it was trained on.
        others
            The remaining shadow models.

        Raises
        ------
        ValueError
            If there is no such shadow model, or no other.
        """
        if not 0 <= shadow < self.n_shadows or self.n_shadows < 2:
            raise ValueError(
                f"One of {self.n_shadows} shadow models cannot be left out at position {shadow}; "
                f"choose from 0 to {self.n_shadows - 1}, and train at least 2."
            )
        confidences = self.scaled_confidences[shadow]
        signals = Signals.from_logits(
            np.column_stack([confidences, np.zeros_like(confidences)]),
            np.zeros(self.n_records, dtype=np.int64),
            records=np.arange(self.n_records),
        )
        others = type(self)(
            scaled_confidences=np.delete(self.scaled_confidences, shadow, axis=0),
            memberships=np.delete(self.memberships, shadow, axis=0),
        )
        return signals, self.memberships[shadow], others
