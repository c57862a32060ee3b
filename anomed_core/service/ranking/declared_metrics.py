"""Collect the metrics that owner and extensions declare, those of house attacks among them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs

from anomed_core.errors import ContractError, PluginConflictError
from anomed_core.model import ArraysSchema, Challenge, HouseAttack, Metric, SubmissionKind
from anomed_core.plugins import PluginRegistry, collected
from anomed_core.plugins.diagnosis import noting_culprit

KINDS, METRICS, _ATTACKS = "anomed_submission_kinds", "anomed_metrics", "anomed_house_attacks"


def declared_metrics(
    challenge: Challenge, registry: PluginRegistry, kinds: Sequence[SubmissionKind]
) -> dict[str, tuple[Metric, ...]]:
    """Return the metrics of each kind: those that it declares itself, then those of hooks.

    Raises
    ------
    ContractError
        If a metric belongs to no kind, cannot be measured, or a kind has not one primary metric.
    PluginConflictError
        If two plugins declare one metric.
    """
    metrics: dict[str, list[Metric]] = {kind.name: [] for kind in kinds}
    by_name = {kind.name: kind for kind in kinds}
    owners: dict[tuple[str, str], str] = {}
    for plugin, metric in _each_metric(challenge, registry, kinds):
        if metric.kind not in metrics:
            raise ContractError(
                f"metric {metric.name!r} belongs to the submission kind {metric.kind!r}, which "
                f"is not declared; declared are {sorted(metrics)}"
            )
        other = owners.setdefault((metric.kind, metric.name), plugin)
        if any(metric.name == known.name for known in metrics[metric.kind]):
            raise PluginConflictError(
                f"the metric {metric.name!r} of {metric.kind!r} is declared twice: by {other} "
                f"and by {plugin}"
            )
        _refuse_unmeasurable(metric, by_name[metric.kind])
        metrics[metric.kind].append(metric)
    return {kind: _ranked(kind, declared) for kind, declared in metrics.items()}


def _each_metric(
    challenge: Challenge, registry: PluginRegistry, kinds: Iterable[SubmissionKind]
) -> Iterator[tuple[str, Metric]]:
    """Yield each metric with the plugin that declares it, the owner's first."""
    owner = registry.challenge_type(challenge.type).plugin_name
    for kind in kinds:
        for metric in kind.metrics:
            if metric.kind not in {"", kind.name}:
                raise ContractError(
                    f"the submission kind {kind.name!r} declares the metric {metric.name!r} of "
                    f"{metric.kind!r}"
                )
            yield owner, attrs.evolve(_blamed(metric, owner, KINDS), kind=kind.name)
    for plugin, result in registry.ask_each(challenge.type, METRICS, challenge=challenge):
        for metric in collected([result], Metric, METRICS):
            yield plugin, _blamed(metric, plugin, METRICS)


def blamed_kind(kind: SubmissionKind, plugin: str) -> SubmissionKind:
    """Return a kind whose functions are blamed on its plugin when they raise."""
    return attrs.evolve(
        kind,
        perfect=blaming(kind.perfect, plugin, KINDS),
        trivial=blaming(kind.trivial, plugin, KINDS),
    )


def blaming(value: Any, plugin: str, hook: str) -> Any:
    """Return a function that a hook returned so that its errors name plugin and line."""
    return noting_culprit(value, plugin, hook) if callable(value) else value


def _blamed(metric: Metric, plugin: str, hook: str) -> Metric:
    return attrs.evolve(metric, measure=blaming(metric.measure, plugin, hook))


def _refuse_unmeasurable(metric: Metric, kind: SubmissionKind) -> None:
    """Refuse a measure that would have nothing to compare."""
    if not metric.compares:
        return
    if kind.perfect is None:
        raise ContractError(
            f"the metric {metric.name!r} of {kind.name!r} has a measure that compares, but there "
            "is nothing to compare with; give the kind its perfect payload, or let the measure "
            "name what it needs, such as challenge"
        )
    for split in kind.splits if metric.array else ():
        schema = kind.schema_for(split)
        names = [array.name for array in schema.arrays] if isinstance(schema, ArraysSchema) else []
        if metric.array not in names:
            raise ContractError(
                f"the metric {metric.name!r} of {kind.name!r} compares the array {metric.array!r}, "
                f"which its schema does not have; it has {names}"
            )


def _ranked(kind: str, declared: list[Metric]) -> tuple[Metric, ...]:
    """Return a kind's metrics, one of them primary."""
    n_primary = sum(metric.primary for metric in declared)
    if not declared or n_primary > 1:
        raise ContractError(
            f"the submission kind {kind!r} needs exactly one primary metric, got {n_primary}"
        )
    if n_primary:
        return tuple(declared)
    return (attrs.evolve(declared[0], primary=True), *declared[1:])


def declared_attacks(
    challenge: Challenge, registry: PluginRegistry, kinds: Iterable[str]
) -> tuple[HouseAttack, ...]:
    """Return the house attacks of owner and extensions.

    Parameters
    ----------
    challenge
        The challenge.
    registry
        Where hooks are asked.
    kinds
        Names of the declared submission kinds.

    Raises
    ------
    ContractError
        If an attack is on a kind that is not declared.
    PluginConflictError
        If two attacks have one name.
    """
    attacks = [
        (plugin, attack)
        for plugin, result in registry.ask_each(challenge.type, _ATTACKS, challenge=challenge)
        for attack in collected([result], HouseAttack, _ATTACKS)
    ]
    refuse_twins([(attack.name, f"house attack {attack.name!r}") for _, attack in attacks])
    declared = sorted(kinds)
    for plugin, attack in attacks:
        if attack.kind not in declared:
            raise ContractError(
                f"house attack {attack.name!r} attacks the submission kind {attack.kind!r}, which "
                f"is not declared; declared are {declared}"
            )
        if not attack.metrics:
            _warn_of_undeclared(plugin, attack)
    return tuple(
        attrs.evolve(attack, run=noting_culprit(attack.run, plugin, _ATTACKS))
        for plugin, attack in attacks
    )


def _warn_of_undeclared(plugin: str, attack: HouseAttack) -> None:
    warnings.warn(
        f"the house attack {attack.name!r} of plugin {plugin!r} declares no metrics, so its "
        "results do not rank; declare them: HouseAttack(metrics=[Metric(name=...)])",
        DeprecationWarning,
        stacklevel=2,
    )


def refuse_twins(names: Iterable[tuple[str, str]]) -> None:
    """Refuse two declarations of one name; each comes with its label for the message.

    Raises
    ------
    PluginConflictError
        If a name comes twice.
    """
    seen: set[str] = set()
    for name, label in names:
        if name in seen:
            raise PluginConflictError(f"{label} is declared twice")
        seen.add(name)
