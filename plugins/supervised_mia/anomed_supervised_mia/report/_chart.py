"""The parts that all figures share: a frame with axes, lines, bands, points, labels, a legend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import attrs

from anomed_supervised_mia.report._markup import Markup, element, joined
from anomed_supervised_mia.report._scales import Scale

WIDTH, HEIGHT = 640.0, 400.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 16.0, 14.0, 50.0

#: Series differ by colour, dash and marker, so that colour is never needed to tell them apart.
N_STYLES = 6
_DASHES = (None, "7 4", "2 3", "10 3 2 3", "4 2", "12 4")
_MARKERS = (
    "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0 -4 0Z",
    "M-3.6 -3.6H3.6V3.6H-3.6Z",
    "M0 -4.8L4.6 3.6H-4.6Z",
    "M0 -5L5 0L0 5L-5 0Z",
    "M0 4.8L4.6 -3.6H-4.6Z",
    "M-4 -4L4 4M4 -4L-4 4",
)

Point: TypeAlias = tuple[float, float]


@attrs.frozen(kw_only=True)
class Axis:
    """A scale with a title, and the words for its ticks; None for round ones."""

    title: str
    scale: Scale
    label: Callable[[float], str]
    ticks: Sequence[float] | None = None


@attrs.frozen(kw_only=True)
class Plane:
    """Two axes."""

    x: Axis
    y: Axis

    def place(self, point: Point) -> Point:
        """Return the coordinates of a point; what is beyond an axis is placed at its end."""
        return self.x.scale.place(point[0]), self.y.scale.place(point[1])

    def across(self, value: float) -> list[Point]:
        """Return the ends of a horizontal line at a value."""
        return [(self.x.scale.low, value), (self.x.scale.high, value)]


def percent(value: float) -> str:
    """Return a rate in percent.

    Examples
    --------
    >>> percent(0.001), percent(1.0)
    ('0.1 %', '100 %')
    """
    return f"{100 * value:.6g} %"


def plain(value: float) -> str:
    """Return a number.

    Examples
    --------
    >>> plain(0.55), plain(20.0)
    ('0.55', '20')
    """
    return f"{value:.6g}"


def horizontal(
    title: str,
    limits: Point,
    *,
    label: Callable[[float], str] = plain,
    logarithmic: bool = False,
    left: float = LEFT,
) -> Axis:
    """Return an axis along the width of a figure, leaving room for words on the left."""
    low, high = limits
    scale = Scale(low=low, high=high, start=left, stop=WIDTH - RIGHT, logarithmic=logarithmic)
    return Axis(title=title, scale=scale, label=label)


def vertical(
    title: str, limits: Point, *, label: Callable[[float], str] = plain, logarithmic: bool = False
) -> Axis:
    """Return an axis along the height of a figure, upwards."""
    low, high = limits
    scale = Scale(low=low, high=high, start=HEIGHT - BOTTOM, stop=TOP, logarithmic=logarithmic)
    return Axis(title=title, scale=scale, label=label)


def figure(
    *layers: Markup, plane: Plane, title: str, description: str, legend: Sequence[str] = ()
) -> Markup:
    """Return layers within axes, with a caption below.

    Parameters
    ----------
    layers : Markup
        From the back to the front.
    plane : Plane
    title : str
        The caption, also what a screen reader says first.
    description : str
        What there is to see, for those who can't.
    legend : sequence of str
        The names of the series, in the order of their styles.

    Returns
    -------
    Markup
    """
    drawing = element(
        "svg",
        element("title", title),
        element("desc", description),
        _grid(plane),
        *layers,
        viewBox=f"0 0 {WIDTH:g} {HEIGHT:g}",
        role="img",
    )
    names = [element("li", _swatch(style), name) for style, name in enumerate(legend)]
    return element(
        "figure",
        drawing,
        element("ul", *names, class_="legend") if names else None,
        element("figcaption", element("strong", title), " ", description),
    )


def line(points: Sequence[Point], *, style: int, plane: Plane, step: bool = False) -> Markup:
    """Return a line through points, or steps: first across, then up."""
    places = [plane.place(point) for point in points]
    path = f"M{places[0][0]:.1f} {places[0][1]:.1f}"
    for across, up in places[1:]:
        path += f"H{across:.1f}V{up:.1f}" if step else f"L{across:.1f} {up:.1f}"
    return element("path", d=path, class_=f"line {_series(style)}", stroke_dasharray=_dash(style))


def reference(
    points: Sequence[Point],
    *,
    plane: Plane,
    label: str = "",
    label_at: Point | None = None,
    anchor: str = "start",
) -> Markup:
    """Return a thin line to compare with, named at a point where there is room."""
    path = "L".join("{:.1f} {:.1f}".format(*plane.place(point)) for point in points)
    drawn = element("path", d=f"M{path}", class_="reference")
    if label_at is None:
        return drawn
    across, up = plane.place(label_at)
    return joined(
        drawn,
        element("text", label, x=across, y=up, text_anchor=anchor, class_="reference-name"),
    )


def band(lower: Sequence[Point], upper: Sequence[Point], *, style: int, plane: Plane) -> Markup:
    """Return the area between two lines."""
    places = [plane.place(point) for point in [*upper, *reversed(lower)]]
    corners = " ".join(f"{across:.1f},{up:.1f}" for across, up in places)
    return element("polygon", points=corners, class_=f"band {_series(style)}")


def marker(point: Point, *, style: int, plane: Plane, hint: str) -> Markup:
    """Return a mark at a point, with a hint for the pointer."""
    place = "translate({:.1f} {:.1f})".format(*plane.place(point))
    shape = element("path", d=_MARKERS[style % N_STYLES])
    return element(
        "g", element("title", hint), shape, class_=f"marker {_series(style)}", transform=place
    )


def whisker(start: Point, end: Point, *, style: int, plane: Plane) -> Markup:
    """Return an interval between two points, upright or level, with caps."""
    (x1, y1), (x2, y2) = plane.place(start), plane.place(end)
    cap = "m0 -3v6" if y1 == y2 else "m-3 0h6"
    path = f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}{cap}M{x1:.1f} {y1:.1f}{cap}"
    return element("path", d=path, class_=f"whisker {_series(style)}")


def point_labels(named: Sequence[tuple[Point, str]], *, plane: Plane) -> Markup:
    """Return names beside points, each where it covers neither another name nor a point."""
    taken = [_box(*plane.place(point), 8, 8) for point, _ in named]
    labels = []
    for point, name in named:
        across, up = plane.place(point)
        width = 6.4 * len(name)
        for center, middle, anchor, shift in (
            (across + 9 + width / 2, up, "start", (9, 4)),
            (across - 9 - width / 2, up, "end", (-9, 4)),
            (across, up - 14, "middle", (0, -10)),
            (across, up + 14, "middle", (0, 18)),
        ):
            box = _box(center, middle, width, 12)
            inside = box[0] >= LEFT and box[1] <= WIDTH - RIGHT and box[2] >= TOP
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                labels.append(
                    element(
                        "text",
                        name,
                        x=across + shift[0],
                        y=up + shift[1],
                        text_anchor=anchor,
                        class_="point-name",
                    )
                )
                break
    return joined(*labels)


def _grid(plane: Plane) -> Markup:
    x, y = plane.x, plane.y
    left, right, bottom = x.scale.start, x.scale.stop, HEIGHT - BOTTOM
    lines, words = [], []
    for tick in x.scale.ticks() if x.ticks is None else x.ticks:
        across = x.scale.place(tick)
        lines.append(f"M{across:.1f} {TOP:g}V{bottom:g}")
        words.append(element("text", x.label(tick), x=across, y=bottom + 17, text_anchor="middle"))
    for tick in y.scale.ticks() if y.ticks is None else y.ticks:
        up = y.scale.place(tick)
        lines.append(f"M{left:g} {up:.1f}H{right:g}")
        words.append(element("text", y.label(tick), x=left - 8, y=up + 4, text_anchor="end"))
    middle = (TOP + bottom) / 2
    return joined(
        element("path", d="".join(lines), class_="grid"),
        element("path", d=f"M{left:g} {TOP:g}V{bottom:g}H{right:g}", class_="frame"),
        element("g", *words, class_="ticks"),
        element(
            "text",
            x.title,
            x=(left + right) / 2,
            y=HEIGHT - 10,
            text_anchor="middle",
            class_="axis-title",
        ),
        element(
            "text",
            y.title,
            transform=f"translate(15 {middle:g}) rotate(-90)",
            text_anchor="middle",
            class_="axis-title",
        ),
    )


def _swatch(style: int) -> Markup:
    stroke = element(
        "path", d="M1 8H29", class_=f"line {_series(style)}", stroke_dasharray=_dash(style)
    )
    mark = element(
        "g",
        element("path", d=_MARKERS[style % N_STYLES]),
        class_=f"marker {_series(style)}",
        transform="translate(15 8)",
    )
    return element("svg", stroke, mark, viewBox="0 0 30 16", class_="swatch", aria_hidden="true")


def _series(style: int) -> str:
    return f"s{style % N_STYLES}"


def _dash(style: int) -> str | None:
    return _DASHES[style % N_STYLES]


def _box(center: float, middle: float, width: float, height: float) -> tuple[float, ...]:
    return center - width / 2, center + width / 2, middle - height / 2, middle + height / 2


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[1] and other[0] < one[1] and one[2] < other[3] and other[2] < one[3]
