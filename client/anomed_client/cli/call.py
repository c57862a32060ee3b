"""What all commands share: options, connecting, errors, output."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from anomed_client.challenge import Challenge
from anomed_client.cli.exits import INTERRUPTED, exit_code
from anomed_client.connecting import connected
from anomed_client.display import cell, text_table
from anomed_client.errors import AnomedClientError, UsageError
from anomed_client.options import Options
from anomed_client.settings import Settings, resolved


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call of the command line.

    Attributes
    ----------
    url, challenge, name, profile, token_file
        As they were given.
    as_json
        Whether programs read the output.
    quiet
        Whether progress is not shown.
    timeout_s
        Until a submission is answered.
    """

    url: str | None
    challenge: str | None
    name: str | None
    profile: str | None
    token_file: Path | None
    as_json: bool
    quiet: bool
    timeout_s: float | None

    def options(self) -> Options:
        """Return time-outs and progress."""
        return Options(answer_s=self.timeout_s, progress=False if self.quiet else None)

    def settings(self) -> Settings:
        """Return where and who."""
        token = None
        if self.token_file is not None:
            token = self.token_file.read_text(encoding="utf-8").strip()
        return resolved(
            url=self.url,
            challenge=self.challenge,
            name=self.name,
            token=token,
            profile=self.profile,
        )

    def connect(self) -> Challenge:
        """Connect."""
        return connected(self.settings(), self.options())

    def show(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], told: Any) -> None:
        """Print a table for people, or JSON for programs."""
        if self.as_json:
            click.echo(json.dumps(told, default=str))
            return
        cells = [[cell(value) for value in row] for row in rows]
        if sys.stdout.isatty():
            from rich.console import Console
            from rich.table import Table
            from rich.text import Text

            table = Table(*columns, box=None, header_style="bold")
            for row in cells:
                table.add_row(*map(Text, row))
            Console().print(table)
        else:
            click.echo(text_table(columns, cells))


_OPTIONS = (
    click.option("--url", help="Address of the server or challenge."),
    click.option("--challenge", help="Which of the server's challenges."),
    click.option("--name", help="Under which name you take part."),
    click.option("--profile", help="Which of the kept addresses."),
    click.option(
        "--token-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File that holds the token.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
    click.option("--quiet", is_flag=True, help="Show no progress."),
    click.option("--timeout-s", type=float, help="Seconds until a submission is answered."),
    click.option("--debug", is_flag=True, help="Show tracebacks."),
)


def command(name: str) -> Callable[[Callable[..., None]], click.Command]:
    """Make a function a command that takes a `Call` first, and whose errors are one line."""

    def decorate(function: Callable[..., None]) -> click.Command:
        @functools.wraps(function)
        def run(*, debug: bool, **given: Any) -> None:
            call = Call(**{field: given.pop(field) for field in Call.__dataclass_fields__})
            try:
                function(call, **given)
            except AnomedClientError as error:
                if debug:
                    raise
                click.echo(f"anomed-client: {error}", err=True)
                raise SystemExit(exit_code(error)) from None
            except KeyboardInterrupt:
                click.echo("anomed-client: interrupted", err=True)
                raise SystemExit(INTERRUPTED) from None

        wrapped: Any = run
        for option in reversed(_OPTIONS):
            wrapped = option(wrapped)
        return click.command(name)(wrapped)

    return decorate


def assignments(given: Sequence[str], what: str) -> dict[str, str]:
    """Return ``NAME=VALUE`` texts as a mapping.

    Raises
    ------
    UsageError
        If one has another form.
    """
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise UsageError(f"{what} {text!r} must have the form NAME=VALUE.")
        pairs[name] = value
    return pairs
