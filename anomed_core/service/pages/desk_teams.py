"""The organiser's page about teams: who takes part, under which ids, and with how many tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from markupsafe import Markup

from anomed_core.ledger import EVERY_CHALLENGE, TokenFacts
from anomed_core.ledger.teams import TeamFacts
from anomed_core.report import Cell, Notice, Section, Table
from anomed_core.report.forms import Field, Form
from anomed_core.service.organising.actions import named
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.desk import REASON, Desk
from anomed_core.service.registration import Wanted

_HERE = (("Organiser's desk", "/organiser"),)


def desk_teams(one: Desk) -> Content:
    """Return teams, and the form that invites more of them."""
    return Content(
        title="Teams and tokens",
        trail=_HERE,
        parts=[
            *one.notices(),
            *one.parts(),
            _table(one),
            Section(title="Invite teams", parts=_inviting(one)),
        ],
    )


def desk_invitation(
    one: Desk, *, text: str, wanted: Sequence[Wanted], warnings: Sequence[str]
) -> Content:
    """Return what a file of teams asks for, before anything is made of it."""
    rows = [(w.team, w.grant.challenge, w.grant.role.value, w.grant.holder) for w in wanted]
    form = Form(
        action=one.visit.at("/organiser/invite"),
        fields=[Field(name="teams", kind="hidden", value=text)],
        word=named("invite").word,
        key=one.key,
        name="invite",
    )
    back = Markup('<p><a href="{}">Leave it</a></p>').format(one.visit.at("/organiser/teams"))
    return Content(
        title="Check the file",
        trail=(*_HERE, ("Teams and tokens", "/organiser/teams")),
        lead=f"{len({w.team for w in wanted})} tokens would be made, and shown once.",
        parts=[
            *(Notice(head="Note:", text=f"{warning}.", tone="warn") for warning in warnings),
            Table(
                caption="What the file asks for",
                head=("team", "challenge", "role", "id"),
                rows=rows,
                folds=True,
            ),
            form.markup(),
            back,
        ],
    )


def _table(one: Desk) -> Table:
    here = {one.visit.hosted.id, EVERY_CHALLENGE}
    tokens: dict[str, list[TokenFacts]] = {}
    for fact in one.visit.server.tokens.facts():
        if any(grant.challenge in here for grant in fact.identity.grants):
            tokens.setdefault(fact.identity.team, []).append(fact)
    teams = [team for team in one.visit.server.teams.facts() if team.team in tokens]
    return Table(
        caption="Teams of this challenge",
        head=("team", "ids", "tokens", "state", "actions"),
        rows=[
            (
                Cell(
                    text=Markup("<bdi>{}</bdi>").format(team.name or team.team),
                    notes=[team.team] if team.name else [],
                ),
                _ids(tokens[team.team], here),
                _counted(tokens[team.team]),
                f"disqualified: {team.disqualified}" if team.disqualified else "competes",
                _actions(one, team, tokens[team.team], number),
            )
            for number, team in enumerate(teams, 1)
        ],
        empty="No team has a token yet.",
        folds=True,
    )


def _ids(facts: Sequence[TokenFacts], here: set[str]) -> str:
    named_here = {
        f"{grant.holder} ({grant.role.value})"
        for fact in facts
        for grant in fact.identity.grants
        if grant.challenge in here
    }
    return ", ".join(sorted(named_here))


def _counted(facts: Sequence[TokenFacts]) -> str:
    states = Counter("valid" if fact.revoked_at is None else "revoked" for fact in facts)
    return ", ".join(f"{n} {state}" for state, n in sorted(states.items(), reverse=True))


def _actions(one: Desk, team: TeamFacts, facts: Sequence[TokenFacts], number: int) -> Markup:
    whose = Field(name="team", kind="hidden", value=team.team)
    name = Field(name="name", label="Shown as", value=team.name or team.team)
    decision = "reinstate" if team.disqualified else "disqualify"
    forms = [
        one.form(decision, whose, REASON, name=f"{decision}-{number}", tone="bad"),
        one.form("rename", whose, name, REASON, name=f"rename-{number}"),
    ]
    if any(fact.revoked_at is None for fact in facts):
        forms += [
            one.form("reissue", whose, name=f"reissue-{number}"),
            one.form("revoke", whose, name=f"revoke-{number}", tone="bad"),
        ]
    return Markup("").join(form.folded(form.word) for form in forms)


def _inviting(one: Desk) -> list[object]:
    form = Form(
        action=one.visit.at("/organiser/check"),
        fields=[
            Field(
                name="file",
                label="CSV file of teams",
                kind="file",
                accepts=(".csv",),
                hint="Columns team and role; challenge and id may be added.",
            )
        ],
        word="Check the file",
        key=one.key,
        name="check",
    )
    return ["Nothing is made before you have seen what the file asks for.", form.markup()]
