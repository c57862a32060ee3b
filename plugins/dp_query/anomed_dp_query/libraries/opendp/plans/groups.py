"""Read which groups are answered: keys that metadata or the question itself make public."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.opendp.arrow_literals import frame_values
from anomed_dp_query.libraries.opendp.plans.nodes import (
    fields,
    items,
    only,
    reference,
    refusal,
    text,
    variant,
)
from anomed_dp_query.libraries.opendp.plans.rows import Known

_MOST_GROUPS = 10_000
_JOIN = ("input_left", "input_right", "left_on", "right_on", "predicates", "options")
_ARGUMENTS = {
    "how": "Left",
    "validation": "ManyToMany",
    "suffix": "_right",
    "slice": None,
    "coalesce": "JoinSpecific",
    "maintain_order": "None",
}


def read_keys(content: Any) -> tuple[int, int, tuple[str, ...]]:
    """Read a join of a frame of keys with groups.

    Returns
    -------
    grouped, frame : int
        References to the groups and the frame.
    names
        The columns that both have.

    Raises
    ------
    QueryRefused
        If it is another join.
    """
    parts = fields(content, "Join", _JOIN)
    only(parts["predicates"], "predicates of Join", [])
    options = fields(
        parts["options"], "options of Join", ("allow_parallel", "force_parallel", "args")
    )
    arguments = fields(options["args"], "args of Join", (*_ARGUMENTS, "nulls_equal"))
    for name, value in _ARGUMENTS.items():
        only(arguments[name], f"{name} of Join", value)
    left, right = _columns(parts["left_on"]), _columns(parts["right_on"])
    if left != right:
        raise refusal("a join of columns of different names", allowed="the same names")
    grouped = reference(parts["input_right"], "input_right")
    return grouped, reference(parts["input_left"], "input_left"), left


def _columns(node: Any) -> tuple[str, ...]:
    return tuple(
        text(variant(column, "a key", ("Column",))[1], "a key")
        for column in items(node, "keys of Join", most=10)
    )


def read_combinations(
    groups: tuple[str, ...],
    columns: Mapping[str, Known],
    keys: tuple[tuple[str, ...], bytes] | None,
) -> tuple[tuple[Any, ...], ...]:
    """Return the keys of each group that is answered, in order, whoever is in it.

    Parameters
    ----------
    groups
        Names of the columns.
    columns
        What is public about them.
    keys
        Names and Arrow stream of the keys that the plan brings along; ``None`` for metadata's.

    Raises
    ------
    QueryRefused
        If keys are private, there are too many, or they do not fit the columns.
    """
    if keys is not None:
        return _brought(groups, *keys)
    listed: list[tuple[Any, ...]] = []
    for name in groups:
        known = columns[name].keys
        if known is None:
            raise QueryRefused(
                f"the keys of {name!r} are private, and a key that few people have would tell of "
                "them; join the groups with keys of your own (with_keys), cut numbers into "
                "intervals, or take a column whose keys are public"
            )
        listed.append(known)
    n_groups = math.prod(len(one) for one in listed)
    if n_groups > _MOST_GROUPS:
        raise refusal(f"{n_groups} groups", allowed=f"{_MOST_GROUPS}")
    return tuple(itertools.product(*listed))


def _brought(
    groups: tuple[str, ...], names: tuple[str, ...], stream: bytes
) -> tuple[tuple[Any, ...], ...]:
    values = frame_values(stream, what="the frame of keys")
    if set(values) != set(groups) or set(names) != set(groups):
        raise refusal(
            f"keys of {', '.join(values)[:80]}", allowed=f"keys of {', '.join(groups)}, all of them"
        )
    combinations = tuple(zip(*(values[name] for name in groups), strict=True))
    if len(set(combinations)) < len(combinations):
        raise refusal("a key twice", allowed="each key once")
    return combinations
