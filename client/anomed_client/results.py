"""What submissions come to: scores and histories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, overload

from anomed_client.description import Phase, Split, phase_of, time_of
from anomed_client.display import html_table, number, text_table
from anomed_client.errors import MissingExtra

if TYPE_CHECKING:
    from pandas import DataFrame

    from anomed_client.calls import Calls


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Score(Mapping[str, float]):
    """The metrics of one submission, by name.

    Attributes
    ----------
    metrics
        The same as a mapping alone.
    id, url
        Of the recorded score; ``None`` where the server records none.
    kind, split
        What was scored.
    primary
        Name of the metric that ranks.
    attempts_remaining, attempts_reset
        How many attempts are left and when there are new ones; ``None`` without a quota.
    replayed
        Whether the server had scored this submission before, so that it counted once.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    id: int | None = None
    url: str | None = None
    kind: str = ""
    split: Split | None = None
    primary: str | None = None
    attempts_remaining: int | None = None
    attempts_reset: datetime | None = None
    replayed: bool = False

    def __getitem__(self, name: str) -> float:
        return self.metrics[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def __repr__(self) -> str:
        return f"Score({dict(self.metrics)}, id={self.id}, split={self.split!r})"

    def __str__(self) -> str:
        names = sorted(self.metrics, key=lambda name: name != self.primary)
        told = ", ".join(f"{name} {number(float(self.metrics[name]))}" for name in names)
        notes = [self._remaining(), "scored before" if self.replayed else ""]
        noted = "; ".join(note for note in notes if note)
        return f"{told} ({noted})" if noted else told

    def _remaining(self) -> str:
        if self.attempts_remaining is None or self.split == "validation":
            return ""
        word = "attempt" if self.attempts_remaining == 1 else "attempts"
        until = f" until {self.attempts_reset:%H:%M} UTC" if self.attempts_reset else ""
        return f"{self.attempts_remaining} {word} left{until}"

    def _repr_html_(self) -> str:
        return html_table(f"Score {self.id or ''}".strip(), ["metric", "value"], self.items())


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Receipt(Score):
    """A final that stays sealed until the close: a score whose metrics are not told yet.

    Attributes
    ----------
    opens_at
        When they are told; ``None`` if the server does not say.
    payload_sha256
        Of what was submitted, by which it can be proved.
    """

    opens_at: datetime | None = None
    payload_sha256: str = ""

    def __getitem__(self, name: str) -> float:
        raise KeyError(f"{name!r} is not told yet: {self}")

    def __repr__(self) -> str:
        return f"Receipt(id={self.id}, opens_at={self.opens_at})"

    def __str__(self) -> str:
        when = f" until {self.opens_at:%Y-%m-%d %H:%M} UTC" if self.opens_at else ""
        return f"recorded as score {self.id}, sealed{when}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One attempt of one's own.

    Attributes
    ----------
    id
        Number of the attempt.
    kind, split, anonymizer, deanonymizer
        What was submitted by whom.
    state, reason
        ``claimed``, ``scored``, ``released`` or ``returned``, and why it came back.
    score_id
        Of the recorded score; ``None`` if there is none.
    metrics
        Of the score, where they may be seen.
    claimed_at, settled_at
        In UTC.
    """

    id: int
    kind: str
    split: str
    anonymizer: str = ""
    deanonymizer: str = ""
    state: str
    reason: str = ""
    score_id: int | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    claimed_at: datetime | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Outlook:
    """What is left of one submission kind.

    Attributes
    ----------
    final
        ``open``, ``claimed`` or ``scored``.
    tuning_remaining, resets_at
        Attempts that are left, and when there are new ones; ``None`` without a quota.
    """

    final: str
    tuning_remaining: int | None = None
    resets_at: datetime | None = None


class Attempts(Sequence[Attempt]):
    """One's own history, oldest first.

    Attributes
    ----------
    kinds
        What is left, by submission kind; empty for the history of several pairs.
    phases
        When submissions are taken, by split.
    """

    def __init__(
        self,
        attempts: Sequence[Attempt],
        *,
        kinds: Mapping[str, Outlook],
        phases: Mapping[str, Phase],
    ) -> None:
        self._attempts = tuple(attempts)
        self.kinds = dict(kinds)
        self.phases = dict(phases)

    @overload
    def __getitem__(self, index: int) -> Attempt: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Attempt]: ...
    def __getitem__(self, index: int | slice) -> Attempt | Sequence[Attempt]:
        return self._attempts[index]

    def __len__(self) -> int:
        return len(self._attempts)

    def __repr__(self) -> str:
        return f"Attempts({len(self)})"

    def __str__(self) -> str:
        return text_table(*self._table())

    def _repr_html_(self) -> str:
        return html_table("Attempts", *self._table())

    def _table(self) -> tuple[list[str], list[list[Any]]]:
        columns = ["id", "kind", "split", "anonymizer", "deanonymizer", "state", "score", "at"]
        rows = [
            [a.id, a.kind, a.split, a.anonymizer, a.deanonymizer, a.state, a.score_id, _at(a)]
            for a in self._attempts
        ]
        return columns, rows

    def to_frame(self) -> DataFrame:
        """Return a data frame, one row an attempt, one column a metric.

        Raises
        ------
        MissingExtra
            Without pandas.
        """
        names = [name for name in Attempt.__dataclass_fields__ if name != "metrics"]
        return data_frame(
            {name: getattr(attempt, name) for name in names} | dict(attempt.metrics)
            for attempt in self._attempts
        )


def _at(attempt: Attempt) -> str:
    return f"{attempt.claimed_at:%Y-%m-%d %H:%M}" if attempt.claimed_at else ""


def data_frame(rows: Any) -> DataFrame:
    """Return rows as a data frame.

    Raises
    ------
    MissingExtra
        Without pandas.
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise MissingExtra("Data frames need pandas", "tables") from error
    return pd.DataFrame(list(rows))


def every_attempt(calls: Calls, query: Mapping[str, str]) -> Attempts:
    """Fetch a history, page by page."""
    told = calls.get_json("/attempts", parameters=query)
    while told.get("next"):
        more = calls.get_json("/attempts", parameters={**query, "after": str(told["next"])})
        told = {**more, "attempts": [*told["attempts"], *more["attempts"]]}
    return attempts_of(told)


def attempts_of(told: Mapping[str, Any]) -> Attempts:
    """Return a history as the server tells it."""
    return Attempts(
        [_attempt(attempt, told) for attempt in told.get("attempts", ())],
        kinds={
            name: Outlook(
                final=kind.get("final", "open"),
                tuning_remaining=kind.get("tuning_remaining"),
                resets_at=time_of(kind.get("resets_at")),
            )
            for name, kind in (told.get("kinds") or {}).items()
        },
        phases={split: phase_of(phase) for split, phase in (told.get("phases") or {}).items()},
    )


def _attempt(told: Mapping[str, Any], whose: Mapping[str, Any]) -> Attempt:
    score = (told.get("score") or "").rpartition("/")[2]
    return Attempt(
        id=told["id"],
        kind=told["kind"],
        split=told["data_split"],
        anonymizer=told.get("anonymizer", whose.get("anonymizer", "")),
        deanonymizer=told.get("deanonymizer", whose.get("deanonymizer", "")),
        state=told["state"],
        reason=told.get("reason", ""),
        score_id=int(score) if score.isdigit() else None,
        metrics=told.get("metrics") or {},
        claimed_at=time_of(told.get("claimed_at")),
        settled_at=time_of(told.get("settled_at")),
    )
