"""Whom one may attack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """An anonymizer that can be attacked.

    Attributes
    ----------
    name
        Identifier.
    splits
        For which it has submitted something.
    """

    name: str
    splits: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


def targets_of(told: Sequence[dict[str, Any]]) -> tuple[Target, ...]:
    """Return anonymizers as the server tells them."""
    return tuple(
        Target(name=target["name"], splits=tuple(target.get("splits") or ())) for target in told
    )
