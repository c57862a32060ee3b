"""What hooks take and return: every class that the core exports, attribute by attribute."""

from __future__ import annotations

import inspect
from enum import Enum
from typing import Any

import attrs

import anomed_core
from docs.generate.markdown import code, described, docstring, prose, table

_ELSEWHERE = {"ServerSettings", "create_app"}
"""These are described by the configuration and by the how-tos."""


def documented() -> dict[str, type[Any]]:
    """Return the exported classes by name."""
    exported = {name: getattr(anomed_core, name) for name in anomed_core.__all__}
    return {
        name: thing
        for name, thing in exported.items()
        if inspect.isclass(thing) and not issubclass(thing, Exception) and name not in _ELSEWHERE
    }


def block() -> str:
    """Return a section for each class."""
    return "\n\n".join(_section(name, cls) for name, cls in documented().items())


def _section(name: str, cls: type[Any]) -> str:
    parts = docstring(cls)
    return "\n\n".join(
        part
        for part in (
            f"## {name}",
            parts["summary"],
            parts["text"],
            _values(cls) if issubclass(cls, Enum) else _attributes(cls, parts),
            members(cls),
        )
        if part
    )


def _values(cls: type[Enum]) -> str:
    return f"Values: {', '.join(code(member.value) for member in cls)}; text is taken, too."


def _attributes(cls: type[Any], parts: dict[str, str]) -> str:
    if not attrs.has(cls):
        return ""
    meanings = described(parts["Attributes"]) if "Attributes" in parts else {}
    rows = [
        [
            code(field.name),
            code(_annotation(field.type)),
            _default(field),
            _meaning(cls, meanings, field.name),
        ]
        for field in attrs.fields(cls)
        if field.init and not field.name.startswith("_")
    ]
    return table(["attribute", "type", "default", "meaning"], rows) if rows else ""


def _meaning(cls: type[Any], meanings: dict[str, str], name: str) -> str:
    if name not in meanings:
        raise ValueError(f"{cls.__name__}.{name} is not documented")
    return meanings[name]


def _annotation(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")


def _default(field: attrs.Attribute[Any]) -> str:
    default: Any = field.default
    if default is attrs.NOTHING:
        return "required"
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        return "from the others" if default.takes_self else _shown(default.factory())
    return _shown(default)


def _shown(value: Any) -> str:
    if value in ("", (), {}, None):
        return "none"
    if inspect.isfunction(value):
        return "a function"
    if isinstance(value, Enum):
        return code(value.value)
    if isinstance(value, frozenset):
        return code(sorted(member.value for member in value))
    return code(repr(value))


def members(cls: type[Any]) -> str:
    """Return the methods and properties that a class adds, with their first sentences."""
    rows = []
    for name, member in vars(cls).items():
        function = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
        if name.startswith("_") or issubclass(cls, Enum):
            continue
        if isinstance(member, property):
            rows.append([code(name), prose(docstring(member)["summary"])])
        elif inspect.isfunction(function) and function.__doc__:
            rows.append([code(f"{name}({_parameters(function)})"), docstring(function)["summary"]])
    return table(["method or property", "what it gives"], rows) if rows else ""


def _parameters(function: Any) -> str:
    names = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in {"self", "cls"}:
            continue
        star = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        is_optional = parameter.default is not parameter.empty
        names.append(f"{star}{parameter.name}" + ("=…" if is_optional else ""))
    return ", ".join(names)
