"""What attacks reached: ROC curves, by slice, by epoch, and the signals behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.report.chart import N_STYLES, Axis, Chart, Guide, Series
from anomed_core.report.wording import between, joined, left_thin, percent, plain

FloatArray = npt.NDArray[np.float64]

N_CURVE_POINTS = 120
N_SLICES = 24


def roc_chart(
    curves: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike]],
    *,
    n_non_members: int,
    band: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike] | None = None,
    worthless: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike] | None = None,
    ceiling: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    ceiling_name: str = "",
    found: str = "members",
    title: str = "ROC curves",
) -> Chart:
    """Chart ROC curves on logarithmic axes: what matters is on the left.

    Parameters
    ----------
    curves
        False- and true-positive rates by the name of the attack, each ascending, the strongest
        attack first.
    n_non_members
        Decides where the axes begin.
    band
        False-positive rates, and between which true-positive rates the strongest curve lies.
    worthless
        False-positive rates, and between which true-positive rates guessing mostly ends.
    ceiling, ceiling_name
        False- and true-positive rates that a claim allows, and which claim.
    found
        What a true positive is, in the plural.
    title
        The caption.

    Returns
    -------
    Chart
    """
    floor = 10.0 ** math.floor(-math.log10(max(n_non_members, 10)))
    series, first_in_words = [], ""
    for place, (name, (fpr, tpr)) in enumerate(curves.items()):
        x, y = _curve(fpr, tpr, floor=floor)
        if place == 0:
            first_in_words = _tpr_in_words(name, x, y, found)
        series.append(Series(name=name, x=x, y=y, form="steps"))
    if band is not None and series:
        levels, low, high = (np.clip(_floats(part), floor, 1) for part in band)
        hull = Series(x=levels, y=np.full(len(levels), np.nan), low=low, high=high)
        series[0] = attrs.evolve(series[0], **_with_band(series[0], hull))
    diagonal = (floor, math.sqrt(floor), 1.0)
    guides = [Guide(name="guessing", x=diagonal, y=diagonal)]
    if worthless is not None:
        x, low, high = (np.clip(_floats(part), floor, 1) for part in worthless)
        guides = [Guide(name="guessing", x=x, y=x, low=low, high=high)]
    if ceiling is not None:
        x, y = (_floats(part) for part in ceiling)
        x, y = x[x >= floor], np.clip(y[x >= floor], floor, 1)
        guides.append(Guide(name=ceiling_name, x=x, y=y, role="gate"))
    axis = Axis(label="true-positive rate", limits=(floor, 1.0), logarithmic=True, percent=True)
    return Chart(
        title=title,
        description=joined(first_in_words or "There is no curve.", left_thin(len(series))),
        x=attrs.evolve(axis, label="false-positive rate"),
        y=axis,
        series=series,
        guides=guides,
    )


def _with_band(curve: Series, hull: Series) -> dict[str, Any]:
    """Return a curve at the band's levels as well; between two of them, the wider limits hold."""
    x = np.union1d(_floats(curve.x), _floats(hull.x))
    place = np.searchsorted(curve.x, x, side="right") - 1
    y = np.where(place < 0, np.nan, _floats(curve.y)[np.maximum(place, 0)])
    before = np.searchsorted(hull.x, x, side="right") - 1
    after = np.searchsorted(hull.x, x, side="left")
    low = np.where(before < 0, np.nan, _floats(hull.low)[np.maximum(before, 0)])
    high = np.append(hull.high, np.nan)[after]
    return {"x": x, "y": y, "low": low, "high": high}


def _curve(
    fpr: npt.ArrayLike, tpr: npt.ArrayLike, *, floor: float
) -> tuple[FloatArray, FloatArray]:
    """Return a curve within the axes, of a few hundred points evenly chosen along them."""
    x, y = _floats(fpr), _floats(tpr)
    kept = np.isfinite(x) & np.isfinite(y)
    x, y = x[kept], y[kept]
    if len(x) == 0:
        return x, y
    levels = np.union1d(np.geomspace(floor, 1, N_CURVE_POINTS), x[x >= floor][:N_CURVE_POINTS])
    place = np.searchsorted(x, levels, side="right") - 1
    heights = np.where(place < 0, floor, y[np.maximum(place, 0)])
    turns = np.ones(len(levels), dtype=bool)
    turns[1:-1] = heights[1:-1] != heights[:-2]
    return levels[turns], np.clip(heights[turns], floor, 1)


def _tpr_in_words(name: str, fpr: FloatArray, tpr: FloatArray, found: str) -> str:
    if len(fpr) == 0:
        return ""
    said = [
        f"{percent(tpr[np.searchsorted(fpr, level, side='right') - 1])} of {found} at "
        f"{percent(level)} false positives"
        for level in (0.01, 0.1)
        if fpr[0] <= level
    ]
    return f"{name} finds {' and '.join(said)}."


