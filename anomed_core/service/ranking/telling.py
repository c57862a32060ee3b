"""Tell a ranking that was computed: names, the deciding attacks, and as many digits as needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import numpy as np

from anomed_core.ledger import Finals, Moment
from anomed_core.model import Score, Split, Take
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.ranking.columns import Entries, finals_at
from anomed_core.service.ranking.declared_rankings import Reading, ResolvedRanking, ranked_metrics
from anomed_core.service.ranking.rules import (
    ORDER,
    IntArray,
    Order,
    State,
    correction,
    digits_needed,
)
from anomed_core.service.ranking.table import (
    DecidingAttack,
    RankingColumn,
    RankingEntry,
    RankingTable,
)


@attrs.frozen(kw_only=True, eq=False)
class Computed:
    """A ranking in numbers: entries, their states, their order.

    Attributes
    ----------
    entries, states, order
        They.
    deciding
        The attacks that decide about entries, by the entries' numbers, as far as they were told.
    """

    entries: Entries
    states: IntArray
    order: Order
    deciding: dict[int, DecidingAttack] = attrs.field(factory=dict)


def higher_is_better(reading: Reading) -> bool:
    """Return which way is better for the entry; of ranks, the lower one is."""
    return reading.higher_is_better and reading.take is not Take.MEAN_RANK


def told_finals(
    hosted: HostedChallenge,
    resolved: ResolvedRanking,
    computed: Computed,
    now: Moment,
    at_most: int | None,
    entry: str,
) -> RankingTable:
    """Tell the first entries of a ranking, or those of one participant, and the house's."""
    finals = finals_at(now, hosted.id, resolved)
    chosen = _chosen(computed, finals, at_most, entry)
    if resolved.of_attackers:
        names = computed.entries.names
        shown = {
            position: entry_told(
                resolved,
                computed,
                position,
                deanonymizer=names[computed.order.entries[position]],
                score_id=None,
            )
            for position in chosen
        }
    else:
        shown = _finals_by_position(resolved, computed, finals, chosen)
    return table_told(hosted, resolved, computed, Split.VALIDATION, shown)


def _chosen(computed: Computed, finals: Finals, at_most: int | None, entry: str) -> list[int]:
    """Return the positions, in order, of the entries to tell: the first ones, and the house's."""
    order, entries = computed.order, computed.entries
    is_house = entries.is_house[order.entries]
    if entry and entries.names:
        wanted = np.array([name == entry for name in entries.names], dtype=bool)[order.entries]
    elif entry:
        wanted = np.isin(entries.numbers[order.entries], finals.numbers_of(entry))
    else:
        wanted = np.ones(len(order.entries), dtype=bool)
    first = np.flatnonzero(wanted & ~is_house)[:at_most]
    houses = np.flatnonzero(wanted & is_house)
    return [*first.tolist(), *houses.tolist()]


def _finals_by_position(
    resolved: ResolvedRanking, computed: Computed, finals: Finals, chosen: Sequence[int]
) -> dict[int, RankingEntry]:
    numbers = computed.entries.numbers[computed.order.entries]
    named = finals.named(int(numbers[position]) for position in chosen)
    worst = next((r for r in resolved.criteria if r.take is Take.WORST), None)
    if worst:
        computed.deciding.update(_deciding(finals, worst, computed, chosen))
    shown = {}
    for position in chosen:
        number = int(numbers[position])
        anonymizer, deanonymizer = named[number]
        shown[position] = entry_told(
            resolved,
            computed,
            position,
            anonymizer=anonymizer,
            deanonymizer=deanonymizer,
            score_id=number,
            worst=computed.deciding.get(number),
        )
    return shown


def _deciding(
    finals: Finals, reading: Reading, computed: Computed, chosen: Sequence[int]
) -> dict[int, DecidingAttack]:
    """Return the attacks that decide about finals of which they are not known yet, by number.

    The worst attack is the first one of the worst corrected limit: its distance from the estimate
    is scaled by how many attacks of its sort there are.
    """
    entries = computed.entries
    indices = [computed.order.entries[position] for position in chosen]
    attacked = np.array(indices, dtype=np.int64)[entries.n_attacks[indices] > 0]
    is_new = [number not in computed.deciding for number in entries.numbers[attacked].tolist()]
    attacked = attacked[is_new]
    numbers = entries.numbers[attacked]
    attacks = finals.attacks_about(numbers.tolist(), reading.sources) if numbers.size else ()
    if not attacks:
        return {}
    final, score_id, label, deanonymizer, limit, estimate = zip(*attacks, strict=True)
    is_house = np.array([bool(name) for name in label])
    by_number = np.argsort(numbers)
    which = attacked[by_number][np.searchsorted(numbers[by_number], final)]
    n = np.where(is_house, entries.n_house[which], entries.n_attacks[which])
    factors = {int(each): correction(int(each)) for each in np.unique(n)}
    scaled = (np.array(limit) - estimate) * np.array([factors[int(each)] for each in n])
    badness = (np.array(estimate) + scaled) * (1 if reading.higher_is_better else -1)
    worst_first = np.lexsort((score_id, badness, final))
    _, firsts = np.unique(np.array(final)[worst_first], return_index=True)
    return {
        final[row]: DecidingAttack(
            score_id=score_id[row], name=label[row] or deanonymizer[row], is_house=bool(label[row])
        )
        for row in worst_first[firsts].tolist()
    }


