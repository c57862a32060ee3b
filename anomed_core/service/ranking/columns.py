"""Fetch the columns that a ranking is made of, aligned with its entries."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.ledger import Finals, Moment, RankedMetric
from anomed_core.model import Score, Split, Take
from anomed_core.service.ranking.declared_rankings import Reading, ResolvedRanking
from anomed_core.service.ranking.rules import FloatArray, IntArray, correction
from anomed_core.service.ranking.versions import versions


@attrs.frozen(kw_only=True, eq=False)
class Entries:
    """Everything about the entries of a ranking that is a number.

    Attributes
    ----------
    numbers
        int64, shape (n_entries,), ascending: what tells entries, such as their newest scores.
    first
        int64, shape (n_entries,): numbers of their first versions.
    is_house
        bool, shape (n_entries,).
    criteria, gates
        float64, each of shape (n_entries,): values, in the order of the declaration.
    n_house, n_attacks
        int64, shape (n_entries,): attacks of the house, and all, for the first criterion of
        attacks.
    names
        Who each entry is, where entries are deanonymizers.
    """

    numbers: IntArray
    first: IntArray
    is_house: npt.NDArray[np.bool_]
    criteria: tuple[FloatArray, ...]
    gates: tuple[FloatArray, ...]
    n_house: IntArray
    n_attacks: IntArray
    names: tuple[str, ...] = ()


def _columns(rows: Sequence[tuple[object, ...]], n_columns: int) -> FloatArray:
    """Return rows of numbers as an array of shape (n_columns, n_rows); what is missing is NaN."""
    if not rows:
        return np.empty((n_columns, 0))
    return np.array(rows, dtype=np.float64).T


def _aligned(numbers: IntArray, rows: Sequence[tuple[object, ...]]) -> FloatArray:
    """Return the second column of rows, found by the first; NaN where there is none."""
    ids, column = _columns(rows, 2)
    values = np.full(len(numbers), np.nan)
    values[np.searchsorted(numbers, ids)] = column
    return values


def entries_of(finals: Finals, resolved: ResolvedRanking) -> Entries:
    """Return the entries of a ranking of finals."""
    rows = _columns(finals.entries(), 4)
    numbers, first, is_house, anchor = rows[:, np.argsort(rows[0])]
    known = numbers.astype(np.int64)
    counts: IntArray | None = None
    columns: dict[RankedMetric, FloatArray] = {resolved.anchor: anchor}

    def single(reading: Reading) -> FloatArray:
        (source,) = reading.sources
        if source not in columns:
            columns[source] = _single(finals, known, source)
        return columns[source]

    criteria = []
    for reading in resolved.criteria:
        if reading.take is Take.WORST:
            values, own_counts = _worst(finals, known, reading)
            counts = own_counts if counts is None else counts
        else:
            values = single(reading)
        criteria.append(values)
    n_house, n_attacks = np.zeros((2, len(known)), dtype=np.int64) if counts is None else counts
    return Entries(
        numbers=known,
        first=first.astype(np.int64),
        is_house=is_house.astype(bool),
        criteria=tuple(criteria),
        gates=tuple(single(reading) for _, reading in resolved.gates),
        n_house=n_house,
        n_attacks=n_attacks,
    )


def renewed(
    before: Entries,
    finals: Finals,
    resolved: ResolvedRanking,
    changed: Sequence[str],
    about: Sequence[int],
) -> Entries:
    """Return the entries of a ranking of finals, reading only those that may have changed.

    Parameters
    ----------
    before
        The entries as they were.
    finals, resolved
        As for `entries_of`.
    changed
        Anonymizers about whom finals were scored since.
    about
        Numbers of all finals about them, as they were or are.
    """
    new = entries_of(attrs.evolve(finals, anonymizers=changed), resolved)
    stays = ~np.isin(before.numbers, about)
    order = np.argsort(np.concatenate([before.numbers[stays], new.numbers]))

    def joined(old: npt.NDArray[Any], fresh: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.concatenate([old[stays], fresh])[order]

    return Entries(
        numbers=joined(before.numbers, new.numbers),
        first=joined(before.first, new.first),
        is_house=joined(before.is_house, new.is_house),
        criteria=tuple(map(joined, before.criteria, new.criteria)),
        gates=tuple(map(joined, before.gates, new.gates)),
        n_house=joined(before.n_house, new.n_house),
        n_attacks=joined(before.n_attacks, new.n_attacks),
    )


def _single(finals: Finals, numbers: IntArray, source: RankedMetric) -> FloatArray:
    """Return a metric of the final itself, or of another score about the same subject."""
    is_own = source.kind == finals.kind and not source.label
    return _aligned(numbers, finals.own(source.metric) if is_own else finals.of_subject(source))


def _worst(finals: Finals, numbers: IntArray, reading: Reading) -> tuple[FloatArray, IntArray]:
    """Return the worst corrected limit of each entry, and the numbers of attacks on it."""
    # What is better for the attack is worse for the entry.
    largest = not reading.higher_is_better
    ids, n_house, n_attacks, limits = _columns(finals.attacked(reading.sources, largest=largest), 4)
    where = np.searchsorted(numbers, ids)
    counts = np.zeros((2, len(numbers)), dtype=np.int64)
    counts[:, where] = n_house, n_attacks
    worst = np.full(len(numbers), np.nan)
    worst[where] = limits
    if counts.size and counts.max() > 1:  # else nothing is corrected
        factors = {int(n): correction(int(n)) for n in np.unique(counts)}
        rows = finals.worst(reading.sources, factors, largest=largest)
        ids, limits = _columns(rows, 2)
        worst[np.searchsorted(numbers, ids)] = limits
    return np.clip(worst, *reading.bounds), counts


def attackers_of(finals: Finals, targets: IntArray, resolved: ResolvedRanking) -> Entries:
    """Return the entries of a ranking of deanonymizers with all their finals.

    Parameters
    ----------
    finals
        Those under attack.
    targets
        int64: numbers of the finals that are ranked; the others don't count.
    resolved
        The ranking.
    """
    tables = [_attacks(finals, targets, reading) for reading in resolved.criteria]
    names = sorted(set().union(*(table.names for table in tables)))
    position = {name: number for number, name in enumerate(names)}
    first = np.full(len(names), np.iinfo(np.int64).max)
    criteria = []
    for table, reading in zip(tables, resolved.criteria, strict=True):
        who = np.fromiter((position[name] for name in table.names), np.int64, len(table.names))
        np.minimum.at(first, who, table.first)
        criteria.append(_of_many(table, who, reading, n_entries=len(names), n_targets=len(targets)))
    nothing = np.zeros(len(names), dtype=np.int64)
    return Entries(
        numbers=np.arange(len(names)),
        first=first,
        is_house=nothing.astype(bool),
        criteria=tuple(criteria),
        gates=(),
        n_house=nothing,
        n_attacks=nothing,
        names=tuple(names),
    )


@attrs.frozen(kw_only=True, eq=False)
class _Attacks:
    """Attacks on ranked targets, each a row: who, on whom, how well, when, at which parameter."""

    names: Sequence[str]
    targets: IntArray
    values: FloatArray
    first: IntArray
    at: FloatArray


def _attacks(finals: Finals, targets: IntArray, reading: Reading) -> _Attacks:
    (source,) = reading.sources
    rows = finals.attacks_on(source, targets.tolist(), with_parameters=bool(reading.over))
    names, numbers, values, first, *parameters = zip(*rows, strict=True) if rows else [()] * 5
    at = [_parameter(text, reading.over) for text in parameters[0]] if reading.over else []
    return _Attacks(
        names=names,
        targets=np.array(numbers, dtype=np.int64),
        values=np.array(values, dtype=np.float64),
        first=np.array(first, dtype=np.int64),
        at=np.array(at, dtype=np.float64),
    )


def _parameter(parameters: str, name: str) -> float:
    """Return a parameter that is a number; without it, the submission lies at 0."""
    try:
        return float(json.loads(parameters).get(name, 0.0))
    except ValueError:
        return 0.0


def _of_many(
    attacks: _Attacks, who: IntArray, reading: Reading, *, n_entries: int, n_targets: int
) -> FloatArray:
    if reading.take is Take.MEAN_OVER_TARGETS:
        return np.bincount(who, attacks.values, minlength=n_entries) / max(1, n_targets)
    if reading.take is Take.MEAN_RANK:
        return _mean_rank(attacks, who, reading, n_entries=n_entries, n_targets=n_targets)
    return _area(attacks, who, n_entries=n_entries)


def _mean_rank(
    attacks: _Attacks, who: IntArray, reading: Reading, *, n_entries: int, n_targets: int
) -> FloatArray:
    """Return the mean place over all targets; who did not attack one is last there."""
    keys = -attacks.values if reading.higher_is_better else attacks.values
    order = np.lexsort((keys, attacks.targets))
    total = np.full(n_entries, float(n_entries * n_targets))
    place, before = 0, (None, None)
    for position, (target, key) in enumerate(
        zip(attacks.targets[order].tolist(), keys[order].tolist(), strict=True)
    ):
        if target != before[0]:
            begin = position
        if (target, key) != before:
            place, before = position - begin + 1, (target, key)
        total[who[order[position]]] += place - n_entries
    return total / max(1, n_targets)


def _area(attacks: _Attacks, who: IntArray, *, n_entries: int) -> FloatArray:
    """Return the mean height of the curve of each entry over all values of the parameter.

    An entry without an attack at a value has 0 there; of several, their mean counts.
    """
    at, column = np.unique(attacks.at, return_inverse=True)
    shape = (n_entries, len(at))
    total, n = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (who, column), attacks.values)
    np.add.at(n, (who, column), 1)
    curves = total / np.maximum(n, 1)
    if len(at) < 2:
        area: FloatArray = curves.sum(axis=1)
    else:
        area = np.trapezoid(curves, at, axis=1) / (at[-1] - at[0])
    return area


def tuning_entries(
    scores: Iterable[Score], resolved: ResolvedRanking
) -> tuple[Entries, list[Score]]:
    """Return each subject's newest tuning score as its entry; nobody's attacks count there."""
    newest: dict[str, tuple[Score, Score]] = {}
    for first, score in versions(scores):
        if score.origin == "participant" and score.split is Split.TUNING and not score.annulled:
            newest[score.subject.key] = first, score
    in_order = sorted(newest.values(), key=lambda pair: pair[0].id)
    chosen = [score for _, score in in_order]

    def values(reading: Reading) -> FloatArray:
        is_own = all(s.kind == resolved.ranking.kind and not s.label for s in reading.sources)
        if reading.take is not Take.FINAL or not is_own:
            return np.full(len(chosen), np.nan)
        own_values = [score.metrics.get(reading.metric, np.nan) for score in chosen]
        return np.array(own_values, dtype=np.float64)

    nothing = np.zeros(len(chosen), dtype=np.int64)
    entries = Entries(
        numbers=np.array([score.id for score in chosen], dtype=np.int64),
        first=np.array([first.id for first, _ in in_order], dtype=np.int64),
        is_house=nothing.astype(bool),
        criteria=tuple(values(reading) for reading in resolved.criteria),
        gates=tuple(values(reading) for _, reading in resolved.gates),
        n_house=nothing,
        n_attacks=nothing,
    )
    return entries, chosen


def finals_at(now: Moment, challenge: str, resolved: ResolvedRanking) -> Finals:
    """Return the finals of a ranking's kind at a moment."""
    return now.finals(challenge, kind=resolved.ranking.kind, anchor=resolved.anchor.metric)
