"""Take nodes of a decoded plan apart, refusing whatever is not expected by its name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from anomed_dp_query.libraries.library import QueryRefused

_SHOWN = 60


def refusal(what: str, *, allowed: str) -> QueryRefused:
    """Return the refusal of a part of a plan."""
    return QueryRefused(f"the plan has {what[:200]}; allowed: {allowed}")


def variant(node: Any, where: str, allowed: Iterable[str]) -> tuple[str, Any]:
    """Return name and content of a node that is one of several.

    Raises
    ------
    QueryRefused
        If it is another one, or none.
    """
    names = sorted(allowed)
    name, content = "", None
    if isinstance(node, str):
        name = node
    elif isinstance(node, dict) and len(node) == 1:
        ((name, content),) = node.items()
    if name not in names:
        shown = name or type(node).__name__
        raise refusal(f"{shown[:_SHOWN]!r} as {where}", allowed=", ".join(names))
    return name, content


def fields(node: Any, where: str, names: Iterable[str]) -> dict[str, Any]:
    """Return a node that has exactly these fields.

    Raises
    ------
    QueryRefused
        Naming a field that is missing or not allowed.
    """
    expected = sorted(names)
    if not isinstance(node, dict):
        raise refusal(f"{type(node).__name__} as {where}", allowed=", ".join(expected))
    for name in node:
        if name not in expected:
            raise refusal(f"the field {name[:_SHOWN]!r} in {where}", allowed=", ".join(expected))
    for name in expected:
        if name not in node:
            raise refusal(f"no field {name!r} in {where}", allowed=", ".join(expected))
    return node


def items(node: Any, where: str, *, most: int) -> list[Any]:
    """Return a list of limited length.

    Raises
    ------
    QueryRefused
        If it is something else, or longer.
    """
    if not isinstance(node, list) or len(node) > most:
        shown = f"{len(node)} items" if isinstance(node, list) else type(node).__name__
        raise refusal(f"{shown} as {where}", allowed=f"a list of at most {most}")
    return node


def only(node: Any, where: str, value: Any) -> None:
    """Check that a field has its only allowed value.

    Raises
    ------
    QueryRefused
        If it has another one.
    """
    if type(node) is not type(value) or node != value:
        raise refusal(f"{str(node)[:_SHOWN]!r} as {where}", allowed=repr(value))


def text(node: Any, where: str) -> str:
    """Return a text.

    Raises
    ------
    QueryRefused
        If it is something else, or has more than 200 characters.
    """
    if not isinstance(node, str) or len(node) > 200:
        raise refusal(f"{type(node).__name__} as {where}", allowed="a text of 200 characters")
    return node


def flags(node: Any, where: str, names: Iterable[str]) -> None:
    """Check options that say how Polars computes, and mean nothing here.

    Raises
    ------
    QueryRefused
        If there are others, or they hold more than a truth value or a number.
    """
    for value in fields(node, where, names).values():
        if not isinstance(value, bool | int):
            raise refusal(f"{type(value).__name__} in {where}", allowed="truth values, numbers")


def reference(node: Any, where: str) -> int:
    """Return which part of the plan a node refers to.

    Raises
    ------
    QueryRefused
        If it is no reference.
    """
    place = fields(node, where, ("idx", "version"))["idx"]
    if isinstance(place, bool) or not isinstance(place, int):
        raise refusal(f"{type(place).__name__} as {where}", allowed="a number")
    return place
