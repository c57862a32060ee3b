"""From tables of a configuration to challenges that can be opened."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import Any

import attrs

from anomed_core.config import ChallengeTable, structure
from anomed_core.errors import PluginBrokenError
from anomed_core.model import ChallengeSpec, ChallengeType
from anomed_core.plugins import PluginRegistry
from anomed_core.service.page_files import read_pages


def specs_from_tables(
    tables: Iterable[ChallengeTable], registry: PluginRegistry
) -> list[ChallengeSpec]:
    """Load the types that a configuration names and structure their options.

    Raises
    ------
    PluginError
        If a type cannot be loaded.
    ConfigError
        If an option is wrong.
    """
    specs = []
    for table in tables:
        challenge_type = _loaded(table.type, registry)
        specs.append(
            ChallengeSpec(
                id=table.id,
                type=challenge_type.name,
                title=table.title,
                description=table.description,
                seed=table.seed,
                phases=table.phases.by_split(),
                ranking=table.ranking,
                pages=read_pages(table),
                both_roles=table.both_roles or None,
                finals=table.finals or None,
                config=structure(
                    table.options, config_class(challenge_type), key=f"challenges.{table.id}"
                ),
            )
        )
    return specs


def _loaded(name: str, registry: PluginRegistry) -> ChallengeType:
    loaded = {known.type.name: known.type for known in registry.types}
    if name in loaded:
        return loaded[name]
    challenge_type = registry.load(name)
    if challenge_type is None:
        raise PluginBrokenError(f"plugin {name!r} is an extension; it owns no challenge type")
    return challenge_type


def demo_table(challenge_type: ChallengeType) -> ChallengeTable:
    """Return the challenge that a type is served with when there is no configuration."""
    options: dict[str, Any] = dict(challenge_type.demo_config)
    return ChallengeTable(
        id=options.pop("id", challenge_type.name),
        type=challenge_type.name,
        title=options.pop("title", challenge_type.title),
        description=options.pop("description", challenge_type.description),
        options=options,
    )


def config_class(challenge_type: ChallengeType) -> type[Any]:
    """Return a type's config class, importing it if it was announced by name.

    Raises
    ------
    PluginBrokenError
        If there is no such class or it is not an attrs class.
    """
    announced: Any = challenge_type.config_class
    if isinstance(announced, str):
        module, _, name = announced.partition(":")
        try:
            announced = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise PluginBrokenError(
                f"challenge type {challenge_type.name!r} names the config class "
                f"{challenge_type.config_class!r}, which cannot be imported: {error}"
            ) from error
    if not attrs.has(announced):
        raise PluginBrokenError(
            f"challenge type {challenge_type.name!r}: its config class must be an attrs class"
        )
    cls: type[Any] = announced
    return cls
