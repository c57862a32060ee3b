"""Who won: the one place where rankings are computed; everything shows what comes out of here."""

from __future__ import annotations

import threading
from typing import Any

import attrs
import numpy as np

from anomed_core.errors import UnknownResourceError
from anomed_core.ledger import Ledger, Moment, Stamp
from anomed_core.model import Role, Split, Take
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.ranking.columns import (
    Entries,
    attackers_of,
    entries_of,
    finals_at,
    renewed,
    tuning_entries,
)
from anomed_core.service.ranking.declared_rankings import ResolvedRanking
from anomed_core.service.ranking.rules import (
    ORDER,
    Column,
    State,
    ordered,
    states_of,
)
from anomed_core.service.ranking.table import RankingEntry, RankingTable
from anomed_core.service.ranking.telling import (
    Computed,
    entry_told,
    higher_is_better,
    table_told,
    told_finals,
)
from anomed_core.wire.digests import digest_bytes

MOST_ENTRIES = 1000
"""Entries of a ranking that are told if nobody asks for another number."""


@attrs.frozen
class Rankings:
    """Computes rankings, and keeps each: of the next moment, only what is new is read.

    Attributes
    ----------
    ledger
        Holds the criteria.
    """

    ledger: Ledger
    _kept: dict[tuple[str, str], tuple[Stamp, Computed]] = attrs.field(
        factory=dict, init=False, repr=False
    )
    _moments: dict[str, tuple[tuple[str, ...], str]] = attrs.field(
        factory=dict, init=False, repr=False
    )
    _lock: threading.Lock = attrs.field(factory=threading.Lock, init=False, repr=False)

    def tables(
        self,
        hosted: HostedChallenge,
        *,
        name: str = "",
        split: Split = Split.VALIDATION,
        at_most: int | None = MOST_ENTRIES,
        entry: str = "",
    ) -> list[RankingTable]:
        """Return the rankings of a challenge.

        Parameters
        ----------
        hosted
            The challenge.
        name
            Only this ranking.
        split
            Finals, or each participant's newest tuning score, which nobody's attack counts on.
        at_most
            How many entries are told, besides the house's; ``None`` for all.
        entry
            Only the entries in which somebody takes part under this id.

        Returns
        -------
        list of RankingTable
            The headline first.

        Raises
        ------
        UnknownResourceError
            If there is no ranking of this name.
        """
        chosen = [r for r in hosted.rankings if name in {"", r.ranking.name}]
        if not chosen:
            names = ", ".join(resolved.ranking.name for resolved in hosted.rankings)
            raise UnknownResourceError(f"There is no ranking {name[:80]!r}; there are {names}.")
        with self.ledger.at_one_moment() as now:
            shown_as, out = now.names(hosted.id), now.disqualified(hosted.id)
            if split is Split.TUNING:
                own = [r for r in chosen if not r.of_attackers]
                tables = [self._tuning(hosted, r, at_most, entry, out) for r in own]
            else:
                tables = [
                    told_finals(hosted, r, self._computed(hosted, r, now), now, at_most, entry)
                    for r in chosen
                ]
        return [attrs.evolve(table, names=shown_as) for table in tables]

    def moment(self, hosted: HostedChallenge) -> str:
        """Return text that changes whenever a ranking may."""
        with self.ledger.at_one_moment() as now:
            position = now.position(hosted.id)
            known = self._moments.get(hosted.id)
            if known is None or known[0] != position:
                known = position, digest_bytes(f"{now.stamp(hosted.id)}".encode())
                self._moments[hosted.id] = known
            return known[1]

    def _computed(
        self, hosted: HostedChallenge, resolved: ResolvedRanking, now: Moment
    ) -> Computed:
        stamp = now.stamp(hosted.id)
        with self._lock:  # whoever comes second takes what the first has computed
            return self._computed_at(stamp, hosted, resolved, now)

    def _computed_at(
        self, stamp: Stamp, hosted: HostedChallenge, resolved: ResolvedRanking, now: Moment
    ) -> Computed:
        """Compute a ranking, and of those of attackers the one first that says who is ranked."""
        key = (hosted.id, resolved.ranking.name)
        kept = self._kept.get(key)
        if kept is not None and kept[0] == stamp:
            return kept[1]
        if resolved.of_attackers:
            attacked = _attacked(hosted)
            targets = _targets(self._computed_at(stamp, hosted, attacked, now))
            entries = attackers_of(finals_at(now, hosted.id, attacked), targets, resolved)
            computed = _in_order(entries, resolved)
        else:
            computed = _of_finals(hosted, resolved, now, kept)
        self._kept[key] = (stamp, computed)
        return computed

    def _tuning(
        self,
        hosted: HostedChallenge,
        resolved: ResolvedRanking,
        at_most: int | None,
        entry: str,
        out: frozenset[tuple[Role, str]],
    ) -> RankingTable:
        kind = resolved.ranking.kind
        recorded = [
            score
            for score in self.ledger.scores(challenge=hosted.id, kind=kind, split=Split.TUNING)
            if not score.subject.is_among(out)
        ]
        entries, scores = tuning_entries(recorded, resolved)
        computed = _in_order(entries, resolved, with_attacks=False)
        shown: dict[int, RankingEntry] = {}
        for position, index in enumerate(computed.order.entries):
            subject = scores[index].subject
            if entry in {"", subject.anonymizer, subject.deanonymizer} and len(shown) != at_most:
                shown[position] = entry_told(
                    resolved,
                    computed,
                    position,
                    anonymizer=subject.anonymizer,
                    deanonymizer=subject.deanonymizer,
                    score_id=scores[index].id,
                )
        return table_told(hosted, resolved, computed, Split.TUNING, shown)


