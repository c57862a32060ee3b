"""A chart as data: axes and layers, equal if they draw the same, with their numbers and words."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import attrs
from attrs import validators

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

N_STYLES = 5
"""Series that are told apart, by colour, dash and marker; further ones are thin and unnamed."""

Numbers = tuple[float, ...]


def _numbers(values: Iterable[float]) -> Numbers:
    """Return numbers; all NaN are one object, so that charts with gaps are equal, too."""
    return tuple(math.nan if math.isnan(value) else value for value in map(float, values))


def _word(text: object) -> str:
    """Return a name on one line, without what XML can't hold."""
    word = str(text)
    if word.isprintable():
        return word
    return "".join(letter if letter.isprintable() else " " for letter in word)


def _words(texts: Iterable[object]) -> tuple[str, ...]:
    return tuple(map(_word, texts))


@attrs.frozen(kw_only=True)
class Axis:
    """What is measured in one direction.

    Attributes
    ----------
    label
        What, and in which unit.
    limits
        Ends; without them, what is drawn has some room around it.
    logarithmic
        Whether tens are equally far from each other.
    percent
        Whether numbers are shares.
    names
        Stand at 0, 1, 2 and so on, instead of numbers.
    """

    label: str = attrs.field(converter=_word)
    limits: tuple[float, float] | None = None
    logarithmic: bool = False
    percent: bool = False
    names: tuple[str, ...] = attrs.field(default=(), converter=_words)


@attrs.frozen(kw_only=True)
class Series:
    """Points, drawn in one style.

    Attributes
    ----------
    name
        For the legend; empty for none.
    x, y
        Places of equal number; ``stairs`` have one edge more in `x` than steps in `y`. What is not
        finite is not drawn.
    low, high
        Limits of `y`, or of `x` if the intervals lie ``across``; empty for none.
    form
        How points are connected.
    role
        Of `COLOURS`; without one, by the place among the series.
    across
        Whether intervals and bars are level.
    labels
        Names of the points, drawn where there is room.
    notes
        Words at the right edge, one for each point.
    links
        Where each point leads; empty for nowhere.
    """

    name: str = attrs.field(default="", converter=_word)
    x: Numbers = attrs.field(converter=_numbers)
    y: Numbers = attrs.field(converter=_numbers)
    low: Numbers = attrs.field(default=(), converter=_numbers)
    high: Numbers = attrs.field(default=(), converter=_numbers)
    form: Literal["line", "marked", "steps", "points", "crosses", "bars", "stairs"] = "line"
    role: str = ""
    across: bool = False
    labels: tuple[str, ...] = attrs.field(default=(), converter=_words)
    notes: tuple[str, ...] = attrs.field(default=(), converter=_words)
    links: tuple[str, ...] = attrs.field(default=(), converter=_words)

    def __attrs_post_init__(self) -> None:
        n_points = len(self.x) - (self.form == "stairs" and len(self.x) > 0)
        for name in ("y", "low", "high", "labels", "notes", "links"):
            n_given = len(getattr(self, name))
            if n_given != n_points and (n_given or name == "y"):
                raise ValueError(
                    f"the series {self.name!r} has {n_given} values as {name} for {n_points} "
                    "points; give one for each"
                )


@attrs.frozen(kw_only=True)
class Guide:
    """A line to compare with: chance, a ceiling, a gate, a budget.

    Attributes
    ----------
    name
        Stands beside it.
    x, y
        Points on the way.
    low, high
        Limits of `y` between which chance lies; empty for none.
    role
        ``muted``, or ``gate`` for what must not be crossed.
    shaded
        Whether what lies below it is hatched.
    """

    name: str = attrs.field(converter=_word)
    x: Numbers = attrs.field(converter=_numbers)
    y: Numbers = attrs.field(converter=_numbers)
    low: Numbers = attrs.field(default=(), converter=_numbers)
    high: Numbers = attrs.field(default=(), converter=_numbers)
    role: Literal["muted", "gate"] = "muted"
    shaded: bool = False


def _rows(rows: Iterable[Iterable[float]]) -> tuple[Numbers, ...]:
    return tuple(map(_numbers, rows))


@attrs.frozen(kw_only=True)
class Cells:
    """A square of values, the darker the larger; both axes have the same names.

    Attributes
    ----------
    rows
        Values from the top; what is not finite is left blank.
    largest
        What is as dark as can be, and above.
    """

    rows: tuple[Numbers, ...] = attrs.field(converter=_rows)
    largest: float = attrs.field(validator=validators.gt(0))


def _all_series(series: Iterable[Series]) -> tuple[Series, ...]:
    return tuple(series)


def _all_guides(guides: Iterable[Guide]) -> tuple[Guide, ...]:
    return tuple(guides)


