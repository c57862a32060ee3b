"""Whether the class of the configuration keeps one challenge's options from another's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any, get_args

import attrs

from anomed_core.service.specs import config_class
from anomed_core.testing.checks.failure import doubt_if_any, fail_if_any
from anomed_core.testing.plugin_under_test import PluginUnderTest

_MUTABLE = (list, dict, set, bytearray)


def configuration_kept_apart(plugin_under_test: PluginUnderTest) -> None:
    """Share no list, dict or set among challenges as a default, and let nobody change options."""
    _, challenge_type = plugin_under_test.registry()
    if challenge_type is None:
        return
    classes = list(_classes(config_class(challenge_type), set()))
    fail_if_any(
        f"{cls.__name__}.{field.name} has the default {field.default!r}, which every challenge of "
        f"the process shares and may change: attrs.field(factory={type(field.default).__name__})"
        for cls in classes
        for field in attrs.fields(cls)
        if isinstance(field.default, _MUTABLE) or type(field.default).__name__ == "ndarray"
    )
    doubt_if_any(
        f"{cls.__name__} is not frozen, so a hook may change the options of a running challenge: "
        "@attrs.frozen(kw_only=True)"
        for cls in classes
        if not _is_frozen(cls)
    )


def _is_frozen(cls: type) -> bool:
    return cls.__setattr__.__name__ == "_frozen_setattrs"


def _classes(cls: Any, seen: set[Any]) -> Iterator[type]:
    """Yield an attrs class, and those that its fields are of."""
    if cls in seen:
        return
    seen.add(cls)
    if isinstance(cls, type) and attrs.has(cls):
        yield cls
        with suppress(NameError):  # a type that is imported for type checkers alone
            attrs.resolve_types(cls)
        for field in attrs.fields(cls):
            yield from _classes(field.type, seen)
    for part in get_args(cls):
        yield from _classes(part, seen)
