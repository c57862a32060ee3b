"""Images with light and dark exchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from anomed_anomaly_detection.tasks import PlantedTask


@dataclass(frozen=True, kw_only=True)
class Negative(PlantedTask):
    """A model that was trained on images meets their negatives."""

    name: ClassVar[str] = "negative"

    def plant(self, model: Any, batch: Any, pools: Any, rng: Any) -> tuple[Any, Any]:  # noqa: ARG002
        """Return the negatives; each of them is anomalous."""
        return pools.low + pools.high - batch.X, np.ones(len(batch), dtype=bool)
