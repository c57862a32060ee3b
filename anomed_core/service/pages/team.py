"""The page of a team: what it has sent, what is left to it, and when there is more."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from anomed_core.errors import NotAuthenticatedError
from anomed_core.ledger import Attempt, Choice, Grant, Quota
from anomed_core.model import Role, Score, Split, Subject
from anomed_core.report import Cell, Fact, Facts, Notice, Section, Table, day_of, when
from anomed_core.service.acting import WHERE_TO_SEND
from anomed_core.service.outlook import Outlook, outlook_of
from anomed_core.service.pages.budgets import budgets_of
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.visit import Visit

_MOST_ATTEMPTS = 500
_SPLITS = {Split.TUNING: "tuning", Split.VALIDATION: "final"}
_FINALS = {"open": "not sent yet", "claimed": "being scored", "scored": "sent"}


def team(visit: Visit) -> Content:
    """Return what a team has done in a challenge, and may still do.

    Raises
    ------
    NotAuthenticatedError
        If nobody is signed in.
    """
    if not visit.players:
        if visit.is_organiser:
            return _nobody(visit, "Organisers send nothing; open a score from the ranking.")
        if visit.is_open:
            return _nobody(visit, "Say under which name you take part.")
        raise NotAuthenticatedError(WHERE_TO_SEND)
    parts: list[object] = []
    identity = visit.identity
    if identity is not None and identity.disqualified:
        said = f"\u201c{identity.disqualified}\u201d Write to the organiser if this is wrong."
        parts.append(Notice(head="Disqualified by the organiser.", text=said, tone="bad"))
    for grant in visit.players:
        own = _of_grant(visit, grant)
        several = len(visit.players) > 1
        title = f"{grant.holder}, as {grant.role.value}"
        parts += [Section(title=title, parts=own)] if several else own
    return Content(
        title=visit.name or visit.players[0].holder,
        lead=_lead(visit),
        parts=parts,
        here="Your team",
    )


def _nobody(visit: Visit, words: str) -> Content:
    form = Markup(
        '<form class="filter" method="get"><label>Anonymizer <input name="anonymizer"></label>'
        '<label>Deanonymizer <input name="deanonymizer"></label>'
        "<button>Show</button></form>"
    )
    return Content(
        title="Your team", lead=words, parts=[form] if visit.is_open else [], here="Your team"
    )


def _lead(visit: Visit) -> str:
    roles = " and ".join(sorted({grant.role.value for grant in visit.players}))
    return f"Takes part in \u201c{visit.hosted.challenge.title}\u201d as {roles}."


def _of_grant(visit: Visit, grant: Grant) -> list[object]:
    is_attacker = grant.role is Role.DEANONYMIZER
    subject = Subject(role=grant.role, **{grant.role.value: grant.holder})
    attempts = visit.server.ledger.attempts(
        challenge=visit.hosted.id,
        subject=subject,
        choice=Choice(every_pair=is_attacker, limit=_MOST_ATTEMPTS),
    )
    scores = {
        attempt.score_id: visit.server.ledger.score(attempt.score_id)
        for attempt in attempts
        if attempt.score_id is not None
    }
    head: list[object] = [] if is_attacker else [Facts(_facts(visit, subject))]
    if is_attacker:
        head.append(
            Markup(
                '<p>What is left is counted for each target: <a href="{}">attack board</a>.</p>'
            ).format(visit.at("/attacks"))
        )
    return [
        *head,
        Section(title="What you sent", parts=[_history(visit, attempts, scores)]),
        *budgets_of(visit, subject),
    ]


def left_to(visit: Visit) -> list[Fact]:
    """Return what the visitor may still send as an anonymizer; nothing for anybody else."""
    return [
        fact
        for grant in visit.players
        if grant.role is Role.ANONYMIZER
        for fact in _facts(visit, Subject(role=grant.role, anonymizer=grant.holder))
    ]


def _facts(visit: Visit, subject: Subject) -> list[Fact]:
    facts = []
    quota = visit.server.submissions.quota
    kinds = [kind for kind in visit.hosted.kinds if kind.submitter is subject.role]
    for kind in kinds:
        outlook = outlook_of(
            visit.server.ledger,
            challenge=visit.hosted.id,
            kind=kind.name,
            subject=subject,
            quota=quota,
        )
        of = f", {kind.name}" if len(kinds) > 1 else ""
        if Split.TUNING in kind.splits:
            facts.append(_tuning(outlook, quota, of))
        if Split.VALIDATION in kind.splits:
            facts.append(
                Fact(
                    name=f"Final{of}",
                    value=_FINALS[outlook.final],
                    notes=["each final is scored once"],
                )
            )
    return facts


def _tuning(outlook: Outlook, quota: Quota | None, of: str) -> Fact:
    name = f"Tuning attempts{of}"
    if quota is None or outlook.tuning_remaining is None:
        return Fact(name=name, value="no limit")
    again = Markup("{} again at {}")
    notes = [again.format(quota.attempts, when(outlook.resets_at))] if outlook.resets_at else []
    return Fact(
        name=name, value=f"{outlook.tuning_remaining} of {quota.attempts} left", notes=notes
    )


def _history(visit: Visit, attempts: Sequence[Attempt], scores: dict[int, Score | None]) -> Table:
    year = visit.server.ledger.now().year
    rows = [_row(visit, one, scores.get(one.score_id or 0), year) for one in reversed(attempts)]
    return Table(
        caption="Newest first; what is refused costs nothing and is not listed.",
        head=("what", "result", "state", "sent, UTC"),
        rows=rows,
        empty="You have sent nothing yet.",
        folds=True,
    )


def _row(visit: Visit, attempt: Attempt, score: Score | None, year: int) -> tuple[str | Cell, ...]:
    what = f"{attempt.kind}, {_SPLITS[attempt.split]}"
    if attempt.subject.role is Role.DEANONYMIZER and attempt.subject.anonymizer:
        what += f", on {attempt.subject.anonymizer}"
    title: str = what
    if attempt.score_id is not None:
        href = visit.at(f"/scores/{visit.told(attempt.score_id)}")
        title = Markup('<a href="{}">{}</a>').format(href, what)
    return (
        Cell(text=title),
        _result(visit, attempt, score),
        Cell(text=attempt.state, notes=[attempt.reason] if attempt.reason else []),
        day_of(attempt.claimed_at, year=year),
    )


def _result(visit: Visit, attempt: Attempt, score: Score | None) -> str | Cell:
    if score is None:
        return Cell(text="\u2013")
    until = visit.server.seals.of_score(visit.hosted, score)
    if until is not None and not visit.is_organiser:
        return Cell(text="sealed", notes=[Markup("until {}").format(when(until))])
    primary = [m for m in visit.hosted.metrics.get(attempt.kind, ()) if m.primary]
    names = [m.name for m in primary] or list(score.metrics)[:1]
    told = "; ".join(f"{name} {score.metrics[name]:.3f}" for name in names if name in score.metrics)
    return Cell(text=told, notes=[f"annulled: {score.annulled}"] if score.annulled else [])
