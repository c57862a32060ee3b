"""Files with options behind a question mark, such as ``people.csv?separator=tab&na_values=NA``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from anomed_core.errors import UsageError


def divide_reference(reference: str) -> tuple[str, str | None]:
    """Divide a path, which may hold question marks itself, from the options behind it.

    Returns
    -------
    (path, options) : tuple
        A path that exists is a path, whatever it holds; options are `None` if there are none.
    """
    path, query = reference, None
    while not Path(path).expanduser().is_file() and "?" in path:
        path, mark, rest = path.rpartition("?")
        query = rest if query is None else f"{rest}{mark}{query}"
    return path, query


def read_pairs(query: str) -> Iterator[tuple[str, str]]:
    """Read names and values, with ``&`` between them and percent signs as in URLs.

    Raises
    ------
    UsageError
        If one has no value.
    """
    for text in filter(None, query.split("&")):
        name, sign, value = text.partition("=")
        if not sign:
            raise UsageError(
                f"options of a table are NAME=VALUE with & between them, got {text!r}; write "
                "people.csv?separator=tab&na_values=NA"
            )
        yield unquote(name), unquote(value)
