"""What organisers write into forms, checked."""

from __future__ import annotations

from collections.abc import Mapping

from anomed_core.errors import UsageError
from anomed_core.model import Role, Subject

Fields = Mapping[str, str]

_LONGEST_REASON = 500
_LARGEST = 2**53


def given_subject(role: Role, fields: Fields) -> Subject:
    """Return whose attempts are meant.

    Raises
    ------
    UsageError
        If not all ids are given that the role needs, and no other.
    """
    anonymizer = fields.get("anonymizer", "").strip()
    deanonymizer = fields.get("deanonymizer", "").strip()
    if not anonymizer or (role is Role.DEANONYMIZER) != bool(deanonymizer):
        needed = "an anonymizer alone" if role is Role.ANONYMIZER else "both ids"
        raise UsageError(f"attempts of this kind belong to {needed}")
    return Subject(role=role, anonymizer=anonymizer, deanonymizer=deanonymizer)


def given_reason(fields: Fields) -> str:
    """Return why something is decided.

    Raises
    ------
    UsageError
        If nothing is said, or more than one line.
    """
    reason = fields.get("reason", "").strip()
    if not reason or len(reason) > _LONGEST_REASON or not reason.isprintable():
        raise UsageError(f"give a reason, in one line of at most {_LONGEST_REASON} characters")
    return reason


def given_number(fields: Fields, name: str, *, most: int = _LARGEST) -> int:
    """Return a whole number from 1 on.

    Raises
    ------
    UsageError
        If it is none.
    """
    text = fields.get(name, "").strip()
    number = int(text) if text.isdecimal() and len(text) <= len(str(_LARGEST)) else 0
    if not 1 <= number <= most:
        raise UsageError(f"{name} is {text[:40]!r}; give a whole number from 1 to {most}")
    return number