def _of_finals(
    hosted: HostedChallenge,
    resolved: ResolvedRanking,
    now: Moment,
    kept: tuple[Stamp, Computed] | None,
) -> Computed:
    """Compute a ranking of finals; of what is kept, only what changed is read."""
    finals = finals_at(now, hosted.id, resolved)
    changed = now.changed(hosted.id, since=kept[0]) if kept else None
    if kept is None or changed is None:
        return _in_order(entries_of(finals, resolved), resolved)
    before = kept[1]
    about = finals.ever_about(changed)
    computed = _in_order(renewed(before.entries, finals, resolved, changed, about), resolved)
    stays = before.deciding.keys() - set(about)
    computed.deciding.update({number: before.deciding[number] for number in stays})
    return computed


def _attacked(hosted: HostedChallenge) -> ResolvedRanking:
    """Return the first ranking of anonymizers: its entries are the targets."""
    return next(
        resolved
        for resolved in hosted.rankings
        if hosted.kind(resolved.ranking.kind).submitter is Role.ANONYMIZER
    )


def _targets(computed: Computed) -> Any:
    ranked = (ORDER.index(State.RANKED), ORDER.index(State.NOT_ATTACKED))
    return computed.entries.numbers[np.isin(computed.states, ranked)]


def _in_order(
    entries: Entries, resolved: ResolvedRanking, *, with_attacks: bool = True
) -> Computed:
    is_gated = np.zeros(len(entries.numbers), dtype=bool)
    for (gate, _), values in zip(resolved.gates, entries.gates, strict=True):
        low = -np.inf if gate.at_least is None else gate.at_least
        high = np.inf if gate.at_most is None else gate.at_most
        is_gated |= (values < low) | (values > high)
    by_take = list(zip(resolved.criteria, entries.criteria, strict=True))
    required = [values for reading, values in by_take if reading.take is not Take.WORST]
    required += [
        values
        for (gate, _), values in zip(resolved.gates, entries.gates, strict=True)
        if not gate.house_attack and with_attacks
    ]
    worst = [values for reading, values in by_take if reading.take is Take.WORST and with_attacks]
    states = states_of(is_house=entries.is_house, is_gated=is_gated, own=required, worst=worst)
    columns = [
        Column(
            values=values,
            higher_is_better=higher_is_better(reading),
            resolution=reading.resolution,
        )
        for reading, values in by_take
    ]
    return Computed(entries=entries, states=states, order=ordered(states, columns, entries.first))
