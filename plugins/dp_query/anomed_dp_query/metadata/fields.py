"""Read fields of metadata documents one by one, so that each fault is one sentence."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from anomed_dp_query.metadata.model import Kind, MetadataError

Read = TypeVar("Read")


def as_mapping(document: Any, where: str) -> Mapping[str, Any]:
    """Return a document that must be an object with texts as keys.

    Raises
    ------
    MetadataError
        If it is something else.
    """
    if not isinstance(document, Mapping) or not all(isinstance(key, str) for key in document):
        raise MetadataError(
            f"{where}: expected an object with names, got {type(document).__name__}; write "
            "name: value"
        )
    return document


def refuse_unknown(document: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuse a key that nobody reads: a misspelt bound would be no bound.

    Raises
    ------
    MetadataError
        Naming the first such key, and the one that may be meant.
    """
    names = sorted(known)
    for key in document:
        if key not in names:
            close = difflib.get_close_matches(key, names, n=1)
            meant = f"write {close[0]}, or leave it out" if close else "leave it out"
            raise MetadataError(f"{where}: does not know {key!r}; {meant}")


def read(document: Mapping[str, Any], key: str, kind: type[Read], where: str) -> Read | None:
    """Return a field that may be missing or null.

    Raises
    ------
    MetadataError
        If it is of another type.
    """
    value = document.get(key)
    if value is None:
        return None
    is_odd = isinstance(value, bool) and kind is not bool
    if kind is float and isinstance(value, int) and not is_odd:
        value = float(value)
    if is_odd or not isinstance(value, kind):
        raise MetadataError(
            f"{where}: {key} must be of type {kind.__name__}, got {value!r}; correct it"
        )
    return value


def as_value(value: Any, kind: Kind) -> Any:
    """Return a bound or key as its column has it; texts of times become times.

    What does not fit is returned as it came: the column says so by its name.
    """
    if kind is Kind.DATETIME:
        return _as_time(value)
    if kind is Kind.FLOAT and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind is Kind.INTEGER and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _as_time(value: Any) -> Any:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # tables have no zones
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value
