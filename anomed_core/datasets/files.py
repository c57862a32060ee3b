"""Files behind a reference, and tables in them that the one strict reader reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import structlog

from anomed_core.errors import UsageError
from anomed_core.tables.options import agreed_kinds, parse_options

if TYPE_CHECKING:
    import pandas as pd

log = structlog.get_logger(__name__)


def existing_file(reference: str) -> Path:
    """Return the path of a file.

    Raises
    ------
    UsageError
        If there is none.
    """
    path = Path(reference).expanduser()
    if not path.is_file():
        raise UsageError(f"there is no file {path} (looked from {Path.cwd()})")
    return path


def fingerprint_of_file(reference: str) -> str:
    """Return text that changes when the file does."""
    path = existing_file(reference)
    facts = path.stat()
    return f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns}"


def fingerprint_of_table(reference: str) -> str:
    """Return text that changes when the file does, or how it is to be read."""
    path, query = _divided(reference)
    return f"{fingerprint_of_file(str(path))} {query}".rstrip()


def table_of_file(reference: str, *, kinds: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Read the table of ``path?separator=;&na_values=NA&kind:zip=text``, whose options may lack.

    Parameters
    ----------
    reference
        Options are those of `anomed_core.tables.parse_options`, with percent signs as in URLs.
    kinds
        What a schema or codebook says of columns; it decides.

    Raises
    ------
    UsageError
        If there is no such file or option, or the file is no such table.
    """
    from anomed_core.tables.otherwise import read_otherwise
    from anomed_core.tables.reading import read_table

    path, query = _divided(reference)
    options, told = parse_options(_pairs(query))
    given = agreed_kinds(told, kinds)
    read = read_table(path, options, kinds=given)
    otherwise = read_otherwise(read, given)
    if otherwise:
        log.warning("read otherwise than by pandas", file=path.name, taken_for="; ".join(otherwise))
    return read.frame


def _divided(reference: str) -> tuple[Path, str]:
    """Return the path, which may hold question marks itself, and the options."""
    path, mark, query = reference, "", ""
    while not Path(path).expanduser().is_file() and "?" in path:
        path, mark, rest = path.rpartition("?")
        query = f"{rest}{mark if query else ''}{query}"
    return existing_file(path), query


def _pairs(query: str) -> Iterator[tuple[str, str]]:
    for text in filter(None, query.split("&")):
        name, sign, value = text.partition("=")
        if not sign:
            raise UsageError(
                f"options of a table are NAME=VALUE with & between them, got {text!r}; write "
                "people.csv?separator=tab&na_values=NA"
            )
        yield unquote(name), unquote(value)
