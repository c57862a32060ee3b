"""Who is ahead, as the server says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from anomed_client.display import html_table, text_table
from anomed_client.errors import NotSupported, UsageError
from anomed_client.results import data_frame

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One line of a ranking.

    Attributes
    ----------
    place
        From 1, shared by those who tie; ``None`` for those that are not ranked.
    name
        Of the participant; of both, where a ranking names both.
    shown_as
        The name under which people see it.
    labels
        What is to be known about it, such as that nobody has attacked it yet.
    criteria
        What it was ranked by, by name.
    state
        ``ranked``, ``not attacked yet``, ``gated``, ``incomplete`` or ``house``.
    worst_attack
        The attack that decides: its ``score``, ``name``, and whether it is the ``house``'s.
    """

    place: int | None
    name: str
    shown_as: str = ""
    labels: tuple[str, ...] = ()
    criteria: Mapping[str, float | None] = field(default_factory=dict)
    state: str = "ranked"
    worst_attack: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranking:
    """The order of play of one split.

    Attributes
    ----------
    name, title
        Which ranking.
    split
        Of which submissions.
    entries
        The best first.
    """

    name: str
    title: str = ""
    split: str = "validation"
    entries: tuple[Entry, ...] = ()

    def __str__(self) -> str:
        return text_table(*self.rows())

    def _repr_html_(self) -> str:
        return html_table(self.title or self.name, *self.rows())

    def rows(self) -> tuple[list[str], list[list[Any]]]:
        """Return names of columns, and a row for each entry."""
        names = list(dict.fromkeys(name for entry in self.entries for name in entry.criteria))
        rows = [
            [
                *(e.place, e.shown_as or e.name),
                *(e.criteria.get(name) for name in names),
                ", ".join(e.labels),
            ]
            for e in self.entries
        ]
        return ["place", "name", *names, ""], rows

    def to_frame(self) -> DataFrame:
        """Return a data frame, one row an entry, one column a criterion.

        Raises
        ------
        MissingExtra
            Without pandas.
        """
        return data_frame(
            {"place": e.place, "name": e.name, **e.criteria, "labels": ", ".join(e.labels)}
            for e in self.entries
        )


def rankings_of(told: Sequence[Mapping[str, Any]]) -> tuple[Ranking, ...]:
    """Return rankings as the server tells them."""
    return tuple(
        Ranking(
            name=ranking["name"],
            title=ranking["title"],
            split=ranking["data_split"],
            entries=tuple(_entry(one, ranking.get("names", {})) for one in ranking["entries"]),
        )
        for ranking in told
    )


def ranking_of(told: Sequence[Mapping[str, Any]], name: str | None) -> Ranking:
    """Return the ranking of a name, or the first one.

    Raises
    ------
    UsageError
        If there is none of this name.
    NotSupported
        If there is none at all.
    """
    rankings = rankings_of(told)
    if not rankings:
        raise NotSupported("This challenge has no ranking.", feature="ranking")
    if name is None:
        return rankings[0]
    for ranking in rankings:
        if ranking.name == name:
            return ranking
    names = ", ".join(ranking.name for ranking in rankings)
    raise UsageError(f"There is no ranking {name!r}; there are {names}.")


def _entry(told: Mapping[str, Any], names: Mapping[str, str]) -> Entry:
    ids = list(filter(None, (told["anonymizer"], told["deanonymizer"])))
    return Entry(
        place=told["place"],
        name=" / ".join(ids),
        shown_as=" / ".join(names.get(name, name) for name in ids),
        labels=tuple(told["labels"]),
        criteria=dict(told["values"]),
        state=told["state"],
        worst_attack=told["worst_attack"],
    )
