"""Judge query parameters: which are missing, which are not allowed, who asks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from anomed_core.errors import InvalidParameterError, MissingParameterError
from anomed_core.model import Parameter, Role, Split, Subject, SubmissionKind

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+:-]{0,127}")
"""Identifiers of anonymizers and deanonymizers."""

_IDENTIFIERS = ("anonymizer", "deanonymizer")


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
    if parameter.name in _IDENTIFIERS and not IDENTIFIER.fullmatch(value):
        raise InvalidParameterError(
            parameter.name,
            f"got {value[:80]!r}; an identifier has 1 to 128 letters, digits or ._@+:- and begins "
            "with a letter or digit.",
        )


def subject_of(kind: SubmissionKind, parameters: Mapping[str, str], *, holder: str = "") -> Subject:
    """Return who submits.

    Parameters
    ----------
    kind
        Says in which role.
    parameters
        The query, which names the subject.
    holder
        Whom the token belongs to, if there is one: it names the subject where the query need not,
        so that nobody spends the attempts of all who leave their id out.
    """
    anonymizer = parameters.get("anonymizer", "")
    if kind.submitter is Role.ANONYMIZER:
        return Subject(role=Role.ANONYMIZER, anonymizer=anonymizer or holder)
    return Subject(
        role=Role.DEANONYMIZER,
        anonymizer=anonymizer,
        deanonymizer=parameters.get("deanonymizer", "") or holder,
    )


def split_of(kind: SubmissionKind, parameters: Mapping[str, str]) -> Split:
    """Return the split that a submission is for."""
    if "data_split" in parameters:
        return Split(parameters["data_split"])
    if kind.default_split is None:
        raise MissingParameterError("data_split")
    return kind.default_split
