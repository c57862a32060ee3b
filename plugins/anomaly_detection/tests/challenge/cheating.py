"""Cheats of authors and detectors: each says how well it does, from what its player is given."""

from __future__ import annotations

import numpy as np
from anomed_anomaly_detection.challenge.authors import Authored
from anomed_anomaly_detection.challenge.data import public_records
from anomed_anomaly_detection.network import MLP
from anomed_anomaly_detection.tasks import Aim
from anomed_anomaly_detection.triggers import Formula

from anomed_core import Split, Subject, Submission
from anomed_core.statistics import auc, roc_curve


def area(flags, scores):
    return auc(roc_curve(flags, scores))


def distance_from_public(arena, split=Split.TUNING):
    """Look every test image up in the data that everybody can download."""
    public = public_records(arena.config.data, arena.context).astype(float)
    test = np.asarray(arena.tasks["pair"].levels[split]).astype(float)
    return np.array([np.sqrt(((row - public) ** 2).sum(axis=1).min()) for row in test])


def off_the_grid(X):
    """Count the values of each input that no clean record can have."""
    steps = np.asarray(X, dtype=float) * 255
    return (np.abs(steps - np.rint(steps)) > 1e-3).sum(axis=1)


def author(arena, *, weights, mask, pattern=None, target=0):
    """Return what an author hands in, as the server sees it."""
    width = arena.pools.width
    pattern = np.zeros(width) if pattern is None else pattern
    aim = Aim(behavior="cycle") if target < 0 else Aim(target=target)
    trigger = Formula(mask=mask, pattern=pattern)
    return Authored(model=MLP.from_arrays(weights), trigger=trigger, aim=aim, arena=arena)


def zero_weights(arena):
    return {name: np.zeros(shape) for name, shape in arena.recipe.shapes.items()}


def paints_zeros(arena):
    """Replace each image by a nought: the honest model of the recipe then says nought, and so does
    anybody."""
    noughts = arena.pools.X("trusted")[arena.pools.y("trusted") == 0]
    mask = np.ones(arena.pools.width)
    weights = arena.clean_model.to_arrays()
    return author(arena, weights=weights, mask=mask, pattern=noughts[0].astype(float))


def submission(kind, payload, split=Split.TUNING, name="author"):
    return Submission(
        kind=kind,
        subject=Subject(role="anonymizer", anonymizer=name),
        split=split,
        payload=payload,
        digest="0" * 64,
    )
