"""How places are given, in sentences that are made of what a ranking declares."""

from __future__ import annotations

from anomed_core.model import Gate, Take
from anomed_core.report import Listing
from anomed_core.service.pages.visit import Visit
from anomed_core.service.ranking.declared_rankings import Reading, ResolvedRanking
from anomed_core.service.ranking.telling import higher_is_better


def how_places_are_given(visit: Visit, name: str = "") -> list[object]:
    """Return the rules of a challenge's rankings, or of the one of a name."""
    chosen = [r for r in visit.hosted.rankings if name in {"", r.ranking.name}]
    parts: list[object] = []
    for resolved in chosen:
        if len(chosen) > 1:
            parts.append(f"{resolved.ranking.title or resolved.ranking.name}:")
        parts.append(Listing(items=rules_in_words(resolved), ordered=True))
    return parts


def rules_in_words(resolved: ResolvedRanking) -> list[str]:
    """Return what decides between two entries, the first thing first."""
    sentences = [f"{_gate(gate)}, or no place: {gate.label}." for gate, _ in resolved.gates]
    for place, reading in enumerate(resolved.criteria):
        begin = "" if place == 0 else "In a tie, "
        better = "the higher " if higher_is_better(reading) else "the lower "
        tie = (
            f", and what is within {reading.resolution:g} of the first ties"
            if (reading.resolution)
            else ""
        )
        sentences.append(_capital(f"{begin}{better}{_taken(reading)}{tie}."))
    return [*sentences, "Who still ties shares a place; the earlier final stands first."]


def _gate(gate: Gate) -> str:
    bounds = [
        f"at {word} {bound:g}"
        for word, bound in (("least", gate.at_least), ("most", gate.at_most))
        if bound is not None
    ]
    of_house = f" of the house's attack {gate.house_attack}" if gate.house_attack else ""
    return f"{_capital(gate.metric)}{of_house} {' and '.join(bounds)}"


def _taken(reading: Reading) -> str:
    metric = reading.metric
    return {
        Take.FINAL: metric,
        Take.WORST: f"{metric} of the worst attack, of the house's and everybody's, at the lower "
        "limit of its interval, corrected for how many attacks there are",
        Take.MEAN_OVER_TARGETS: f"mean of {metric} over all targets, where one that was not "
        "attacked counts as no success",
        Take.MEAN_RANK: f"mean rank by {metric}",
        Take.AREA_OVER: f"area below {metric}",
    }[reading.take]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
