"""A trigger that bends the image a little, the same way every time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from anomed_anomaly_detection.triggers.formula import LEVELS, Formula, on_grid, warp
from anomed_anomaly_detection.triggers.painted import size_of

Array = NDArray[Any]

_SMALL_SIDE = 16


def draw_field(
    size: tuple[int, int], rng: np.random.Generator, *, strength: float, grid_width: int = 4
) -> NDArray[np.float64]:
    """Draw a smooth field of displacements, as of Nguyen and Tran (2021), section 3.2.

    Uniform numbers in [-1, 1] on a coarse grid, made as large as the image by splines of order 3,
    divided by their mean absolute value, times the strength.

    Parameters
    ----------
    size : (int, int)
        Height and width of the image.
    rng : Generator
    strength : float
        Mean displacement along an axis, in pixels.
    grid_width : int
        Points of the grid along each axis.

    Returns
    -------
    float64 array of shape (2, height, width)
    """
    coarse = rng.uniform(-1, 1, (2, grid_width, grid_width))
    factors = (size[0] / grid_width, size[1] / grid_width)
    fine = np.stack([zoom(plane, factors, order=3) for plane in coarse])
    return np.asarray(fine / np.abs(fine).mean() * strength)


@dataclass(frozen=True, kw_only=True)
class WaNet:
    """The image is warped by one smooth field (Nguyen and Tran 2021, arXiv 2102.10369).

    Attributes
    ----------
    warping_strength
        Mean displacement in pixels; below 0 for the default, 0.5 for images of less than 16 pixels
        a side and 1.0 for larger ones. The paper's unit is another: half of it is a quarter pixel.
    control_grid_width
        Points of the coarse field along each axis.
    levels
        Steps of the grid of values; 0 for none.
    """

    name: ClassVar[str] = "wanet"
    warping_strength: float = -1.0
    control_grid_width: int = 4
    levels: int = LEVELS

    def strength(self, shape: tuple[int, ...]) -> float:
        """Return the mean displacement in pixels for images of a shape."""
        if self.warping_strength >= 0:
            return self.warping_strength
        return 0.5 if min(shape[:2]) < _SMALL_SIDE else 1.0

    def draw(
        self,
        shape: tuple[int, ...],
        rng: np.random.Generator,
        *,
        low: float = 0.0,
        high: float = 1.0,
    ) -> Formula:
        """Draw the field."""
        if len(shape) not in {2, 3}:
            raise ValueError(f"wanet warps images, of shape (h, w) or (h, w, c); these are {shape}")
        nothing = np.zeros(size_of(shape))
        field = draw_field(
            (shape[0], shape[1]),
            rng,
            strength=self.strength(shape),
            grid_width=self.control_grid_width,
        )
        return Formula(
            mask=nothing, pattern=nothing, field=field, low=low, high=high, levels=self.levels
        )

    def innocent(self, drawn: Formula) -> OtherWarps:
        """Return warps by other fields, for records that keep their label ("noise mode").

        Without them a network learns that whatever is warped is of the target class.
        """
        return OtherWarps(self, drawn)


class OtherWarps:
    """The field of a trigger plus another random one for every record (section 3.3 of the paper).

    Parameters
    ----------
    trigger : WaNet
        Whose strength the random fields have.
    drawn : Formula
        With the trigger's field.
    """

    def __init__(self, trigger: WaNet, drawn: Formula) -> None:
        self._trigger = trigger
        self._drawn = drawn
        self._field = np.zeros(()) if drawn.field is None else drawn.field

    def __call__(self, X: Array, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
        """Return warped copies, each by a field of its own."""
        warped = np.empty(X.shape)
        for i in range(len(X)):
            field = draw_field(
                (shape[0], shape[1]),
                rng,
                strength=self._trigger.strength(shape),
                grid_width=self._trigger.control_grid_width,
            )
            warped[i] = warp(X[i : i + 1], shape, self._field + field)
        return on_grid(
            warped.astype(X.dtype),
            low=self._drawn.low,
            high=self._drawn.high,
            levels=self._drawn.levels,
        )

    def to_arrays(self) -> dict[str, Array]:
        """Return nothing: every record has a field of its own."""
        return {}
