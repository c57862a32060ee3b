"""A ranking as everybody sees it: its entries, its columns, and the forms in which it is told."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from anomed_core.service.ranking.rules import State

_FACTS = (
    *("place", "state", "labels", "anonymizer", "deanonymizer", "score", "first_score"),
    *("n_attacks", "worst_attack"),
)


@attrs.frozen(kw_only=True)
class DecidingAttack:
    """The attack that a place rests on.

    Attributes
    ----------
    score_id
        Number of its score.
    name
        Who made it: the deanonymizer, or the name of the house attack.
    is_house
        Whether the house made it.
    """

    score_id: int
    name: str
    is_house: bool

    @property
    def whose(self) -> str:
        """Its name, as no participant can be called: ids have no blanks."""
        return f"house: {self.name}" if self.is_house else self.name

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"score": self.score_id, "name": self.name, "house": self.is_house}


@attrs.frozen(kw_only=True)
class RankingColumn:
    """A criterion as a column.

    Attributes
    ----------
    name
        Name of the metric; with ``worst`` before it where attacks decide, and so on.
    metric, take
        See `Criterion`.
    direction
        ``higher`` or ``lower``: which is better for the entry.
    digits
        Decimals that tell two places apart.
    """

    name: str
    metric: str
    take: str
    direction: str
    digits: int


@attrs.frozen(kw_only=True)
class RankingEntry:
    """Somebody in a ranking.

    Attributes
    ----------
    place
        From 1; ``None`` for those without a place.
    state
        What it is.
    labels
        What is to be said about it: its state if it has no place, and the gates that it missed.
    anonymizer, deanonymizer
        Who; empty where the ranking names none.
    score_id
        The newest version of its final; ``None`` for a deanonymizer with all its finals.
    first_id
        The first version of its final; of several, the earliest one.
    values
        By the name of the column; ``None`` where it has none.
    n_attacks
        How many attacks on it count.
    worst
        The attack that decides; ``None`` if none does.
    """

    place: int | None
    state: State
    labels: tuple[str, ...] = ()
    anonymizer: str = ""
    deanonymizer: str = ""
    score_id: int | None
    first_id: int
    values: dict[str, float | None]
    n_attacks: int = 0
    worst: DecidingAttack | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the entry as JSON values."""
        return {
            "place": self.place,
            "state": self.state.value,
            "labels": list(self.labels),
            "anonymizer": self.anonymizer,
            "deanonymizer": self.deanonymizer,
            "score": self.score_id,
            "first_score": self.first_id,
            "values": dict(self.values),
            "n_attacks": self.n_attacks,
            "worst_attack": self.worst.as_dict() if self.worst else None,
        }

    def with_numbers(self, tell: Callable[[int], int]) -> RankingEntry:
        """Return the entry with other numbers of scores."""
        worst = self.worst and attrs.evolve(self.worst, score_id=tell(self.worst.score_id))
        return attrs.evolve(
            self,
            score_id=None if self.score_id is None else tell(self.score_id),
            first_id=tell(self.first_id),
            worst=worst,
        )

    @classmethod
    def of_dict(cls, document: Mapping[str, Any]) -> RankingEntry:
        """Return the entry that was told as JSON values."""
        worst = document["worst_attack"]
        return cls(
            place=document["place"],
            state=State(document["state"]),
            labels=tuple(document["labels"]),
            anonymizer=document["anonymizer"],
            deanonymizer=document["deanonymizer"],
            score_id=document["score"],
            first_id=document["first_score"],
            values=dict(document["values"]),
            n_attacks=document["n_attacks"],
            worst=worst
            and DecidingAttack(
                score_id=worst["score"], name=worst["name"], is_house=worst["house"]
            ),
        )


@attrs.frozen(kw_only=True)
class RankingTable:
    """A ranking, computed.

    Attributes
    ----------
    challenge, name, title, kind, split
        What is ranked.
    columns
        Its criteria, in their order.
    entries
        The first ones, and those of the house at the end.
    n_entries
        How many there are, besides the house's.
    names
        Under which names teams are shown that were renamed, by their ids.
    """

    challenge: str
    name: str
    title: str
    kind: str
    split: str
    columns: tuple[RankingColumn, ...]
    entries: tuple[RankingEntry, ...]
    n_entries: int
    names: Mapping[str, str] = attrs.field(factory=dict)

    def shown(self, name: str) -> str:
        """Return under which name an id is shown."""
        return self.names.get(name, name)

    def as_dict(self) -> dict[str, Any]:
        """Return the ranking as JSON values."""
        return {
            "challenge": self.challenge,
            "name": self.name,
            "title": self.title,
            "kind": self.kind,
            "data_split": self.split,
            "columns": [attrs.asdict(column) for column in self.columns],
            "n_entries": self.n_entries,
            "names": dict(self.names),
            "entries": [entry.as_dict() for entry in self.entries],
        }

    @classmethod
    def of_dict(cls, document: Mapping[str, Any]) -> RankingTable:
        """Return the ranking that was told as JSON values."""
        return cls(
            challenge=document["challenge"],
            name=document["name"],
            title=document["title"],
            kind=document["kind"],
            split=document["data_split"],
            columns=tuple(RankingColumn(**column) for column in document["columns"]),
            entries=tuple(RankingEntry.of_dict(entry) for entry in document["entries"]),
            n_entries=document["n_entries"],
            names=dict(document["names"]),
        )

    def with_numbers(self, tell: Callable[[int], int]) -> RankingTable:
        """Return the ranking with other numbers of scores, as participants are told them."""
        return attrs.evolve(self, entries=tuple(one.with_numbers(tell) for one in self.entries))

    def cells(self) -> tuple[list[str], list[list[str]]]:
        """Return the titles of the columns in which something stands, and the entries as text.

        They have as many digits as tell two places apart.
        """
        header = [
            *("place", "anonymizer", "deanonymizer"),
            *(column.name for column in self.columns),
            *("attacks", "worst attack", "labels", "score"),
        ]
        rows = self._rows()
        kept = [n for n in range(len(header)) if not rows or any(row[n] for row in rows)]
        return [header[n] for n in kept], [[row[n] for n in kept] for row in rows]

    def _rows(self) -> list[list[str]]:
        return [
            [
                str(entry.place or ""),
                self.shown(entry.anonymizer),
                self.shown(entry.deanonymizer),
                *(_shown(entry.values[c.name], c.digits) for c in self.columns),
                str(entry.n_attacks or ""),
                self._who(entry.worst) if entry.worst else "",
                ", ".join(entry.labels),
                str(entry.score_id or ""),
            ]
            for entry in self.entries
        ]

    def _who(self, attack: DecidingAttack) -> str:
        return attack.whose if attack.is_house else self.shown(attack.name)


def _shown(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def as_csv(tables: Sequence[RankingTable]) -> str:
    """Return rankings as CSV, each entry a line, each criterion of any of them a column.

    Values have full precision.
    """
    names = list(dict.fromkeys(column.name for table in tables for column in table.columns))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["ranking", "data_split", *_FACTS, *names])
    for table in tables:
        for entry in table.entries:
            document = entry.as_dict()
            document["labels"] = "; ".join(entry.labels)
            document["worst_attack"] = entry.worst.whose if entry.worst else ""
            values = [entry.values.get(name) for name in names]
            cells = [*(document[name] for name in _FACTS), *values]
            writer.writerow(
                [table.name, table.split, *("" if cell is None else cell for cell in cells)]
            )
    return out.getvalue()
