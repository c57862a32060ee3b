"""Whom organisers mean: ids of subjects, challenges and what is known about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anomed_core.errors import UsageError

if TYPE_CHECKING:
    from anomed_core.cli.records import Records
    from anomed_core.model import Subject

EVERYBODY = "everybody"
"""Stands for all subjects together where they share an account."""


def named_subject(text: str) -> Subject:
    """Return the anonymizer, or the pair, that is named.

    Raises
    ------
    UsageError
        If it is neither.
    """
    from anomed_core.model import Role, Subject
    from anomed_core.service.parameters import IDENTIFIER

    anonymizer, slash, deanonymizer = text.partition("/")
    names = [anonymizer, deanonymizer] if slash else [anonymizer]
    is_attacker_alone = slash and not anonymizer  # where attacks name no target
    if not all(IDENTIFIER.fullmatch(name) for name in names[bool(is_attacker_alone) :]):
        raise UsageError(f"{text!r} is neither an id nor ANONYMIZER/DEANONYMIZER")
    role = Role.DEANONYMIZER if slash else Role.ANONYMIZER
    return Subject(role=role, anonymizer=anonymizer, deanonymizer=deanonymizer)


def name_of(subject: Subject | None) -> str:
    """Return how a subject is named; who has no id, by the role."""
    if subject is None:
        return EVERYBODY
    if subject.deanonymizer:
        return f"{subject.anonymizer}/{subject.deanonymizer}"
    return subject.anonymizer or subject.role.value


def chosen_challenge(records: Records, named: str | None) -> str:
    """Return the challenge that is meant, which must have been served.

    Raises
    ------
    UsageError
        If there is no such challenge, or several and none is named.
    """
    known = records.ledger.rules()
    if named is None and len(known) == 1:
        return next(iter(known))
    if named not in known:
        there = ", ".join(known) or "none"
        wrong = f"there is no challenge {named!r}" if named else "say which --challenge is meant"
        raise UsageError(f"{wrong}; those that were served by this release are: {there}")
    return named


def refuse_without_token(
    records: Records, challenge: str, subject: Subject, text: str, *, hint: str
) -> None:
    """Refuse a subject that no token was made for: it may be misspelt.

    Raises
    ------
    UsageError
        Saying whose token is missing.
    """
    from anomed_core.ledger import Grant
    from anomed_core.model import Role

    ids = {Role.ANONYMIZER: subject.anonymizer, Role.DEANONYMIZER: subject.deanonymizer}
    for role, name in ids.items():
        token = Grant(role=role, holder=name, challenge=challenge)
        if name and records.tokens.owner(token) is None:
            raise UsageError(
                f"{text!r} has submitted nothing to {challenge!r}, and no token is for the {role} "
                f"{name!r}; see {hint}"
            )
