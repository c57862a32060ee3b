"""A command group that imports a command when it is run, not when it is listed."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Mapping
from typing import Any

import click


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
        return _imported(target) if target else plugin_command(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command; suggest the nearest one if there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see anomed --help"
            raise click.UsageError(f"there is no command {args[0]!r}; {hint}", ctx) from error

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._targets.items()])


class ExtensibleGroup(click.Group):
    """A group of the core's that plugins may add to: their commands are named ``group command``."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one of the group's own commands; if it has none of this name, ask the plugins."""
        own = super().get_command(ctx, cmd_name)
        return own if own is not None else plugin_command(f"{self.name} {cmd_name}")


def plugin_command(name: str) -> click.Command | None:
    """Return the command that an installed plugin offers under a name.

    Parameters
    ----------
    name
        Words separated by blanks: ``my-command``, or ``challenge my-command`` in a group.

    Returns
    -------
    click.Command or None
        ``None`` if nobody offers it.

    Raises
    ------
    click.ClickException
        If what is offered is not a command.
    """
    from anomed_core.plugins import build_registry

    registry = build_registry()
    registry.load_extensions()
    for info in registry.installed:
        if info.is_challenge_type:
            registry.load_quietly(info)
    for offered in registry.everybody("anomed_cli_commands")():
        if name in offered:
            return _imported(offered[name])
    return None


def _imported(target: str) -> click.Command:
    module, _, attribute = target.partition(":")
    command = getattr(importlib.import_module(module), attribute)
    if not isinstance(command, click.Command):
        raise click.ClickException(f"{target} is not a click command")
    return command
