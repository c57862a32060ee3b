"""``anomed plugins``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from anomed_core.cli.options import json_option, print_json, print_table

if TYPE_CHECKING:
    from anomed_core.plugins import PluginInfo, PluginRegistry


@click.group()
def plugins() -> None:
    """List and show plugins."""


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
    plugin = registry.plugin(info.slug)
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
    click.echo(f"{facts['name']}: {facts['title']}")
    click.echo(facts["description"])
    click.echo(f"from {facts['distribution']} {facts['version']}, API {facts['api']}\n")
    print_table(["hooks implemented"], [[hook] for hook in facts["hooks"]])
    if facts["config"]:
        click.echo()
        print_table(
            ["config key", "type", "default"],
            [[key["key"], key["type"], key["default"]] for key in facts["config"]],
        )
    if facts["routes"]:
        click.echo()
        print_table(["method", "route", "for"], [list(route.values()) for route in facts["routes"]])
        click.echo()
        print_table(
            ["metric", "kind", "better", "ranks"],
            [
                [metric["name"], metric["kind"], metric["direction"], metric["ranks"]]
                for metric in facts["metrics"]
            ],
        )
