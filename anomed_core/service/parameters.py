"""Judge query parameters: which are missing, which are not allowed, who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import attrs

from anomed_core.errors import InvalidParameterError, MissingParameterError
from anomed_core.model import (
    ANONYMIZER,
    DEANONYMIZER,
    Parameter,
    Role,
    Split,
    Subject,
    SubmissionKind,
)

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+:-]{0,127}")
"""Identifiers of anonymizers and deanonymizers."""

_IDS = tuple(attrs.evolve(declared, required=False) for declared in (ANONYMIZER, DEANONYMIZER))
_ID_NAMES = {declared.name for declared in _IDS}


def checked_parameters(declared: Sequence[Parameter], given: Mapping[str, str]) -> dict[str, str]:
    """Return the declared parameters that were given; unknown ones are tolerated.

    Parameters
    ----------
    declared
        In the order in which their absence is reported.
    given
        The query.

    Returns
    -------
    dict of str to str
        Only declared names.

    Raises
    ------
    MissingParameterError
        Naming the first required one that is absent or empty.
    InvalidParameterError
        If a value is not among the choices or an identifier has characters that are not allowed.
    """
    values = {parameter.name: given.get(parameter.name, "") for parameter in declared}
    for parameter in declared:
        if parameter.required and not values[parameter.name]:
            raise MissingParameterError(parameter.name)
    chosen = {name: value for name, value in values.items() if value}
    for parameter in declared:
        if parameter.name in chosen:
            _check(parameter, chosen[parameter.name])
    return chosen


def _check(parameter: Parameter, value: str) -> None:
    if parameter.choices and value not in parameter.choices:
        raise InvalidParameterError(
            parameter.name, f"got {value[:80]!r}; allowed are {', '.join(parameter.choices)}."
        )
    if parameter.name in _ID_NAMES and not IDENTIFIER.fullmatch(value):
        raise InvalidParameterError(
            parameter.name,
            f"got {value[:80]!r}; an identifier has 1 to 128 letters, digits or ._@+:- and begins "
            "with a letter or digit.",
        )


def subject_of(kind: SubmissionKind, query: Mapping[str, str]) -> Subject:
    """Return who submits, according to the query.

    Raises
    ------
    InvalidParameterError
        If an id has characters that are not allowed.
    """
    ids = checked_parameters(_IDS, query)
    if kind.submitter is Role.ANONYMIZER:
        return Subject(role=Role.ANONYMIZER, anonymizer=ids.get("anonymizer", ""))
    return Subject(
        role=Role.DEANONYMIZER,
        anonymizer=ids.get("anonymizer", ""),
        deanonymizer=ids.get("deanonymizer", ""),
    )


def split_of(kind: SubmissionKind, parameters: Mapping[str, str]) -> Split:
    """Return the split that a submission is for."""
    if "data_split" in parameters:
        return Split(parameters["data_split"])
    if kind.default_split is None:
        raise MissingParameterError("data_split")
    return kind.default_split
