"""Detectors and task sources of the configuration, found among the installed ones."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from anomed_anomaly_detection.interface import Detector, TaskSource, Trigger
from anomed_anomaly_detection.registry import DETECTORS, TASKS, TRIGGERS
from anomed_core import ConfigError, CreationContext, extension_points


def taken_detectors(names: Iterable[str], context: CreationContext) -> dict[str, Detector]:
    """Return detectors with their defaults, each as a part of the challenge.

    Raises
    ------
    ConfigError
        If nobody offers one of them.
    """
    return {
        name: _taken(DETECTORS, name, {}, context, key="panel or entries")
        for name in dict.fromkeys(names)
    }


def taken_source(
    name: str,
    options: Mapping[str, Any],
    usual: Mapping[str, Any],
    context: CreationContext,
    *,
    key: str,
) -> TaskSource:
    """Return a task source with its options.

    Parameters
    ----------
    name, options
        As the configuration says.
    usual
        What the challenge says of options that the source has and the configuration leaves open.
    context
        Takes it as a part of the challenge.
    key
        Of the configuration, for messages.

    Raises
    ------
    ConfigError
        If nobody offers it, or it has no such option or not with such a value.
    """
    source: TaskSource = _taken(TASKS, name, options, context, key=key, usual=usual)
    return source


def _taken(
    group: str,
    name: str,
    options: Mapping[str, Any],
    context: CreationContext,
    *,
    key: str,
    usual: Mapping[str, Any] | None = None,
) -> Any:
    offered = extension_points(group)
    if name not in offered:
        near = difflib.get_close_matches(name, offered, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ConfigError(key, f"nobody offers {name!r}; {hint}there are {', '.join(offered)}")
    offer = context.take(offered[name])
    fields = {field.name for field in dataclasses.fields(offer)}
    unknown = sorted(set(options) - fields)
    if unknown:
        raise ConfigError(
            f"{key}.options",
            f"{name} has no option {', '.join(unknown)}; it has {', '.join(sorted(fields))}",
        )
    chosen = {label: value for label, value in (usual or {}).items() if label in fields}
    try:
        for label, value in options.items():
            before = chosen.get(label, _default(offer, label))
            chosen[label] = _option(value, before, context, key=f"{key}.options.{label}")
        return offer(**chosen)
    except (TypeError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(f"{key}.options", str(error)) from error


def _default(offer: Any, label: str) -> Any:
    """Return the default of an option, ``None`` if it has none."""
    field = next(field for field in dataclasses.fields(offer) if field.name == label)
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return None if field.default is dataclasses.MISSING else field.default


def _option(value: Any, before: Any, context: CreationContext, *, key: str) -> Any:
    """Return an option as its class takes it: tables set fields, a trigger's name chooses it."""
    if isinstance(before, Trigger):
        given = {"name": value} if isinstance(value, str) else dict(value)
        name = given.pop("name", before.name)
        return _taken(TRIGGERS, name, given, context, key=key)
    if dataclasses.is_dataclass(before) and isinstance(value, Mapping):
        return dataclasses.replace(before, **_frozen(dict(value)))  # type: ignore[type-var]
    return _frozen(value)


def _frozen(value: Any) -> Any:
    """Return lists as tuples, as options of frozen classes are."""
    if isinstance(value, Mapping):
        return {label: _frozen(part) for label, part in value.items()}
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
