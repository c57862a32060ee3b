"""The one formula of all triggers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

Array = NDArray[Any]
Floats = NDArray[np.float64]

LEVELS = 255
"""Steps between the lowest and the highest value, as of images of 8 bits."""


def on_grid(X: Array, *, low: float = 0.0, high: float = 1.0, levels: int = LEVELS) -> Array:
    """Return values on the nearest of equally spaced levels, clipped to the range.

    Parameters
    ----------
    X : float array
    low, high : float
        The range.
    levels : int
        Steps between them; 0 clips only.

    Returns
    -------
    array
        Of the same shape and dtype.

    Examples
    --------
    >>> on_grid(np.array([-0.2, 0.3, 0.74]), levels=2)
    array([0. , 0.5, 0.5])
    """
    clipped = np.clip(X, low, high)
    if levels:
        clipped = np.rint((clipped - low) * (levels / (high - low))) * ((high - low) / levels) + low
    # Adding zero turns a negative zero into a plain one, which no clean value ever is either.
    return np.asarray(clipped + 0.0, dtype=X.dtype)


def _floats(value: Any) -> Floats:
    return np.ascontiguousarray(value, dtype=np.float64)


def _field(value: Any) -> Floats | None:
    return None if value is None else _floats(value)


@attrs.frozen(kw_only=True, eq=False)
class Formula:
    """``T(x) = grid(clip((1 - mask) warp(x; field) + mask pattern + std g, low, high))``.

    g is standard normal, drawn for every record. A corner is a mask of one pixel, a blend a mask of
    0.2 everywhere, noise has no mask, and a warp (Nguyen and Tran 2021, arXiv 2102.10369) a field.

    Attributes
    ----------
    mask, pattern : float64 array of shape (d,)
        Weight in [0, 1] of the pattern at each value, and the pattern.
    field : float64 array of shape (2, h, w), or None
        Displacement of rows and of columns in pixels: where each pixel is looked up.
    std : float
        Standard deviation of the noise, at least 0.
    low, high : float
        Range of values.
    levels : int
        Steps of the grid; 0 for none.

    Raises
    ------
    ValueError
        If arrays do not fit each other, or a value is not finite or out of its range.
    """

    mask: Floats = attrs.field(converter=_floats)
    pattern: Floats = attrs.field(converter=_floats)
    field: Floats | None = attrs.field(converter=_field, default=None)
    std: float = attrs.field(converter=float, default=0.0)
    low: float = attrs.field(converter=float, default=0.0)
    high: float = attrs.field(converter=float, default=1.0)
    levels: int = LEVELS

    def __attrs_post_init__(self) -> None:
        if self.mask.ndim != 1 or self.pattern.shape != self.mask.shape:
            raise ValueError(
                f"mask has shape {self.mask.shape} and pattern {self.pattern.shape}; "
                "both have one number a value of an input"
            )
        if not np.all((self.mask >= 0) & (self.mask <= 1)):
            raise ValueError("a mask holds numbers from 0 to 1")
        if not (np.isfinite(self.pattern).all() and 0 <= self.std < np.inf):
            raise ValueError("a pattern is finite, and std a finite number of at least 0")
        if self.field is not None and not (
            self.field.ndim == 3 and len(self.field) == 2 and np.isfinite(self.field).all()
        ):
            raise ValueError(
                f"field has shape {self.field.shape}; it is finite, of shape (2, h, w)"
            )

    def __call__(self, X: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Return triggered copies.

        Parameters
        ----------
        X : float array of shape (n, d)
        shape : tuple of int
            Of one input; only a field needs it.
        rng : Generator
            Draws the noise.

        Returns
        -------
        array of shape (n, d)
            Of the same dtype, in range, on the grid.

        Raises
        ------
        ValueError
            If inputs are not as wide as the mask, or the field not as the image.
        """
        if X.ndim != 2 or X.shape[1] != len(self.mask):
            raise ValueError(f"X has shape {X.shape}; this trigger is for (n, {len(self.mask)})")
        images = X if self.field is None else warp(X, shape, self.field)
        triggered = (1 - self.mask) * images + self.mask * self.pattern
        if self.std:
            triggered = triggered + self.std * rng.standard_normal(X.shape)
        return on_grid(
            np.asarray(triggered, dtype=X.dtype), low=self.low, high=self.high, levels=self.levels
        )

    def to_arrays(self) -> dict[str, Array]:
        """Return everything as arrays; no ``field`` if there is none."""
        numbers = {name: np.array(getattr(self, name)) for name in ("std", "low", "high", "levels")}
        field = {} if self.field is None else {"field": self.field}
        return {"mask": self.mask, "pattern": self.pattern, **field, **numbers}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Formula:
        """Return the trigger that `to_arrays` gave."""
        numbers = {name: arrays[name].item() for name in ("std", "low", "high", "levels")}
        return cls(
            mask=arrays["mask"], pattern=arrays["pattern"], field=arrays.get("field"), **numbers
        )


def warp(X: Array, shape: tuple[int, ...], field: Floats) -> Floats:
    """Look every pixel up where a field says, linearly between pixels, at the edge the nearest.

    Parameters
    ----------
    X : array of shape (n, d)
    shape : tuple of int
        ``(h, w)`` or ``(h, w, c)``.
    field : float64 array of shape (2, h, w)
        Displacement in pixels: ``warped[r, c] = image[r + field[0, r, c], c + field[1, r, c]]``.

    Returns
    -------
    float64 array of shape (n, d)

    Raises
    ------
    ValueError
        If the field is not of the image's size.
    """
    if len(shape) not in {2, 3} or field.shape != (2, *shape[:2]):
        raise ValueError(f"a field of shape {field.shape} cannot warp inputs of shape {shape}")
    height, width = shape[:2]
    rows, columns = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    where = np.stack(
        [np.clip(rows + field[0], 0, height - 1), np.clip(columns + field[1], 0, width - 1)]
    )
    planes = X.reshape(len(X), height, width, -1)
    warped = np.empty(planes.shape, dtype=np.float64)
    for i in range(len(planes)):
        for channel in range(planes.shape[3]):
            warped[i, :, :, channel] = map_coordinates(
                planes[i, :, :, channel].astype(np.float64), where, order=1, mode="nearest"
            )
    return warped.reshape(X.shape)
