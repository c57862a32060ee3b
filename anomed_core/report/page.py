"""Whole pages: one template, one style sheet."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from itertools import count
from typing import TYPE_CHECKING

from markupsafe import Markup

from anomed_core.report.chart import Chart
from anomed_core.report.parts import Cell, Facts, Folded, Section, Table, rendered
from anomed_core.report.prose import (
    Code,
    Columns,
    Drawing,
    Listing,
    Notice,
    Side,
    Terms,
    Timeline,
)
from anomed_core.report.standings import Standings

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def style_sheet() -> str:
    """Return the style sheet of all pages, for light and dark."""
    return files(__package__).joinpath("page.css").read_text(encoding="utf-8")


@cache
def content_policy() -> str:
    """Return the content security policy of a page that holds its style sheet itself."""
    digest = base64.b64encode(hashlib.sha256(style_sheet().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def page(
    title: str,
    parts: Iterable[object],
    *,
    lead: str = "",
    footer: str = "",
    sheet_at: str | None = None,
) -> str:
    """Return a whole page.

    Parameters
    ----------
    title
        Its heading.
    parts
        See `rendered`; what matters first, raw rows last.
    lead
        The sentence below the heading.
    footer
        The last line.
    sheet_at
        Address of the style sheet. Without one, the page holds it, and needs nothing else.

    Returns
    -------
    str
        HTML without scripts; the same bytes for the same parts.
    """
    return (
        templates()
        .get_template("page.html")
        .render(
            title=title,
            lead=lead,
            footer=footer,
            body=rendered(parts),
            sheet_at=sheet_at,
            style=Markup(style_sheet()),  # noqa: S704  # our own file
            policy=content_policy(),
        )
    )


@cache
def templates() -> Environment:
    """Return the templates, which escape whatever is no markup."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.globals |= {"kind_of": _kind_of, "is_number": _is_number, "place": _place}
    environment.globals |= {"drawn": _drawn, "counted": count, "as_cell": _as_cell}
    return environment


def _kind_of(part: object) -> str:
    known = _KINDS.get(type(part))
    if known is not None:
        return known
    if isinstance(part, str):
        return "markup" if isinstance(part, Markup) else "text"
    raise TypeError(
        f"a part of a page is a text, {', '.join(kind.__name__ for kind in _KINDS)}, but one is a "
        f"{type(part).__name__}"
    )


_KINDS: dict[type, str] = {
    kind: kind.__name__.lower()
    for kind in (
        *(Chart, Table, Facts, Folded, Section, Notice, Code, Listing, Terms, Timeline, Columns),
        *(Side, Standings, Drawing),
    )
}


def _drawn(chart: Chart, prefix: str, number: int) -> Markup:
    return Markup(chart.svg(f"{prefix}-{number}"))  # noqa: S704  # its texts are escaped


def _as_cell(cell: str | Cell) -> Cell:
    return cell if isinstance(cell, Cell) else Cell(text=cell)


def _is_number(text: str) -> bool:
    body = text.strip().lstrip("-\u2212").removesuffix("%").strip().replace(",", "")
    try:
        float(body.replace("\u2212", "-"))
    except ValueError:
        return False
    return body[:1].isdigit()


def _place(value: float, span: tuple[float, float]) -> str:
    """Return where a value lies on a scale of 0 to 100."""
    return f"{100 * (min(max(value, span[0]), span[1]) - span[0]) / (span[1] - span[0]):.1f}"
