"""When a challenge takes what: what is open now, and the way from the first day to the ranking."""

from __future__ import annotations

from datetime import datetime

import attrs
from markupsafe import Markup

from anomed_core.model import Phase, Since, Split
from anomed_core.report import Event, Timeline, when
from anomed_core.service.pages.visit import Visit

WORDS = {Split.TUNING: "Tuning", Split.VALIDATION: "Finals"}
"""What the splits are called on pages."""


@attrs.frozen(kw_only=True)
class Stage:
    """What is open now, and until when."""

    name: str
    until: str = ""


def now_open(visit: Visit) -> Stage:
    """Return what a challenge takes now."""
    now = visit.server.ledger.now()
    splits = splits_of(visit)
    phases = {split: visit.hosted.phases.get(split, Phase()) for split in splits}
    taken = [split for split, phase in phases.items() if _is_open(phase, now)]
    if taken:
        name = " and ".join(WORDS[split].lower() for split in taken).capitalize()
        closes = [phases[split].closes for split in taken]
        known = [time for time in closes if time is not None]
        until = Markup("until {}").format(when(min(known))) if known else "without an end"
        return Stage(name=name, until=until)
    opening = [p.opens for p in phases.values() if p.opens is not None and p.opens > now]
    if opening:
        return Stage(name="Not open yet", until=Markup("opens {}").format(when(min(opening))))
    closed = [phase.closes for phase in phases.values() if phase.closes is not None]
    return Stage(
        name="Closed", until=Markup("since {}").format(when(max(closed))) if closed else ""
    )


def splits_of(visit: Visit) -> list[Split]:
    """Return the splits that any submission of a challenge is for, tuning first."""
    taken = {split for kind in visit.hosted.kinds for split in kind.splits}
    return [split for split in (Split.TUNING, Split.VALIDATION) if split in taken]


def timeline(visit: Visit) -> Timeline | None:
    """Return when what opens and closes; ``None`` if nothing is bound to a date."""
    now = visit.server.ledger.now()
    events = [
        _event(visit, split, phase, now)
        for split in splits_of(visit)
        for phase in [visit.hosted.phases.get(split, Phase())]
    ]
    closes = visit.hosted.phases.get(Split.VALIDATION, Phase()).closes
    if closes is None and all(
        phase.opens is None and phase.closes is None for phase in visit.hosted.phases.values()
    ):
        return None
    if closes is not None:
        is_later = visit.hosted.shown.from_ is Since.CLOSE
        events.append(
            Event(
                name="Ranking opens" if is_later else "Ranking is final",
                text=Markup("{}, after the house's last attacks").format(when(closes)),
                state="past" if closes <= now else "ahead",
            )
        )
    return Timeline(events)


def _event(visit: Visit, split: Split, phase: Phase, now: datetime) -> Event:
    quota = visit.server.submissions.quota
    name = {
        Split.TUNING: f"Tuning: {per_period(quota.attempts, quota.period_s)}"
        if quota is not None
        else "Tuning: as often as you like",
        Split.VALIDATION: "Finals: each is scored once",
    }[split]
    opens, closes = phase.opens, phase.closes
    if opens is not None and closes is not None:
        text = Markup("{} to {}").format(when(opens), when(closes))
    elif opens is not None:
        text = Markup("from {} on").format(when(opens))
    elif closes is not None:
        text = Markup("until {}").format(when(closes))
    else:
        text = Markup("without an end")
    if opens is not None and opens > now:
        return Event(name=name, text=text, state="ahead")
    is_past = closes is not None and closes <= now
    return Event(name=name, text=text, state="past" if is_past else "now")


def _is_open(phase: Phase, now: datetime) -> bool:
    begun = phase.opens is None or phase.opens <= now
    return begun and (phase.closes is None or now < phase.closes)


_PERIODS = {3600.0: "an hour", 86_400.0: "a day", 604_800.0: "a week"}


def per_period(n_attempts: int, period_s: float) -> str:
    """Return how often something may be done.

    Examples
    --------
    >>> per_period(5, 86_400.0), per_period(1, 60.0)
    ('5 attempts a day', '1 attempt every 60 s')
    """
    attempts = f"{n_attempts} attempt{'s' if n_attempts != 1 else ''}"
    return f"{attempts} {_PERIODS.get(period_s, f'every {period_s:g} s')}"
