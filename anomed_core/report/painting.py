"""The layers of a chart, painted into axes of matplotlib."""

from __future__ import annotations

import math
import textwrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from anomed_core.report.chart import N_STYLES, Axis, Cells, Chart, Guide, Series
from anomed_core.report.palette import COLOURS
from anomed_core.report.placing import label_places
from anomed_core.report.wording import percent, plain

LETTER = 6.4  # a letter's width at 11 points, in most fonts
_NAMELETTERS = 22

_STYLES: tuple[tuple[str, Any, str], ...] = (
    ("participant", "-", "o"),
    ("risk", (0, (6, 2)), "s"),
    ("utility", (0, (2, 1.5)), "^"),
    ("gate", (0, (8, 2, 2, 2)), "D"),
    ("house", (0, (4, 2)), "v"),
)
_HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx")
_THIN: dict[str, Any] = {"color": COLOURS["muted"], "linewidth": 0.6, "alpha": 0.5}


def paint_layers(chart: Chart, axes: Axes) -> None:
    """Paint a chart, in the settings that hold at the time.

    Parameters
    ----------
    chart
        What to draw.
    axes
        Where.
    """
    x, y = limits_of(chart, "x"), limits_of(chart, "y")
    _scale(axes, "x", chart.x, x)
    _scale(axes, "y", chart.y, y)
    if chart.cells:
        _paint_cells(axes, chart.cells)
    for guide in chart.guides:
        _paint_guide(axes, guide, x=x, y=y)
    for place in reversed(range(len(chart.series))):
        _paint_series(axes, chart.series[place], place=place, chart=chart)
    _paint_labels(axes, chart)
    _legend(axes, chart)


def limits_of(chart: Chart, direction: str) -> tuple[float, float]:
    """Return the ends of an axis: as given, or so that all that is drawn has some room."""
    axis: Axis = getattr(chart, direction)
    if axis.limits:
        return axis.limits
    if axis.names:
        return (-0.6, len(axis.names) - 0.4)
    values: list[float] = []
    for line in (*chart.series, *chart.guides):
        values += getattr(line, direction)
        if isinstance(line, Series) and line.across == (direction == "x"):
            values += [*line.low, *line.high]
        if isinstance(line, Series) and line.form == "bars" and direction == "xy"[not line.across]:
            values.append(0.0)
    drawable = [v for v in values if math.isfinite(v) and (v > 0 or not axis.logarithmic)]
    if not drawable:
        return (0.1, 1.0) if axis.logarithmic else (0.0, 1.0)
    low, high = min(drawable), max(drawable)
    if axis.logarithmic:
        return (low / 1.3, high * 1.3)
    apart = high - low > 1e-9 * max(abs(low), abs(high), 1e-300)
    room = 0.06 * (high - low) if apart else 0.05 * max(abs(high), 1)
    has_floor = any(s.form in {"bars", "stairs"} for s in chart.series) and low == 0
    return (0.0 if has_floor else low - room, high + room)


def _scale(axes: Axes, direction: str, axis: Axis, limits: tuple[float, float]) -> None:
    ticks = axes.xaxis if direction == "x" else axes.yaxis
    axes.set(**{f"{direction}label": axis.label})
    if axis.logarithmic:
        axes.set(**{f"{direction}scale": "log"})
        ticks.set_major_locator(LogLocator(numticks=6))
    elif axis.names:
        ticks.set_major_locator(FixedLocator(range(len(axis.names))))
        ticks.grid(visible=False)
    else:
        ticks.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    ticks.set_minor_locator(NullLocator())
    axes.set(**{f"{direction}lim": limits})
    if axis.names:
        words = ["\n".join(wrapped(name)) for name in axis.names]
        width = axes.get_position().width * axes.figure.get_figwidth() * 72  # type: ignore[union-attr]
        turned = direction == "x" and is_crowded(axis.names, width)
        ticks.set_ticks(range(len(words)), words, rotation=90 if turned else 0)
    else:
        shown = percent if axis.percent else plain
        ticks.set_major_formatter(FuncFormatter(lambda value, _: shown(round(value, 12))))


