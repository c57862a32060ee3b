"""The labelled records of a challenge, divided and deformed once for all processes."""

from __future__ import annotations

import math
from collections.abc import Mapping

import attrs
import numpy as np

from anomed_anomaly_detection.challenge.config import DataSettings
from anomed_anomaly_detection.dealing import POOLS, deformed, from_bytes, on_grid, stratified
from anomed_anomaly_detection.dealing.grid import as_bytes
from anomed_core import ConfigError, CreationContext, Lottery


@attrs.frozen(kw_only=True, eq=False)
class Pools:
    """Disjoint pools of labelled records.

    Attributes
    ----------
    levels
        By pool, uint8 of shape (n, d): what the records' entries are, in steps of 1/255.
    labels
        By pool, int64 of shape (n,), from 0 to ``n_classes - 1``.
    shape
        (h, w) or (h, w, channels) of images; (d,) of records that are none.
    n_classes
        Labels that there are.
    """

    levels: Mapping[str, np.ndarray] = attrs.field(repr=False)
    labels: Mapping[str, np.ndarray] = attrs.field(repr=False)
    shape: tuple[int, ...]
    n_classes: int

    @property
    def width(self) -> int:
        """Entries of a record."""
        return math.prod(self.shape)

    def X(self, pool: str) -> np.ndarray:
        """Return the records of a pool, float32 of shape (n, d) in [0, 1], on the grid."""
        return from_bytes(np.asarray(self.levels[pool]))

    def y(self, pool: str) -> np.ndarray:
        """Return the labels of a pool, int64 of shape (n,)."""
        return np.asarray(self.labels[pool])


def open_pools(settings: DataSettings, context: CreationContext) -> Pools:
    """Load the records, divide them and deform every image.

    Parameters
    ----------
    settings
        Where they come from.
    context
        Loads, draws, and keeps what was drawn.

    Returns
    -------
    Pools

    Raises
    ------
    ConfigError
        If there are no such arrays, they do not fit each other, or a pool would lack a class.
    """
    key = f"{settings!r} {context.source_fingerprint(settings.source)}"

    def build() -> dict[str, np.ndarray]:
        X, y = _loaded(settings, context)
        shape = _shape_of(settings, X.shape[1])
        return _dealt(X, y, shape, settings, context.lottery)

    frozen = context.freeze("pools", key, build)
    return Pools(
        levels={pool: frozen[f"{pool} X"] for pool in POOLS},
        labels={pool: frozen[f"{pool} y"] for pool in POOLS},
        shape=tuple(frozen["shape"].tolist()),
        n_classes=int(frozen["n_classes"][0]),
    )


def public_records(settings: DataSettings, context: CreationContext) -> np.ndarray:
    """Return the records as their source has them, uint8 of shape (n, d)."""
    return as_bytes(_loaded(settings, context)[0])


def _loaded(settings: DataSettings, context: CreationContext) -> tuple[np.ndarray, np.ndarray]:
    arrays = context.load(settings.source, "arrays")
    missing = [name for name in (settings.X, settings.y) if name not in arrays]
    if missing:
        raise ConfigError(
            "data", f"{settings.source} has {', '.join(arrays)}, but no {' and no '.join(missing)}"
        )
    X, y = np.asarray(arrays[settings.X]), np.asarray(arrays[settings.y])
    if X.ndim < 2 or y.ndim != 1 or len(X) != len(y) or X.dtype.kind not in "buif":
        raise ConfigError(
            "data",
            f"{settings.X} has shape {X.shape} and {settings.y} {y.shape}; records of numbers, one "
            "row each, and as many labels are needed",
        )
    values = X.reshape(len(X), -1).astype(np.float64)
    high = float(values.max()) if settings.high is None else settings.high
    if not high > settings.low:
        raise ConfigError("data.low", f"{settings.low} is not below the largest value, {high}")
    _, first = np.unique(values, axis=0, return_index=True)  # else a twin is in another pool
    rows = np.sort(first)
    unit = (values[rows] - settings.low) / (high - settings.low)
    return unit, np.unique(y, return_inverse=True)[1][rows]


def _shape_of(settings: DataSettings, width: int) -> tuple[int, ...]:
    side = math.isqrt(width)
    shape = settings.shape or ((side, side) if settings.deform else (width,))
    if math.prod(shape) != width:
        what = f"{list(settings.shape)}" if settings.shape else "no square"
        raise ConfigError(
            "data.shape",
            f"records have {width} values, which is {what}; give the shape of the images, or "
            "deform = false for records that are no images",
        )
    return shape


def _dealt(
    X: np.ndarray,
    y: np.ndarray,
    shape: tuple[int, ...],
    settings: DataSettings,
    lottery: Lottery,
) -> dict[str, np.ndarray]:
    """Divide records and deform them, each pool by a draw of its own."""
    n_classes = int(y.max()) + 1
    rows = stratified(y, settings.shares, lottery.permutation(len(X), "pools"))
    arrays = {"shape": np.array(shape), "n_classes": np.array([n_classes])}
    for pool, chosen in zip(POOLS, rows, strict=True):
        if len(np.unique(y[chosen])) < n_classes:
            raise ConfigError(
                "data.shares",
                f"the {pool} pool would have {len(chosen)} records and not all {n_classes} "
                "classes; raise its share or give more records",
            )
        n_copies = settings.copies if pool == "training" else 1
        records, labels = np.tile(X[chosen], (n_copies, 1)), np.tile(y[chosen], n_copies)
        rng = lottery.generator("deformation", pool)
        dealt = deformed(records, shape, rng) if settings.deform else on_grid(records)
        arrays |= {f"{pool} X": as_bytes(dealt), f"{pool} y": labels.astype(np.int64)}
    return arrays
