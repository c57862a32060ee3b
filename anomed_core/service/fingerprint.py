"""What makes scores of a challenge comparable: its configuration, data, draws and metrics."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, time
from decimal import Decimal
from pathlib import PurePath
from typing import Any

import attrs

from anomed_core.hookspecs.creation import CreationContext
from anomed_core.model import HouseAttack, Metric
from anomed_core.wire.digests import digest_value

_DECIDES_SCORES = "fingerprint"
"""Key of a field's metadata; if it is false, the field may change while scores stay comparable."""


def fingerprint_of(
    type_name: str,
    config: Any,
    context: CreationContext,
    metrics: Mapping[str, tuple[Metric, ...]],
    house_attacks: Iterable[HouseAttack] = (),
) -> str:
    """Return a digest that changes with anything that decides scores.

    Parameters
    ----------
    type_name
        The challenge's type.
    config
        What the organiser decided. Fields of a configuration class with the metadata
        ``{"fingerprint": False}`` don't count.
    context
        What the challenge was created with; its frozen data, its draws and what was taken of other
        distributions count.
    metrics
        Declared metrics by name of the kind.
    house_attacks
        Those that declare their metrics count, since their results rank.

    Returns
    -------
    str
        Hexadecimal digest.
    """
    facts = {
        "type": type_name,
        "config": stable(config),
        "data": context.frozen_digests,
        "draws": context.lottery.fingerprint,
        "metrics": {kind: stable(declared) for kind, declared in metrics.items()},
    }
    declared = {attack.name: stable(attack.metrics) for attack in house_attacks if attack.metrics}
    taken = {point.name: point.distribution for point in context.taken}
    named = {"house attacks": declared, "taken": taken}
    return digest_value(facts | {name: fact for name, fact in named.items() if fact})


def settings_digest(config: Any) -> str:
    """Return a digest that changes with any setting, whether it decides scores or not."""
    return digest_value(stable(config, whole=True))


def stable(value: Any, *, whole: bool = False) -> Any:
    """Return a value as JSON that is the same in every process, for equal values.

    What has no such form, such as a model or a table given in Python, becomes the name of its
    class; data among it count by the digests of what was frozen.

    Parameters
    ----------
    value
        A configuration, or a part of one.
    whole
        Whether fields that decide no score count, too.

    Examples
    --------
    >>> from pathlib import Path
    >>> stable({"source": Path("iris.npz"), "shares": (0.5, 0.25), "columns": {"b", "a"}})
    {'source': 'iris.npz', 'shares': ['0.5', '0.25'], 'columns': ['a', 'b']}
    """
    if isinstance(value, enum.Enum):
        return stable(value.value)
    if isinstance(value, (Mapping, list, tuple, AbstractSet)) or attrs.has(type(value)):
        return _stable_parts(value, whole)
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return repr(float(value))
    if isinstance(value, (Decimal, PurePath, date, time)):
        return str(value)
    return type(value).__qualname__


def _stable_parts(value: Any, whole: bool) -> Any:
    if isinstance(value, Mapping):
        return {str(key): stable(item, whole=whole) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [stable(item, whole=whole) for item in value]
    if isinstance(value, AbstractSet):
        return sorted((stable(item, whole=whole) for item in value), key=repr)
    return {
        field.name: stable(getattr(value, field.name), whole=whole)
        for field in attrs.fields(type(value))
        if whole or field.metadata.get(_DECIDES_SCORES, True)
    }
