"""Accounts of a team, and what it has asked: for types that are played by asking."""

from __future__ import annotations

from markupsafe import Markup

from anomed_core.errors import NotAuthenticatedError, UnknownResourceError
from anomed_core.ledger import AccountFacts, Entry, KeptBody
from anomed_core.model import Account, Subject, amount_text
from anomed_core.report import Cell, Fact, Facts, Section, Table, day_of, when
from anomed_core.service.accounts import accounts_of
from anomed_core.service.acting import WHERE_TO_SEND
from anomed_core.service.pages.content import Content
from anomed_core.service.pages.visit import Visit

_MOST_CALLS = 200
_MOST_DIGITS = 18
_LONGEST_SHOWN = 2000


def has_accounts(visit: Visit) -> bool:
    """Return whether the visitor has anything to pay from here."""
    return any(
        accounts_of(visit.hosted, Subject(role=grant.role, **{grant.role.value: grant.holder}))
        for grant in visit.players
    )


def budgets_of(visit: Visit, subject: Subject) -> list[object]:
    """Return a section about a subject's accounts; none if it has none."""
    facts = [
        fact
        for account in accounts_of(visit.hosted, subject)
        for fact in _facts(account, _stands(visit, account, subject))
    ]
    if not facts:
        return []
    link = Markup('<p><a href="{}">What you asked, and were answered</a></p>').format(
        visit.at("/archive")
    )
    return [Section(title="Budgets", parts=[Facts(facts), link], anchor="budgets")]


def accounts(visit: Visit) -> Content:
    """Return how the visitor's accounts stand.

    Raises
    ------
    NotAuthenticatedError
        If nobody is signed in.
    UnknownResourceError
        If nothing is paid for here.
    """
    if not visit.hosted.accounts:
        raise UnknownResourceError("Nothing in this challenge is paid from an account.")
    if not visit.players:
        raise NotAuthenticatedError(WHERE_TO_SEND)
    parts: list[object] = []
    for grant in visit.players:
        subject = Subject(role=grant.role, **{grant.role.value: grant.holder})
        parts += budgets_of(visit, subject)
    rows = [
        (
            account.name,
            account.description,
            "everybody" if account.shared else "each participant",
            f"every {account.period_s:g} s" if account.period_s else "never",
        )
        for account in visit.hosted.accounts.values()
    ]
    head = ("account", "what", "of", "renews")
    parts.append(Table(caption="All accounts of this challenge", head=head, rows=rows, folds=True))
    return Content(
        title="Budgets",
        lead="What is left to ask with.",
        parts=parts,
        trail=[("Your team", "/team")],
    )


def transcript(visit: Visit) -> Content:
    """Return what the visitor asked in paid calls and was answered, the newest first.

    Raises
    ------
    NotAuthenticatedError
        If nobody is signed in.
    """
    if not visit.players and not visit.is_organiser:
        raise NotAuthenticatedError(WHERE_TO_SEND)
    subjects: list[Subject | None] = [
        Subject(role=grant.role, **{grant.role.value: grant.holder}) for grant in visit.players
    ]
    archive, after = visit.server.archive, visit.query.get("after", "")
    if not (after.isascii() and after.isdigit() and len(after) < _MOST_DIGITS):
        after = "0"
    entries = [
        entry
        for subject in subjects or [None]
        for entry in archive.entries(
            visit.hosted, subject, visit.identity, after=int(after), limit=_MOST_CALLS + 1
        )
    ]
    year = visit.server.ledger.now().year
    rows = [_call(visit, entry, year) for entry in entries[:_MOST_CALLS]]
    parts: list[object] = [
        Table(
            caption="Calls, the oldest first",
            head=("call", "paid", "asked and answered", "when, UTC"),
            rows=rows,
            empty="You have asked nothing yet.",
            folds=True,
        )
    ]
    if len(entries) > _MOST_CALLS:
        later = Markup('<p><a href="?after={}">Later calls</a></p>')
        parts.append(later.format(entries[_MOST_CALLS - 1].id))
    return Content(
        title="Transcript",
        lead="Each paid call, as it is kept in the archive.",
        parts=parts,
        trail=[("Your team", "/team")],
    )


def _stands(visit: Visit, account: Account, subject: Subject) -> AccountFacts:
    return visit.server.ledger.budgets.of(visit.hosted.id, account, subject)


def _facts(account: Account, facts: AccountFacts) -> list[Fact]:
    told = []
    for balance in facts.balances:
        left = "no limit" if balance.remaining is None else f"{amount_text(balance.remaining)} left"
        notes: list[str] = []
        if balance.limit is not None:
            notes.append(f"of {amount_text(balance.limit)}")
        if balance.reserved:
            notes.append(f"{amount_text(balance.reserved)} reserved")
        if facts.period_ends_at is not None:
            notes.append(Markup("renews at {}").format(when(facts.period_ends_at)))
        if facts.state.value != "open":
            notes.append(facts.state.value)
        told.append(Fact(name=f"{account.name}, {balance.resource}", value=left, notes=notes))
    return told


def _call(visit: Visit, entry: Entry, year: int) -> tuple[str | Cell, ...]:
    paid = [f"{amount_text(line.amount)} {line.resource}" for line in entry.lines]
    asked = " ".join(f"{name}={value}" for name, value in entry.parameters.items())
    bodies = [_shown(visit, entry, entry.request), _shown(visit, entry, entry.answer)]
    return (
        Cell(text=entry.operation, notes=[*([asked] if asked else []), entry.outcome]),
        Cell(text=", ".join(paid) or "nothing"),
        Markup("<pre><code>{}</code></pre>").format("\n".join(filter(None, bodies))),
        day_of(entry.recorded_at, year=year),
    )


def _shown(visit: Visit, entry: Entry, body: KeptBody) -> str:
    """Return what a body says, if it is text and short; else what it is."""
    content = visit.server.archive.content(entry, body) if body.digest else None
    if content is None:
        return ""
    if body.media_type != "application/json" or len(content) > _LONGEST_SHOWN:
        return f"{body.media_type}, {body.size_bytes:,} bytes, sha256 {body.digest}"
    return content.decode(errors="replace")