def wrapped(name: str) -> list[str]:
    """Return the lines of a name beside an axis."""
    return textwrap.wrap(name, _NAMELETTERS) or [""]


def is_crowded(names: tuple[str, ...], width: float) -> bool:
    """Return whether names don't fit beside each other below an axis of so many points."""
    longest = max(len(part) for name in names for part in wrapped(name))
    return len(names) * (longest + 1) * LETTER > width


def _look(series: Series, place: int) -> dict[str, Any]:
    """Return how a line and its markers look."""
    role, dash, marker = _STYLES[place % N_STYLES]
    if series.role == "house":
        dash, marker = (0, (4, 2)), "s"
    colour = COLOURS[series.role or role]
    hollow = series.role == "house" and series.form == "points"
    return {
        "color": colour,
        "linestyle": "" if series.form in {"points", "crosses"} else dash,
        "marker": {"points": marker, "marked": marker, "crosses": "x"}.get(series.form, ""),
        "markerfacecolor": "none" if hollow else colour,
    }


def named(chart: Chart) -> tuple[Series, ...]:
    """Return the series that have a style of their own."""
    return chart.series[:N_STYLES]


def _paint_series(axes: Axes, series: Series, *, place: int, chart: Chart) -> None:
    if series.form == "stairs":
        _paint_stairs(axes, series, place=place)
        return
    kept = [
        i for i in range(len(series.x)) if math.isfinite(series.x[i]) and math.isfinite(series.y[i])
    ]
    x, y = ([values[i] for i in kept] for values in (series.x, series.y))
    if series.form == "bars":
        _paint_bars(axes, series, place=place, n_series=len(named(chart)))
    elif place >= N_STYLES:
        axes.plot(x, y, drawstyle="steps-post" if series.form == "steps" else "default", **_THIN)
    else:
        look = _look(series, place)
        _paint_limits(axes, series, [i for i in kept if series.low], colour=look["color"])
        steps = "steps-post" if series.form == "steps" else "default"
        axes.plot(x, y, drawstyle=steps, clip_on=look["marker"] == "", zorder=3, **look)
        if any(series.links):
            hit = axes.scatter(x, y, s=60, alpha=0, zorder=4)
            hit.set_urls([series.links[i] for i in kept])
    for i in kept if series.notes else ():
        axes.text(
            1.02,
            series.y[i],
            series.notes[i],
            transform=axes.get_yaxis_transform(),
            va="center",
            ha="left",
        )


def _paint_limits(axes: Axes, series: Series, kept: list[int], *, colour: str) -> None:
    kept = [i for i in kept if not math.isnan(series.low[i]) and not math.isnan(series.high[i])]
    if not kept:
        return
    x, y, low, high = ([v[i] for i in kept] for v in (series.x, series.y, series.low, series.high))
    if series.form in {"line", "marked", "steps"} and not series.across:
        step: Any = "post" if series.form == "steps" else None
        axes.fill_between(x, low, high, step=step, color=colour, alpha=0.18, linewidth=0)
        return
    width = 5 if series.across and series.notes else 2
    draw, at = (axes.hlines, y) if series.across else (axes.vlines, x)
    draw(at, low, high, colors=colour, alpha=0.35, linewidth=width, zorder=2)


def _paint_stairs(axes: Axes, series: Series, *, place: int) -> None:
    if not series.y or place >= N_STYLES:
        return
    role, dash, _ = _STYLES[place % N_STYLES]
    colour = COLOURS[series.role or role]
    heights = [value if math.isfinite(value) else 0.0 for value in series.y]
    axes.stairs(heights, list(series.x), fill=True, color=colour, alpha=0.18, linewidth=0)
    axes.stairs(heights, list(series.x), color=colour, linestyle=dash, linewidth=1.6)


def _paint_bars(axes: Axes, series: Series, *, place: int, n_series: int) -> None:
    if place >= N_STYLES:
        return
    at, lengths = (series.y, series.x) if series.across else (series.x, series.y)
    wide = 0.8 / n_series
    offset = (place - (n_series - 1) / 2) * wide * (-1 if series.across else 1)
    draw = axes.barh if series.across else axes.bar
    draw(
        [value + offset for value in at],
        [value if math.isfinite(value) else 0.0 for value in lengths],
        0.92 * wide,
        **_fill(series, place),
    )


