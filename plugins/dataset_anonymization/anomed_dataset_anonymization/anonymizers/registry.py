"""All anonymizers by name, and how to make one from what a person typed."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import attrs

from anomed_dataset_anonymization.anonymizers.full_domain import Datafly, OptimalRecoding
from anomed_dataset_anonymization.anonymizers.microaggregation import Mdav
from anomed_dataset_anonymization.anonymizers.mondrian import Mondrian
from anomed_dataset_anonymization.anonymizers.noise import Noise
from anomed_dataset_anonymization.anonymizers.pram import Pram
from anomed_dataset_anonymization.anonymizers.rank_swapping import RankSwapping
from anomed_dataset_anonymization.anonymizers.trivial import Identity, Suppression

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anomed_dataset_anonymization.anonymizers.anonymizer import Anonymizer

ANONYMIZERS: Mapping[str, type[Anonymizer]] = MappingProxyType(
    {
        method.name: method
        for method in (
            Datafly,
            Identity,
            Mdav,
            Mondrian,
            Noise,
            OptimalRecoding,
            Pram,
            RankSwapping,
            Suppression,
        )
    }
)
"""The anonymizers by name; the parameters of each are its attrs fields."""

_WORDS = {"true": True, "yes": True, "false": False, "no": False}


def create_anonymizer(method: str, parameters: Mapping[str, Any]) -> Anonymizer:
    """Make an anonymizer from its name and its parameters.

    Parameters
    ----------
    method : str
        A key of `ANONYMIZERS`.
    parameters : mapping of str to object
        Values by parameter name; text is read as a value of the parameter's type. Hyphens and
        underscores in names are interchangeable.

    Returns
    -------
    Anonymizer

    Raises
    ------
    ValueError
        If the method or a parameter is unknown, or a value is not allowed.

    Examples
    --------
    >>> create_anonymizer("mondrian", {"k": "5", "relaxed": "yes"})
    Mondrian(k=5, relaxed=True)
    """
    if method not in ANONYMIZERS:
        raise ValueError(f"there is no method {method!r}; use one of {', '.join(ANONYMIZERS)}.")
    kind: Any = ANONYMIZERS[method]
    fields = attrs.fields_dict(kind)
    values = {}
    for name, value in parameters.items():
        field = fields.get(name.replace("-", "_"))
        if field is None:
            allowed = f"it takes {', '.join(fields)}" if fields else "it takes none"
            raise ValueError(f"the method {method!r} has no parameter {name!r}; {allowed}.")
        values[field.name] = _read(value, field) if isinstance(value, str) else value
    anonymizer: Anonymizer = kind(**values)
    return anonymizer


def _read(text: str, field: attrs.Attribute[Any]) -> Any:
    expected = type(field.default)
    try:
        if expected is bool:
            return _WORDS[text.lower()]
        return expected(text) if expected in {int, float, str} else text
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"the parameter {field.name!r} must be of type {expected.__name__}, got {text!r}."
        ) from error
