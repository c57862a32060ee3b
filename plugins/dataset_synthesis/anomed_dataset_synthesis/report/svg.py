"""Pictures as inline SVG, from numbers alone: no scripts, no styles from elsewhere."""

from collections.abc import Sequence
from html import escape

import attrs
import numpy as np
import numpy.typing as npt

COLOURS = ("#33658a", "#e08e45", "#5a9367", "#a23e48", "#6c5b7b", "#2f2f2f")
"""Told apart in print and by colour-blind readers; the first two are the submission's and ours."""

_FEWEST_LABEL_WIDTH = 26.0

Point = tuple[float, float]


@attrs.frozen(kw_only=True)
class Line:
    """A line of a plot.

    Attributes
    ----------
    label
        For the legend.
    points
        In 0..1 from left to right and from bottom to top.
    dashed
        Whether it is drawn as a reference.
    """

    label: str
    points: tuple[Point, ...]
    dashed: bool = False


def picture(body: Sequence[str], *, width: float, height: float, label: str) -> str:
    """Wrap shapes into an SVG element that says what it shows."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width:g}" height="{height:g}" role="img" aria-label="{escape(label)}">'
        f"<title>{escape(label)}</title>{''.join(body)}</svg>"
    )


def text(
    x: float, y: float, words: str, *, anchor: str = "middle", size: float = 9, turned: bool = False
) -> str:
    """Write words at a place."""
    turn = f' transform="rotate(-45 {x:.1f} {y:.1f})"' if turned else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}"{turn}>'
        f"{escape(words)}</text>"
    )


def paired_bars(
    left: npt.NDArray[np.float64],
    right: npt.NDArray[np.float64],
    *,
    labels: Sequence[str],
    title: str,
) -> str:
    """Draw two distributions over the same bins side by side.

    Parameters
    ----------
    left, right : ndarray of float64, shape (n_bins,)
        Shares in 0..1.
    labels : sequence of str, shape (n_bins,)
        What the bins hold.
    title
        The column's name.

    Returns
    -------
    str
        An SVG element.
    """
    width, height, floor, top = 300.0, 170.0, 112.0, 18.0
    slot = (width - 10) / len(labels)
    highest = max(float(left.max()), float(right.max()), 1e-9)
    body = [text(width / 2, 11, title, size=11)]
    for place, name in enumerate(labels):
        start = 5 + place * slot
        for side, shares in enumerate((left, right)):
            bar = float(shares[place]) / highest * (floor - top)
            body.append(
                f'<rect x="{start + (0.1 + 0.4 * side) * slot:.1f}" y="{floor - bar:.1f}" '
                f'width="{0.4 * slot:.1f}" height="{bar:.1f}" fill="{COLOURS[side]}">'
                f"<title>{escape(name)}: {shares[place]:.1%}</title></rect>"
            )
        wide = slot >= _FEWEST_LABEL_WIDTH and len(name) * 5 < slot
        body.append(
            text(start + slot / 2, floor + 11, name, size=8)
            if wide
            else text(start + slot / 2, floor + 9, name[:11], anchor="end", size=7, turned=True)
        )
    return picture(body, width=width, height=height, label=f"Shares of {title}, side by side")


def heat_map(
    values: npt.NDArray[np.float64], *, names: Sequence[str], title: str, largest: float
) -> str:
    """Draw a square matrix of values as shades; what is NaN stays blank.

    Parameters
    ----------
    values : ndarray of float64, shape (n_names, n_names)
        0 is white, `largest` and above is darkest.
    names
        Of rows and columns.
    title
        What the values are.
    largest
        Greater than 0.

    Returns
    -------
    str
        An SVG element.
    """
    cell, margin = 22.0, 92.0
    side = margin + cell * len(names)
    body = []
    for row, name in enumerate(names):
        middle = margin + (row + 0.5) * cell
        body.append(text(margin - 4, middle + 3, name[:16], anchor="end"))
        body.append(text(middle, margin - 6, name[:16], anchor="start", turned=True))
        for column, other in enumerate(names):
            value = float(values[row, column])
            if np.isnan(value):
                continue
            shade = min(1.0, value / largest)
            body.append(
                f'<rect x="{margin + column * cell:.1f}" y="{margin + row * cell:.1f}" '
                f'width="{cell - 1:g}" height="{cell - 1:g}" fill="{COLOURS[3]}" '
                f'fill-opacity="{shade:.3f}" stroke="#ddd" stroke-width="0.5">'
                f"<title>{escape(name)} and {escape(other)}: {value:.3f}</title></rect>"
            )
    return picture(body, width=side + 60, height=side + 6, label=title)


def line_plot(
    lines: Sequence[Line],
    *,
    title: str,
    x_ticks: Sequence[tuple[float, str]],
    y_ticks: Sequence[tuple[float, str]],
    band: Sequence[tuple[float, float, float]] = (),
) -> str:
    """Draw lines over a shaded band in the unit square, with a legend below.

    Parameters
    ----------
    lines
        Drawn in order, solid ones in changing colours.
    title
        Above the plot.
    x_ticks, y_ticks
        Places in 0..1 and what stands there.
    band
        In 0..1, from left to right.

    Returns
    -------
    str
        An SVG element.
    """
    width, side, left, top = 330.0, 250.0, 52.0, 24.0

    def place(point: Point) -> str:
        return f"{left + point[0] * side:.1f},{top + (1 - point[1]) * side:.1f}"

    body = [text(left + side / 2, 13, title, size=11)]
    for x, words in x_ticks:
        body.append(text(left + x * side, top + side + 13, words))
    for y, words in y_ticks:
        body.append(text(left - 5, top + (1 - y) * side + 3, words, anchor="end"))
    body.append(
        f'<rect x="{left:g}" y="{top:g}" width="{side:g}" height="{side:g}" '
        'fill="none" stroke="#999"/>'
    )
    if band:
        outline = [(x, low) for x, low, _ in band] + [(x, high) for x, _, high in band[::-1]]
        body.append(f'<polygon points="{" ".join(map(place, outline))}" fill="#bbb"/>')
    colour, below = 0, top + side + 30
    for line in lines:
        stroke = "#888" if line.dashed else COLOURS[colour % len(COLOURS)]
        style = f'stroke="{stroke}" fill="none" stroke-width="1.6"'
        style += ' stroke-dasharray="4 3"' if line.dashed else ""
        colour += not line.dashed
        body.append(f'<polyline points="{" ".join(map(place, line.points))}" {style}/>')
        body.append(
            f'<line x1="{left:g}" x2="{left + 22:g}" y1="{below - 3:g}" '
            f'y2="{below - 3:g}" {style}/>'
        )
        body.append(text(left + 28, below, line.label, anchor="start"))
        below += 14
    return picture(body, width=width, height=below, label=title)
