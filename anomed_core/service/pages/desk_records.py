"""The organiser's page about records: phases, deliveries, storage, health, and what was decided."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from markupsafe import Markup

from anomed_core.ledger import DELIVER, AuditRow
from anomed_core.report import Fact, Facts, Section, Table, day_of, when
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.desk import LEDGER_TIMEOUT_S, Desk
from anomed_core.service.pages.timeline import timeline
from anomed_core.service.readiness import Readiness

_MOST_ROWS = 200
_GIB = 2**30


def desk_records(one: Desk) -> Content:
    """Return what a server remembers and how it is."""
    dates = timeline(one.visit)
    fixed = (
        "Dates are those of the configuration: change them there and send the server SIGHUP, or "
        "start it anew."
    )
    return Content(
        title="Records and health",
        trail=(("Organiser's desk", "/organiser"),),
        parts=[
            *one.notices(),
            *one.parts(),
            Facts(_facts(one)),
            Section(title="Phases", parts=[*([dates] if dates else ["Nothing ends."]), fixed]),
            Section(title="Deliveries", parts=_deliveries(one)),
            Section(title="Audit trail", parts=[_audit(one)]),
        ],
    )


def _facts(one: Desk) -> list[Fact]:
    server = one.visit.server
    problems = Readiness(server, timeout_s=LEDGER_TIMEOUT_S).problems()
    room = shutil.disk_usage(server.state.root)
    return [
        Fact(
            name="Health",
            value="not ready" if problems else "ready",
            notes=problems,
            tone="bad" if problems else "good",
        ),
        Fact(
            name="Room on the disk",
            value=f"{room.free / _GIB:.1f} GiB",
            notes=[f"of {room.total / _GIB:.1f} GiB"],
        ),
        Fact(name="Ledger", value=f"{server.ledger.n_scores()} entries"),
        Fact(name="Server's time", value=when(server.ledger.now())),
    ]


def _deliveries(one: Desk) -> list[object]:
    facts = one.visit.server.follow_ups.facts(DELIVER)
    if not one.organising.leads_all:
        return ["Deliveries are of all challenges: whoever organises all of them sees them."]
    open_ones = [fact for fact in facts if fact.state != "done"]
    n_done = len(facts) - len(open_ones)
    table = Table(
        caption=f"{n_done} have arrived; what has not:",
        head=("entry", "state", "tries", "last error"),
        rows=[
            (str(fact.score_id), fact.state, str(fact.tries), fact.last_error)
            for fact in open_ones[:_MOST_ROWS]
        ],
        empty=f"{n_done} have arrived, and none is missing.",
        folds=True,
    )
    return [table, *([one.form("retry", name="retry").markup()] if open_ones else [])]


def _audit(one: Desk) -> Table:
    rows = [row for row in one.visit.server.ledger.audit_trail() if _is_theirs(one, row)]
    year = one.visit.server.ledger.now().year
    n_left_out = max(0, len(rows) - _MOST_ROWS)
    more = f"; {n_left_out} older ones are in anomed ledger verify" if n_left_out else ""
    return Table(
        caption=f"What was decided, the newest first; times are UTC{more}",
        head=("row", "when", "what", "about", "by"),
        rows=[
            (
                str(row.id),
                day_of(row.recorded_at, year=year),
                row.action,
                _about(row.detail),
                row.detail.get("by", "the command line"),
            )
            for row in reversed(rows[-_MOST_ROWS:])
        ],
        empty="Nothing was decided yet.",
        folds=True,
    )


def _is_theirs(one: Desk, row: AuditRow) -> bool:
    """Return whether a decision is about what the organiser organises."""
    organising, detail = one.organising, row.detail
    if organising.leads_all:
        return True
    if "challenge" in detail:
        return detail["challenge"] in organising.led
    if "score" in detail and detail["score"].isdecimal():
        score = one.visit.server.ledger.score(int(detail["score"]))
        return score is not None and score.challenge in organising.led
    granted = detail.get("grants", "").split()
    return bool(granted) and all(grant.partition(":")[0] in organising.led for grant in granted)


def _about(detail: Mapping[str, str]) -> Markup:
    pairs = [
        Markup("{} <bdi>{}</bdi>").format(name.replace("_", " "), value)
        for name, value in detail.items()
        if name != "by"
    ]
    return Markup("; ").join(pairs)
