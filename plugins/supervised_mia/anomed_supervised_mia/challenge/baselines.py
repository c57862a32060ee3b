"""Submissions with known outcomes: the truth, constants, an attack, and what must be refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from anomed_core import Baseline, DataRequest, Quality, Split
from anomed_supervised_mia.challenge.arena import Arena
from anomed_supervised_mia.challenge.products import EVALUATION_PATH


def baselines(arena: Arena) -> list[Baseline]:
    """Return the baselines of a challenge."""

    def targets(request: DataRequest) -> np.ndarray:
        return np.array(arena.targets(request.split or Split.TUNING))

    def memberships(request: DataRequest) -> np.ndarray:
        return arena.memberships(
            anonymizer=request.anonymizer or "",
            deanonymizer=request.deanonymizer or "",
            split=request.split or Split.TUNING,
        )

    def baseline(name: str, kind: str, quality: Quality, make: object) -> Baseline:
        return Baseline(name=name, kind=kind, quality=quality, payload=make)

    return [
        baseline(
            "true targets", "anonymizer", Quality.PERFECT, lambda r: {"prediction": targets(r)}
        ),
        baseline(
            "one constant",
            "anonymizer",
            Quality.TRIVIAL,
            lambda r: {"prediction": np.full_like(targets(r), targets(r)[0])},
        ),
        baseline(
            "one record too few",
            "anonymizer",
            Quality.INVALID,
            lambda r: {"prediction": targets(r)[1:]},
        ),
        baseline(
            "true memberships",
            "deanonymizer",
            Quality.PERFECT,
            lambda r: {"prediction": memberships(r)},
        ),
        baseline(
            "everybody is a member",
            "deanonymizer",
            Quality.TRIVIAL,
            lambda r: {"prediction": np.ones_like(memberships(r))},
        ),
        baseline(
            "scores that are not numbers",
            "deanonymizer",
            Quality.INVALID,
            lambda r: {"prediction": np.full(len(memberships(r)), np.nan)},
        ),
        baseline(
            "whom a model that memorises is sure of",
            "deanonymizer",
            Quality.ATTACK,
            lambda products: {"prediction": _recognised(arena, products[EVALUATION_PATH])},
        ),
    ]


def _recognised(arena: Arena, records: Mapping[str, Any]) -> np.ndarray:
    """Ask about records what a model has memorised that is sure of its training records only.

    The challenge hands out no models, which anonymizers serve themselves: this is the leakiest.
    """
    features, targets = records["X"], records["y"]
    own = arena.records("training")
    memorised = set(_as_bytes(own["X"].astype(features.dtype), own["y"].astype(targets.dtype)))
    return np.array([record in memorised for record in _as_bytes(features, targets)])


def _as_bytes(features: np.ndarray, targets: np.ndarray) -> list[bytes]:
    return [x.tobytes() + y.tobytes() for x, y in zip(features, targets, strict=True)]
