"""Teams: under which name they are shown, and whether they are disqualified."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.errors import UsageError
from anomed_core.ledger.chain import append_audit, audit_rows
from anomed_core.ledger.criteria import renew_criteria
from anomed_core.ledger.database import Database
from anomed_core.ledger.schema import chain_heads, grants, scores, teams, tokens
from anomed_core.ledger.times import utc_microseconds
from anomed_core.model import Role

DISQUALIFIED, REINSTATED, RENAMED = "team disqualified", "team reinstated", "team renamed"
"""Actions of the audit rows that stand behind what is known about a team."""

_LONGEST_NAME = 128
_ABOUT_TEAMS = {DISQUALIFIED, REINSTATED, RENAMED}


@attrs.frozen(kw_only=True)
class TeamFacts:
    """What is known about a team.

    Attributes
    ----------
    team
        Its name in the ledger, which never changes.
    name
        Under which it is shown; empty if its ids are.
    disqualified
        Why it is disqualified; empty if it is not.
    ids
        Under which it competes, or has competed; sorted.
    """

    team: str
    name: str = ""
    disqualified: str = ""
    ids: tuple[str, ...] = ()


class TeamBook:
    """What an organiser decides about teams; each decision is a row of the audit.

    Parameters
    ----------
    database
        Shared with the ledger.
    clock
        Returns microseconds since 1970-01-01 UTC.
    """

    def __init__(self, database: Database, *, clock: Callable[[], int] = utc_microseconds) -> None:
        self._database = database
        self._clock = clock

    def facts(self) -> Sequence[TeamFacts]:
        """Return what is known about all teams, sorted."""
        with self._database.reading(snapshot=True) as connection:
            return _facts(connection)

    def disqualify(self, team: str, reason: str) -> None:
        """Take a team out of all rankings, with all that it has attacked and was attacked by.

        It submits nothing any more and is attacked by nobody; no score changes.

        Raises
        ------
        UsageError
            If there is no such team, or it is disqualified already.
        """
        with self._database.writing() as connection:
            _hold_scores(connection)
            if _known(connection, team).disqualified:
                raise UsageError(f"the team {team!r} is disqualified already")
            self._decide(connection, DISQUALIFIED, team, {"reason": reason})
            _rank_anew(connection, team)

    def reinstate(self, team: str, reason: str) -> None:
        """Let a team compete again, and count all that counted before.

        Raises
        ------
        UsageError
            If there is no such team, or it is not disqualified.
        """
        with self._database.writing() as connection:
            _hold_scores(connection)
            if not _known(connection, team).disqualified:
                raise UsageError(f"the team {team!r} is not disqualified")
            self._decide(connection, REINSTATED, team, {"reason": reason})
            _rank_anew(connection, team)

    def rename(self, team: str, name: str, reason: str) -> None:
        """Show a team under another name; ids, and what is recorded under them, stay.

        Raises
        ------
        UsageError
            If there is no such team, or the name is none, or another team's.
        """
        with self._database.writing() as connection:
            self._database.serialise(connection, "tokens")
            known = _facts(connection)
            _known(connection, team)
            if not (name.isprintable() and name.strip() == name and 0 < len(name) <= _LONGEST_NAME):
                raise UsageError(
                    f"{name!r} is no name: one has 1 to {_LONGEST_NAME} characters that can be "
                    "printed, and no space at its ends"
                )
            for other in known:
                if other.team != team and _same(name, {other.team, other.name, *other.ids}):
                    raise UsageError(f"{name!r} is the team {other.team!r}; choose another name")
            self._decide(connection, RENAMED, team, {"name": name, "reason": reason})

    def _decide(
        self, connection: sa.Connection, action: str, team: str, detail: dict[str, str]
    ) -> None:
        append_audit(connection, action, {"team": team, **detail}, now=self._clock())
        stored = connection.execute(sa.select(teams).where(teams.c.team == team)).mappings().first()
        before = dict(stored) if stored else {"team": team, "name": "", "disqualified": ""}
        connection.execute(sa.delete(teams).where(teams.c.team == team))
        connection.execute(sa.insert(teams).values(_after(before, action, detail)))


def _hold_scores(connection: sa.Connection) -> None:
    """Let nobody record a score until this decision is made.

    Whoever records one sees the decision, or is seen by it. It comes before the audit, as it does
    where a score is annulled: in two orders they would wait for each other for ever.
    """
    connection.execute(
        sa.select(chain_heads.c.hash).where(chain_heads.c.name == scores.name).with_for_update()
    )


def _rank_anew(connection: sa.Connection, team: str) -> None:
    """Write the criteria anew of all that a team has a part in."""
    theirs = sa.select(grants.c.challenge, grants.c.role, grants.c.holder).where(
        grants.c.token.in_(sa.select(tokens.c.id).where(tokens.c.team == team))
    )
    ids: dict[str, set[tuple[Role, str]]] = {}
    for challenge, role, holder in connection.execute(theirs):
        ids.setdefault(challenge, set()).add((Role(role), holder))
    for challenge, about in ids.items():
        renew_criteria(connection, challenge, about)


def _after(before: dict[str, Any], action: str, detail: dict[str, str]) -> dict[str, Any]:
    """Return what is known about a team after a decision."""
    if action == RENAMED:
        return {**before, "name": detail["name"]}
    return {**before, "disqualified": detail["reason"] if action == DISQUALIFIED else ""}


def _facts(connection: sa.Connection) -> list[TeamFacts]:
    decided = {row["team"]: row for row in connection.execute(sa.select(teams)).mappings()}
    query = (
        sa.select(tokens.c.team, grants.c.holder)
        .select_from(grants.join(tokens, tokens.c.id == grants.c.token))
        .distinct()
        .order_by(tokens.c.team, grants.c.holder)
    )
    ids: dict[str, list[str]] = {}
    for team, holder in connection.execute(query):
        ids.setdefault(team, []).append(holder)
    return [
        TeamFacts(**{**decided.get(team, {"team": team}), "ids": tuple(holders)})
        for team, holders in ids.items()
    ]


def _known(connection: sa.Connection, team: str) -> TeamFacts:
    known = next((facts for facts in _facts(connection) if facts.team == team), None)
    if known is None:
        raise UsageError(f"no token was ever created for a team {team!r}; see anomed teams list")
    return known


def _same(name: str, taken: set[str]) -> bool:
    return name.casefold() in {one.casefold() for one in taken}


def shown_names(connection: sa.Connection, challenge: str) -> dict[str, str]:
    """Return under which names ids of a challenge are shown; those that are missing, as they are.

    Of a team that has several ids in one role, the id stands behind the name.
    """
    query = (
        sa.select(tokens.c.team, teams.c.name, grants.c.role, grants.c.holder)
        .select_from(
            grants.join(tokens, tokens.c.id == grants.c.token).join(
                teams, teams.c.team == tokens.c.team
            )
        )
        .where(grants.c.challenge == challenge, teams.c.name != "")
        .distinct()
    )
    rows = connection.execute(query).all()
    n_ids = Counter((row.team, row.role) for row in rows)
    shown: dict[str, str] = {}
    for row in sorted(rows):
        is_one = n_ids[row.team, row.role] == 1 and "(" not in shown.get(row.holder, "")
        shown[row.holder] = row.name if is_one else f"{row.name} ({row.holder})"
    return shown


def team_faults(connection: sa.Connection) -> Iterator[tuple[str, int, str]]:
    """Yield table and number of what is not as the audit says, with one sentence."""
    decided: dict[str, dict[str, Any]] = {}
    numbers: dict[str, int] = {}
    for row in audit_rows(connection):
        if row.action in _ABOUT_TEAMS:
            team = row.detail["team"]
            before = decided.get(team, {"team": team, "name": "", "disqualified": ""})
            decided[team] = _after(before, row.action, dict(row.detail))
            numbers[team] = row.id
    stored = {row["team"]: dict(row) for row in connection.execute(sa.select(teams)).mappings()}
    for team in sorted(stored.keys() | decided.keys()):
        if stored.get(team) != decided.get(team):
            yield teams.name, numbers.get(team, 0), f"{team!r} is not what was decided about it"