@attrs.frozen(kw_only=True)
class Chart:
    """Axes, what is drawn between them, and the same in words and numbers.

    Attributes
    ----------
    title
        What it shows; stands below it on pages.
    description
        What is to be seen, with numbers, for those who can't.
    x, y
        Axes.
    series, guides, cells
        What is drawn; the foremost series come first.
    height
        Of the axes and what is below them, in points; 400 points are the width.

    Examples
    --------
    >>> line = Series(name="a", x=[1, 2], y=[0.5, 0.75], low=[0.4, 0.7], high=[0.6, 0.8])
    >>> axes = {"x": Axis(label="epoch"), "y": Axis(label="AUC")}
    >>> chart = Chart(title="Growth", description="Up to 0.75.", series=[line], **axes)
    >>> print(chart.csv())
    series,epoch,AUC,low,high
    a,1.0,0.5,0.4,0.6
    a,2.0,0.75,0.7,0.8
    <BLANKLINE>
    >>> chart.svg("growth").startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    True
    """

    title: str = attrs.field(converter=_word)
    description: str = attrs.field(converter=_word)
    x: Axis
    y: Axis
    series: tuple[Series, ...] = attrs.field(default=(), converter=_all_series)
    guides: tuple[Guide, ...] = attrs.field(default=(), converter=_all_guides)
    cells: Cells | None = None
    height: float = 300.0

    def figure(self) -> Figure:
        """Return it as a figure of matplotlib."""
        from anomed_core.report.drawing import figure_of

        return figure_of(self)

    def plot(self, ax: Axes | None = None) -> Display:
        """Draw it, for notebooks.

        Parameters
        ----------
        ax
            Where to draw it; a figure of its own by default.

        Returns
        -------
        Display
            With the axes as ``ax_`` and the figure as ``figure_``.
        """
        from anomed_core.report.drawing import paint

        if ax is None:
            figure = self.figure()
            return Display(chart=self, ax_=figure.axes[0], figure_=figure)
        paint(self, ax)
        return Display(chart=self, ax_=ax, figure_=ax.figure)

    def svg(self, name: str, *, alone: bool = False) -> str:
        """Return it as SVG: the same bytes for the same chart.

        Parameters
        ----------
        name
            Begins its identifiers: a letter first, unique on a page.
        alone
            Whether it is a file of its own, on white ground, instead of a part of a page.

        Returns
        -------
        str
            Without styles and scripts.
        """
        return _drawn(self, name, alone)

    def saved(self, form: str, *, name: str = "figure") -> bytes:
        """Return the bytes of a file with the drawing, or with its numbers.

        Parameters
        ----------
        form
            ``svg``, ``pdf`` or ``csv``.
        name
            As for `svg`.

        Raises
        ------
        ValueError
            If the form is another one.
        """
        if form not in {"svg", "pdf", "csv"}:
            raise ValueError(f"a chart is saved as svg, pdf or csv, but {form!r} was asked for")
        if form == "csv":
            return self.csv().encode()
        if form == "svg":
            return self.svg(name, alone=True).encode()
        from anomed_core.report.drawing import pdf_of

        return pdf_of(self)

    def csv(self) -> str:
        """Return all numbers that are drawn, in full precision; nothing for what is missing."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        if self.cells:
            writer.writerow(["row", "column", "value"])
            for row, values in zip(self.y.names, self.cells.rows, strict=True):
                for column, value in zip(self.x.names, values, strict=True):
                    writer.writerow([row, column, _cell(value)])
            return out.getvalue()
        writer.writerow(["series", self.x.label or "x", self.y.label or "y", "low", "high"])
        lines: tuple[Series | Guide, ...] = (*self.series, *self.guides)
        for line in lines:
            for index, x in enumerate(line.x):
                rest = (getattr(line, "low", ()), getattr(line, "high", ()))
                y = _told(self.y, line.y[index]) if index < len(line.y) else ""
                limits = [_cell(values[index]) if index < len(values) else "" for values in rest]
                writer.writerow([line.name, _told(self.x, x), y, *limits])
        return out.getvalue()


def _told(axis: Axis, value: float) -> float | str:
    if axis.names and value in range(len(axis.names)):
        return axis.names[int(value)]
    return _cell(value)


def _cell(value: float) -> float | str:
    return value if math.isfinite(value) else ""


@lru_cache(maxsize=256)
def _drawn(chart: Chart, name: str, alone: bool) -> str:
    from anomed_core.report.drawing import svg_of
    from anomed_core.report.svg import page_svg

    return page_svg(
        svg_of(chart, on_white=alone),
        name=name,
        title=chart.title,
        description=chart.description,
        links={
            link: label
            for series in chart.series
            for link, label in zip(series.links, series.labels, strict=False)
        },
    )


@attrs.define(kw_only=True, eq=False)
class Display:
    """A chart as it was drawn, in the manner of scikit-learn's displays.

    Attributes
    ----------
    chart
        What was drawn.
    ax_, figure_
        Where, for changes of your own.
    """

    chart: Chart
    ax_: Axes
    figure_: Any

    def _repr_svg_(self) -> str:
        """Show the figure as it is now, under a notebook's cell."""
        from anomed_core.report.drawing import saved_svg

        return saved_svg(self.figure_, on_white=True)
