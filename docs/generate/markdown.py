"""Pieces of Markdown, and docstrings turned into them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any

_UNDERLINE = re.compile(r"^(\w[\w ]*)\n-{3,}\n", flags=re.MULTILINE)


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; cells are Markdown, on one line each."""
    lines = [list(headers), ["---"] * len(headers), *(list(row) for row in rows)]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(text: object) -> str:
    """Return a code span; nothing for nothing."""
    return f"`{text}`" if str(text) else ""


def prose(text: str) -> str:
    """Turn a docstring's double backticks into single ones and its line breaks into spaces."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(" ".join(part.split()).replace("``", "`") for part in paragraphs)


def first_sentence(thing: Any) -> str:
    """Return the first paragraph of a docstring.

    Raises
    ------
    ValueError
        If there is none: what is public is documented.
    """
    return docstring(thing)["summary"]


def docstring(thing: Any) -> dict[str, str]:
    """Return a numpydoc docstring by section; ``summary`` and ``text`` come before the first one.

    Raises
    ------
    ValueError
        If there is no docstring.
    """
    own = vars(thing).get("__doc__") if inspect.isclass(thing) else thing.__doc__
    if not own:
        raise ValueError(f"{thing!r} has no docstring")
    before, *sections = _UNDERLINE.split(inspect.cleandoc(own))
    summary, _, text = before.strip().partition("\n\n")
    titles = dict(zip(sections[::2], sections[1::2], strict=True))
    return {"summary": prose(summary), "text": prose(text), **titles}


def described(section: str) -> dict[str, str]:
    """Return the entries of a *Parameters* or *Attributes* section: name to prose.

    ``a, b`` on one line are two names with one description.
    """
    entries: dict[str, str] = {}
    for block in re.split(r"\n(?=\S)", section.strip()):
        names, _, text = block.partition("\n")
        for name in names.split(" : ")[0].split(","):
            entries[name.strip()] = prose(text)
    return entries
