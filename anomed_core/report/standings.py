"""A ranking as a table: groups of rows, each drawn once and shown to many readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs
from markupsafe import Markup, escape

from anomed_core.report.parts import Cell


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


def _chips(chips: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(chips)


def _cells(cells: Iterable[str | Cell]) -> tuple[Cell, ...]:
    return tuple(cell if isinstance(cell, Cell) else Cell(text=cell) for cell in cells)


@attrs.frozen(kw_only=True)
class Column:
    """A column of a ranking.

    Attributes
    ----------
    title
        Its head.
    href
        Where its head leads, to sort by it; empty for nowhere.
    sorted
        ``ascending`` or ``descending``, if the rows are in its order.
    is_number
        Whether its cells stand at the right.
    wide
        Whether a narrow page gives its cells a whole line.
    """

    title: str
    href: str = ""
    sorted: str = ""
    is_number: bool = False
    wide: bool = False


@attrs.frozen(kw_only=True)
class Row:
    """Somebody in a ranking.

    Attributes
    ----------
    place
        As it is shown: ``2=`` if it is shared, a dash without one.
    name, href
        Who, and where that leads.
    chips
        Tones and words beside the name.
    cells
        One for each column.
    whose
        Ids under which the entry takes part.
    """

    place: str
    name: str
    href: str = ""
    chips: tuple[tuple[str, str], ...] = attrs.field(default=(), converter=_chips)
    cells: tuple[Cell, ...] = attrs.field(converter=_cells)
    whose: tuple[str, ...] = attrs.field(default=(), converter=_texts)


@attrs.frozen(kw_only=True)
class Group:
    """Rows of one state, under a head that says which; the ranked ones have none."""

    title: str = ""
    rows: tuple[Row, ...]
    drawn: tuple[Markup, ...] = attrs.field(default=(), eq=False, repr=False)

    @property
    def body(self) -> Markup:
        """The rows as one piece of markup."""
        return Markup("".join(self.drawn))  # noqa: S704  # it is drawn from escaped texts


@attrs.frozen(kw_only=True)
class Standings:
    """A ranking as a table.

    Attributes
    ----------
    label
        What it is called, for those who cannot see it.
    caption
        What is to be known before it is read.
    columns
        Besides place and name.
    groups
        Rows by their state.
    spans
        The scale of each column's bars; ``None`` without bars.
    who
        Head of the column of names.
    """

    label: str
    caption: str
    columns: tuple[Column, ...]
    groups: tuple[Group, ...]
    spans: tuple[tuple[float, float] | None, ...]
    who: str
    _labels: tuple[Markup, ...] = attrs.field(init=False, eq=False, repr=False)

    @_labels.default
    def _escaped_titles(self) -> tuple[Markup, ...]:
        return tuple(escape(column.title) for column in self.columns)

    def drawn(self) -> Standings:
        """Return it with its rows as markup, so that it is put on many pages for little."""
        return attrs.evolve(
            self,
            groups=tuple(
                attrs.evolve(group, drawn=tuple(self._row(row) for row in group.rows))
                for group in self.groups
            ),
        )

    def marked_in(self, html: bytes, names: Sequence[str]) -> bytes:
        """Return a page with the rows of whoever goes by one of these ids marked as the reader's.

        Parameters
        ----------
        html
            The page, in UTF-8, with this ranking as `drawn` has drawn it.
        names
            The reader's ids.
        """
        mine = set(names)
        for group in self.groups if mine else ():
            for row, drawn in zip(group.rows, group.drawn, strict=True):
                if not mine.isdisjoint(row.whose):  # rows of equal markup look the same anyway
                    own = self._row(row, is_own=True)
                    html = html.replace(drawn.encode(), own.encode(), 1)
        return html

    def _row(self, row: Row, *, is_own: bool = False) -> Markup:
        chips = [("own", "your team"), *row.chips] if is_own else row.chips
        name = f"<bdi>{escape(row.name)}</bdi>"
        if row.href:
            name = f'<a href="{escape(row.href)}">{name}</a>'
        marks = "".join(
            f' <span class="chip {escape(tone)}">{escape(word)}</span>' for tone, word in chips
        )
        cells = "".join(map(_cell, row.cells, self.columns, self._labels, self.spans))
        return Markup(  # noqa: S704  # each text is escaped; formatting a Markup takes ten times as long
            f'<tr role="row"{_OWN if is_own else ""}><td role="cell" class="n place">'
            f'{escape(row.place)}</td><th scope="row" role="rowheader">{name}{marks}</th>'
            f"{cells}</tr>\n"
        )


_OWN = ' class="own"'


def _cell(cell: Cell, column: Column, label: Markup, span: tuple[float, float] | None) -> str:
    """Return a cell as HTML."""
    notes = "".join(f"<small>{escape(note)}</small>" for note in cell.notes)
    is_plain = cell.low is None or cell.high is None or span is None
    kinds = (
        "" if is_plain else "ranged",
        "n" if column.is_number and cell.low is None else "",
        cell.tone,
        "" if column.wide else "half",
    )
    kind = " ".join(filter(None, kinds))
    begin = f'<td role="cell" class="{kind}" data-label="{label}">'
    if is_plain:
        return f"{begin}{escape(cell.text)}{notes}</td>"
    assert span is not None
    text = f"<strong>{escape(cell.text)}</strong>"
    return f'{begin}<div class="iv">{text}{bar(cell, span)}{notes}</div></td>'


def bar(cell: Cell, span: tuple[float, float]) -> str:
    """Return an interval as a drawing that says nothing more than the numbers beside it."""
    low, high, mark = (
        100 * (min(max(value, span[0]), span[1]) - span[0]) / (span[1] - span[0])
        for value in (cell.low, cell.high, cell.value)
        if value is not None
    )
    return (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><rect class="track" x="0" y="4.5" width="100" height="1"/>'
        f'<rect class="band" x="{low:.1f}" y="1" width="{high - low:.1f}" height="8"/>'
        f'<rect class="mark" x="{min(mark, 98.6):.1f}" y="0" width="1.4" height="10"/></svg>'
    )
