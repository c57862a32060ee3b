"""Converters and validators of declared fields: what is wrong is a sentence, and names whose it is.

Any iterable may be given where a tuple or a set is kept; one word stands for a set of one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, TypeVar

import attrs

from anomed_core.model.roles import BothRoles, Direction, FinalScores, Purpose, Role, Split

Choice = TypeVar("Choice", bound=StrEnum)

_IDENTITIES = ("name", "path", "metric")
"""What the first attribute of a class is called if it tells its objects apart."""


def naming(_: type[Any], fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Let what converters and validators refuse say whose it is.

    For ``attrs.frozen(field_transformer=naming)``.
    """
    return [
        field.evolve(
            converter=field.converter and _naming_converter(field.converter),
            validator=field.validator and _naming_validator(field.validator),
        )
        for field in fields
    ]


def _naming_converter(convert: Any) -> Any:
    def converted(value: Any, instance: Any, field: attrs.Attribute[Any]) -> Any:
        try:
            return convert(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"the {field.name} of {_called(instance)}: {error}") from error

    return attrs.Converter(converted, takes_self=True, takes_field=True)


def _naming_validator(validate: Callable[[Any, Any, Any], Any]) -> Any:
    def validated(instance: Any, field: attrs.Attribute[Any], value: Any) -> None:
        try:
            validate(instance, field, value)
        except (TypeError, ValueError) as error:
            sentence = str(error.args[0])  # attrs' own add what people need not read
            if (_own_name(instance) or type(instance).__name__) in sentence:
                raise
            whose = _called(instance)
            raise type(error)(f"the {field.name} of {whose}: {sentence}") from error

    return validated


def _called(instance: Any) -> str:
    """Return what an object is, and its name where it has one by now."""
    kind, name = type(instance).__name__, _own_name(instance)
    return f"the {kind} {name!r}" if name else f"a {kind}"


def _own_name(instance: Any) -> str:
    first = attrs.fields(type(instance))[0].name
    name = getattr(instance, first, None) if first in _IDENTITIES else None
    return name if isinstance(name, str) else ""


def as_tuple(values: Iterable[Any]) -> tuple[Any, ...]:
    """Return any iterable as a tuple; a word as a tuple of one.

    Raises
    ------
    TypeError
        If it is none.
    """
    if isinstance(values, str):
        return (values,)
    if not isinstance(values, Iterable):
        raise TypeError(f"expected several values, such as a list, got {values!r}")
    return tuple(values)


def choice_of(choices: type[Choice], value: Choice | str) -> Choice:
    """Return one of some words.

    Raises
    ------
    ValueError
        If it is none of them; says what they are.
    """
    try:
        return choices(value)
    except ValueError as error:
        allowed = ", ".join(choice.value for choice in choices)
        raise ValueError(f"{value!r} is no {_words(choices)}; give {allowed}") from error


def as_role(value: Role | str) -> Role:
    """Return a role, or the role of a name."""
    return choice_of(Role, value)


def as_split(value: Split | str) -> Split:
    """Return a split, or the split of a name."""
    return choice_of(Split, value)


def as_direction(value: Direction | str) -> Direction:
    """Return a direction, or the direction of a name."""
    return choice_of(Direction, value)


def as_purpose(value: Purpose | str) -> Purpose:
    """Return a purpose, or the purpose of a name."""
    return choice_of(Purpose, value)


def as_both_roles(value: BothRoles | str) -> BothRoles:
    """Return whether one team may play both roles, by its word."""
    return choice_of(BothRoles, value)


def as_final_scores(value: FinalScores | str) -> FinalScores:
    """Return whether scores of finals are sealed, by its word."""
    return choice_of(FinalScores, value)


def as_roles(values: Iterable[Role | str]) -> frozenset[Role]:
    """Return roles, or their names, as a frozen set of roles; one alone as a set of one."""
    return frozenset(map(as_role, as_tuple(values)))


def as_splits(values: Iterable[Split | str]) -> frozenset[Split]:
    """Return splits, or their names, as a frozen set of splits; one alone as a set of one."""
    return frozenset(map(as_split, as_tuple(values)))


def matching(
    pattern: str | re.Pattern[str], rule: str
) -> Callable[[Any, attrs.Attribute[Any], Any], None]:
    """Return a validator of text.

    Parameters
    ----------
    pattern
        Of the whole text.
    rule
        What is allowed, for people, with an example.
    """
    compiled = re.compile(pattern)

    def validate(instance: Any, attribute: attrs.Attribute[Any], value: Any) -> None:
        if not isinstance(value, str) or compiled.fullmatch(value) is None:
            raise ValueError(
                f"the {attribute.name} of a {type(instance).__name__} is {value!r}; write {rule}"
            )

    return validate


def _words(choices: type[StrEnum]) -> str:
    """Return the name of a class as people write it."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", choices.__name__).lower()
