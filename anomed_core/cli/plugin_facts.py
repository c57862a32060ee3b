"""What there is to say about one plugin."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import attrs

from anomed_core.config import ServerSettings
from anomed_core.model import normalised_slug
from anomed_core.plugins import build_registry, implemented_hooks
from anomed_core.service.house import open_house
from anomed_core.service.specs import config_class, demo_table, specs_from_tables


def plugin_facts(name: str) -> dict[str, Any]:
    """Load a plugin, serve its demo from a temporary state, and collect the facts.

    Parameters
    ----------
    name
        As given with ``--plugin``.

    Returns
    -------
    dict
        JSON values. An extension has no routes, metrics or config keys of its own.
    """
    registry = build_registry()
    challenge_type = registry.load(name)
    if challenge_type is None:
        slug = normalised_slug(name)
        info = next((info for info in registry.installed if info.slug == slug), None)
        known_as = info.slug if info else name
        return _facts(known_as, "", "", info, registry.plugin(known_as)) | _NOTHING
    loaded = registry.challenge_type(challenge_type.name)
    facts = _facts(
        challenge_type.name,
        challenge_type.title,
        challenge_type.description,
        loaded.info,
        registry.plugin(loaded.plugin_name),
    )
    facts["config"] = config_keys(config_class(challenge_type))
    with tempfile.TemporaryDirectory() as folder:
        house = open_house(
            specs_from_tables([demo_table(challenge_type)], registry),
            registry=registry,
            settings=ServerSettings(state=Path(folder)),
        )
        hosted = next(iter(house.challenges.values()))
        house.close()
    facts["routes"] = [
        {"method": "GET", "route": product.path, "for": ", ".join(sorted(product.audience))}
        for product in hosted.products.values()
    ] + [
        {"method": "POST", "route": kind.path, "for": kind.submitter.value} for kind in hosted.kinds
    ]
    facts["metrics"] = [
        {
            "name": metric.name,
            "kind": metric.kind,
            "direction": metric.direction.value,
            "ranks": "primary" if metric.primary else (metric.tie_breaker or ""),
            "definition": metric.definition,
        }
        for declared in hosted.metrics.values()
        for metric in declared
    ]
    return facts


_NOTHING: dict[str, Any] = {"config": [], "routes": [], "metrics": []}


def _facts(name: str, title: str, description: str, info: Any, plugin: Any) -> dict[str, Any]:
    return {
        "name": name,
        "title": title,
        "description": description,
        "distribution": info.distribution if info else None,
        "version": info.version if info else None,
        "api": plugin.ANOMED_API,
        "hooks": sorted(implemented_hooks(plugin)),
    }


def config_keys(cls: type[Any], prefix: str = "") -> list[dict[str, str]]:
    """List the keys of a config class with types and defaults, nested tables with dots."""
    keys: list[dict[str, str]] = []
    attrs.resolve_types(cls)
    for field in attrs.fields(cls):
        if isinstance(field.type, type) and attrs.has(field.type):
            keys += config_keys(field.type, f"{prefix}{field.name}.")
            continue
        keys.append(
            {
                "key": f"{prefix}{field.name}",
                "type": _type_text(field.type),
                "default": "required" if field.default is attrs.NOTHING else repr(field.default),
            }
        )
    return keys


def _type_text(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
