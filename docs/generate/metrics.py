"""The metrics that challenge types declare."""

from __future__ import annotations

from anomed_supervised_mia.challenge.metrics import UTILITY_METRICS

from anomed_core.model import Metric
from anomed_core.service.server import Server
from docs.generate.demos import challenge_types, from_demo
from docs.generate.markdown import code, table


def block() -> str:
    """Return the metrics of each type's demo, by submission kind and house attack."""
    parts = []
    for challenge_type in challenge_types():
        for kind, metrics in from_demo(challenge_type.name, _declared).items():
            parts += [
                f"## {challenge_type.name}: {kind}",
                table(
                    ["metric", "better", "range", "chance", "ranks", "definition"],
                    [_row(metric) for metric in metrics],
                ),
            ]
    return "\n\n".join(parts)


def _declared(server: Server) -> dict[str, tuple[Metric, ...]]:
    (hosted,) = server.challenges.values()
    attacks = {
        f"house attack {attack.name}": attack.metrics
        for attack in hosted.house_attacks
        if attack.metrics
    }
    return dict(hosted.metrics) | attacks


def _row(metric: Metric) -> list[str]:
    if not metric.definition:
        raise ValueError(f"{metric.kind}: {metric.name} has no definition")
    return [
        code(metric.name),
        metric.direction.value,
        _range(metric.bounds),
        "" if metric.chance is None else f"{metric.chance:g}",
        "first" if metric.primary else (f"tie {metric.tie_breaker}" if metric.tie_breaker else ""),
        metric.definition,
    ]


def _range(bounds: tuple[float, float]) -> str:
    low, high = (f"{bound:g}".replace("inf", "∞") for bound in bounds)
    return f"{low} to {high}"


def utility_block() -> str:
    """Return the utility metrics that a configuration can name."""
    rows = [
        [code(name), metric.direction.value, _range(metric.bounds), metric.definition]
        for name, metric in UTILITY_METRICS.items()
    ]
    return table(["name", "better", "range", "definition"], rows)
