"""``anomed plugins``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomed_core.cli import EXIT_PROBLEM
from anomed_core.cli.options import json_option, print_json, print_table

if TYPE_CHECKING:
    from anomed_core.plugins import PluginInfo, PluginRegistry


@click.group()
def plugins() -> None:
    """List, show, check and begin plugins."""


@plugins.command("list")
@json_option
def list_plugins(as_json: bool) -> None:
    """List installed plugins; a broken one is listed with its error."""
    from anomed_core.plugins import build_registry

    registry = build_registry()
    rows = [_facts(info, registry) for info in registry.installed]
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("No plugin is installed; try: pip install anomed-supervised-mia")
        return
    print_table(
        ["name", "kind", "distribution", "version", "API", "state", "error"],
        [list(row.values()) for row in rows],
    )


def _facts(info: PluginInfo, registry: PluginRegistry) -> dict[str, Any]:
    error = registry.load_quietly(info)
    plugin = registry.plugins.get(info.slug)
    return {
        "name": info.slug,
        "kind": "challenge type" if info.is_challenge_type else "extension",
        "distribution": info.distribution,
        "version": info.version,
        "api": getattr(plugin, "ANOMED_API", None),
        "state": "broken" if error else "ok",
        "error": str(error) if error else "",
    }


@plugins.command("show")
@click.argument("name")
@json_option
def show_plugin(name: str, as_json: bool) -> None:
    """Show what a plugin implements, and what its demo hands out and takes."""
    from anomed_core.cli.plugin_facts import plugin_facts

    facts = plugin_facts(name)
    if as_json:
        print_json(facts)
        return
    click.echo(f"{facts['name']}: {facts['title'] or 'an extension'}")
    if facts["description"]:
        click.echo(facts["description"])
    origin = (
        f"from {facts['distribution']} {facts['version']}" if facts["version"] else "not installed"
    )
    click.echo(f"{origin}, API {facts['api']}\n")
    print_table(["hooks implemented"], [[hook] for hook in facts["hooks"]])
    if facts["config"]:
        click.echo()
        print_table(
            ["config key", "type", "default", "limits"],
            [list(key.values()) for key in facts["config"]],
        )
    if facts["routes"]:
        click.echo()
        print_table(
            ["method", "route", "for", "what it is"],
            [list(route.values()) for route in facts["routes"]],
        )
        click.echo()
        print_table(
            ["metric", "kind", "better", "ranks", "definition"],
            [list(metric.values()) for metric in facts["metrics"]],
        )
    if facts["house_attacks"]:
        click.echo()
        print_table(
            ["house attack", "on", "what it does"],
            [list(attack.values()) for attack in facts["house_attacks"]],
        )


def _namesakes(name: str) -> list[PluginInfo]:
    """Return the installed plugins that have a name already."""
    from anomed_core.model.declarations import normalised_slug
    from anomed_core.plugins.scan import scan

    return [info for info in scan() if info.slug == normalised_slug(name)]


@plugins.command("check")
@click.argument("name")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="TOML file with one challenge of the type [default: the type's demo].",
)
@click.option(
    "--extension",
    "extensions",
    multiple=True,
    metavar="NAME",
    help="Plugin to load beside it. May be repeated.",
)
@json_option
def check_plugin(
    name: str, config: Path | None, extensions: tuple[str, ...], as_json: bool
) -> None:
    """Check whether a challenge type keeps its contract: run the conformance kit.

    NAME is what --plugin takes: a name, module:object, or a .py file. Exit code 1 if a check fails,
    and if one has nothing to check where there should be something: emptiness is not green.
    """
    from anomed_core.cli.conformance import findings_of, summary_of

    findings = findings_of(name, config, extensions)
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        print_table(
            ["check", "outcome", "seconds", "what it says"],
            [[f.id, f.outcome.value, round(f.seconds, 1), f.text] for f in findings],
        )
        click.echo(summary_of(name, findings))
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(EXIT_PROBLEM)


@plugins.command("new")
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Where the package's folder is created [default: here].",
)
@click.option("--extension", is_flag=True, help="An extension, which owns no challenge type.")
@click.option("--interactive", is_flag=True, help="A type that answers questions.")
def new_plugin(name: str, directory: Path, extension: bool, interactive: bool) -> None:
    """Write a new package with a plugin that works, is tested, and can be published.

    NAME is the challenge type's, or the extension's: lower-case words joined by hyphens.
    """
    from anomed_core.scaffold import write_package

    folder = write_package(name, directory, extension=extension, interactive=interactive)
    what = (
        "an extension that works; replace its hooks"
        if extension
        else "a challenge type that works; replace its data, metrics and attacks"
    )
    click.echo(f"{folder}: {what}")
    for info in _namesakes(name):
        click.echo(
            f"{info.slug} is the name of a plugin of {info.distribution} {info.version} on this "
            "machine, too; nobody can tell two of them apart, so begin with another name"
        )
    click.echo(f"next: cd {folder} && pip install -e . pytest && pytest")
