"""Converters of declared fields: any iterable may be given where a tuple or set is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def as_tuple(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return any iterable as a tuple."""
    return tuple(values)


def as_frozenset(values: Iterable[Any]) -> frozenset[Any]:
    """Return any iterable as a frozen set."""
    return frozenset(values)
