"""What a metric's measure asks for: the truth and what was given, or more by name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import attrs

BY_NAME = ("challenge", "request", "submission", "target")
"""What a measure may name among its arguments."""

TRUTH, GIVEN = "truth", "given"

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


@attrs.frozen
class Arguments:
    """What a measure is called with.

    Attributes
    ----------
    positional, keyword
        Names of `BY_NAME`, and ``truth`` and ``given``, in the order of the measure's arguments.
    """

    positional: tuple[str, ...] = (TRUTH, GIVEN)
    keyword: tuple[str, ...] = ()

    @property
    def compares(self) -> bool:
        """Whether it takes the truth and what was given."""
        return TRUTH in self.positional

    def call(self, measure: Callable[..., Any], values: Mapping[str, Any]) -> Any:
        """Call a measure with those of the values that it asks for."""
        positional = [values[name] for name in self.positional]
        return measure(*positional, **{name: values[name] for name in self.keyword})


def arguments_of(measure: Callable[..., Any], metric: str) -> Arguments:
    """Return what a measure asks for.

    Parameters
    ----------
    measure
        Any callable. Arguments that have one of the names in `BY_NAME` get that; two further
        positional ones are the truth and what was given, whatever their names.
    metric
        Name of the metric, for messages.

    Raises
    ------
    TypeError
        If there is an argument that nothing is known for.

    Examples
    --------
    >>> arguments_of(lambda truth, given, request: 0.0, "m").positional
    ('truth', 'given', 'request')
    >>> arguments_of(lambda *, challenge, submission: 0.0, "m")
    Arguments(positional=(), keyword=('challenge', 'submission'))
    """
    try:
        parameters = inspect.signature(measure).parameters.values()
    except (TypeError, ValueError):  # some built-in functions have none
        return Arguments()
    positional = [parameter for parameter in parameters if parameter.kind in _POSITIONAL]
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        taken: tuple[str, ...] = (TRUTH, GIVEN)
    else:
        taken = _taken(measure, positional, metric)
    needed = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.name not in BY_NAME]
    for parameter in needed:
        if parameter.default is parameter.empty:
            raise _refused(measure, metric)
    named = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name in BY_NAME]
    return Arguments(taken, tuple(named))


def _taken(
    measure: Callable[..., Any], positional: list[inspect.Parameter], metric: str
) -> tuple[str, ...]:
    """Return what each positional argument gets, up to the last one that gets anything."""
    others = [p for p in positional if p.name not in BY_NAME]
    required = [p for p in others if p.default is p.empty]
    if len(others) == 1 and [p.name for p in positional if p not in others] == ["target"]:
        return (TRUTH, GIVEN)  # as in (prediction, target), which are names of some libraries
    if len(others) < 2 and not required:
        compared: list[str] = []
    elif len(others) >= 2 and len(required) <= 2:
        compared = [p.name for p in others[:2]]
    else:
        raise _refused(measure, metric)
    names = dict(zip(compared, (TRUTH, GIVEN), strict=False))
    known = [names.get(p.name, p.name if p.name in BY_NAME else None) for p in positional]
    taken = [name for name in known if name is not None]
    if None in known[: len(taken)]:
        raise _refused(measure, metric)
    return tuple(taken)


def _refused(measure: Callable[..., Any], metric: str) -> TypeError:
    return TypeError(
        f"the measure of the metric {metric!r} takes {inspect.signature(measure)}; a measure takes "
        f"two positional arguments, the truth and what was given, or none, and may name any of "
        f"{', '.join(BY_NAME)}; give other arguments a default, behind these"
    )
