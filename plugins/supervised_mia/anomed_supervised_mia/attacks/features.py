"""What trained attacks learn from: one row of numbers for each record."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from anomed_supervised_mia.attacks.arrays import FloatArray
from anomed_supervised_mia.attacks.signals import Signals

FeatureMap = Callable[[Signals], FloatArray]


def outputs_and_loss(signals: Signals) -> FloatArray:
    """Put together the logits or else probabilities, the loss where computable, and the features.

    Returns
    -------
    float64 (n_records, n_columns)

    Raises
    ------
    ValueError
        If the signals hold predicted labels at most.
    """
    outputs = signals.probabilities if signals.logits is None else signals.logits
    has_loss = signals.losses is not None or (outputs is not None and signals.labels is not None)
    columns = [
        outputs,
        signals.loss()[:, None] if has_loss else None,
        signals.features,
    ]
    present = [column for column in columns if column is not None]
    if not present:
        raise ValueError(
            "A trained attack needs logits, probabilities, losses or features, but the signals "
            f"hold only {', '.join(signals.arrays())}; give one of them, or use the gap attack."
        )
    return np.hstack(present)
