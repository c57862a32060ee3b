"""Converters of declared fields: any iterable may be given where a tuple or set is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from anomed_core.model.roles import Role, Split


def as_tuple(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return any iterable as a tuple."""
    return tuple(values)


def as_roles(values: Iterable[Role | str]) -> frozenset[Role]:
    """Return roles, or their names, as a frozen set of roles."""
    return frozenset(map(Role, values))


def as_splits(values: Iterable[Split | str]) -> frozenset[Split]:
    """Return splits, or their names, as a frozen set of splits."""
    return frozenset(map(Split, values))
