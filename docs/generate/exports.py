"""What the distributions export, one line each."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import anomed_supervised_mia

import anomed_core
from anomed_core import report, statistics
from docs.generate.markdown import code, first_sentence, table


def core_block() -> str:
    """Return the exports of the core."""
    return _exports(anomed_core)


def statistics_block() -> str:
    """Return the exports of the core's statistics."""
    return _exports(statistics)


def report_block() -> str:
    """Return the exports of the core's report room."""
    return _exports(report)


def plugin_block() -> str:
    """Return the exports of supervised-mia."""
    return _exports(anomed_supervised_mia)


def _exports(package: ModuleType) -> str:
    rows = [[code(name), _said(getattr(package, name))] for name in package.__all__]
    return table(["name", "what it is"], rows)


def _said(thing: Any) -> str:
    if isinstance(thing, str):
        return "The version of this release."
    if isinstance(thing, anomed_core.Parameter):
        return f"Query parameter `{thing.name}`: {thing.description}"
    if isinstance(thing, tuple):
        names = ", ".join(code(parameter.name) for parameter in thing)
        return f"The query parameters of what each pair of participants gets for itself: {names}."
    if type(thing).__name__ == "HookimplMarker":
        return "Decorator that marks a function of a plugin as the implementation of a hook."
    return first_sentence(thing)
