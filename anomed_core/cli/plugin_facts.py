"""What there is to say about one plugin."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import UnionType
from typing import Any, get_args

import attrs

from anomed_core.config import ServerSettings
from anomed_core.model import Metric, normalised_slug
from anomed_core.plugins import build_registry, implemented_hooks
from anomed_core.service.opening import open_server
from anomed_core.service.routes import offered_routes
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
        info = next((i for i in registry.installed if i.slug == normalised_slug(name)), None)
        label = info.slug if info else name
        return _facts(label, "", "", info, registry.plugins.get(label)) | _NOTHING
    loaded = registry.challenge_type(challenge_type.name)
    facts = _facts(
        challenge_type.name,
        challenge_type.title,
        challenge_type.description,
        loaded.info,
        registry.plugins.get(loaded.plugin_name),
    )
    facts["config"] = config_keys(config_class(challenge_type))
    with tempfile.TemporaryDirectory() as folder:
        server = open_server(
            specs_from_tables([demo_table(challenge_type)], registry),
            registry=registry,
            settings=ServerSettings(state=Path(folder)),
        )
        hosted = next(iter(server.challenges.values()))
        server.close()
    facts["routes"] = [
        {
            "method": route.method,
            "route": route.path,
            "for": route.audience,
            "description": route.description,
        }
        for route in offered_routes(hosted)
    ]
    facts["routes"] += [
        {"method": "*", "route": path, "for": "the plugin decides", "description": ""}
        for path in hosted.extra_routes
    ]
    facts["house_attacks"] = [
        {"name": attack.name, "kind": attack.kind, "description": attack.description}
        for attack in hosted.house_attacks
    ]
    facts["metrics"] = [
        _metric_facts(metric, metric.kind)
        for declared in hosted.metrics.values()
        for metric in declared
    ] + [
        _metric_facts(metric, f"house attack {attack.name}")
        for attack in hosted.house_attacks
        for metric in attack.metrics
    ]
    return facts


def _metric_facts(metric: Metric, kind: str) -> dict[str, Any]:
    return {
        "name": metric.name,
        "kind": kind,
        "direction": metric.direction.value,
        "ranks": "primary" if metric.primary else (metric.tie_breaker or ""),
        "definition": metric.definition,
    }


_NOTHING: dict[str, Any] = {"config": [], "routes": [], "metrics": [], "house_attacks": []}


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
        table = _table_class(field.type)
        if table is not None:
            keys += config_keys(table, f"{prefix}{field.name}.")
            continue
        keys.append(
            {
                "key": f"{prefix}{field.name}",
                "type": _type_text(field.type),
                "default": _default_text(field),
                "limits": _limits_text(field.validator),
            }
        )
    return keys


def _table_class(annotation: Any) -> type[Any] | None:
    """Return the class of a nested table, also of one that may be left out."""
    choices = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    tables = [choice for choice in choices if isinstance(choice, type) and attrs.has(choice)]
    return tables[0] if len(tables) == 1 else None


def _type_text(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _limits_text(validator: Any) -> str:
    """Return what a validator of attrs allows, as far as it says so itself; empty otherwise."""
    members = getattr(validator, "_validators", None)
    if members is not None:
        return ", ".join(filter(None, map(_limits_text, members)))
    if hasattr(validator, "bound"):
        return f"{validator.compare_op} {validator.bound}"
    options = getattr(validator, "options", None)
    if isinstance(options, range) and options.step == 1:
        return f"{options.start} to {options.stop - 1}"
    if options is not None:
        return ", ".join(map(str, options))
    inner = getattr(validator, "validator", None) or getattr(validator, "member_validator", None)
    return _limits_text(inner) if inner is not None else ""


def _default_text(field: attrs.Attribute[Any]) -> str:
    default: Any = field.default
    if default is attrs.NOTHING:
        return "required"
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        return "computed" if default.takes_self else repr(default.factory())
    return repr(default)
