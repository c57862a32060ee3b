"""Whether a JSON document fits its declared JSON Schema, and why not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jsonschema import ValidationError

_SCALARS = (str, int, float, type(None))
_MOST_ERRORS = 50
_LONGEST_PATH = 200
_LONGEST_VALUE = 60
"""Characters. Messages are logged, so they quote one short value of a document, and no more."""


def has_more_values(value: Any, most: int) -> bool:
    """Tell whether a document holds more values than that, lists and objects among them."""
    n_values, level = 1, [value]
    while level and n_values <= most:
        inner = [child.values() if isinstance(child, dict) else child for child in level]
        level = [item for items in inner if not isinstance(items, _SCALARS) for item in items]
        n_values += len(level)
    return n_values > most


def misfit(value: Any, schema: Mapping[str, Any]) -> str:
    """Say where a document does not fit.

    Parameters
    ----------
    value
        A decoded document.
    schema
        JSON Schema (draft 2020-12); an empty one is fitted by everything.

    Returns
    -------
    str
        The place in the document and what is wrong there; empty if it fits.

    Examples
    --------
    >>> schema = {"type": "object", "properties": {"epsilon": {"minimum": 0}}}
    >>> misfit({"epsilon": -1}, schema)
    '$.epsilon: -1 is less than the minimum of 0'
    >>> misfit([1, 2], schema)
    '$: expected object, got array'
    >>> misfit({"epsilon": 1}, schema)
    ''
    """
    if not schema:
        return ""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    # Each error is an object of many kilobytes; of a document that fits nowhere there are as many
    # as it has values.
    errors = islice(Draft202012Validator(schema).iter_errors(value), _MOST_ERRORS)
    error = best_match(errors)
    if error is None:
        return ""
    return f"{error.json_path[:_LONGEST_PATH]}: {_reason(error)}"


def _reason(error: ValidationError) -> str:
    """Say what is wrong without repeating lists and objects, which may hold people's data."""
    keyword, rule, value = str(error.validator), error.validator_value, error.instance
    if keyword in _SAYINGS:
        return _SAYINGS[keyword](value, rule)
    if isinstance(value, (list, dict)) or len(error.message) > 2 * _LONGEST_VALUE:
        return f"{_type_of(value)} does not keep {keyword}: {_shortened(json.dumps(rule))}"
    return str(error.message)


def _type(value: Any, rule: Any) -> str:
    expected = " or ".join([rule] if isinstance(rule, str) else rule)
    return f"expected {expected}, got {_type_of(value)}"


def _count(unit: str, bound: str) -> Callable[[Any, Any], str]:
    return lambda value, rule: f"has {len(value)} {unit}; {bound} {rule} are allowed"


def _choice(value: Any, rule: Any) -> str:
    allowed = _shortened(", ".join(map(json.dumps, rule)))
    return f"{_shortened(json.dumps(value))} is not allowed; allowed are {allowed}"


def _required(value: Any, rule: Any) -> str:
    return f"lacks {', '.join(repr(name) for name in rule if name not in value)}"


_SAYINGS: Mapping[str, Callable[[Any, Any], str]] = {
    "type": _type,
    "enum": _choice,
    "required": _required,
    "minItems": _count("items", "at least"),
    "maxItems": _count("items", "at most"),
    "minLength": _count("characters", "at least"),
    "maxLength": _count("characters", "at most"),
    "minProperties": _count("members", "at least"),
    "maxProperties": _count("members", "at most"),
}


def _type_of(value: Any) -> str:
    """Return the name that JSON has for a value's type."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
