"""What a challenge ranks: declared rankings, judged and resolved to the metrics that they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from anomed_core.errors import ContractError
from anomed_core.ledger import RankedMetric
from anomed_core.model import (
    ANONYMIZER,
    Challenge,
    Criterion,
    Direction,
    Gate,
    HouseAttack,
    HouseEntry,
    Metric,
    Parameter,
    Ranking,
    Role,
    Split,
    SubmissionKind,
    Take,
)
from anomed_core.plugins import PluginRegistry, collected
from anomed_core.plugins.diagnosis import noting_culprit
from anomed_core.service.ranking.declared_metrics import refuse_twins

_OF_MANY = frozenset({Take.MEAN_OVER_TARGETS, Take.MEAN_RANK, Take.AREA_OVER})
"""Criteria of who has several finals: one on each target."""


@attrs.frozen(kw_only=True)
class Reading:
    """A criterion or gate with what it reads.

    Attributes
    ----------
    metric, take, over, resolution
        See `Criterion`.
    higher_is_better
        For the entry.
    bounds
        Smallest and largest value of the metric.
    sources
        Where the metric comes from.
    """

    metric: str
    take: Take
    over: str = ""
    resolution: float | None = None
    higher_is_better: bool
    bounds: tuple[float, float]
    sources: tuple[RankedMetric, ...]


@attrs.frozen(kw_only=True)
class ResolvedRanking:
    """A ranking that is fit to be computed.

    Attributes
    ----------
    ranking
        As it is declared.
    anchor
        A metric of which each entry's final holds a criterion.
    gates, criteria
        What they read, in their order.
    of_attackers
        Whether an entry is a deanonymizer with all its finals, and not one final.
    """

    ranking: Ranking
    anchor: RankedMetric
    gates: tuple[tuple[Gate, Reading], ...]
    criteria: tuple[Reading, ...]

    @property
    def of_attackers(self) -> bool:
        """Whether an entry is a deanonymizer with all its finals."""
        return any(reading.take in _OF_MANY for reading in self.criteria)


@attrs.frozen(kw_only=True)
class Declarations:
    """Everything that rankings may name.

    Attributes
    ----------
    kinds
        Submission kinds.
    metrics
        Metrics by the name of their kind.
    attacks, entries
        The house's.
    """

    kinds: Sequence[SubmissionKind]
    metrics: Mapping[str, tuple[Metric, ...]]
    attacks: Sequence[HouseAttack]
    entries: Sequence[HouseEntry]

    def kind(self, name: str, what: str) -> SubmissionKind:
        """Return a submission kind, or refuse what names it."""
        for kind in self.kinds:
            if kind.name == name:
                return kind
        raise ContractError(
            f"{what} names the submission kind {name!r}, which is not declared; declared are "
            f"{sorted(self.metrics)}"
        )


def usual_rankings(
    kinds: Iterable[SubmissionKind], metrics: Mapping[str, tuple[Metric, ...]]
) -> list[Ranking]:
    """Return what ranks without a declaration: primary metrics, and their tie-breakers."""
    return [
        Ranking(
            name=kind.name,
            kind=kind.name,
            criteria=[Criterion(metric=metric.name) for metric in _in_order(metrics[kind.name])],
        )
        for kind in kinds
    ]


def _in_order(metrics: Sequence[Metric]) -> list[Metric]:
    breakers = [metric for metric in metrics if metric.tie_breaker is not None]
    return [metric for metric in metrics if metric.primary] + sorted(
        breakers, key=lambda metric: metric.tie_breaker or 0
    )


def resolve(ranking: Ranking, declared: Declarations) -> ResolvedRanking:
    """Find what a ranking reads.

    Raises
    ------
    ContractError
        If it names what is not declared, or criteria that do not fit together.
    """
    what = f"the ranking {ranking.name!r}"
    kind = declared.kind(ranking.kind, what)
    criteria = tuple(_criterion(c, kind, declared, what) for c in ranking.criteria)
    metrics = declared.metrics[kind.name]
    resolved = ResolvedRanking(
        ranking=ranking,
        anchor=_source(kind.name, "", _in_order(metrics)[0], metrics),
        gates=tuple((gate, _gate(gate, kind, declared, what)) for gate in ranking.gates),
        criteria=criteria,
    )
    if resolved.of_attackers and not all(reading.take in _OF_MANY for reading in criteria):
        raise ContractError(
            f"{what} mixes criteria of one final with criteria over several; take all of "
            f"them as one of {', '.join(sorted(_OF_MANY))}, or none"
        )
    return resolved


def _criterion(
    criterion: Criterion, kind: SubmissionKind, declared: Declarations, what: str
) -> Reading:
    if criterion.take is Take.WORST:
        return _worst(criterion, kind, declared, what)
    own = declared.kind(criterion.kind or kind.name, what)
    if criterion.take in _OF_MANY and not attacks_somebody(own):
        raise ContractError(
            f"{what} takes {criterion.metric!r} as {criterion.take.value!r}, but {own.name!r} "
            "attacks nobody; that is for kinds with a target"
        )
    if criterion.over and criterion.over not in {parameter.name for parameter in own.parameters}:
        raise ContractError(
            f"{what} takes the area of {criterion.metric!r} over {criterion.over!r}, which is no "
            f"parameter of {own.name!r}; it has {[p.name for p in own.parameters]}"
        )
    metric = _declared_metric(declared.metrics[own.name], criterion.metric, f"{what}: {own.name!r}")
    return _reading(criterion, metric, [_source(own.name, "", metric, declared.metrics[own.name])])


def _worst(
    criterion: Criterion, kind: SubmissionKind, declared: Declarations, what: str
) -> Reading:
    if kind.submitter is not Role.ANONYMIZER:
        raise ContractError(f"{what} takes the worst attack on {kind.name!r}, which nobody attacks")
    attacking = list(_attacking(criterion, kind, declared))
    if not attacking:
        raise ContractError(
            f"{what} takes the worst {criterion.metric!r}, which no attack on {kind.name!r} "
            "declares; declare it for a kind with a target or for a house attack"
        )
    metric = attacking[0][0]
    if any(other.direction is not metric.direction for other, _ in attacking):
        raise ContractError(
            f"{what} takes the worst {criterion.metric!r}, which some attacks want to be higher "
            "and some lower; declare one direction"
        )
    reading = _reading(criterion, metric, [source for _, source in attacking])
    return attrs.evolve(
        reading,
        higher_is_better=not reading.higher_is_better,
        bounds=_from_chance(metric, declared),
    )


def _from_chance(metric: Metric, declared: Declarations) -> tuple[float, float]:
    """Return the bounds of a worst attack: one that does worse than by chance has learnt nothing.

    Without that, entries from which nobody has learnt anything would be ranked by their luck.
    """
    everything = [
        *(one for metrics in declared.metrics.values() for one in metrics),
        *(one for attack in declared.attacks for one in attack.metrics),
    ]
    limited = [one for one in everything if one.limits is not None and metric.name in one.limits]
    chance = next((one.chance for one in (metric, *limited) if one.chance is not None), None)
    low, high = metric.bounds
    if chance is None:
        return low, high
    if metric.direction is Direction.HIGHER:
        return max(low, chance), high
    return low, min(high, chance)


def _attacking(
    criterion: Criterion, kind: SubmissionKind, declared: Declarations
) -> Iterator[tuple[Metric, RankedMetric]]:
    """Yield what attacks on a kind declare under a criterion's metric, participants' first."""
    for other in declared.kinds:
        if _may_attack(other) and criterion.kind in {"", other.name}:
            metrics = declared.metrics[other.name]
            for metric in metrics:
                if metric.name == criterion.metric:
                    yield metric, _source(other.name, "", metric, metrics)
    for attack in declared.attacks:
        if attack.kind == kind.name and not criterion.kind:
            for metric in attack.metrics:
                if metric.name == criterion.metric:
                    yield metric, _source(attack.kind, attack.name, metric, attack.metrics)


def _may_attack(kind: SubmissionKind) -> bool:
    """Return whether a kind's submissions can name an anonymizer: those that do count against it.

    A reconstructed table need not name anybody; one that does has told what became of that table.
    """
    return _attacks(kind, kind.parameters)


def attacks_somebody(kind: SubmissionKind) -> bool:
    """Return whether a kind's submissions are attacks on an anonymizer that they name."""
    return _attacks(kind, (parameter for parameter in kind.parameters if parameter.required))


