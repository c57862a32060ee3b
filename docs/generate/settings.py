"""The configuration reference, from the classes that the configuration becomes."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

import attrs

import anomed_core
from anomed_core.config import ChallengeTable, ServerSettings
from anomed_core.service.specs import config_class
from docs.generate.demos import challenge_types
from docs.generate.markdown import code, described, docstring, table

_CONDITION = re.compile(r"<Validator for x (.+?)>|<in_ validator with options (\(.+?\))>")

_ELSEWHERE = re.compile(r"See `anomed_core\.(\w+)`\.")


def server_block() -> str:
    """Return the keys of ``[server]`` and of the tables in it."""
    return "\n\n".join(_tables(ServerSettings, "server"))


def challenge_block() -> str:
    """Return the keys that all challenges have, and those of each type in this repository."""
    parts = _tables(ChallengeTable, "challenges.ID", leave_out={"id", "options"})
    for challenge_type in challenge_types():
        parts += [f"## Options of {challenge_type.name}"]
        parts += _tables(config_class(challenge_type), "challenges.ID")[1:]
    return "\n\n".join(parts)


def _tables(cls: type[Any], path: str, *, leave_out: Container[str] = ()) -> list[str]:
    """Return the heading and keys of a table, then those of the tables in it."""
    attrs.resolve_types(cls)
    fields = [field for field in attrs.fields(cls) if field.name not in leave_out]
    nested = [f for f in fields if isinstance(f.type, type) and attrs.has(f.type)]
    plain = [field for field in fields if field not in nested]
    parts = [f"## [{path}]", _table(cls, plain, path)] if plain else []
    for field in nested:
        inner: Any = field.type
        parts += _tables(inner, f"{path}.{field.name}")
    return parts


def _table(cls: type[Any], fields: list[attrs.Attribute[Any]], path: str) -> str:
    with_variable = path.startswith("server")
    headers = ["key", "type", "default", "meaning"]
    rows = [
        [code(field.name.rstrip("_")), _type(field), _default(field), _meaning(cls, field.name)]
        + ([code(_variable(path, field.name))] if with_variable else [])
        for field in fields
    ]
    return table([*headers, "environment"] if with_variable else headers, rows)


def _meaning(cls: type[Any], name: str) -> str:
    meaning = described(docstring(cls)["Attributes"]).get(name)
    if not meaning:
        raise ValueError(f"{cls.__name__}.{name} is not documented")
    elsewhere = _ELSEWHERE.fullmatch(meaning)
    return _meaning(getattr(anomed_core, elsewhere[1]), name) if elsewhere else meaning


def _variable(path: str, name: str) -> str:
    return "_".join(["ANOMED", *path.split("."), name]).upper()


def _type(field: attrs.Attribute[Any]) -> str:
    annotation = field.type
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    conditions = [
        bound or "one of " + ", ".join(re.findall(r"'(.+?)'", options))
        for bound, options in _CONDITION.findall(repr(field.validator))
    ]
    return ", ".join([code(name), *conditions])


def _default(field: attrs.Attribute[Any]) -> str:
    if field.default is attrs.NOTHING:
        return "required"
    default: Any = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # a class at run time
        default = default.factory()
    if default in ("", (), {}, None):
        return "none"
    if isinstance(default, tuple):
        return code(list(default))
    return code(default if not isinstance(default, int) else f"{default:_}")
