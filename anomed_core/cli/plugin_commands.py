"""The commands that installed plugins add: listed from their source, imported when they are run."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from collections.abc import Iterator
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import entry_points
from pathlib import Path

import click

_HOOK = "anomed_cli_commands"
# As in anomed_core.plugins.scan, which would import numpy.
ENTRY_POINT_GROUPS = ("anomed.challenge_types", "anomed.extensions")


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
    for offered in registry.everybody(_HOOK)():
        if name in offered:
            return imported_command(offered[name])
    return None


def imported_command(target: str) -> click.Command:
    """Import ``module:attribute``.

    Raises
    ------
    click.ClickException
        If it is not a command.
    """
    module, _, attribute = target.partition(":")
    command = getattr(importlib.import_module(module), attribute)
    if not isinstance(command, click.Command):
        raise click.ClickException(f"{target} is not a click command")
    return command


def listed_commands() -> dict[str, str]:
    """Return the names of plugins' commands with a line of help, without importing any plugin.

    Help must be instant and must work beside broken plugins, so the dictionary that the hook
    returns is read from the source text. A hook that computes its commands is not listed; they run
    nevertheless.
    """
    commands: dict[str, str] = {}
    points = entry_points()
    for group in ENTRY_POINT_GROUPS:
        for point in points.select(group=group):
            brought_by = f" ({point.dist.name})" if point.dist else ""
            for name, target in _declared(point.module).items():
                commands.setdefault(name, f"{_first_line(target)}{brought_by}".strip())
    return commands


def _declared(module: str) -> dict[str, str]:
    function = _function(module, _HOOK)
    for node in ast.walk(function) if function else ():
        if isinstance(node, ast.Return) and node.value is not None:
            try:
                declared = ast.literal_eval(node.value)
            except ValueError:
                continue
            if isinstance(declared, dict):
                return {str(name): str(target) for name, target in declared.items()}
    return {}


def _first_line(target: str) -> str:
    module, _, attribute = target.partition(":")
    function = _function(module, attribute)
    text = ast.get_docstring(function) if function else None
    return text.partition("\n")[0] if text else ""


def _function(module: str, name: str) -> ast.FunctionDef | None:
    source = _source(module)
    for node in _definitions(source) if source else ():
        if node.name == name:
            return node
    return None


def _definitions(source: str) -> Iterator[ast.FunctionDef]:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return
    yield from (node for node in body if isinstance(node, ast.FunctionDef))


def _source(module: str) -> str | None:
    """Return the text of a module, found without importing the packages that hold it."""
    top, *inner = module.split(".")
    try:
        spec: ModuleSpec | None = importlib.util.find_spec(top)
        for depth in range(1, len(inner) + 1):
            places = spec.submodule_search_locations if spec else None
            name = ".".join([top, *inner[:depth]])
            spec = PathFinder.find_spec(name, places) if places else None
        return Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else None
    except (ImportError, OSError, ValueError):
        return None
