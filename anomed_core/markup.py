"""Safe HTML for the sections of a report."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


def table_html(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str = "",
    empty: str = "Nothing yet.",
) -> str:
    """Return a table as safe markup.

    Parameters
    ----------
    headers : sequence of str
        One for each column.
    rows : sequence of sequence of str
        The cells, as texts; whatever participants chose is escaped. A cell that is a number has
        the class ``n``, for pages that align them.
    caption : str
        Stands above the table; empty for none.
    empty : str
        Stands in for a table without rows.

    Returns
    -------
    str

    Examples
    --------
    >>> print(table_html(["name"], [["<b>"]]))
    <table><tr><th>name</th></tr><tr><td>&lt;b&gt;</td></tr></table>
    """
    if not rows:
        return f"<p>{escape(empty)}</p>"
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table>{title}<tr>{head}</tr>{body}</table>"


def _cell(text: str) -> str:
    mark = ' class="n"' if _NUMBER.fullmatch(text) else ""
    return f"<td{mark}>{escape(text)}</td>"
