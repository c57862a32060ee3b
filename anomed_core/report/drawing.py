"""Charts as figures of matplotlib: its objects only, never pyplot, which keeps every figure."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from anomed_core.report.chart import Chart
from anomed_core.report.painting import LETTER, is_crowded, named, paint_layers, wrapped
from anomed_core.report.palette import COLOURS

WIDTH = 400.0
_LEFT, _RIGHT, _TOP, _BOTTOM, _LEGEND_ROW = 60.0, 20.0, 14.0, 44.0, 16.0

_RC: Any = {
    "figure.dpi": 72,
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "axes.labelsize": 11,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "text.color": COLOURS["ink"],
    "axes.labelcolor": COLOURS["ink"],
    "xtick.labelcolor": COLOURS["muted"],
    "ytick.labelcolor": COLOURS["muted"],
    **dict.fromkeys(
        ("xtick.color", "ytick.color", "axes.edgecolor", "grid.color"), COLOURS["line"]
    ),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right", "legend.frameon"), False),
    **dict.fromkeys(("axes.grid", "axes.axisbelow"), True),
    "grid.linewidth": 0.6,
    "axes.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "patch.linewidth": 0.8,
    "hatch.linewidth": 0.8,
    **dict.fromkeys(("xtick.major.size", "ytick.major.size"), 3),
    **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), "none"),
    "svg.fonttype": "none",
    "svg.hashsalt": "anomed",
    "pdf.fonttype": 42,
    "text.usetex": False,
    "text.parse_math": False,  # names may hold dollars
}

_LOCK = threading.RLock()


@contextmanager
def _style() -> Iterator[None]:
    """Hold matplotlib's settings, which are the process's, for one drawing at a time."""
    with _LOCK, mpl.rc_context(_RC), warnings.catch_warnings():
        # The reader's browser has the letters that DejaVu lacks.
        warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
        warnings.filterwarnings("ignore", "Matplotlib currently does not support", UserWarning)
        yield


def figure_of(chart: Chart) -> Figure:
    """Return a chart as a figure of its own."""
    names = [line for line in named(chart) if line.name]
    legend = _LEGEND_ROW * len(names) if len(names) > 1 else 0.0
    height = chart.height + legend
    longest = max((len(part) for name in chart.y.names for part in wrapped(name)), default=0)
    left = 14 + LETTER * longest + 10 if chart.y.names else _LEFT
    right = 50.0 if any(series.notes for series in chart.series) else _RIGHT
    below = _BOTTOM if chart.x.label else 26.0
    if chart.x.names and is_crowded(chart.x.names, WIDTH - left - right):
        turned = LETTER * max(len(part) for name in chart.x.names for part in wrapped(name)) - 10
        below, height = below + turned, height + turned
    with _style():
        figure = Figure(figsize=(WIDTH / 72, height / 72))
        axes = figure.add_axes(
            (
                left / WIDTH,
                below / height,
                (WIDTH - left - right) / WIDTH,
                (height - below - _TOP - legend) / height,
            )
        )
        paint(chart, axes)
    return figure


def svg_of(chart: Chart, *, on_white: bool = False) -> str:
    """Return a chart as matplotlib's SVG."""
    with _LOCK:
        return saved_svg(figure_of(chart), on_white=on_white)


def saved_svg(figure: Figure, *, on_white: bool) -> str:
    """Return a figure as matplotlib's SVG, without a date."""
    out = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with _style():
        ground = "white" if on_white else "none"
        figure.savefig(out, format="svg", facecolor=ground, metadata=nothing)
    return out.getvalue()


def pdf_of(chart: Chart) -> bytes:
    """Return a chart as a PDF, without a date."""
    out = io.BytesIO()
    with _style():
        figure_of(chart).savefig(out, format="pdf", metadata={"CreationDate": None})
    return out.getvalue()


def paint(chart: Chart, axes: Axes) -> None:
    """Draw a chart into axes."""
    with _style():
        paint_layers(chart, axes)
