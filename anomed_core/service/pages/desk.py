"""The organiser's desk: what needs somebody, what was handed in, and what can be done about it."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
from markupsafe import Markup

from anomed_core.ledger import DELIVER
from anomed_core.model import Metric, Score
from anomed_core.report import Cell, Fact, Facts, Notice, Section, Table, day_of
from anomed_core.report.forms import EMPTY, Field, Form
from anomed_core.service.house_attacks import ATTACK
from anomed_core.service.organising import Done, Organising
from anomed_core.service.organising.actions import named
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.timeline import now_open
from anomed_core.service.pages.visit import Visit
from anomed_core.service.readiness import Readiness

PER_PAGE = 50
LEDGER_TIMEOUT_S = 2.0
REASON = Field(name="reason", label="Reason", hint="The team reads it on its page.")


@attrs.frozen(kw_only=True)
class Desk:
    """An organiser at a challenge's desk.

    Attributes
    ----------
    visit
        Where the organiser is.
    organising
        What the organiser decides about.
    key
        The hidden field of all forms.
    done
        What came of the last action.
    problem
        Why the last action was not done.
    """

    visit: Visit
    organising: Organising
    key: Markup = EMPTY
    done: Done | None = None
    problem: str = ""

    def form(self, action: str, *fields: Field, name: str, tone: str = "") -> Form:
        """Return the form of an action."""
        return Form(
            action=self.visit.at(f"/organiser/{action}"),
            fields=fields,
            word=named(action).word,
            key=self.key,
            name=name,
            tone=tone,  # type: ignore[arg-type]
        )

    def notices(self) -> Iterable[object]:
        """Yield what came of the last action."""
        if self.problem:
            text = f"{self.problem[:1].upper()}{self.problem[1:]}."
            yield Notice(head="Nothing was changed.", text=text, tone="bad", alert=True)
        if self.done is not None:
            yield Notice(head=self.done.said, tone="good")
        if self.done is not None and self.done.tokens:
            yield Table(
                caption="New tokens, shown this once: they are kept nowhere",
                head=("team", "token"),
                rows=[
                    (team, Markup("<code>{}</code>").format(token))
                    for team, token in self.done.tokens
                ],
            )

    def parts(self) -> Iterable[object]:
        """Yield the links to the other pages of the desk."""
        pages = (
            ("/organiser", "Submissions"),
            ("/organiser/teams", "Teams and tokens"),
            ("/organiser/records", "Records and health"),
        )
        links = [
            Markup('<a href="{}">{}</a>').format(self.visit.at(path), words)
            for path, words in pages
        ]
        yield Markup("<p>{}</p>").format(Markup(" · ").join(links))


def desk(one: Desk) -> Content:
    """Return the first page of the desk."""
    return Content(
        title="Organiser's desk",
        parts=[
            *one.notices(),
            *one.parts(),
            *_needs(one),
            Facts(_facts(one)),
            Section(title="Submissions", parts=_submissions(one)),
            Section(title="More attempts", parts=_granting(one)),
        ],
    )


def _needs(one: Desk) -> list[object]:
    problems = Readiness(one.visit.server, timeout_s=LEDGER_TIMEOUT_S).problems()
    given_up = [fact for fact in one.visit.server.follow_ups.facts() if fact.state == "failed"]
    told: list[object] = [
        Notice(head="The server is not ready:", text=problem, tone="bad") for problem in problems
    ]
    if given_up:
        text = f"{len(given_up)} follow-ups of scores were given up; see the records."
        told.append(Notice(head="Something did not arrive.", text=text, tone="warn"))
    return told or [Notice(head="Nothing needs you.", tone="good")]


def _facts(one: Desk) -> Iterable[Fact]:
    visit = one.visit
    stage = now_open(visit)
    yield Fact(name="Now open", value=stage.name, notes=[stage.until] if stage.until else [])
    waiting = visit.server.follow_ups.n_waiting(ATTACK)
    yield Fact(name="House attacks", value=f"{waiting} waiting")
    yield Fact(name="Ledger", value=f"{visit.server.ledger.n_scores()} entries")
    yield Fact(name="Deliveries", value=f"{visit.server.follow_ups.n_waiting(DELIVER)} waiting")


def _submissions(one: Desk) -> list[object]:
    visit = one.visit
    before = visit.query.get("before", "")
    scores = visit.server.ledger.newest_scores(
        visit.hosted.id,
        before=int(before) if before.isdecimal() and len(before) < len(str(2**62)) else None,
        limit=PER_PAGE + 1,
    )
    year = visit.server.ledger.now().year
    shown = scores[:PER_PAGE]
    parts: list[object] = [
        Table(
            caption="What participants handed in, the newest first; times are UTC",
            head=("entry", "sent", "by", "what", "metrics", "actions"),
            rows=[_row(one, score, year) for score in shown],
            empty="Nobody has handed in anything.",
            folds=True,
        )
    ]
    if len(scores) > PER_PAGE:
        address = f"{visit.at('/organiser')}?before={shown[-1].id}"
        parts.append(Markup('<p><a href="{}">Older ones</a></p>').format(address))
    exports = [
        Markup('<a href="{}?format={}">{}</a>').format(
            visit.at("/organiser/export"), form, form.upper()
        )
        for form in ("csv", "jsonl")
    ]
    parts.append(Markup("<p>All entries as {}</p>").format(Markup(" or ").join(exports)))
    return parts


def _row(one: Desk, score: Score, year: int) -> list[str | Cell]:
    visit = one.visit
    link = Markup('<a href="{}">{}</a>').format(
        visit.at(f"/scores/{visit.told(score.id)}"), score.id
    )
    subject = score.subject
    who = Markup("<bdi>{}</bdi>").format(subject.deanonymizer or subject.anonymizer)
    on = [f"on {subject.anonymizer}"] if subject.deanonymizer and subject.anonymizer else []
    state = [f"annulled: {score.annulled}"] if score.annulled else []
    if score.supersedes is not None and not score.annulled:
        state = [f"re-evaluated, before: entry {score.supersedes}"]
    return [
        link,
        day_of(score.recorded_at, year=year),
        Cell(text=who, notes=on),
        Cell(text=f"{score.kind}, {score.split.value}", notes=state),
        ", ".join(_metrics(visit, score)),
        _actions(one, score),
    ]


def _metrics(visit: Visit, score: Score, most: int = 2) -> list[str]:
    """Return the metrics that rank, and others as far as there is room."""
    declared: tuple[Metric, ...] = visit.hosted.metrics.get(score.kind, ())
    order = sorted(declared, key=lambda metric: not metric.primary)
    known = [metric.name for metric in order if metric.name in score.metrics]
    return [f"{name} {score.metrics[name]:.4g}" for name in known[:most]]


def _actions(one: Desk, score: Score) -> Markup:
    entry = Field(name="score", kind="hidden", value=str(score.id))
    again = one.form("reevaluate", entry, name=f"reevaluate-{score.id}")
    if score.annulled:
        return Markup("")
    returns = Field(name="return_attempt", label="Its attempt returns", kind="tick", required=False)
    annul = one.form("annul", entry, REASON, returns, name=f"annul-{score.id}", tone="bad")
    return annul.folded("Annul") + again.folded("Evaluate again")


def _granting(one: Desk) -> list[object]:
    quota = one.visit.server.submissions.quota
    if quota is None:
        return ["No quota is set: everybody may tune as often as they like."]
    kinds = [(kind.name, kind.name) for kind in one.visit.hosted.kinds]
    fields = (
        Field(name="kind", label="Submission kind", kind="select", choices=kinds),
        Field(name="anonymizer", label="Anonymizer"),
        Field(name="deanonymizer", label="Deanonymizer", required=False, hint="Of attacks, whose."),
        Field(name="number", label="How many more", kind="number"),
        attrs.evolve(REASON, hint="It stands in the audit."),
    )
    return [one.form("grant", *fields, name="grant").markup()]
