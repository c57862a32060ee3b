"""What a page is made of, as values; templates turn them into HTML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import attrs
from attrs import validators
from markupsafe import Markup

from anomed_core.report.chart import Chart
from anomed_core.report.prose import Columns, Side
from anomed_core.report.wording import between

Tone = Literal["", "good", "bad", "risk", "utility"]
"""How a value looks; words say the same."""


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


def _rows(rows: Iterable[Iterable[str | Cell]]) -> tuple[tuple[str | Cell, ...], ...]:
    return tuple(map(tuple, rows))


def _facts(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(facts)


def _parts(parts: Iterable[object]) -> tuple[object, ...]:
    return tuple(parts)


@attrs.frozen(kw_only=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text
        The value.
    notes
        Small lines below it.
    tone
        How it looks.
    low, high
        Limits of an interval, drawn as a bar on the scale of its column; ``value`` is marked.
    value
        Where the mark stands.
    """

    text: str
    notes: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    tone: Tone | Literal["muted"] = ""
    low: float | None = None
    high: float | None = None
    value: float | None = None

    @classmethod
    def interval(cls, value: float, low: float, high: float, *notes: str) -> Cell:
        """Return a number with its interval in words and as a bar."""
        words = (between(low, high), *notes)
        return cls(text=f"{value:.3f}", notes=words, low=low, high=high, value=value)


@attrs.frozen(kw_only=True)
class Table:
    """A table; whatever participants chose is escaped.

    Attributes
    ----------
    caption
        Stands above it.
    head
        Titles of the columns.
    rows
        Cells; a number stands at the right.
    empty
        Stands in for a table without rows.
    folds
        Whether narrow pages show a row as a card, instead of letting readers scroll.
    chance
        Marked on the bars.

    Examples
    --------
    >>> print(rendered([Table(head=["name"], rows=[["<b>"]])]))  # doctest: +ELLIPSIS
    <div class="scroll"...<td...>&lt;b&gt;</td>...
    """

    caption: str = ""
    head: tuple[str, ...] = attrs.field(converter=_texts, validator=validators.min_len(1))
    rows: tuple[tuple[str | Cell, ...], ...] = attrs.field(converter=_rows)
    empty: str = "Nothing yet."
    folds: bool = False
    chance: float | None = None

    @rows.validator
    def _fits(self, _: object, rows: tuple[tuple[str | Cell, ...], ...]) -> None:
        odd = next((row for row in rows if len(row) != len(self.head)), None)
        if odd is not None:
            raise ValueError(
                f"the table {self.caption!r} has {len(self.head)} columns, but a row with "
                f"{len(odd)} cells; give one for each column"
            )

    @property
    def spans(self) -> tuple[tuple[float, float] | None, ...]:
        """The scale of the bars of each column; ``None`` without bars."""
        return tuple(map(self._span, range(len(self.head))))

    def _span(self, column: int) -> tuple[float, float] | None:
        ends = [
            end
            for row in self.rows
            for cell in row[column : column + 1]
            if isinstance(cell, Cell) and cell.low is not None
            for end in (cell.low, cell.high)
            if end is not None
        ]
        if not ends:
            return None
        ends += [self.chance] if self.chance is not None else []
        low, high = min(ends), max(ends)
        return (low, high) if high > low else (low - 0.5, high + 0.5)


@attrs.frozen(kw_only=True)
class Fact:
    """One of the few numbers that matter."""

    name: str
    value: str
    notes: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    tone: Tone = ""


@attrs.frozen
class Facts:
    """Facts beside each other."""

    facts: tuple[Fact, ...] = attrs.field(converter=_facts)


@attrs.frozen(kw_only=True)
class Folded:
    """Parts that readers open: rows and details, never what a page is about."""

    summary: str
    parts: tuple[object, ...] = attrs.field(converter=_parts)


@attrs.frozen(kw_only=True)
class Section:
    """Parts under a heading: whatever `rendered` takes; an anchor lets links lead to it."""

    title: str
    parts: tuple[object, ...] = attrs.field(converter=_parts)
    anchor: str = ""


def charts_in(parts: Iterable[object]) -> Iterator[Chart]:
    """Yield the charts among parts, in their order."""
    for part in parts:
        if isinstance(part, Chart):
            yield part
        elif isinstance(part, (Folded, Section, Side)):
            yield from charts_in(part.parts)
        elif isinstance(part, Columns):
            yield from charts_in(part.sides)


def rendered(parts: Iterable[object], *, prefix: str = "figure") -> Markup:
    """Return parts as HTML.

    Parameters
    ----------
    parts
        `Chart`, `Table`, `Facts`, `Folded`, `Section`, and those of `anomed_core.report.prose`; a
        text is a paragraph, and escaped unless it is ``markupsafe.Markup``.
    prefix
        Begins the identifiers of figures; give another one for each fragment of a page.

    Returns
    -------
    Markup
        Without styles and scripts.
    """
    from anomed_core.report.page import templates

    template = templates().get_template("parts.html")
    return Markup(template.render(parts=list(parts), prefix=prefix))  # noqa: S704  # it escapes
