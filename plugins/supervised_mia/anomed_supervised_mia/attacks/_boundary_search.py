"""Distances to a decision boundary from answers about labels alone, for many records at once.

The search follows HopSkipJump: Jianbo Chen, Michael I. Jordan, Martin J. Wainwright,
HopSkipJumpAttack: A Query-Efficient Decision-Based Attack, IEEE S&P 2020, algorithm 2, for the
Euclidean distance. Each step asks about all records in one call of the model.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
import numpy.typing as npt

from anomed_supervised_mia.attacks.arrays import BoolArray, FloatArray

#: Halvings of an interval that brackets the boundary: the distance is known to one part in 2^14.
N_BISECTIONS = 14
#: Halvings of a step, until it stays on the other side of the boundary.
N_STEP_HALVINGS = 6


@attrs.frozen(kw_only=True, eq=False)
class BoundarySearch:
    """Search around records for the nearest points that the model classifies otherwise.

    Parameters
    ----------
    is_other_side : callable
        Tells of points, float64 (n_points, n_features), that belong to records at positions
        int64 (n_points,), whether their class differs from the record's: bool (n_points,).
    n_iterations
        Improvements of the first boundary point.
    n_probes
        Random directions that estimate the boundary's normal, in each iteration.
    """

    is_other_side: Callable[[FloatArray, npt.NDArray[np.intp]], BoolArray]
    n_iterations: int
    n_probes: int

    def distances(
        self, origins: FloatArray, starts: FloatArray, *, rng: np.random.Generator
    ) -> FloatArray:
        """Return upper bounds of the distances to the boundary, float64 (n_records,).

        `starts` lie on the other side; both are float64 (n_records, n_features).
        """
        boundary = self._bisect(origins, starts)
        nearest = _lengths(boundary - origins)
        for iteration in range(1, self.n_iterations + 1):
            normal = self._normals(origins, boundary, rng=rng)
            step = nearest / np.sqrt(iteration)
            outside = self._step(boundary, normal, steps=step)
            candidate = self._bisect(origins, outside)
            length = _lengths(candidate - origins)
            closer = length < nearest
            boundary = np.where(closer[:, None], candidate, boundary)
            nearest = np.minimum(nearest, length)
        return nearest

    def _bisect(self, inside: FloatArray, outside: FloatArray) -> FloatArray:
        """Return points on the other side, near the boundary, between inner and outer points."""
        everyone = np.arange(len(inside))
        low, high = np.zeros(len(inside)), np.ones(len(inside))
        for _ in range(N_BISECTIONS):
            middle = (low + high) / 2
            other = self.is_other_side(inside + middle[:, None] * (outside - inside), everyone)
            low, high = np.where(other, low, middle), np.where(other, middle, high)
        points: FloatArray = inside + high[:, None] * (outside - inside)
        return points

    def _normals(
        self, origins: FloatArray, boundary: FloatArray, *, rng: np.random.Generator
    ) -> FloatArray:
        """Estimate unit normals of the boundary, pointing to the other side."""
        n_records, n_features = boundary.shape
        radius = _lengths(boundary - origins) / n_features
        probes = rng.normal(size=(n_records, self.n_probes, n_features))
        probes /= np.linalg.norm(probes, axis=2, keepdims=True)
        points = boundary[:, None, :] + radius[:, None, None] * probes
        owners = np.repeat(np.arange(n_records), self.n_probes)
        answers = self.is_other_side(points.reshape(-1, n_features), owners)
        signs = np.where(answers, 1.0, -1.0).reshape(n_records, self.n_probes)
        # Centring lowers the variance, unless all answers agree, where it would leave nothing.
        mean = signs.mean(axis=1, keepdims=True)
        centred = np.where(np.abs(mean) < 1, signs - mean, signs)
        direction = np.einsum("rp,rpf->rf", centred, probes)
        normals: FloatArray = direction / np.maximum(_lengths(direction), 1e-300)[:, None]
        return normals

    def _step(self, boundary: FloatArray, normal: FloatArray, *, steps: FloatArray) -> FloatArray:
        """Walk along the normals, less far where that would leave the other side."""
        outside = boundary.copy()
        pending = np.arange(len(boundary))
        for _ in range(N_STEP_HALVINGS):
            points = boundary[pending] + steps[pending, None] * normal[pending]
            arrived = self.is_other_side(points, pending)
            outside[pending[arrived]] = points[arrived]
            pending = pending[~arrived]
            if not len(pending):
                break
            steps = steps / 2
        return outside


def _lengths(vectors: FloatArray) -> FloatArray:
    lengths: FloatArray = np.linalg.norm(vectors, axis=1)
    return lengths
