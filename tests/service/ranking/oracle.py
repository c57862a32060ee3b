"""Who won, in plain Python: the rules as they are written down, without an eye on speed."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from scipy.stats import norm

from anomed_core.model import Score, Split

GATE, RESOLUTION = 0.6, 0.01

Criterion = tuple[Callable[[Any], float | None], float]
Told = tuple[int | None, str, str]


def versions_of(scores: Iterable[Score]) -> list[tuple[int, Score]]:
    """Return first number and newest version of each final, as they came."""
    first: dict[int, int] = {}
    newest: dict[int, Score] = {}
    for score in scores:
        first[score.id] = first.get(score.supersedes or 0, score.id)
        newest[first[score.id]] = score
    return [(n, score) for n, score in newest.items() if score.split is Split.VALIDATION]


def attacks_on(final: tuple[int, Score], found: list[tuple[int, Score]]) -> list[tuple[int, Score]]:
    """Return what counts against a final: the house's newest result, and later attacks."""
    number, score = final
    about = [(n, s) for n, s in found if s.subject.anonymizer == score.subject.anonymizer]
    house = [(n, s) for n, s in about if s.label == "panel"][-1:]
    others = [(n, s) for n, s in about if s.kind == "deanonymizer" and n > number]
    return [(n, s) for n, s in house + others if not s.annulled and "risk_low" in s.metrics]


def worst_on(attacks: list[tuple[int, Score]]) -> float | None:
    """Return the largest lower limit, corrected for how many attacks there are."""
    n_house = sum(bool(score.label) for _, score in attacks)
    limits = []
    for _, score in attacks:
        n = n_house if score.label else len(attacks)
        risk, low = score.metrics["risk"], score.metrics["risk_low"]
        limits.append(risk + (low - risk) * (norm.ppf(0.05 / n) / norm.ppf(0.05) if n > 1 else 1))
    return min(1.0, max(0.0, *limits)) if limits else None


def state_of(final: Score, worst: float | None) -> str:
    """Return what an entry is."""
    utility = final.metrics.get("utility")
    if final.label:
        return "house"
    if utility is None:
        return "incomplete"
    return "gated" if utility < GATE else "not attacked yet" if worst is None else "ranked"


def grouped(entries: list[Any], criteria: Sequence[Criterion]) -> list[list[Any]]:
    """Order entries by smaller values, and return those together that tie in everything."""
    if not entries or not criteria:
        return [sorted(entries, key=lambda entry: entry[0])] if entries else []
    (value, resolution), *rest = criteria
    known = sorted((e for e in entries if value(e) is not None), key=value)
    groups: list[list[Any]] = []
    for entry in known:
        if not groups or value(entry) - value(groups[-1][0]) > resolution * (1 + 1e-9):  # type: ignore[operator]
            groups.append([])
        groups[-1].append(entry)
    groups.append([e for e in entries if value(e) is None])
    return [tied for group in groups for tied in grouped(group, rest)]


def placed(groups: list[list[Any]], told: Callable[[Any], str], state: str) -> list[Told]:
    """Return place, name and state in the order of play."""
    places: list[Told] = []
    for group in groups:
        place = len(places) + 1 if state == "ranked" else None
        places += [(place, told(entry), state) for entry in group]
    return places


def anonymizers(scores: Sequence[Score]) -> tuple[list[Told], list[tuple[int, Score]]]:
    """Return the ranking of anonymizers, and the finals that deanonymizers are ranked by."""
    found = versions_of(scores)
    entries = []
    for number, score in found:
        if score.kind == "anonymizer" and score.label in {"", "mean"} and not score.annulled:
            worst = worst_on(attacks_on((number, score), found))
            entries.append((number, score, worst, state_of(score, worst)))
    by: list[Criterion] = [
        (lambda entry: entry[2], RESOLUTION),
        (lambda e: -e[1].metrics["utility"] if "utility" in e[1].metrics else None, 0),
    ]
    told: list[Told] = []
    for state in ("ranked", "not attacked yet", "gated", "incomplete", "house"):
        groups = grouped([entry for entry in entries if entry[3] == state], by)
        told += placed(groups, lambda entry: entry[1].subject.anonymizer, state)
    return told, [(n, s) for n, s, _, state in entries if state in {"ranked", "not attacked yet"}]


def deanonymizers(scores: Sequence[Score], take: str) -> list[Told]:
    """Return the ranking of deanonymizers over all ranked targets."""
    targets = anonymizers(scores)[1]
    found = versions_of(scores)
    attacks = [
        (score.subject.deanonymizer, target, number, score)
        for target, final in targets
        for number, score in attacks_on((target, final), found)
        if not score.label
    ]
    names = sorted({name for name, *_ in attacks})
    values = {name: _VALUES[take](name, names, attacks, len(targets)) for name in names}
    entries = [(min(n for who, _, n, _ in attacks if who == name), name) for name in names]
    sign = 1 if take == "mean_rank" else -1
    groups = grouped(entries, [(lambda entry: sign * values[entry[1]], 0)])
    return placed(groups, lambda entry: entry[1], "ranked")


def _mean(name: str, _: list[str], attacks: list[Any], n_targets: int) -> float:
    return sum(s.metrics["risk_low"] for who, _, _, s in attacks if who == name) / n_targets


def _mean_rank(name: str, names: list[str], attacks: list[Any], n_targets: int) -> float:
    total = len(names) * n_targets
    for target in {target for _, target, *_ in attacks}:
        on = {who: s.metrics["risk_low"] for who, about, _, s in attacks if about == target}
        if name in on:
            total += 1 + sum(value > on[name] for value in on.values()) - len(names)
    return total / n_targets


def _area(name: str, _: list[str], attacks: list[Any], __: int) -> float:
    at = sorted({_epsilon(score) for *_, score in attacks})
    heights = []
    for epsilon in at:
        own = [
            s.metrics["risk_low"] for who, *_, s in attacks if (who, _epsilon(s)) == (name, epsilon)
        ]
        heights.append(sum(own) / max(1, len(own)))
    if len(at) < 2:
        return sum(heights)
    steps = zip(at, at[1:], heights, heights[1:], strict=False)
    return sum((b - a) * (low + high) / 2 for a, b, low, high in steps) / (at[-1] - at[0])


def _epsilon(score: Score) -> float:
    return float(json.loads(score.parameters.get("epsilon", "0")))


_VALUES = {"mean_over_targets": _mean, "mean_rank": _mean_rank, "area_over": _area}
