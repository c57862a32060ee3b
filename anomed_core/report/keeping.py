"""Parts of pages as JSON: what one process measures, another one draws."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import attrs
from markupsafe import Markup

from anomed_core.report.chart import Axis, Cells, Chart, Guide, Series
from anomed_core.report.parts import Cell, Fact, Facts, Folded, Section, Table
from anomed_core.report.prose import (
    Code,
    Columns,
    Drawing,
    Event,
    Listing,
    Notice,
    Side,
    Terms,
    Timeline,
)

_KIND = "kind"
_PARTS = (
    *(Axis, Cell, Cells, Chart, Fact, Facts, Folded, Guide, Markup, Section, Series, Table),
    *(Code, Columns, Drawing, Event, Listing, Notice, Side, Terms, Timeline),
)
_CLASSES: dict[str, Any] = {cls.__name__: cls for cls in _PARTS}


def parts_to_json(parts: Iterable[object]) -> str:
    """Return parts of a page as JSON.

    Parameters
    ----------
    parts
        See `rendered`.

    Returns
    -------
    str
    """
    return json.dumps([_plain(part) for part in parts])


def parts_from_json(text: str) -> tuple[object, ...]:
    """Return the parts that `parts_to_json` wrote.

    Parameters
    ----------
    text
        Written by the same version: a file of the server's own.

    Returns
    -------
    tuple
        Equal to the parts that were written.

    Raises
    ------
    ValueError
        If it holds something else.
    """
    try:
        return tuple(_part(value) for value in json.loads(text))
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are no parts of a page: {error}") from error


_KEPT_AS_THEY_ARE = {str, float, int, bool, type(None)}


def _plain(value: Any) -> Any:
    if type(value) in _KEPT_AS_THEY_ARE:
        return value
    if isinstance(value, Markup):
        return {_KIND: "Markup", "object": str(value)}
    if attrs.has(type(value)):
        fields = {
            field.name: _plain(getattr(value, field.name)) for field in attrs.fields(type(value))
        }
        return {_KIND: type(value).__name__, **fields}
    return [_plain(one) for one in value] if isinstance(value, (list, tuple)) else value


def _part(value: Any) -> Any:
    if isinstance(value, dict):
        cls = _CLASSES[value[_KIND]]
        return cls(**{key: _part(one) for key, one in value.items() if key != _KIND})
    return tuple(_part(one) for one in value) if isinstance(value, list) else value
