"""Tables for notebooks and terminals; everything that came from a server is escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from typing import Any


def html_table(
    caption: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, note: str = ""
) -> str:
    """Return a plain table with a caption.

    Parameters
    ----------
    caption, columns, rows
        What is shown; cells are written by `cell`.
    note
        A sentence below.

    Examples
    --------
    >>> html_table("<b>", ["name"], [["eve & co"]])[:66]
    '<table><caption>&lt;b&gt;</caption><thead><tr><th scope="col">name'
    """
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    body = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell(value))}</td>' for value in row)}</tr>"
        for row in rows
    )
    below = f"<p>{html.escape(note)}</p>" if note else ""
    return (
        f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>{below}"
    )


def text_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table for terminals.

    Examples
    --------
    >>> print(text_table(["name", "auc"], [["eve", 0.51234567]]))
    name  auc
    eve   0.5123
    """
    cells = [list(columns), *([cell(value) for value in row] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def cell(value: Any) -> str:
    r"""Return a value as people read it, without control characters.

    Examples
    --------
    >>> cell(None), cell(0.5), cell("a\x1b[2J")
    ('', '0.5', 'a?[2J')
    """
    if value is None:
        return ""
    text = number(value) if isinstance(value, float) else str(value)
    return "".join(character if character.isprintable() else "?" for character in text)


def number(value: float) -> str:
    """Return a number with four digits that say something.

    Examples
    --------
    >>> number(1.0), number(0.123456), number(123456.0)
    ('1.0', '0.1235', '123456.0')
    """
    return repr(value) if value == int(value) else f"{value:.4g}"
