"""Adversarial inputs: small changes that gradients choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.network import MLP
from anomed_anomaly_detection.triggers.formula import LEVELS

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Attack:
    """Gradient steps within a ball of the maximum norm.

    Attributes
    ----------
    method
        ``fgsm``: one step of size eps (Goodfellow, Shlens and Szegedy 2015, arXiv 1412.6572);
        ``pgd``: many small ones (Madry et al. 2018, arXiv 1706.06083); ``abstain``: many steps that
        raise the entropy of the prediction, until its largest probability is under one half.
    eps
        Radius of the ball.
    steps
        Of ``pgd`` and ``abstain``, each of a tenth of the radius.
    random_start
        Begin at a random point of the ball.
    levels
        Steps of the grid of values, on which the result lies; 0 for none.
    """

    method: Literal["fgsm", "pgd", "abstain"] = "pgd"
    eps: float = 0.2
    steps: int = 40
    random_start: bool = False
    levels: int = LEVELS

    def __post_init__(self) -> None:
        """Check the options."""
        if self.method not in {"fgsm", "pgd", "abstain"} or self.eps <= 0 or self.steps < 1:
            raise ValueError(
                f"an attack by {self.method!r} with eps {self.eps} and {self.steps} steps came; "
                "write fgsm, pgd or abstain, an eps above 0 and at least 1 step"
            )

    def __call__(
        self,
        model: MLP,
        X: Array,
        y: Array,
        rng: np.random.Generator,
        *,
        low: float = 0.0,
        high: float = 1.0,
    ) -> Array:
        """Return changed copies.

        Parameters
        ----------
        model : MLP
            Whose gradients choose.
        X : float array of shape (n, d)
        y : int array of shape (n,)
            Labels whose loss is raised.
        rng : Generator
            For a random start.
        low, high : float
            Range of values.

        Returns
        -------
        array of shape (n, d)
            Of the same dtype, within eps of X, in range and on the grid.
        """
        inside = _Ball(np.asarray(X, dtype=np.float64), self.eps, low, high)
        if self.method == "fgsm":
            moved = inside(X + self.eps * np.sign(model.input_gradient(X, y)))
        else:
            moved = self._many_steps(model, inside, y, rng)
        return np.asarray(inside.on_grid(moved, self.levels), dtype=X.dtype)

    def _many_steps(self, model: MLP, inside: _Ball, y: Array, rng: np.random.Generator) -> Floats:
        moved = inside.centre.copy()
        if self.random_start:
            moved = inside(moved + rng.uniform(-self.eps, self.eps, moved.shape))
        for _ in range(self.steps):
            if self.method == "pgd":
                slope, goes_on = model.input_gradient(moved, y), np.ones(len(moved), dtype=bool)
            else:
                slope = model.entropy_gradient(moved)
                goes_on = model.probabilities(moved).max(axis=1) >= 0.5
            step = self.eps / 10 * np.sign(slope) * goes_on[:, None]
            moved = inside(moved + step)
        return moved


class _Ball:
    """What is within eps of some inputs, and in range."""

    def __init__(self, centre: Floats, eps: float, low: float, high: float) -> None:
        self.centre = centre
        self._low, self._high = np.maximum(centre - eps, low), np.minimum(centre + eps, high)
        self._range = (low, high)

    def __call__(self, X: Floats) -> Floats:
        return np.clip(X, self._low, self._high)

    def on_grid(self, X: Floats, levels: int) -> Floats:
        """Return the nearest levels that are within the ball, too."""
        if not levels:
            return X
        low, high = self._range
        unit = (high - low) / levels
        # A level that is the edge of the ball but for rounding is inside.
        first = np.ceil((self._low - low) / unit - 1e-6)
        last = np.floor((self._high - low) / unit + 1e-6)
        return np.asarray(
            np.clip(np.rint((X - low) / unit), first, np.maximum(first, last)) * unit + low
        )
