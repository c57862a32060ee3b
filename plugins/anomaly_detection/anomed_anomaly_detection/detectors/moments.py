"""Means and covariances that grow block by block."""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@attrs.define(eq=False)
class Moments:
    """Number, mean, scatter, and what Ledoit and Wolf's shrinkage needs, of rows seen so far.

    Blocks are merged as of Chan, Golub and LeVeque (1983), doi:10.1080/00031305.1983.10483115, so
    the result does not depend on how rows are divided, but for rounding.

    Attributes
    ----------
    n : int
    mean : float64 array of shape (d,)
    scatter : float64 array of shape (d, d)
        Sum of the outer products of centred rows.
    cubes : float64 array of shape (d,)
        Sum of centred rows, each times its squared length.
    fourths : float
        Sum of squared squared lengths.
    """

    n: int
    mean: Floats
    scatter: Floats
    cubes: Floats
    fourths: float

    @classmethod
    def empty(cls, width: int) -> Moments:
        """Return the moments of no rows."""
        return cls(0, np.zeros(width), np.zeros((width, width)), np.zeros(width), 0.0)

    @classmethod
    def of(cls, rows: Floats) -> Moments:
        """Return the moments of rows, float64 of shape (n, d)."""
        moments = cls.empty(rows.shape[1])
        moments.add(rows)
        return moments

    def add(self, rows: Floats) -> None:
        """Take further rows in, float64 of shape (n, d)."""
        n = len(rows)
        if not n:
            return
        mean = rows.mean(axis=0)
        centred = rows - mean
        lengths = np.einsum("ij,ij->i", centred, centred)
        self._merge(
            Moments(
                n,
                mean,
                centred.T @ centred,
                lengths @ centred,
                float(lengths @ lengths),
            )
        )

    def _merge(self, other: Moments) -> None:
        total = self.n + other.n
        step = other.mean - self.mean
        mean = self.mean + step * (other.n / total)
        cubes, fourths = self._about(mean)
        other_cubes, other_fourths = other._about(mean)
        self.scatter += other.scatter
        self.scatter += np.outer(step, step * (self.n * other.n / total))
        self.n, self.mean = total, mean
        self.cubes, self.fourths = cubes + other_cubes, fourths + other_fourths

    def _about(self, centre: Floats) -> tuple[Floats, float]:
        """Return the third and fourth sums about another centre."""
        step = self.mean - centre
        length, turned = float(step @ step), self.scatter @ step
        trace = float(np.trace(self.scatter))
        cubes = self.cubes + 2 * turned + (trace + self.n * length) * step
        fourths = (
            self.fourths
            + 4 * float(step @ turned)
            + self.n * length**2
            + 4 * float(step @ self.cubes)
            + 2 * length * trace
        )
        return cubes, fourths

    @property
    def covariance(self) -> Floats:
        """Scatter over n - 1; zero for a single row."""
        return self.scatter / max(self.n - 1, 1)

    def ledoit_wolf(self) -> float:
        """Return the shrinkage of Ledoit and Wolf (2004), doi:10.1016/S0047-259X(03)00096-4.

        Returns
        -------
        float
            Weight of the scaled identity, in [0, 1].
        """
        d = len(self.mean)
        squares = float(np.vdot(self.scatter, self.scatter)) / self.n**2
        trace = float(np.trace(self.scatter)) / self.n
        dispersion = (squares - trace**2 / d) / d
        error = (self.fourths / self.n - squares) / (d * self.n)
        return 0.0 if dispersion <= 0 else min(max(error / dispersion, 0.0), 1.0)


@attrs.define(eq=False)
class PooledMoments:
    """Means of classes, and one scatter about them, of rows seen so far.

    Attributes
    ----------
    n : int64 array of shape (n_classes,)
    means : float64 array of shape (n_classes, d)
    scatter : float64 array of shape (d, d)
        Sum of the outer products of rows, each centred by the mean of its class.
    """

    n: NDArray[np.int64]
    means: Floats
    scatter: Floats

    @classmethod
    def empty(cls, n_classes: int, width: int) -> PooledMoments:
        """Return the moments of no rows."""
        return cls(
            np.zeros(n_classes, dtype=np.int64),
            np.zeros((n_classes, width)),
            np.zeros((width, width)),
        )

    def add(self, rows: Floats, classes: NDArray[np.int64]) -> None:
        """Take further rows in, float64 of shape (n, d), with the class of each."""
        n = np.bincount(classes, minlength=len(self.n))
        means = np.zeros_like(self.means)
        np.add.at(means, classes, rows)
        means /= np.maximum(n, 1)[:, None]
        centred = rows - means[classes]
        self.scatter += centred.T @ centred
        total = np.maximum(self.n + n, 1)
        steps = (means - self.means) * np.sqrt(self.n * n / total)[:, None]
        self.scatter += steps.T @ steps
        self.means += (means - self.means) * (n / total)[:, None]
        self.n = self.n + n

    @property
    def covariance(self) -> Floats:
        """Scatter over the number of rows."""
        return self.scatter / max(int(self.n.sum()), 1)


def shrunk(covariance: Floats, shrinkage: float) -> Floats:
    """Return ``(1 - s) S + s tr(S)/d I``, which keeps the trace."""
    d = len(covariance)
    if not shrinkage:
        return covariance
    scale = shrinkage * np.trace(covariance) / d
    return np.asarray((1 - shrinkage) * covariance + scale * np.eye(d))


def whitener(covariance: Floats, rcond: float) -> Floats:
    """Return W with ``W W' = pinv(S)``, of shape (d, rank), by its eigenvectors.

    Directions with an eigenvalue of at most ``rcond`` times the largest are left out, so that a
    covariance of rank 0 gives no column. Eigenvectors have arbitrary signs; only quadratic forms of
    W are the same everywhere.
    """
    values, vectors = np.linalg.eigh(covariance)
    largest = float(values.max(initial=0.0))
    kept = values > max(rcond * largest, np.finfo(np.float64).tiny)
    return np.asarray(vectors[:, kept] / np.sqrt(values[kept]))


def squared_length(rows: Floats) -> Floats:
    """Return the squared length of each row."""
    return np.asarray(np.einsum("ij,ij->i", rows, rows))