def _attacks(kind: SubmissionKind, parameters: Iterable[Parameter]) -> bool:
    names = {parameter.name for parameter in parameters}
    return kind.submitter is Role.DEANONYMIZER and (kind.with_target or ANONYMIZER.name in names)


def _gate(gate: Gate, kind: SubmissionKind, declared: Declarations, what: str) -> Reading:
    about = f"{what}, gate {gate.label!r}"
    metrics: Sequence[Metric]
    if gate.house_attack:
        attack = next((a for a in declared.attacks if a.name == gate.house_attack), None)
        if attack is None or attack.kind != kind.name:
            raise ContractError(
                f"{about} names the house attack {gate.house_attack!r}; attacks on {kind.name!r} "
                f"are {sorted(a.name for a in declared.attacks if a.kind == kind.name)}"
            )
        own, metrics = kind.name, attack.metrics
    else:
        own = declared.kind(gate.kind or kind.name, about).name
        metrics = declared.metrics[own]
    metric = _declared_metric(metrics, gate.metric, about)
    source = _source(own, gate.house_attack, metric, metrics)
    return _reading(Criterion(metric=gate.metric), metric, [source])


def _declared_metric(metrics: Sequence[Metric], name: str, what: str) -> Metric:
    for metric in metrics:
        if metric.name == name:
            return metric
    raise ContractError(
        f"{what} reads the metric {name!r}, which is not declared; declared are "
        f"{sorted(metric.name for metric in metrics)}"
    )


