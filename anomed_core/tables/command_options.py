"""What commands about a table of people say alike; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import click

from anomed_core.errors import UsageError
from anomed_core.tables.options import ColumnKind, agreed_kinds, parse_options
from anomed_core.tables.references import divide_reference, read_pairs

if TYPE_CHECKING:
    from anomed_core.tables.reading import TableRead

Command = TypeVar("Command", bound=Callable[..., Any])


def table_options(command: Command) -> Command:
    """Add ``--read``, ``--drop`` and ``--json`` to a command that reads a table of people.

    Parameters
    ----------
    command
        Is handed the parameters ``reading`` and ``dropped``, both tuples of text for
        `read_as_told`, and ``as_json``.

    Returns
    -------
    callable
    """
    options = (
        click.option(
            "--read",
            "reading",
            multiple=True,
            metavar="NAME=VALUE",
            help="How the table is to be read, where it is not to be found out: separator=;, "
            "decimal=, encoding=latin-1, na_values=NA, index=drop, dates=no, kind:COLUMN=text. "
            "May be repeated.",
        ),
        click.option(
            "--drop",
            "dropped",
            multiple=True,
            metavar="COLUMN",
            help="Column to leave out, such as an identifier. May be repeated.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON for programs."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_as_told(
    path: Path | str,
    reading: tuple[str, ...],
    *,
    dropped: tuple[str, ...] = (),
    kinds: Mapping[str, str | ColumnKind] | None = None,
    times: bool = True,
) -> TableRead:
    """Read a table as a command line says, and tell on standard error what its columns are.

    Parameters
    ----------
    path
        CSV or parquet. Options behind a question mark stand for all of `reading` and `dropped`.
    reading
        What ``--read`` was given.
    dropped
        What ``--drop`` was given.
    kinds
        What a schema or codebook says of columns; it decides.
    times
        Whether times of day are kept if nothing is said.

    Returns
    -------
    TableRead

    Raises
    ------
    UsageError
        If an option is not allowed, or contradicts `kinds`.
    TableError
        If the file is no such table.
    """
    from anomed_core.tables.reading import read_table

    plain, query = divide_reference(str(path))
    pairs = map(_pair, reading) if query is None else read_pairs(query)
    options, told = parse_options(pairs, times=times)
    if query is None:
        options = attrs.evolve(options, drop=(*options.drop, *dropped))
    read = read_table(plain, options, kinds=agreed_kinds(told, kinds))
    for note in read.notes:
        click.echo(note, err=True)
    return read


def _pair(text: str) -> tuple[str, str]:
    # A column's name may hold the sign; a kind never does.
    divide = text.rpartition if text.startswith("kind:") else text.partition
    name, sign, value = divide("=")
    if not sign or not name:
        raise UsageError(f"--read takes NAME=VALUE, such as separator=tab, got {text!r}")
    return name, value