def entry_told(
    resolved: ResolvedRanking,
    computed: Computed,
    position: int,
    *,
    score_id: int | None,
    anonymizer: str = "",
    deanonymizer: str = "",
    worst: DecidingAttack | None = None,
) -> RankingEntry:
    """Tell the entry at a position of the order."""
    index = computed.order.entries[position]
    entries = computed.entries
    state = ORDER[computed.states[index]]
    missed = [
        gate.label
        for (gate, _), values in zip(resolved.gates, entries.gates, strict=True)
        if not np.isnan(values[index]) and not gate.admits(float(values[index]))
    ]
    by_name = zip(column_names(resolved), entries.criteria, strict=True)
    return RankingEntry(
        place=int(computed.order.places[position]) or None,
        state=state,
        labels=(*_said(state), *missed),
        anonymizer=anonymizer,
        deanonymizer=deanonymizer,
        score_id=score_id,
        first_id=int(entries.first[index]),
        values={
            name: None if np.isnan(values[index]) else float(values[index])
            for name, values in by_name
        },
        n_attacks=int(entries.n_attacks[index]),
        worst=worst,
    )


def _said(state: State) -> tuple[str, ...]:
    """Return what is said about a state; a gate speaks for itself."""
    return () if state in {State.RANKED, State.GATED} else (state.value,)


_PREFIXES = {
    Take.FINAL: "",
    Take.WORST: "worst ",
    Take.MEAN_OVER_TARGETS: "mean ",
    Take.MEAN_RANK: "mean rank by ",
    Take.AREA_OVER: "area below ",
}


def column_names(resolved: ResolvedRanking) -> list[str]:
    """Return what the columns of a ranking are called."""
    return [f"{_PREFIXES[reading.take]}{reading.metric}" for reading in resolved.criteria]


def table_told(
    hosted: HostedChallenge,
    resolved: ResolvedRanking,
    computed: Computed,
    split: Split,
    shown: Mapping[int, RankingEntry],
) -> RankingTable:
    """Tell a ranking with those entries that are given by their positions."""
    ranking = resolved.ranking
    return RankingTable(
        challenge=hosted.id,
        name=ranking.name,
        title=ranking.title,
        kind=ranking.kind,
        split=split.value,
        columns=tuple(
            RankingColumn(
                name=name,
                metric=reading.metric,
                take=reading.take.value,
                direction="higher" if higher_is_better(reading) else "lower",
                digits=_digits(
                    computed, level, list(shown), [entry.values[name] for entry in shown.values()]
                ),
            )
            for level, (name, reading) in enumerate(
                zip(column_names(resolved), resolved.criteria, strict=True)
            )
        ),
        entries=tuple(shown.values()),
        n_entries=int((~computed.entries.is_house).sum()),
    )


def _digits(
    computed: Computed, level: int, positions: Sequence[int], values: Sequence[float | None]
) -> int:
    """Return how many decimals of a criterion tell the places apart that it decides."""
    groups = computed.order.groups[:, positions]
    has_place = computed.order.places[positions] > 0
    differs = groups[:, 1:] != groups[:, :-1]
    decided = differs[level] & ~differs[:level].any(axis=0) & has_place[1:] & has_place[:-1]
    return digits_needed(values, decided.tolist())


def ranked_part(hosted: HostedChallenge, score: Score) -> dict[str, Any] | None:
    """Return what rankings show of a score anyway; ``None`` if they show nothing of it.

    Parameters
    ----------
    hosted
        The challenge.
    score
        A score of it.

    Returns
    -------
    dict or None
        A final, or a result of the house on one, with those metrics that are ranked, what they are
        the limits of, and the other limit.
    """
    if score.split is not Split.VALIDATION:
        return None
    names = {
        name
        for metric in ranked_metrics(hosted.rankings, hosted.house_entries)
        if (metric.kind, metric.label) == (score.kind, score.label)
        for name in (metric.metric, metric.estimate)
    }
    if not names:
        return None
    names |= _limits_of(hosted, score, names)
    document = score.as_dict()
    shown = ("id", "challenge", "kind", "anonymizer", "deanonymizer", "data_split", "metrics")
    part = {name: document[name] for name in (*shown, "origin", "label", "supersedes", "annulled")}
    part["metrics"] = {name: value for name, value in document["metrics"].items() if name in names}
    return part


def _limits_of(hosted: HostedChallenge, score: Score, names: set[str]) -> set[str]:
    """Return both limits of those metrics of a score that are told."""
    attacks = (one.metrics for one in hosted.house_attacks if one.name == score.label)
    metrics = next(attacks, hosted.metrics.get(score.kind, ()))
    return {limit for one in metrics if one.name in names for limit in one.limits or ()}
