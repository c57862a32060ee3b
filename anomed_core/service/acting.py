"""Under which of a token's grants a request acts, and whom that refuses."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from anomed_core.errors import (
    InvalidParameterError,
    MissingParameterError,
    NotAllowedError,
    NotAuthenticatedError,
)
from anomed_core.ledger import EVERY_CHALLENGE, Grant, Identity
from anomed_core.model import ANONYMIZER, DATA_SPLIT, Caller, Operation, Role, Split, Subject
from anomed_core.service.hosting import HostedChallenge

OWN_ID = {Role.ANONYMIZER: "anonymizer", Role.DEANONYMIZER: "deanonymizer"}
WHERE_TO_SEND = (
    "A token is required; send it as Authorization: Bearer TOKEN, or in the URL as "
    "http://ID:TOKEN@host/."
)


def acting_grant(
    identity: Identity | None,
    hosted: HostedChallenge,
    roles: Collection[Role] = (),
    query: Mapping[str, str] = {},
) -> Grant | None:
    """Return the grant of a token that fits a request best; ``None`` without a token.

    Parameters
    ----------
    identity
        Who asks.
    hosted
        The challenge.
    roles
        Who the request is meant for; organisers are meant always.
    query
        The ids that it names.
    """

    def fit(grant: Grant) -> tuple[bool, bool, int]:
        named = query.get(OWN_ID.get(grant.role, ""), "")
        is_meant = grant.role in roles or grant.role is Role.ORGANISER
        return is_here(grant, hosted), is_meant, 2 if named == grant.holder else not named

    return max(identity.grants, key=fit, default=None) if identity is not None else None


def with_own_id(
    query: Mapping[str, str],
    identity: Identity | None,
    hosted: HostedChallenge,
    roles: Collection[Role],
) -> dict[str, str]:
    """Fill in the id of the token's holder where the query leaves it out.

    Otherwise all who leave it out would be one subject, and spend each other's attempts.

    Parameters
    ----------
    query
        Query parameters by name; absent ones may be empty.
    identity
        Who asks; the query of an organiser, or of somebody without a token, stays as it is.
    hosted, roles
        See `acting_grant`.

    Raises
    ------
    InvalidParameterError
        If the token has several ids of the role, so that nobody knows which is meant.
    """
    grant = acting_grant(identity, hosted, roles, query)
    name = OWN_ID.get(grant.role) if grant is not None else None
    if identity is None or grant is None or name is None or query.get(name):
        return dict(query)
    ids = [g.holder for g in identity.grants if g.role is grant.role and is_here(g, hosted)]
    if len(ids) > 1:
        raise InvalidParameterError(name, f"your token holds {', '.join(ids)}; say which is meant.")
    return {**query, name: grant.holder}


def named_caller(operation: Operation, query: Mapping[str, str]) -> Caller:
    """Return who calls an operation, where the ids in the query are believed.

    Raises
    ------
    MissingParameterError
        If the query names nobody of the operation's audience.
    """
    players = [role for role in OWN_ID if role in operation.audience]
    for role in reversed(players):  # an attacker names the attacked, too
        if query.get(OWN_ID[role]):
            return Caller(id=query[OWN_ID[role]], role=role)
    for role in (Role.PUBLIC, Role.ORGANISER):
        if role in operation.audience:
            return Caller(role=role)
    raise MissingParameterError(OWN_ID[players[-1]])


def names_of(identity: Identity) -> set[str]:
    """Return the names under which a token may be sent: its team, and the ids of its grants."""
    return {identity.team, *(grant.holder for grant in identity.grants)}


def is_here(grant: Grant, hosted: HostedChallenge) -> bool:
    """Return whether a grant is of this challenge."""
    return grant.challenge in {hosted.id, EVERY_CHALLENGE}


def as_subject(grant: Grant | None) -> Subject | None:
    """Return the holder of a grant as extensions are told of it."""
    if grant is None:
        return None
    return Subject(
        role=grant.role,
        anonymizer=grant.holder if grant.role is Role.ANONYMIZER else "",
        deanonymizer=grant.holder if grant.role is Role.DEANONYMIZER else "",
    )


def known_here(grant: Grant | None, hosted: HostedChallenge) -> Grant:
    """Return a grant of this challenge, or refuse.

    Raises
    ------
    NotAuthenticatedError, NotAllowedError
    """
    if grant is None:
        raise NotAuthenticatedError(WHERE_TO_SEND)
    if not is_here(grant, hosted):
        raise NotAllowedError("The token belongs to another challenge.")
    return grant


def refuse_disqualified(identity: Identity | None) -> None:
    """Refuse what a disqualified team hands in or asks for.

    Raises
    ------
    NotAllowedError
    """
    if identity is not None and identity.disqualified:
        raise NotAllowedError(
            f"The team {identity.team!r} is disqualified ({identity.disqualified}); nothing that "
            "it submits is taken."
        )


def refuse_other_ids(grant: Grant, parameters: Mapping[str, str]) -> None:
    """Refuse a request that names another one's id as the caller's own.

    Raises
    ------
    NotAllowedError
    """
    name = OWN_ID.get(grant.role)
    given = parameters.get(name, "") if name else ""
    if name and given and given != grant.holder:
        raise NotAllowedError(
            f'The "{name}" parameter is {given!r}, but the token belongs to {grant.holder!r}.'
        )


def own_id(subject: Subject) -> str:
    """Return the id that a subject goes by: that of its role."""
    return subject.deanonymizer if subject.role is Role.DEANONYMIZER else subject.anonymizer


def subject_of_call(operation: Operation, caller: Caller, parameters: Mapping[str, str]) -> Subject:
    """Return who calls as the ledger knows it; a pair where a target is asked about."""
    asked = parameters[ANONYMIZER.name] if operation.with_target else ""
    return Subject(
        role=caller.role,
        anonymizer=caller.id if caller.role is Role.ANONYMIZER else asked,
        deanonymizer=caller.id if caller.role is Role.DEANONYMIZER else "",
    )


def split_of_call(operation: Operation, parameters: Mapping[str, str]) -> Split | None:
    """Return the split that a call is about; ``None`` if it is about none."""
    if DATA_SPLIT.name in parameters:
        return Split(parameters[DATA_SPLIT.name])
    return operation.default_split
