"""Who wins, and what the house enters itself."""

from __future__ import annotations

import numpy as np

from anomed_core import (
    Criterion,
    DataRequest,
    Direction,
    Gate,
    HouseEntry,
    Metric,
    Ranking,
    Split,
    Take,
)
from anomed_supervised_mia.challenge.arena import Arena
from anomed_supervised_mia.challenge.metrics import (
    ANONYMIZER,
    DEANONYMIZER,
    UTILITY_METRICS,
)
from anomed_supervised_mia.challenge.scoring import metrics_of

RESOLUTION = 0.01
"""Areas that differ by less are the same: attacks cannot tell such models apart."""

_SHARE = 0.1
"""Part of the way from a constant prediction to a perfect one that makes a model useful."""


def rankings(arena: Arena) -> list[Ranking]:
    """Rank useful models by the worst attack, then by utility; deanonymizers over all targets.

    A model that learns by heart is useful and gives its members away; a constant gives nobody away
    and is of no use. Neither wins.
    """
    declared = metrics_of(arena)
    primary = {metric.kind: metric for metric in declared if metric.primary}
    has_limit = any(m.kind == DEANONYMIZER and m.name == "auc_low" for m in declared)
    worst = [Criterion(metric="auc_low", take=Take.WORST, resolution=RESOLUTION)]
    return [
        Ranking(
            name="anonymizers",
            kind=ANONYMIZER,
            gates=_gates(arena, primary[ANONYMIZER]),
            criteria=[
                *(worst if has_limit else []),
                Criterion(metric=primary[ANONYMIZER].name),
            ],
        ),
        Ranking(
            name="deanonymizers",
            kind=DEANONYMIZER,
            criteria=[
                Criterion(metric=primary[DEANONYMIZER].name, take=Take.MEAN_OVER_TARGETS),
            ],
        ),
    ]


def house_entries(arena: Arena) -> list[HouseEntry]:
    """Enter the constant that does best on the training records: what no features can do."""

    def payload(request: DataRequest) -> dict[str, np.ndarray]:
        targets = arena.targets(request.split or Split.VALIDATION)
        constant = _best_constant(arena)
        return {"prediction": np.broadcast_to(constant, targets.shape).astype(targets.dtype)}

    return [
        HouseEntry(
            name="constant",
            kind=ANONYMIZER,
            description="The most frequent target, or the median of numbers, for every record.",
            payload=payload,
        )
    ]


def _gates(arena: Arena, primary: Metric) -> list[Gate]:
    """Return the gate that the organiser set, or that follows from a constant prediction."""
    least = arena.least_utility
    if least is None and primary.name in UTILITY_METRICS:
        truth = arena.data["training y"]
        constant = np.broadcast_to(_best_constant(arena), truth.shape).astype(truth.dtype)
        trivial, perfect = (
            arena.evaluate_prediction(prediction, truth)[primary.name]
            for prediction in (constant, truth)
        )
        least = trivial + _SHARE * (perfect - trivial)
    if least is None:  # nothing is known of an own evaluator's scale
        return []
    if primary.direction is Direction.HIGHER:
        return [Gate(metric=primary.name, at_least=least, label="of no use")]
    return [Gate(metric=primary.name, at_most=least, label="of no use")]


def _best_constant(arena: Arena) -> np.ndarray:
    truth = arena.data["training y"]
    if truth.dtype.kind == "f":
        return np.asarray(np.median(truth, axis=0))
    values, counts = np.unique(truth, axis=0, return_counts=True)
    return np.asarray(values[np.argmax(counts)])