def slices_chart(
    names: Sequence[str],
    values: npt.ArrayLike,
    low: npt.ArrayLike,
    high: npt.ArrayLike,
    *,
    measure: str = "AUC",
    chance: float = 0.5,
    title: str = "AUC by slice",
) -> Chart:
    """Chart a measure of each slice with its interval, the surest find on top.

    Parameters
    ----------
    names
        Of the slices.
    values, low, high
        One for each slice; the first 24 by the lower limit are drawn.
    measure, chance
        What was measured, and what guessing reaches.
    title
        The caption.

    Returns
    -------
    Chart
    """
    value, lower, upper = _floats(values), _floats(low), _floats(high)
    order = [i for i in np.argsort(lower, kind="stable").tolist() if np.isfinite(value[i])]
    shown = order[-N_SLICES:]
    rows = np.arange(len(shown))
    series = Series(
        x=value[shown],
        y=rows,
        low=lower[shown],
        high=upper[shown],
        form="points",
        role="risk",
        across=True,
        notes=[f"{value[i]:.3f}" for i in shown],
    )
    said = "There is no slice."
    if shown:
        top = shown[-1]
        said = f"Highest for {names[top]}: {value[top]:.3f} ({between(lower[top], upper[top])})."
    left_out = f"{len(value) - len(shown)} more are left out." if len(value) > len(shown) else ""
    return Chart(
        title=title,
        description=joined(said, f"Guessing gives {plain(chance)}.", left_out),
        x=Axis(label=measure),
        y=Axis(label="", names=[names[i] for i in shown]),
        series=[series],
        guides=[Guide(name="", x=(chance, chance), y=(-0.6, len(shown) - 0.4))] if shown else [],
        height=max(120.0, 58 + 24.0 * len(shown)),
    )


def epochs_chart(
    models: Mapping[str, tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]],
    *,
    measure: str = "AUC",
    chance: float = 0.5,
    title: str = "Privacy by epoch",
) -> Chart:
    """Chart how much a model gives away as training goes on.

    Parameters
    ----------
    models
        Epochs, values and both limits by the name of the model.
    measure, chance
        What was measured, and what guessing reaches.
    title
        The caption.

    Returns
    -------
    Chart
    """
    series: list[Series] = []
    said: list[str] = []
    for name, columns in models.items():
        epochs, values, low, high = map(_floats, columns)
        order = np.argsort(epochs, kind="stable")
        x, y = epochs[order], values[order]
        form = "line" if len(x) > N_CURVE_POINTS else "marked"
        series.append(
            Series(name=name, x=x, y=y, low=low[order], high=high[order], form=form)  # type: ignore[arg-type]
        )
        if len(x) and len(said) < N_STYLES:
            said.append(
                f"{name}: {y[0]:.3f} at epoch {plain(x[0])}, {y[-1]:.3f} at {plain(x[-1])}."
            )
    ends = [x for line in series for x in line.x if math.isfinite(x)]
    guide = Guide(name="guessing", x=(min(ends), max(ends)), y=(chance, chance)) if ends else None
    return Chart(
        title=title,
        description=joined(*said or ["There is no epoch."], left_thin(len(series))),
        x=Axis(label="epoch"),
        y=Axis(label=measure),
        series=series,
        guides=[guide] if guide else [],
    )


def histogram_chart(
    members: npt.ArrayLike,
    non_members: npt.ArrayLike,
    *,
    measure: str = "score",
    names: tuple[str, str] = ("members", "non-members"),
    n_bins: int = 30,
    title: str = "Members against non-members",
) -> Chart:
    """Chart how a signal is distributed over members and non-members.

    Parameters
    ----------
    members, non_members
        The signal of each record; what is not finite is left out.
    measure
        What the signal is.
    names
        What both sides are called.
    n_bins
        Of equal width.
    title
        The caption.

    Returns
    -------
    Chart
    """
    sides = dict(zip(names, (_floats(members), _floats(non_members)), strict=True))
    kept = {name: values[np.isfinite(values)] for name, values in sides.items()}
    together = np.concatenate(list(kept.values()))
    edges = np.histogram_bin_edges(together, bins=n_bins) if len(together) else np.array([])
    series, said = [], []
    for (name, values), role in zip(kept.items(), ("risk", "house"), strict=True):
        counts = np.histogram(values, bins=edges)[0] if len(edges) else np.array([])
        shares = counts / max(len(values), 1)
        series.append(Series(name=name, x=edges, y=shares, form="stairs", role=role))
        middle = f", median {plain(np.median(values))}" if len(values) else ""
        said.append(f"{len(values)} {name}{middle}.")
    return Chart(
        title=title,
        description=joined(*said),
        x=Axis(label=measure),
        y=Axis(label="share of records", percent=True),
        series=series,
    )


def _floats(values: npt.ArrayLike) -> FloatArray:
    return np.asarray(values, dtype=np.float64)
