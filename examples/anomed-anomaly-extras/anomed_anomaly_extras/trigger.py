"""One row of the image is lit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from anomed_anomaly_detection.triggers import Formula


@dataclass(frozen=True, kw_only=True)
class Stripe:
    """A row of the image gets the highest value.

    Attributes
    ----------
    row
        Which row, from the top.
    """

    name: ClassVar[str] = "stripe"
    row: int = 0

    def draw(
        self,
        shape: tuple[int, ...],
        rng: np.random.Generator,  # noqa: ARG002 - nothing is drawn
        *,
        low: float = 0.0,
        high: float = 1.0,
    ) -> Formula:
        """Return the trigger for images of a shape."""
        mask = np.zeros(shape)
        mask[self.row] = 1
        return Formula(mask=mask.ravel(), pattern=np.full(mask.size, high), low=low, high=high)
