"""Ask who wins, and what the house enters itself: of the owner, and of extensions for their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from anomed_core.errors import ContractError
from anomed_core.ledger import RankedMetric
from anomed_core.model import (
    Challenge,
    Criterion,
    HouseAttack,
    HouseEntry,
    Metric,
    Ranking,
    Role,
    Split,
    SubmissionKind,
    Take,
)
from anomed_core.plugins import PluginRegistry
from anomed_core.plugins import declared as answered
from anomed_core.plugins.diagnosis import blamed_on, noting_culprit
from anomed_core.service.ranking.declared_metrics import refuse_twins
from anomed_core.service.ranking.declared_rankings import (
    Declarations,
    ResolvedRanking,
    attacks_somebody,
    chance_of,
    in_order,
    resolve,
)


def usual_rankings(
    kinds: Iterable[SubmissionKind], metrics: Mapping[str, tuple[Metric, ...]]
) -> list[Ranking]:
    """Return what ranks without a declaration: primary metrics, and their tie-breakers."""
    return [
        Ranking(
            name=kind.name,
            kind=kind.name,
            criteria=[Criterion(metric=metric.name) for metric in in_order(metrics[kind.name])],
        )
        for kind in kinds
    ]


def declared_rankings(
    challenge: Challenge, registry: PluginRegistry, declared: Declarations
) -> tuple[ResolvedRanking, ...]:
    """Ask who wins; each kind's primary metric ranks where its plugin does not answer.

    The owner says who wins the game; an extension ranks what it has added, and nothing else.

    Raises
    ------
    PluginBrokenError
        If a ranking names what is not declared, or an extension ranks others' kinds.
    PluginConflictError
        If two rankings have one name.
    """
    rankings = _rankings_of_each(challenge, registry, declared)
    refuse_twins(
        (ranking.name, f"ranking {ranking.name!r}", registry.label(plugin))
        for plugin, ranking in rankings
    )
    is_attacked = any(
        kind.submitter is Role.ANONYMIZER
        for kind in declared.kinds
        if kind.name in {ranking.kind for _, ranking in rankings}
    )
    resolved = []
    for plugin, ranking in rankings:
        with blamed_on(registry.label(plugin), challenge.id):
            each = resolve(ranking, declared)
            if each.of_attackers and not is_attacked:
                raise ContractError(
                    f"the ranking {ranking.name!r} counts targets, but no ranking of anonymizers "
                    "says which they are; declare one"
                )
            resolved.append(each)
    _refuse_other_scales(challenge, registry, declared, resolved)
    return tuple(resolved)


def _refuse_other_scales(
    challenge: Challenge,
    registry: PluginRegistry,
    declared: Declarations,
    rankings: Iterable[ResolvedRanking],
) -> None:
    """Refuse an extension's attack whose metric is called as the others' and means another thing.

    Raises
    ------
    PluginBrokenError
        If direction, bounds, chance or interval differ from what the first attack declares.
    """
    for reading in (one for resolved in rankings for one in resolved.criteria):
        others = [one for one in reading.sources if one.label or one.kind not in declared.added]
        if reading.take is not Take.WORST or not others:
            continue
        scale = _scale(others[0], declared)
        for source in (one for one in reading.sources if one not in others):
            differing = [
                f"{what} {value} and not {scale[what]}"
                for what, value in _scale(source, declared).items()
                if value != scale[what]
            ]
            with blamed_on(registry.label(declared.added[source.kind]), challenge.id):
                if differing:
                    raise ContractError(
                        f"the metric {source.metric!r} of {source.kind!r} counts among the worst "
                        f"attacks, so it is compared with that of "
                        f"{others[0].label or others[0].kind!r}, but has {', '.join(differing)}; "
                        "declare the same, or give it another name"
                    )


def _scale(source: RankedMetric, declared: Declarations) -> dict[str, object]:
    """Return what must be equal for two metrics of one name to be compared."""
    metrics = declared.metrics[source.kind]
    if source.label:
        metrics = next(one.metrics for one in declared.attacks if one.name == source.label)
    metric = next(one for one in metrics if one.name == source.metric)
    return {
        "the direction": metric.direction.value,
        "the bounds": metric.bounds,
        "the chance": chance_of(metric, metrics),
        "an interval": bool(source.estimate),
    }


def _rankings_of_each(
    challenge: Challenge, registry: PluginRegistry, declared: Declarations
) -> list[tuple[str, Ranking]]:
    """Return the rankings of the owner and then of each extension that has added kinds."""
    owner = registry.challenge_type(challenge.type).plugin_name
    answers = answered(registry, challenge, "anomed_rankings", Ranking)
    rankings = []
    for plugin in dict.fromkeys([owner, *declared.added.values(), *dict(answers)]):
        own = [kind for kind in declared.kinds if declared.added.get(kind.name, owner) == plugin]
        given = [ranking for who, ranking in answers if who == plugin]
        for ranking in given:
            if plugin != owner and ranking.kind not in {kind.name for kind in own}:
                with blamed_on(registry.label(plugin), challenge.id):
                    raise ContractError(
                        f"the ranking {ranking.name!r} is of {ranking.kind!r}; an extension ranks "
                        f"the kinds that it adds: {[kind.name for kind in own]}"
                    )
        rankings += [(plugin, one) for one in given or usual_rankings(own, declared.metrics)]
    return rankings


def declared_entries(
    challenge: Challenge,
    registry: PluginRegistry,
    kinds: Sequence[SubmissionKind],
    attacks: Sequence[HouseAttack],
) -> tuple[HouseEntry, ...]:
    """Ask for the entries of the house.

    Raises
    ------
    PluginBrokenError
        If one is for a kind that is not declared or has a target.
    PluginConflictError
        If two entries, or an entry and a house attack, have one name.
    """
    hook = "anomed_house_entries"
    offered = answered(registry, challenge, hook, HouseEntry)
    names = [attack.name for attack in attacks] + [entry.name for _, entry in offered]
    refuse_twins((name, f"house entry or attack {name!r}", "") for name in names)
    open_to = [
        kind.name
        for kind in kinds
        if not attacks_somebody(kind) and Split.VALIDATION in kind.splits
    ]
    for plugin, entry in offered:
        if entry.kind not in open_to:
            with blamed_on(registry.label(plugin), challenge.id):
                raise ContractError(
                    f"the house entry {entry.name!r} is for {entry.kind!r}; the house enters kinds "
                    f"that have finals and no target: {open_to}"
                )
    return tuple(
        attrs.evolve(entry, payload=noting_culprit(entry.payload, plugin, hook))
        for plugin, entry in offered
    )
