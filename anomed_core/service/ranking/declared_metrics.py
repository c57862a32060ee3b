"""Collect the metrics that owner and extensions declare, those of house attacks among them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs

from anomed_core.errors import ContractError, PluginConflictError
from anomed_core.model import (
    ArraysSchema,
    Challenge,
    HouseAttack,
    Metric,
    Purpose,
    SubmissionKind,
)
from anomed_core.plugins import PluginRegistry, declared
from anomed_core.plugins.diagnosis import blamed_on, noting_culprit

KINDS, METRICS, _ATTACKS = "anomed_submission_kinds", "anomed_metrics", "anomed_house_attacks"

EVALUATES = {
    Purpose.UTILITY: "anomed_evaluate_utility",
    Purpose.THREAT: "anomed_evaluate_threat",
}
"""The hook that scores what has a purpose."""

Declared = Sequence[tuple[str, SubmissionKind]]
"""Submission kinds, and the plugin of each."""


@attrs.frozen(kw_only=True)
class DeclaredMetrics:
    """The metrics of a challenge.

    Attributes
    ----------
    by_kind
        Metrics by the name of their kind.
    involved
        Who declares something about a kind that an extension added, by the kind's name: no other
        plugin knows that there is such a kind, so none may wrap its evaluation.
    """

    by_kind: dict[str, tuple[Metric, ...]]
    involved: dict[str, frozenset[str]]


def declared_metrics(
    challenge: Challenge, registry: PluginRegistry, kinds: Declared
) -> DeclaredMetrics:
    """Return the metrics of each kind: those that it declares itself, then those of hooks.

    Raises
    ------
    PluginBrokenError
        If a metric belongs to no kind, nothing computes it, or a kind has not one primary metric.
    PluginConflictError
        If two plugins declare one metric.
    """
    metrics: dict[str, dict[str, Metric]] = {kind.name: {} for _, kind in kinds}
    plugins: dict[tuple[str, str], str] = {}
    by_name = {kind.name: kind for _, kind in kinds}
    for plugin, metric in _each_metric(challenge, registry, kinds):
        with blamed_on(registry.label(plugin), challenge.id):
            _refuse_unknown_kind(metric, metrics)
            other = plugins.setdefault((metric.kind, metric.name), plugin)
            if metric.name in metrics[metric.kind]:
                raise PluginConflictError(
                    f"the metric {metric.name!r} of {metric.kind!r} is declared twice: by {other} "
                    f"and by {plugin}"
                )
            _refuse_unmeasurable(metric, by_name[metric.kind])
            metrics[metric.kind][metric.name] = metric
    by_kind = {}
    for plugin, kind in kinds:
        with blamed_on(registry.label(plugin), challenge.id):
            by_kind[kind.name] = _ranked(kind.name, list(metrics[kind.name].values()))
    owner = registry.challenge_type(challenge.type).plugin_name
    involved = {
        kind.name: frozenset({plugin, *(plugins[kind.name, name] for name in metrics[kind.name])})
        for plugin, kind in kinds
        if plugin != owner
    }
    metrics_of_all = DeclaredMetrics(by_kind=by_kind, involved=involved)
    _refuse_uncomputed(challenge, registry, kinds, metrics_of_all, plugins)
    return metrics_of_all


def _refuse_unknown_kind(metric: Metric, kinds: Iterable[str]) -> None:
    if metric.kind not in kinds:
        raise ContractError(
            f"metric {metric.name!r} belongs to the submission kind {metric.kind!r}, which "
            f"is not declared; declared are {sorted(kinds)}"
        )


def _refuse_uncomputed(
    challenge: Challenge,
    registry: PluginRegistry,
    kinds: Declared,
    metrics_of_all: DeclaredMetrics,
    plugins: dict[tuple[str, str], str],
) -> None:
    """Refuse metrics without a measure where no plugin answers or wraps the evaluation."""
    for declarer, kind in kinds:
        hook = EVALUATES[kind.purpose]
        among = metrics_of_all.involved.get(kind.name)
        if registry.caller(challenge.type, hook, declarer=declarer, among=among).get_hookimpls():
            continue
        for metric in metrics_of_all.by_kind[kind.name]:
            if metric.measure is None:
                plugin = plugins[kind.name, metric.name]
                with blamed_on(registry.label(plugin), challenge.id):
                    raise ContractError(
                        f"nothing computes the metric {metric.name!r} of {kind.name!r}; give it a "
                        f"measure, or return it from {hook}"
                    )


def _each_metric(
    challenge: Challenge, registry: PluginRegistry, kinds: Declared
) -> Iterator[tuple[str, Metric]]:
    """Yield each metric with the plugin that declares it, those of kinds first."""
    for plugin, kind in kinds:
        for metric in kind.metrics:
            with blamed_on(registry.label(plugin), challenge.id):
                if metric.kind not in {"", kind.name}:
                    raise ContractError(
                        f"the submission kind {kind.name!r} declares the metric {metric.name!r} of "
                        f"{metric.kind!r}"
                    )
            yield plugin, attrs.evolve(_blamed(metric, plugin, KINDS), kind=kind.name)
    for plugin, metric in declared(registry, challenge, METRICS, Metric):
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
    for split in kind.splits:
        schema = kind.schema_for(split)
        names = [array.name for array in schema.arrays] if isinstance(schema, ArraysSchema) else []
        if not metric.array and len(names) > 1:
            raise ContractError(
                f"the metric {metric.name!r} of {kind.name!r} does not say which array it "
                f"compares; give array=, one of {names}, or let the measure name submission and "
                "challenge instead of comparing"
            )
        if metric.array and metric.array not in names:
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
    PluginBrokenError
        If an attack is on a kind that is not declared.
    PluginConflictError
        If two attacks have one name.
    """
    attacks = declared(registry, challenge, _ATTACKS, HouseAttack)
    refuse_twins(
        (attack.name, f"house attack {attack.name!r}", registry.label(plugin))
        for plugin, attack in attacks
    )
    known = sorted(kinds)
    for plugin, attack in attacks:
        with blamed_on(registry.label(plugin), challenge.id):
            if attack.kind not in known:
                raise ContractError(
                    f"house attack {attack.name!r} attacks the submission kind {attack.kind!r}, "
                    f"which is not declared; declared are {known}"
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


def refuse_twins(names: Iterable[tuple[str, str, str]]) -> None:
    """Refuse two declarations of one name; each comes with its label and its plugin's.

    Raises
    ------
    PluginConflictError
        If a name comes twice; two plugins are both named.
    """
    seen: dict[str, str] = {}
    for name, label, plugin in names:
        if name in seen:
            both = f": by {seen[name]} and by {plugin}" if seen[name] != plugin else ""
            raise PluginConflictError(f"{label} is declared twice{both}")
        seen[name] = plugin
