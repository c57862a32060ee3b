"""Finding by metadata, loading by name: what is broken harms nobody but who asks for it."""

from __future__ import annotations

import dataclasses
import difflib
from typing import Any, cast

import attrs

from anomed_anomaly_detection.interface import Detector, TaskSource, Trigger
from anomed_core import ExtensionPoint, UsageError, extension_points

DETECTORS = "anomed.anomaly_detectors"
TASKS = "anomed.anomaly_tasks"
TRIGGERS = "anomed.anomaly_triggers"

_METHODS = {DETECTORS: ("fit", "restore"), TASKS: ("build",), TRIGGERS: ("draw",)}
_WORDS = {DETECTORS: "detector", TASKS: "task", TRIGGERS: "trigger"}


@attrs.frozen(kw_only=True)
class Offer:
    """Something that is offered, and how loading it went.

    Attributes
    ----------
    point : ExtensionPoint
    offered : type or None
        The dataclass; ``None`` if it could not be loaded.
    error : str
        Why not, in one sentence; empty if it could.
    """

    point: ExtensionPoint
    offered: type[Any] | None = None
    error: str = ""


def _slug(name: str) -> str:
    return name.replace("_", "-")


def offers(group: str) -> tuple[Offer, ...]:
    """Load everything of a group, and say of each broken one what is wrong with it.

    Parameters
    ----------
    group
        `DETECTORS`, `TASKS` or `TRIGGERS`.

    Returns
    -------
    tuple of Offer
        In alphabetical order.
    """
    found = []
    for name, point in extension_points(group).items():
        try:
            found.append(Offer(point=point, offered=load(group, name)))
        except UsageError as error:
            found.append(Offer(point=point, error=str(error)))
    return tuple(found)


def load(group: str, name: str) -> type[Any]:
    """Import what is offered under a name; hyphens and underscores are alike.

    Raises
    ------
    UsageError
        With one sentence: nobody offers the name, two distributions do, the code is broken, or it
        is no frozen dataclass with the methods of its group.
    """
    points = extension_points(group)
    alike = [point for key, point in points.items() if _slug(key) == _slug(name)]
    word = _WORDS[group]
    if not alike:
        near = difflib.get_close_matches(_slug(name), [_slug(key) for key in points], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UsageError(
            f"no {word} {name!r} is installed{hint}; there are {', '.join(points) or 'none'}"
        )
    if len(alike) > 1:
        owners = " and ".join(sorted({owner for point in alike for owner in point.distributions}))
        raise UsageError(f"{word} {name!r} is offered by {owners}; uninstall one")
    offered = alike[0].load()
    lacking = [method for method in _METHODS[group] if not callable(getattr(offered, method, None))]
    is_frozen = (
        isinstance(offered, type)
        and dataclasses.is_dataclass(offered)
        and getattr(offered, "__dataclass_params__").frozen  # noqa: B009  # not in any stub
    )
    if lacking or not is_frozen:
        wanted = "() and ".join(_METHODS[group])
        raise UsageError(f"{alike[0]} must be a frozen dataclass with {wanted}()")
    return cast("type[Any]", offered)


def _configured(group: str, name: str, options: dict[str, Any]) -> Any:
    offered = load(group, name)
    known = [field.name for field in dataclasses.fields(offered) if field.init]
    for option in options:
        if option not in known:
            near = difflib.get_close_matches(option, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known) or 'none'}"
            raise UsageError(f"{_WORDS[group]} {name!r} has no option {option!r}; {hint}")
    try:
        return offered(**options)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{_WORDS[group]} {name!r} refuses its options: {error}") from error


def detector(name: str, **options: Any) -> Detector:
    """Return an installed detector.

    Parameters
    ----------
    name
        Such as ``mahalanobis``; hyphens and underscores are alike.
    **options
        Fields of its dataclass.

    Raises
    ------
    UsageError
        If there is no such detector or option, or its code is broken.

    Examples
    --------
    >>> detector("mahalanobis", relative=True).relative
    True
    """
    return cast("Detector", _configured(DETECTORS, name, options))


def trigger(name: str, **options: Any) -> Trigger:
    """Return an installed trigger; see `detector`."""
    return cast("Trigger", _configured(TRIGGERS, name, options))


def task_source(name: str, **options: Any) -> TaskSource:
    """Return an installed task source; see `detector`."""
    return cast("TaskSource", _configured(TASKS, name, options))
