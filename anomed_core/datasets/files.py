"""Files behind a reference, and tables in them that the one strict reader reads."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from anomed_core.errors import UsageError
from anomed_core.tables.options import agreed_kinds, parse_options
from anomed_core.tables.references import divide_reference, read_pairs

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
    path, query = divide_reference(reference)
    return f"{fingerprint_of_file(path)} {query or ''}".rstrip()


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

    path, query = divide_reference(reference)
    options, told = parse_options(read_pairs(query or ""))
    given = agreed_kinds(told, kinds)
    file = existing_file(path)
    read = read_table(file, options, kinds=given)
    otherwise = read_otherwise(read, given)
    if otherwise:
        log.warning("read otherwise than by pandas", file=file.name, taken_for="; ".join(otherwise))
    return read.frame
