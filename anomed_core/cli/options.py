"""Options that several commands share."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")
"""What a terminal would obey."""

Command = TypeVar("Command", bound=Callable[..., Any])

config_argument = click.argument(
    "config", required=False, type=click.Path(path_type=Path, dir_okay=False), metavar="[CONFIG]"
)
plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="NAME",
    help="Plugin to load: its name, module:object, or a .py file. Without a configuration, its "
    "demo is served. May be repeated.",
)
state_option = click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    help="State directory [default: ./anomed-state].",
)
ledger_option = click.option(
    "--ledger",
    metavar="URL",
    help="Database of the ledger [default: SQLite in the state directory].",
)
_STORE = "anomed.store"


def _note_store(context: click.Context, _parameter: click.Parameter, url: str | None) -> None:
    """Keep the store for `overrides`: commands that hand it on need not know of it."""
    if url is not None:
        context.meta[_STORE] = url


store_option = click.option(
    "--store",
    metavar="URL",
    expose_value=False,
    callback=_note_store,
    help="What servers of one ledger share: s3://BUCKET/PREFIX or a directory [default: state].",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def challenge_options(command: Command) -> Command:
    """Add CONFIG, --plugin, --state, --ledger and --store."""
    for option in (store_option, ledger_option, state_option, plugin_option, config_argument):
        command = option(command)
    return command


def records_options(command: Command) -> Command:
    """Add CONFIG, --state, --ledger and --store."""
    for option in (store_option, ledger_option, state_option, config_argument):
        command = option(command)
    return command


def overrides(**given: Any) -> dict[str, Any]:
    """Return the keys of ``[server]`` that were given on the command line."""
    context = click.get_current_context(silent=True)
    store = context.meta.get(_STORE) if context is not None else None
    given = {"store": store, **given}
    return {
        name: str(value) if isinstance(value, Path) else value
        for name, value in given.items()
        if value is not None
    }


def given_reason(text: str) -> str:
    """Return the reason of a decision, which must say something.

    Raises
    ------
    UsageError
        If it is empty.
    """
    from anomed_core.errors import UsageError

    if not text.strip():
        raise UsageError("the reason is empty; say in a sentence why this is decided")
    return text.strip()


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(
    headers: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None
) -> None:
    """Print a table for people; numbers stand to the right."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for index, header in enumerate(headers):
        is_number = bool(rows) and all(isinstance(row[index], (int, float)) for row in rows)
        table.add_column(header, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=max(console.width, 200))
    if title is not None:  # above the table, whose own titles are as narrow as it is
        console.print(Text(title, style="italic"))
    console.print(table)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e9 else f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={_cell(item)}" for name, item in value.items())
    return "" if value is None else _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", str(value))
