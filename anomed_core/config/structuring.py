"""Turn tables into frozen classes; what does not fit is one sentence with the key's path."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_origin

import attrs
import cattrs
from cattrs.errors import (
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    StructureHandlerNotFoundError,
)
from cattrs.gen import make_dict_structure_fn

from anomed_core.errors import ConfigError

Settings = TypeVar("Settings")


def structure(table: Any, settings: type[Settings], *, key: str) -> Settings:
    """Structure a table strictly.

    Parameters
    ----------
    table
        As TOML gives it.
    settings
        attrs class.
    key
        Path of the table, for messages.

    Returns
    -------
    object
        Instance of the class.

    Raises
    ------
    ConfigError
        Naming the first key that is unknown, missing, or of the wrong type or value.
    """
    if not isinstance(table, Mapping):
        raise ConfigError(key, f"expected a table, got {_described(table)}")
    try:
        return _converter().structure(table, settings)
    except (ClassValidationError, IterableValidationError, _FieldError) as error:
        raise _first_fault(error, key) from error


@cache
def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind in (str, bool, int):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(Decimal, _decimal)
    converter.register_structure_hook(Path, _path)
    converter.register_structure_hook(datetime, _time)
    converter.register_structure_hook(Any, _as_it_is)
    converter.register_structure_hook_factory(
        attrs.has, lambda settings: _table_of(settings, converter)
    )
    return converter


class _FieldError(TypeError):
    """The value of one field is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(problem)
        self.field = field


def _table_of(settings: Any, converter: cattrs.Converter) -> Any:
    """Structure an attrs class from a table.

    A string is not accepted where a list is expected.
    """
    # A key that is a word of Python's, such as "from", has an underscore as a field.
    renamed: dict[str, Any] = {
        field.name: cattrs.override(rename=field.name.rstrip("_"))
        for field in attrs.fields(settings)
        if field.name.endswith("_")
    }
    structure_table = make_dict_structure_fn(
        settings,
        converter,
        _cattrs_forbid_extra_keys=True,
        _cattrs_detailed_validation=True,
        **renamed,
    )
    attrs.resolve_types(settings)
    lists = [field.name for field in attrs.fields(settings) if _is_list(field.type)]

    def structured(value: Any, _: Any) -> Any:
        if not isinstance(value, Mapping):
            raise TypeError(f"expected a table, got {_described(value)}")
        for name in lists:
            if name in value and not isinstance(value[name], (list, tuple)):
                raise _FieldError(name, f"expected a list, got {_described(value[name])}")
        return structure_table(value, settings)

    return structured


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) in {list, tuple}


def _exactly(kind: type) -> Any:
    def check(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"expected {_NAMES[kind]}, got {_described(value)}")
        return value

    return check


def _number(value: Any, _: Any) -> float:
    if type(value) not in (int, float, Decimal):
        raise TypeError(f"expected a number, got {_described(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise TypeError(f"expected a finite number, got {number}")
    return number


def _decimal(value: Any, _: Any) -> Decimal:
    _number(value, float)
    # The text of a float is the shortest that means it: 0.1, not 0.1000000000000000055.
    return Decimal(str(value))


def _path(value: Any, _: Any) -> Path:
    if not isinstance(value, str):
        raise TypeError(f"expected a path in quotes, got {_described(value)}")
    return Path(value).expanduser()


def _time(value: Any, _: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError(
            f"expected a time with its zone and without quotes, such as 2026-05-01T12:00:00Z, "
            f"got {_described(value)}"
        )
    return value.astimezone(UTC)


def _as_it_is(value: Any, _: Any) -> Any:
    """Return a value without a class as JSON would hold it: decimals are floats."""
    if isinstance(value, Mapping):
        return {name: _as_it_is(inner, Any) for name, inner in value.items()}
    if isinstance(value, list):
        return [_as_it_is(inner, Any) for inner in value]
    return float(value) if isinstance(value, Decimal) else value


_NAMES = {str: "text in quotes", bool: "true or false", int: "a whole number"}


def _described(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return str(value) if isinstance(value, Decimal) else f"{value!r}"


def _first_fault(error: BaseException, key: str) -> ConfigError:
    """Walk down to the first cause and collect the key's path on the way."""
    while isinstance(error, (ClassValidationError, IterableValidationError)):
        if isinstance(error, ClassValidationError):
            group = error
            noted, others = group.group_exceptions()
            if noted:
                error, note = noted[0]
                name = note.name.rstrip("_")
                key = f"{key}.{name}" if key else name
            else:
                error = others[0]
                key = _with_field(key, error, group.cl)
        else:
            noted_items, _ = error.group_exceptions()
            error, item = noted_items[0]
            key = f"{key}[{item.index}]"
    return _explained(error, key)


def _with_field(key: str, error: BaseException, settings: type[Any]) -> str:
    """Add the field that a validator complains about: its message begins with the name."""
    words = str(error.args[0] if error.args else "").split()
    name = words[0].strip("'") if words else ""
    if name in {field.name for field in attrs.fields(settings)}:
        return f"{key}.{name}"
    return key


def _explained(error: BaseException, key: str) -> ConfigError:
    if isinstance(error, ForbiddenExtraKeysError):
        unknown = min(error.extra_fields)
        return unknown_key(
            key, unknown, [field.name.rstrip("_") for field in attrs.fields(error.cl)]
        )
    if isinstance(error, KeyError):
        return ConfigError(key, "is required")  # the key is noted where it is looked up
    if isinstance(error, _FieldError):
        return ConfigError(f"{key}.{error.field}", str(error))
    if isinstance(error, StructureHandlerNotFoundError):
        return ConfigError(key, "cannot be given in a configuration file")
    return ConfigError(key, " ".join(str(error.args[0] if error.args else error).split()))


def unknown_key(table: str, name: str, known: list[str]) -> ConfigError:
    """Return the error for a key that nobody knows, with the nearest one that exists."""
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return ConfigError(
        f"{table}.{name}" if table else name,
        f"unknown key; {hint}allowed are {', '.join(sorted(known))}",
    )
