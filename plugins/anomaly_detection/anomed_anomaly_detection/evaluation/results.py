"""How well scores tell anomalous inputs from normal ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import numpy as np
from numpy.typing import ArrayLike, NDArray

from anomed_anomaly_detection.evaluation.files import write_beside
from anomed_core.statistics import auc, estimate_auc, roc_curve, tpr_at_fpr

LEVELS = (0.01, 0.05)
"""False-positive rates at which true-positive rates are told."""


@attrs.frozen(kw_only=True, eq=False)
class Evaluation:
    """What a detector reaches on the test inputs of a task.

    Attributes
    ----------
    auc : float
        Area under the ROC curve, chance 0.5; ties count one half.
    interval : (float, float)
        Of the area, at 95 %, by DeLong's variance.
    ap : float
        Average precision; its chance is the share of anomalous inputs.
    tpr_at_fpr : mapping of float to float
        True-positive rate of a real threshold at each false-positive rate.
    layers : mapping of str to float
        The area of each layer's score alone.
    n_normal, n_anomalous : int
    facts : mapping of str to float
        What may be told of the task.
    settings : mapping of str to object
        What was evaluated, as plain values.
    scores : float64 array of shape (n,)
    layer_scores : mapping of str to float64 array of shape (n,)
    flags : bool array of shape (n,)
    """

    auc: float
    interval: tuple[float, float]
    ap: float
    tpr_at_fpr: Mapping[float, float]
    layers: Mapping[str, float]
    n_normal: int
    n_anomalous: int
    scores: NDArray[np.float64]
    layer_scores: Mapping[str, NDArray[np.float64]]
    flags: NDArray[np.bool_]
    facts: Mapping[str, float] = attrs.field(factory=dict)
    settings: Mapping[str, Any] = attrs.field(factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return everything but the scores as plain values."""
        return {
            "AUC_ROC": self.auc,
            "AP": self.ap,
            "layers": dict(self.layers),
            "tpr_at_fpr": {str(level): rate for level, rate in self.tpr_at_fpr.items()},
            "interval": list(self.interval),
            "n": {"normal": self.n_normal, "anomalous": self.n_anomalous},
            "settings": dict(self.settings),
            "facts": dict(self.facts),
        }

    def write(
        self, folder: str | Path, *, percentile: float = 95.0, n_bins: int = 100
    ) -> tuple[Path, ...]:
        """Write ``eval.json``, ``scores.npz`` and ``histogram.pdf``.

        Parameters
        ----------
        folder
            Made if it is missing. Other files in it are left alone.
        percentile
            Of the normal scores, marked in the histogram.
        n_bins
            Bars of the histogram.

        Returns
        -------
        tuple of Path
            The files; each is written beside its place and then renamed.
        """
        from anomed_anomaly_detection.evaluation.histogram import draw_histogram

        where = Path(folder)
        where.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.to_json(), indent=2, sort_keys=False) + "\n"
        layers = {f"layer/{name}": values for name, values in self.layer_scores.items()}
        arrays: dict[str, Any] = {"score": self.scores, "anomalous": self.flags, **layers}
        return (
            write_beside(where / "eval.json", lambda path: path.write_text(text, "utf-8")),
            write_beside(
                where / "scores.npz",
                lambda path: np.savez(path, **arrays),
            ),
            write_beside(
                where / "histogram.pdf",
                lambda path: draw_histogram(
                    path, self.scores, self.flags, percentile=percentile, n_bins=n_bins
                ),
            ),
        )


def judge(
    flags: ArrayLike,
    scores: ArrayLike,
    layer_scores: Mapping[str, NDArray[np.float64]] | None = None,
    **told: Any,
) -> Evaluation:
    """Compare scores with flags.

    Parameters
    ----------
    flags : bool array of shape (n,)
    scores : float array of shape (n,)
        Higher is more anomalous. Only their order counts.
    layer_scores : mapping of str to float64 array of shape (n,), optional
    **told
        Fields `facts` and `settings` of the evaluation.

    Raises
    ------
    ValueError
        If a score is not finite, or no input is normal, or none is anomalous.

    Examples
    --------
    >>> judge([False, False, True], [0.1, 0.4, 0.3]).auc
    0.5
    """
    from sklearn.metrics import average_precision_score

    truth, values = np.asarray(flags, dtype=bool), np.asarray(scores, dtype=np.float64)
    roc = roc_curve(truth, values)
    estimate = estimate_auc(roc)
    layers = dict(layer_scores or {})
    return Evaluation(
        auc=estimate.value,
        interval=(estimate.low, estimate.high),
        ap=float(average_precision_score(truth, values)),
        tpr_at_fpr={level: tpr_at_fpr(roc, level).tpr for level in LEVELS},
        layers={name: auc(roc_curve(truth, part)) for name, part in layers.items()},
        n_normal=int((~truth).sum()),
        n_anomalous=int(truth.sum()),
        scores=values,
        layer_scores=layers,
        flags=truth,
        **told,
    )
