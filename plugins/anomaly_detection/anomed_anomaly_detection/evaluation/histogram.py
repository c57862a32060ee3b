"""Scores of normal and anomalous inputs as bars."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def draw_histogram(
    path: Path,
    scores: NDArray[np.float64],
    flags: NDArray[np.bool_],
    *,
    percentile: float = 95.0,
    n_bins: int = 100,
) -> None:
    """Draw scores of normal and of anomalous inputs, counts on a log axis.

    Parameters
    ----------
    path
        Its ending says the format.
    scores : float64 array of shape (n,)
    flags : bool array of shape (n,)
    percentile
        Of the normal scores, marked by a line.
    n_bins
        Bars.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 4), layout="constrained")
    axes = figure.add_subplot()
    low, high = float(scores.min()), float(scores.max())
    edges = np.linspace(low, high if high > low else low + 1, n_bins + 1)
    for is_anomalous, label, color in (
        (False, "normal", "#0072b2"),
        (True, "anomalous", "#d55e00"),
    ):
        part = scores[flags == is_anomalous]
        counts, _ = np.histogram(part, edges)
        text = f"{label} (n = {len(part)})"
        axes.stairs(counts, edges, fill=True, baseline=0.5, alpha=0.6, label=text, color=color)
    threshold = float(np.percentile(scores[~flags], percentile))
    axes.axvline(threshold, color="black", linestyle="--", linewidth=1)
    axes.set_yscale("log")
    axes.set_xlabel("anomaly score")
    axes.set_ylabel("inputs")
    axes.set_title(f"dashed: {percentile:g} % of the normal inputs are below", fontsize="small")
    axes.legend()
    # Without the time, equal scores give equal files.
    figure.savefig(path, metadata={"CreationDate": None} if path.suffix == ".pdf" else None)
