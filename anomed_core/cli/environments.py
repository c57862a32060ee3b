"""``anomed environments``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from anomed_core.cli.options import print_table
from anomed_core.errors import UsageError

if TYPE_CHECKING:
    from anomed_core.environments import Recipe


@click.group()
def environments() -> None:
    """List, install and remove the environments of foreign libraries.

    They are kept below ANOMED_CACHE, or in the user's cache directory.
    """


@environments.command("list")
def list_environments() -> None:
    """List what plugins can use and what is in the cache, with sizes."""
    from anomed_core.environments import kept_environments

    kept = kept_environments()
    rows = [
        [one.name, "ready" if one.is_finished else "unfinished", f"{one.size_bytes / 1e6:,.0f} MB"]
        for one in kept
    ]
    missing = _recipes().keys() - {one.name for one in kept}
    rows += [[name, "not installed", ""] for name in missing]
    print_table(["name", "state", "size"], sorted(rows))


@environments.command("install")
@click.argument("name")
def install(name: str) -> None:
    """Make the environment NAME, unless it is there."""
    from anomed_core.environments import install_environment

    recipes = _recipes()
    if name not in recipes:
        raise UsageError(
            f"no installed plugin knows an environment {name!r}; "
            f"choose from {', '.join(sorted(recipes)) or 'none'}"
        )
    made = install_environment(recipes[name], progress=lambda step: click.echo(step, err=True))
    click.echo(f"{name} is ready: {made.python}")


@environments.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Delete all environments NAME from the cache."""
    from anomed_core.environments import kept_environments, remove_environment

    doomed = [one for one in kept_environments() if one.name == name]
    if not doomed:
        raise UsageError(f"there is no environment {name!r}; anomed environments list shows all")
    for one in doomed:
        remove_environment(one)
    click.echo(f"Removed {name}.")


def _recipes() -> dict[str, Recipe]:
    """Return the recipes of all installed plugins by name."""
    from anomed_core.environments import Recipe
    from anomed_core.plugins import build_registry, offered

    registry = build_registry()
    for info in registry.installed:
        registry.load_quietly(info)
    recipes: dict[str, Recipe] = {}
    for owner, recipe in offered(registry, "anomed_environments", Recipe):
        if recipes.setdefault(recipe.name, recipe) != recipe:
            raise UsageError(
                f"the environment {recipe.name!r} is offered twice, at last by {owner}; "
                "uninstall one of the plugins"
            )
    return recipes
