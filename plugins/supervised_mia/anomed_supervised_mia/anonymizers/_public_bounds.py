"""Bounds of the features that are known without looking at the data."""

from __future__ import annotations

import attrs
import numpy as np
import numpy.typing as npt

from anomed_supervised_mia.attacks.arrays import FloatArray


@attrs.frozen(kw_only=True, eq=False)
class PublicBounds:
    """The lowest and the highest value of each feature, float64 (n_features,) each."""

    low: FloatArray
    high: FloatArray

    @classmethod
    def parse(cls, bounds: tuple[npt.ArrayLike, npt.ArrayLike], *, n_features: int) -> PublicBounds:
        """Spread a pair of numbers, or of arrays (n_features,), over the features.

        Raises
        ------
        ValueError
            If the pair does not fit the features, is not finite, or has no extent.
        """
        low, high = (np.asarray(bound, dtype=np.float64) for bound in bounds)
        if any(bound.shape not in {(), (n_features,)} for bound in (low, high)):
            raise ValueError(
                f"Bounds must be two numbers or two arrays of {n_features} numbers, but shapes "
                f"{low.shape} and {high.shape} came."
            )
        low, high = np.broadcast_to(low, n_features), np.broadcast_to(high, n_features)
        if not np.isfinite([low, high]).all() or (low >= high).any():
            raise ValueError(
                "Bounds must be finite and each low below its high, but they are not; give the "
                "range that a feature can take, known without looking at the data."
            )
        return cls(low=low, high=high)

    def scale(self, features: npt.ArrayLike) -> FloatArray:
        """Clip features to the bounds and map them to [0, 1], float64 (n_records, n_features).

        Raises
        ------
        ValueError
            If features are not finite, or of another shape.
        """
        array = np.asarray(features, dtype=np.float64)
        if array.ndim != 2 or array.shape[1] != len(self.low):
            raise ValueError(
                f"Features must have shape (n_records, {len(self.low)}), but {array.shape} came."
            )
        if not np.isfinite(array).all():
            raise ValueError("Features must be finite, but NaN or infinite values came.")
        scaled: FloatArray = (np.clip(array, self.low, self.high) - self.low) / (
            self.high - self.low
        )
        return scaled


def check_epsilon(epsilon: float) -> None:
    """Raise `ValueError` unless a privacy budget is positive; infinity means no privacy."""
    if not epsilon > 0:
        raise ValueError(
            f"Epsilon must be positive, but {epsilon} came; infinity stands for no noise."
        )
