"""The command-line reference, from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from anomed_core.cli import anomed
from docs.generate.markdown import code, prose, table


def block() -> str:
    """Return one section for each command."""
    context = click.Context(anomed, info_name="anomed")
    return "\n\n".join(_section(name, command) for name, command in walk(anomed, context))


def walk(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """Yield every command that is no group with its full name."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            raise ValueError(f"{context.command_path} lists {name!r} but does not have it")
        inner = click.Context(command, info_name=name, parent=context)
        if isinstance(command, click.Group):
            yield from walk(command, inner)
        else:
            yield inner.command_path, command


def _section(name: str, command: click.Command) -> str:
    arguments = [p for p in command.params if isinstance(p, click.Argument)]
    options = [p for p in command.params if isinstance(p, click.Option)]
    usage = [name, *(argument.metavar or argument.human_readable_name for argument in arguments)]
    rows = [[code(_spelling(option)), _meaning(option)] for option in options]
    if not command.help:
        raise ValueError(f"{name} has no help")
    return "\n\n".join(
        part
        for part in (
            f"## {name}",
            code(" ".join([*usage, "[OPTIONS]"] if options else usage)),
            _help(command.help),
            table(["option", "meaning"], rows) if rows else "",
        )
        if part
    )


def _spelling(option: click.Option) -> str:
    names = ", ".join(option.opts + option.secondary_opts)
    if option.is_flag or option.count:
        return names
    if isinstance(option.type, click.Choice):
        return f"{names} {'|'.join(map(str, option.type.choices))}"
    return f"{names} {option.metavar or option.type.name.upper()}"


def _meaning(option: click.Option) -> str:
    text = prose(option.help or "")
    if not text:
        raise ValueError(f"option {option.opts[0]} has no help")
    shown = option.show_default and option.default is not None
    return f"{text} Default: {code(option.default)}." if shown else text


def _help(text: str) -> str:
    """Return help as Markdown: an indented paragraph is an example."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(
        f"    {part.strip()}" if part.startswith(" ") else prose(part.replace("\b", ""))
        for part in paragraphs
    )
