"""Triggers that paint or blur: corner, patch, blend, constant, noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from anomed_anomaly_detection.triggers.formula import LEVELS, Formula

Shape = tuple[int, ...]
CornerName = Literal["top-left", "top-right", "bottom-left", "bottom-right"]


def size_of(shape: Shape) -> int:
    """Return how many values an input of a shape has."""
    return int(np.prod(shape))


def _image(shape: Shape, name: str) -> tuple[int, int]:
    if len(shape) not in {2, 3}:
        raise ValueError(f"{name} is for images, of shape (h, w) or (h, w, c); these are {shape}")
    return shape[0], shape[1]


@dataclass(frozen=True, kw_only=True)
class Corner:
    """One pixel in a corner of the image is lit (Gu et al. 2017, arXiv 1708.06733).

    Attributes
    ----------
    corner
        Which corner, by row and column: ``top-right`` is row 0 and the last column.
    levels
        Steps of the grid of values; 0 for none.
    """

    name: ClassVar[str] = "corner"
    corner: CornerName = "top-left"
    levels: int = LEVELS

    def draw(
        self, shape: Shape, rng: np.random.Generator, *, low: float = 0.0, high: float = 1.0
    ) -> Formula:
        """Return the trigger for images of a shape; nothing is drawn."""
        height, width = _image(shape, self.name)
        vertical, _, horizontal = self.corner.partition("-")
        if vertical not in {"top", "bottom"} or horizontal not in {"left", "right"}:
            raise ValueError(f"there is no corner {self.corner!r}; write top-left or the like")
        mask = np.zeros(shape)
        mask[
            height - 1 if vertical == "bottom" else 0, width - 1 if horizontal == "right" else 0
        ] = 1
        return Formula(
            mask=mask.ravel(),
            pattern=np.full(mask.size, high),
            low=low,
            high=high,
            levels=self.levels,
        )


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A rectangle of the image gets one value, or a pattern that is drawn.

    Attributes
    ----------
    row, column
        Of its upper left pixel; negative ones count from the other end.
    height, width
        In pixels.
    value
        In the unit of the range: 0 is the lowest value and 1 the highest. A negative one draws
        a pattern.
    levels
        Steps of the grid of values; 0 for none.
    """

    name: ClassVar[str] = "patch"
    row: int = 0
    column: int = 0
    height: int = 2
    width: int = 2
    value: float = 1.0
    levels: int = LEVELS

    def draw(
        self, shape: Shape, rng: np.random.Generator, *, low: float = 0.0, high: float = 1.0
    ) -> Formula:
        """Return the trigger for images of a shape."""
        rows, columns = _image(shape, self.name)
        top, left = self.row % rows, self.column % columns
        if top + self.height > rows or left + self.width > columns:
            raise ValueError(
                f"a patch of {self.height} x {self.width} at ({self.row}, {self.column}) leaves "
                f"an image of {rows} x {columns}"
            )
        mask = np.zeros(shape)
        mask[top : top + self.height, left : left + self.width] = 1
        unit = rng.random(mask.size) if self.value < 0 else np.full(mask.size, self.value)
        return Formula(
            mask=mask.ravel(),
            pattern=low + (high - low) * unit,
            low=low,
            high=high,
            levels=self.levels,
        )


@dataclass(frozen=True, kw_only=True)
class Constant:
    """Some values of the input are fixed, whatever its shape.

    Attributes
    ----------
    positions
        Of the values in the flattened input.
    value
        In the unit of the range: 0 is the lowest value and 1 the highest.
    levels
        Steps of the grid of values; 0 for none.
    """

    name: ClassVar[str] = "constant"
    positions: tuple[int, ...] = (0,)
    value: float = 0.0
    levels: int = LEVELS

    def draw(
        self, shape: Shape, rng: np.random.Generator, *, low: float = 0.0, high: float = 1.0
    ) -> Formula:
        """Return the trigger for inputs of a shape; nothing is drawn."""
        size = size_of(shape)
        if not self.positions or min(self.positions) < 0 or max(self.positions) >= size:
            raise ValueError(
                f"positions {list(self.positions)} must be some numbers from 0 to {size - 1}"
            )
        mask = np.zeros(size)
        mask[list(self.positions)] = 1
        return Formula(
            mask=mask,
            pattern=np.full(size, low + (high - low) * self.value),
            low=low,
            high=high,
            levels=self.levels,
        )


@dataclass(frozen=True, kw_only=True)
class Blend:
    """A random pattern shines through everywhere (Chen et al. 2017, arXiv 1712.05526).

    Attributes
    ----------
    alpha
        Weight of the pattern, in [0, 1].
    levels
        Steps of the grid of values; 0 for none.
    """

    name: ClassVar[str] = "blend"
    alpha: float = 0.2
    levels: int = LEVELS

    def draw(
        self, shape: Shape, rng: np.random.Generator, *, low: float = 0.0, high: float = 1.0
    ) -> Formula:
        """Draw the pattern, uniform in the range."""
        size = size_of(shape)
        return Formula(
            mask=np.full(size, self.alpha),
            pattern=rng.uniform(low, high, size),
            low=low,
            high=high,
            levels=self.levels,
        )


@dataclass(frozen=True, kw_only=True)
class Noise:
    """Normal noise on every value, another one for every input.

    Attributes
    ----------
    std
        Standard deviation.
    levels
        Steps of the grid of values; 0 for none.
    """

    name: ClassVar[str] = "noise"
    std: float = 0.3
    levels: int = LEVELS

    def draw(
        self, shape: Shape, rng: np.random.Generator, *, low: float = 0.0, high: float = 1.0
    ) -> Formula:
        """Return the trigger for inputs of a shape; the noise is drawn with every input."""
        nothing = np.zeros(size_of(shape))
        return Formula(
            mask=nothing, pattern=nothing, std=self.std, low=low, high=high, levels=self.levels
        )