def _fill(series: Series, place: int) -> dict[str, Any]:
    colour, hatch = COLOURS[series.role or _STYLES[place % N_STYLES][0]], _HATCHES[place]
    face = "none" if hatch else colour
    return {"facecolor": face, "edgecolor": colour, "hatch": hatch}


def _paint_guide(
    axes: Axes, guide: Guide, *, x: tuple[float, float], y: tuple[float, float]
) -> None:
    colour = COLOURS[guide.role]
    dash = (0, (5, 3)) if guide.role == "gate" else (0, (2, 2))
    across = [min(max(value, x[0]), x[1]) for value in guide.x]
    up = [min(max(value, y[0]), y[1]) for value in guide.y]
    axes.plot(across, up, color=colour, linestyle=dash, linewidth=1.2, zorder=1)
    if guide.low:
        axes.fill_between(guide.x, guide.low, guide.high, color=colour, alpha=0.15, linewidth=0)
    if guide.shaded:
        axes.fill_between(
            across, [y[0]] * len(up), up, facecolor="none", edgecolor=colour, hatch="///", alpha=0.3
        )
    level, upright = len(set(up)) == 1, len(set(across)) == 1
    if level or upright:
        place = (across[-1], up[-1]) if level else (across[0], y[1])
    else:  # what may be reached is named above its line, what is reached anyway below
        middle = len(across) // (3 if guide.role == "gate" else 2)
        place = (across[middle], up[middle])
    above = level or (guide.role == "gate" and not upright)
    axes.annotate(
        guide.name,
        place,
        (-3, 4) if above else (4, -10),
        textcoords="offset points",
        ha="right" if above else "left",
        color=colour,
    )


def _paint_cells(axes: Axes, cells: Cells) -> None:
    corners, colours = [], []
    for row, values in enumerate(cells.rows):
        for column, value in enumerate(values):
            if math.isfinite(value):
                left, right, top, bottom = column - 0.46, column + 0.46, row - 0.46, row + 0.46
                corners.append([(left, top), (right, top), (right, bottom), (left, bottom)])
                shade = min(max(value / cells.largest, 0.0), 1.0)
                colours.append(to_rgba(COLOURS["risk"], round(shade, 3)))
    edge = COLOURS["line"]
    axes.add_collection(
        PolyCollection(corners, facecolors=colours, edgecolors=edge, linewidths=0.5)
    )
    axes.invert_yaxis()


def _paint_labels(axes: Axes, chart: Chart) -> None:
    named_points = [
        (x, y, label, COLOURS[series.role or _STYLES[place][0]])
        for place, series in enumerate(named(chart))
        for x, y, label in zip(series.x, series.y, series.labels, strict=False)
        if math.isfinite(x) and math.isfinite(y)
    ]
    if not named_points:
        return
    scale = 72 / axes.figure.dpi
    points = [tuple(axes.transData.transform((x, y)) * scale) for x, y, _, _ in named_points]
    box = np.asarray(axes.get_window_extent().extents) * scale
    names = [label for _, _, label, _ in named_points]
    for index, (shift, anchor) in label_places(points, names, inside=tuple(box)).items():
        x, y, label, colour = named_points[index]
        axes.annotate(
            label, (x, y), shift, textcoords="offset points", ha=anchor, va="center", color=colour
        )


def _legend(axes: Axes, chart: Chart) -> None:
    handles: list[Any] = []
    for place, series in enumerate(named(chart)):
        if series.form == "bars":
            handles.append(Patch(label=series.name, **_fill(series, place)))
        elif series.form == "stairs":
            role, dash, _ = _STYLES[place]
            colour = COLOURS[series.role or role]
            handles.append(Line2D([], [], color=colour, linestyle=dash, label=series.name))
        else:
            handles.append(Line2D([], [], label=series.name, **_look(series, place)))
    handles = [handle for handle in handles if handle.get_label()]
    if len(handles) > 1:
        axes.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0, 1),
            borderaxespad=0.2,
            borderpad=0,
            labelspacing=0.3,
            handlelength=2.6,
        )