def _source(kind: str, label: str, metric: Metric, metrics: Iterable[Metric]) -> RankedMetric:
    estimates = (m.name for m in metrics if m.limits is not None and metric.name in m.limits)
    return RankedMetric(kind=kind, label=label, metric=metric.name, estimate=next(estimates, ""))


def _reading(criterion: Criterion, metric: Metric, sources: Iterable[RankedMetric]) -> Reading:
    return Reading(
        metric=criterion.metric,
        take=criterion.take,
        over=criterion.over,
        resolution=criterion.resolution,
        higher_is_better=metric.direction is Direction.HIGHER,
        bounds=metric.bounds,
        sources=tuple(sources),
    )


def ranked_metrics(
    rankings: Iterable[ResolvedRanking], entries: Iterable[HouseEntry]
) -> list[RankedMetric]:
    """Return every metric that rankings read; house entries are read as participants are."""
    metrics: set[RankedMetric] = set()
    for ranking in rankings:
        metrics.add(ranking.anchor)
        for reading in (*ranking.criteria, *(reading for _, reading in ranking.gates)):
            metrics.update(reading.sources)
    of_entries = {
        attrs.evolve(metric, label=entry.name)
        for entry in entries
        for metric in metrics
        if metric.kind == entry.kind and not metric.label
    }
    return sorted(metrics | of_entries)


def declared_rankings(
    challenge: Challenge, registry: PluginRegistry, declared: Declarations
) -> tuple[ResolvedRanking, ...]:
    """Ask a challenge's owner who wins; each kind's primary metric ranks without an answer.

    Raises
    ------
    ContractError
        If a ranking names what is not declared.
    PluginConflictError
        If two rankings have one name.
    """
    hook = "anomed_rankings"
    answers = registry.caller(challenge.type, hook)(challenge=challenge)
    rankings = collected(answers, Ranking, hook) or usual_rankings(declared.kinds, declared.metrics)
    refuse_twins([(ranking.name, f"ranking {ranking.name!r}") for ranking in rankings])
    resolved = tuple(resolve(ranking, declared) for ranking in rankings)
    is_attacked = any(
        declared.kind(ranking.kind, hook).submitter is Role.ANONYMIZER for ranking in rankings
    )
    for each in resolved:
        if each.of_attackers and not is_attacked:
            raise ContractError(
                f"the ranking {each.ranking.name!r} counts targets, but no ranking of anonymizers "
                "says which they are; declare one"
            )
    return resolved


def declared_entries(
    challenge: Challenge,
    registry: PluginRegistry,
    kinds: Sequence[SubmissionKind],
    attacks: Sequence[HouseAttack],
) -> tuple[HouseEntry, ...]:
    """Ask for the entries of the house.

    Raises
    ------
    ContractError
        If one is for a kind that is not declared or has a target.
    PluginConflictError
        If two entries, or an entry and a house attack, have one name.
    """
    hook = "anomed_house_entries"
    entries = [
        attrs.evolve(entry, payload=noting_culprit(entry.payload, plugin, hook))
        for plugin, answer in registry.ask_each(challenge.type, hook, challenge=challenge)
        for entry in collected([answer], HouseEntry, hook)
    ]
    refuse_twins(
        [(attack.name, f"house entry or attack {attack.name!r}") for attack in attacks]
        + [(entry.name, f"house entry or attack {entry.name!r}") for entry in entries]
    )
    open_to = [
        kind.name
        for kind in kinds
        if not attacks_somebody(kind) and Split.VALIDATION in kind.splits
    ]
    for entry in entries:
        if entry.kind not in open_to:
            raise ContractError(
                f"the house entry {entry.name!r} is for {entry.kind!r}; the house enters kinds "
                f"that have finals and no target: {open_to}"
            )
    return tuple(entries)
