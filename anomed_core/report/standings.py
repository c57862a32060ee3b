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

    def drawn(self) -> Standings:
        """Return it with its rows as markup, so that it is put on many pages for little."""
        return attrs.evolve(
            self,
            groups=tuple(
                attrs.evolve(group, drawn=tuple(self._row(row) for row in group.rows))
                for group in self.groups
            ),
        )

    def seen_by(self, names: Sequence[str]) -> Standings:
        """Return it with the rows of whoever goes by one of these ids marked as the reader's."""
        mine = set(names)
        if not mine:
            return self

        def marked(group: Group) -> Group:
            own = [n for n, row in enumerate(group.rows) if mine.intersection(row.whose)]
            if not own:
                return group
            drawn = list(group.drawn)
            for n in own:
                drawn[n] = self._row(group.rows[n], is_own=True)
            return attrs.evolve(group, drawn=tuple(drawn))

        return attrs.evolve(self, groups=tuple(map(marked, self.groups)))

    def _row(self, row: Row, *, is_own: bool = False) -> Markup:
        chips = [("own", "your team"), *row.chips] if is_own else row.chips
        name = escape(row.name)
        if row.href:
            name = Markup('<a href="{}"><bdi>{}</bdi></a>').format(row.href, name)
        else:
            name = Markup("<bdi>{}</bdi>").format(name)
        marks = Markup().join(
            Markup(' <span class="chip {}">{}</span>').format(*chip) for chip in chips
        )
        cells = Markup().join(
            _cell(cell, column, span)
            for cell, column, span in zip(row.cells, self.columns, self.spans, strict=True)
        )
        return Markup(
            '<tr role="row"{}><td role="cell" class="n place">{}</td>'
            '<th scope="row" role="rowheader">{}{}</th>{}</tr>\n'
        ).format(Markup(' class="own"') if is_own else "", row.place, name, marks, cells)


def _cell(cell: Cell, column: Column, span: tuple[float, float] | None) -> Markup:
    notes = Markup().join(Markup("<small>{}</small>").format(note) for note in cell.notes)
    kind = " ".join(
        filter(
            None,
            (
                "n" if column.is_number and cell.low is None else "",
                cell.tone,
                "" if column.wide else "half",
            ),
        )
    )
    if cell.low is None or cell.high is None or span is None:
        return Markup('<td role="cell" class="{}" data-label="{}">{}{}</td>').format(
            kind, column.title, cell.text, notes
        )
    return Markup(
        '<td role="cell" class="ranged {}" data-label="{}"><div class="iv"><strong>{}</strong>{}'
        "{}</div></td>"
    ).format(kind, column.title, cell.text, bar(cell, span), notes)


def bar(cell: Cell, span: tuple[float, float]) -> Markup:
    """Return an interval as a drawing that says nothing more than the numbers beside it."""
    low, high, mark = (
        100 * (min(max(value, span[0]), span[1]) - span[0]) / (span[1] - span[0])
        for value in (cell.low, cell.high, cell.value)
        if value is not None
    )
    return Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><rect class="track" x="0" y="4.5" width="100" height="1"/>'
        '<rect class="band" x="{:.1f}" y="1" width="{:.1f}" height="8"/>'
        '<rect class="mark" x="{:.1f}" y="0" width="1.4" height="10"/></svg>'
    ).format(low, high - low, min(mark, 98.6))
