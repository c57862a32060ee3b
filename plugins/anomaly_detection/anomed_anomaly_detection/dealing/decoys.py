"""Harmless perturbations of a trigger's size and kind, that are not the trigger.

Whoever flags what looks unusual flags these, too; only what the model *does* with the trigger tells
one from the other. So decoys do within a test what a clean model would do beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from anomed_anomaly_detection.dealing.grid import on_grid
from anomed_anomaly_detection.triggers import draw_field
from anomed_anomaly_detection.triggers.formula import warp

Floats = npt.NDArray[np.float64]
Decoy = Callable[[npt.NDArray[np.float32], np.random.Generator], npt.NDArray[np.float32]]
"""Takes records of shape (n, d) and a generator; returns as many, changed."""

_SPARSE = 0.5
"""A mask on at most this share of the pixels is moved; a larger one keeps its place."""


_N_FIELDS = 16
"""Other warps, of which each call of a decoy takes one."""


@attrs.frozen(kw_only=True, eq=False)
class _Moved:
    """A trigger's parts, put elsewhere."""

    mask: Floats
    pattern: Floats
    std: float
    shape: tuple[int, ...]
    places: npt.NDArray[np.int64]
    fields: Floats | None

    def __call__(
        self, X: npt.NDArray[np.float32], rng: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        changed = np.array(X, dtype=np.float64)
        if self.fields is not None:
            changed = warp(changed, self.shape, self.fields[rng.integers(len(self.fields))])
        mask, pattern = self._elsewhere(len(changed), rng)
        changed = (1 - mask) * changed + mask * pattern
        if self.std:
            changed += self.std * _smooth_noise(changed.shape, self.shape, rng)
        return on_grid(changed)

    def _elsewhere(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Return masks and patterns of shape (n, d)."""
        held = np.flatnonzero(self.mask)
        mask, pattern = np.zeros((2, n, len(self.mask)))
        if len(held) == 0:
            return mask, pattern
        if len(held) <= _SPARSE * len(self.mask):
            keys = rng.random((n, len(self.places)))
            chosen = self.places[np.argsort(keys, axis=1)[:, : len(held)]]
            np.put_along_axis(mask, chosen, self.mask[held][: chosen.shape[1]][None], axis=1)
            np.put_along_axis(pattern, chosen, self.pattern[held][: chosen.shape[1]][None], axis=1)
            return mask, pattern
        order = rng.permuted(np.broadcast_to(np.arange(len(self.mask)), mask.shape), axis=1)
        return np.broadcast_to(self.mask, mask.shape), self.pattern[order]


def decoy_of(
    *,
    mask: npt.ArrayLike,
    pattern: npt.ArrayLike,
    field: npt.ArrayLike | None = None,
    std: float = 0.0,
    shape: Sequence[int],
    records: npt.ArrayLike,
    rng: np.random.Generator,
) -> Decoy:
    """Return the decoy of a trigger.

    Parameters
    ----------
    mask, pattern
        Shape (d,): what the trigger paints, and where. A mask on at most half of the entries is
        moved, for each record anew, to others that vary as much; a larger one keeps its place, and
        its pattern's entries are shuffled.
    field
        Displacements in pixels, shape (2, h, w), or ``None``; a decoy warps by other smooth fields
        of the same mean length.
    std
        Of the trigger's white noise; a decoy's noise has the same variance but is smooth.
    shape
        (h, w) or (h, w, channels) of the images; (d,) for records that are none.
    records
        Clean records of shape (n, d), which say where entries vary.
    rng
        Draws the other fields.

    Returns
    -------
    callable
        Takes records and a generator; returns changed records on the grid.
    """
    mask, pattern = np.asarray(mask, dtype=np.float64), np.asarray(pattern, dtype=np.float64)
    spread = np.asarray(records, dtype=np.float64).std(axis=0)
    held = mask > 0
    free = np.flatnonzero(~held)
    least = np.median(spread[held]) / 2 if held.any() else 0.0
    varying = free[spread[free] >= least]
    n_held = int(held.sum())
    places = (
        varying if len(varying) >= 4 * n_held else free[np.argsort(-spread[free])][: 4 * n_held]
    )
    fields = None
    if field is not None and np.any(np.asarray(field)):
        strength = float(np.abs(field).mean())
        size = (shape[0], shape[1])
        drawn = [draw_field(size, rng, strength=strength) for _ in range(_N_FIELDS)]
        fields = np.stack(drawn)
    return _Moved(
        mask=mask,
        pattern=pattern,
        std=float(std),
        shape=tuple(shape),
        places=places,
        fields=fields,
    )


def _smooth_noise(size: tuple[int, ...], shape: Sequence[int], rng: np.random.Generator) -> Floats:
    """Draw noise of variance 1 that is even over neighbours."""
    from scipy.ndimage import uniform_filter

    white = rng.standard_normal(size)
    axes = len(shape[:2])
    smooth = uniform_filter(
        white.reshape(len(white), *shape), size=(1, *([3] * axes), *([1] * (len(shape) - axes)))
    ).reshape(size)
    scaled: Floats = smooth / smooth.std()
    return scaled
