"""How audit results become plain data and come back."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import cattrs
import numpy as np
from numpy.typing import NDArray

from anomed_supervised_mia.metrics import Roc

#: Enough for a smooth curve on linear and logarithmic axes; a full curve has a point a record.
N_CURVE_POINTS = 200


@lru_cache(maxsize=1)
def converter() -> cattrs.Converter:
    """Return the converter: infinite limits are None, curves are thinned, no field is unknown."""
    made = cattrs.Converter(forbid_extra_keys=True)
    made.register_unstructure_hook(float, lambda value: value if math.isfinite(value) else None)
    made.register_structure_hook(
        float, lambda value, _: math.inf if value is None else float(value)
    )
    made.register_unstructure_hook(Roc, _plain_curve)
    made.register_structure_hook(Roc, lambda plain, _: _curve(plain))
    return made


def thinned(roc: Roc) -> NDArray[np.int64]:
    """Return positions on a curve that suffice to draw it, both ends included.

    Parameters
    ----------
    roc : Roc

    Returns
    -------
    int64 array of shape (n_positions,)
        Ascending; all positions if the curve is short.
    """
    n_points = roc.thresholds.size
    if n_points <= N_CURVE_POINTS:
        return np.arange(n_points)
    half = N_CURVE_POINTS // 2
    logarithmic = np.geomspace(1 / roc.n_non_members, 1, half)
    by_fpr = np.searchsorted(roc.fpr, np.append(0.0, logarithmic), side="right") - 1
    by_tpr = np.searchsorted(roc.tpr, np.linspace(0, 1, half), side="left")
    return np.unique(np.concatenate([by_fpr, by_tpr, [0, n_points - 1]]))


def _plain_curve(roc: Roc) -> dict[str, Any]:
    kept = thinned(roc)
    return {
        "thresholds": [None, *roc.thresholds[kept][1:].tolist()],
        "n_true_positives": roc.n_true_positives[kept].tolist(),
        "n_false_positives": roc.n_false_positives[kept].tolist(),
    }


def _curve(plain: dict[str, Any]) -> Roc:
    return Roc(
        thresholds=np.array([math.inf, *plain["thresholds"][1:]], dtype=np.float64),
        n_true_positives=np.array(plain["n_true_positives"], dtype=np.int64),
        n_false_positives=np.array(plain["n_false_positives"], dtype=np.int64),
    )
