"""What a ranking reads: declared rankings, judged and resolved to metrics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import attrs

from anomed_core.errors import ContractError
from anomed_core.ledger import RankedMetric
from anomed_core.model import (
    ANONYMIZER,
    Criterion,
    Direction,
    Gate,
    HouseAttack,
    HouseEntry,
    Metric,
    Ranking,
    Role,
    SubmissionKind,
    Take,
)

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
    added
        Extensions by the names of the kinds that they added.
    """

    kinds: Sequence[SubmissionKind]
    metrics: Mapping[str, tuple[Metric, ...]]
    attacks: Sequence[HouseAttack]
    entries: Sequence[HouseEntry]
    added: Mapping[str, str] = attrs.field(factory=dict)

    def kind(self, name: str, what: str) -> SubmissionKind:
        """Return a submission kind, or refuse what names it."""
        for kind in self.kinds:
            if kind.name == name:
                return kind
        raise ContractError(
            f"{what} names the submission kind {name!r}, which is not declared; declared are "
            f"{sorted(self.metrics)}"
        )

    def attack(self, kind: SubmissionKind, attacked: SubmissionKind) -> bool:
        """Return whether an attack counts against what an anonymizer submitted as a kind.

        An extension's attack has to say so: a metric that happens to be called as one of the
        owner's must not decide who wins.
        """
        if not kind.names_target:
            return False
        if kind.attacks:
            return kind.attacks == attacked.name
        return kind.name not in self.added and attacked.name not in self.added


def in_order(metrics: Sequence[Metric]) -> list[Metric]:
    """Return the primary metric, and then those that decide ties, in their order."""
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
        anchor=_source(kind.name, "", in_order(metrics)[0], metrics),
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
    # Whatever else differs in what extensions add is refused in their name once all is resolved.
    usual = [m for m, one in attacking if one.label or one.kind not in declared.added]
    metric = usual[0] if usual else attacking[0][0]
    if any(other.direction is not metric.direction for other in usual):
        raise ContractError(
            f"{what} takes the worst {criterion.metric!r}, which some attacks want to be higher "
            "and some lower; declare one direction"
        )
    reading = _reading(criterion, metric, [source for _, source in attacking])
    return attrs.evolve(
        reading,
        higher_is_better=not reading.higher_is_better,
        bounds=_from_chance(metric, chance_of(metric, _compared(kind, declared))),
    )


def _compared(kind: SubmissionKind, declared: Declarations) -> Iterator[Metric]:
    """Yield every metric that may say what chance is for attacks on a kind, the owner's first."""
    for other in declared.kinds:
        if other.name not in declared.added or declared.attack(other, kind):
            yield from declared.metrics[other.name]
    for attack in declared.attacks:
        yield from attack.metrics


def chance_of(metric: Metric, among: Iterable[Metric]) -> float | None:
    """Return the chance of a metric, or of the first among others whose limit it is."""
    limited = [one for one in among if one.limits is not None and metric.name in one.limits]
    return next((one.chance for one in (metric, *limited) if one.chance is not None), None)


def _from_chance(metric: Metric, chance: float | None) -> tuple[float, float]:
    """Return the bounds of a worst attack: one that does worse than by chance has learnt nothing.

    Without that, entries from which nobody has learnt anything would be ranked by their luck.
    """
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
        if declared.attack(other, kind) and criterion.kind in {"", other.name}:
            metrics = declared.metrics[other.name]
            for metric in metrics:
                if metric.name == criterion.metric:
                    yield metric, _source(other.name, "", metric, metrics)
    for attack in declared.attacks:
        if attack.kind == kind.name and not criterion.kind:
            for metric in attack.metrics:
                if metric.name == criterion.metric:
                    yield metric, _source(attack.kind, attack.name, metric, attack.metrics)


def attacks_somebody(kind: SubmissionKind) -> bool:
    """Return whether a kind's submissions are attacks on an anonymizer that they must name."""
    required = {parameter.name for parameter in kind.parameters if parameter.required}
    return kind.names_target and (kind.with_target or ANONYMIZER.name in required)


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
