"""A command group that imports a command when it is run, not when it is listed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import click

from anomed_core.cli.plugin_commands import imported_command, listed_commands, plugin_command


class LazyGroup(click.Group):
    """Lists commands from a table; imports the one that is run.

    Parameters
    ----------
    commands_by_name
        Name to ``("module:attribute", one line of help)``.
    """

    def __init__(
        self, *arguments: Any, commands_by_name: Mapping[str, tuple[str, str]], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._targets = dict(commands_by_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the core's own commands."""
        return list(self._targets)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; if it is not the core's, ask the plugins."""
        target = self._targets.get(cmd_name, (None, ""))[0]
        return imported_command(target) if target else plugin_command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command; suggest the nearest one if there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            known = [*self.list_commands(ctx), *listed_commands()]
            close = difflib.get_close_matches(args[0], known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see anomed --help"
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._targets.items()])
        _list_plugins_commands(formatter)


class ExtensibleGroup(click.Group):
    """A group of the core's that plugins may add to: their commands are named ``group command``."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one of the group's own commands; if it has none of this name, ask the plugins."""
        own = super().get_command(ctx, cmd_name)
        return own if own is not None else plugin_command(f"{self.name} {cmd_name}")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the group's own commands, then those that plugins add."""
        super().format_commands(ctx, formatter)
        _list_plugins_commands(formatter, group=f"{self.name} ")


def _list_plugins_commands(formatter: click.HelpFormatter, *, group: str = "") -> None:
    listed = {
        name.removeprefix(group): text
        for name, text in listed_commands().items()
        if name.startswith(group) and " " not in name.removeprefix(group)
    }
    if listed:
        with formatter.section("Commands of installed plugins"):
            formatter.write_dl(sorted(listed.items()))
