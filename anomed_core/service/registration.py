"""Who may be given a token: rules about teams, ids and roles, for all ways to create one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from anomed_core.errors import UsageError
from anomed_core.ledger import EVERY_CHALLENGE, Grant, NewToken, TokenFacts
from anomed_core.model import BothRoles, Role
from anomed_core.service.parameters import IDENTIFIER

_COMPETING = {Role.ANONYMIZER, Role.DEANONYMIZER}


@attrs.frozen(kw_only=True)
class Wanted:
    """A grant that somebody asks for.

    Attributes
    ----------
    team
        Whose it is to be.
    grant
        What is wanted.
    line
        Where it is asked for, in a file; 0 elsewhere.
    """

    team: str
    grant: Grant
    line: int = 0


@attrs.frozen
class Registration:
    """Judges who asks for tokens.

    Attributes
    ----------
    both_roles
        By challenge; what is not named warns.
    refuses_twice
        Whether a team may not be given what a valid token of it grants already.
    """

    both_roles: Mapping[str, BothRoles]
    refuses_twice: bool = False

    def warnings(self, wanted: Sequence[Wanted], known: Sequence[TokenFacts]) -> list[str]:
        """Judge all that is wanted.

        Parameters
        ----------
        wanted
            What is asked for.
        known
            All tokens that there are.

        Returns
        -------
        list of str
            What the organiser should know about what is allowed.

        Raises
        ------
        UsageError
            Naming everything that is refused, each with its line.
        """
        held = _Held.of(known)
        refused: list[tuple[int, str]] = []
        warned: dict[str, None] = {}
        for one in wanted:
            problem = next(self._problems(one, held), None)
            if problem is not None:
                refused.append((one.line, problem))
                continue
            warned |= dict.fromkeys(self._doubts(one, held))
            held.add(one.team, one.grant)
        if refused:
            raise UsageError("; ".join(_at(line, problem) for line, problem in refused))
        return list(warned)

    def _problems(self, one: Wanted, held: _Held) -> Iterator[str]:
        team, grant = one.team, one.grant
        for name in dict.fromkeys((team, grant.holder)):
            if not IDENTIFIER.fullmatch(name):
                yield (
                    f"{name!r} is not an identifier: one has 1 to 128 letters, digits or ._@+:- "
                    "and begins with a letter or digit"
                )
        if team in held.disqualified:
            yield (
                f"the team {team!r} is disqualified ({held.disqualified[team]}); reinstate it first"
            )
        owner = held.owners.get((grant.challenge, grant.holder), team)
        if grant.role in _COMPETING and owner != team:
            yield (
                f"{grant.holder!r} belongs to the team {owner!r} in {grant.challenge!r}; "
                "choose another id"
            )
        if self.refuses_twice and grant in held.valid.get(team, ()):
            yield (
                f"the team {team!r} holds {grant} already; leave it out, or use anomed tokens "
                "reissue"
            )
        yield from self._role_problems(one, held)

    def _role_problems(self, one: Wanted, held: _Held) -> Iterator[str]:
        team, grant = one.team, one.grant
        others = held.roles_of(team, grant)
        if (grant.role in _COMPETING and Role.ORGANISER in others) or (
            grant.role is Role.ORGANISER and others & _COMPETING
        ):
            yield f"the team {team!r} would organise and compete; give the organiser another name"
        if others & (_COMPETING - {grant.role}) and self._rule(grant) is BothRoles.REFUSE:
            yield (
                f"the team {team!r} would be both anonymizer and deanonymizer in "
                f"{grant.challenge!r}, where what one is given answers the other's questions; use "
                'two teams, or set both_roles = "warn" there'
            )

    def _doubts(self, one: Wanted, held: _Held) -> Iterator[str]:
        team, grant = one.team, one.grant
        competing = _COMPETING - {grant.role}
        if grant.role not in _COMPETING or self._rule(grant) is BothRoles.ALLOW:
            return
        if held.roles_of(team, grant) & competing:
            yield (
                f"the team {team!r} is both anonymizer and deanonymizer in {grant.challenge!r}: "
                "it can use what it is given as the one in the place of the other"
            )
        elif held.roles_of(team, grant, revoked=True) & competing:
            yield (
                f"the team {team!r} had the other role in {grant.challenge!r}, until its token was "
                "revoked: it may know what it was given then"
            )

    def _rule(self, grant: Grant) -> BothRoles:
        return self.both_roles.get(grant.challenge, BothRoles.WARN)


@attrs.define
class _Held:
    """What teams hold, and what they have asked for so far.

    Attributes
    ----------
    valid, revoked
        Grants by team.
    owners
        Teams by challenge and id.
    disqualified
        Reasons by team.
    """

    valid: dict[str, set[Grant]] = attrs.field(factory=dict)
    revoked: dict[str, set[Grant]] = attrs.field(factory=dict)
    owners: dict[tuple[str, str], str] = attrs.field(factory=dict)
    disqualified: dict[str, str] = attrs.field(factory=dict)

    @classmethod
    def of(cls, known: Iterable[TokenFacts]) -> _Held:
        held = cls()
        for fact in known:
            team = fact.identity.team
            if fact.identity.disqualified:
                held.disqualified[team] = fact.identity.disqualified
            for grant in fact.identity.grants:
                held.add(team, grant, is_valid=fact.revoked_at is None)
        return held

    def add(self, team: str, grant: Grant, *, is_valid: bool = True) -> None:
        grants = self.valid if is_valid else self.revoked
        grants.setdefault(team, set()).add(grant)
        if grant.role in _COMPETING:
            self.owners.setdefault((grant.challenge, grant.holder), team)

    def roles_of(self, team: str, about: Grant, *, revoked: bool = False) -> set[Role]:
        """Return the roles that a team has where a grant is valid."""
        held = (self.revoked if revoked else self.valid).get(team, set())
        return {grant.role for grant in held if _meets(grant.challenge, about.challenge)}


def _meets(one: str, other: str) -> bool:
    return one == other or EVERY_CHALLENGE in {one, other}


def _at(line: int, problem: str) -> str:
    return f"line {line}: {problem}" if line else problem


def by_team(wanted: Iterable[Wanted]) -> list[NewToken]:
    """Return one token for each team, in the order in which they are first named."""
    grants: dict[str, list[Grant]] = {}
    for one in wanted:
        grants.setdefault(one.team, []).append(one.grant)
    return [NewToken(team=team, grants=tuple(dict.fromkeys(g))) for team, g in grants.items()]
