"""Detectors that describe where activations are: residuals, Gaussians, clusters, trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from anomed_anomaly_detection.detectors.activations import (
    ActivationDetector,
    MomentDetector,
    Scored,
    Seen,
)
from anomed_anomaly_detection.detectors.layered import State
from anomed_anomaly_detection.detectors.moments import Moments, shrunk, squared_length

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class PrincipalResidual(MomentDetector):
    """Mean squared residual of the principal components that keep most of the trusted variance.

    Attributes
    ----------
    kept_variance
        Share of the variance that the components keep at least.

    References
    ----------
    Jackson and Mudholkar (1979), doi:10.1080/00401706.1979.10489779 (their Q, over the width).
    """

    name: ClassVar[str] = "pca"

    kept_variance: float = 0.95

    def fit_moments(self, trusted: Moments, untrusted: Moments | None, context: Seen) -> State:
        """See `MomentDetector.fit_moments`."""
        values, vectors = np.linalg.eigh(trusted.covariance)
        values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
        total = values.sum()
        n_kept = np.searchsorted(np.cumsum(values), self.kept_variance * total) + 1 if total else 0
        return {"mean": trusted.mean, "components": vectors[:, :n_kept]}

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        centred = activations - state["mean"]
        residual = centred - (centred @ state["components"]) @ state["components"].T
        return np.asarray(squared_length(residual) / activations.shape[1])


def _gaussian(moments: Moments, shrinkage: float) -> dict[str, Floats]:
    """Return mean, whitener and half the log determinant of a Gaussian of full rank."""
    values, vectors = np.linalg.eigh(shrunk(moments.covariance, shrinkage))
    # Where nothing varies a density has no end; this one is finite, whatever the activations.
    least = max(1e-12 * float(values[-1]), 1e-100)
    values = np.maximum(values, least)
    return {
        "mean": moments.mean,
        "whitener": vectors / np.sqrt(values),
        "half_log_determinant": np.array(0.5 * np.log(values).sum()),
    }


def _negative_log_density(gaussian: State, rows: Floats) -> Floats:
    distance = squared_length((rows - gaussian["mean"]) @ gaussian["whitener"])
    constant = 0.5 * rows.shape[1] * np.log(2 * np.pi)
    return np.asarray(0.5 * distance + gaussian["half_log_determinant"] + constant)


@dataclass(frozen=True, kw_only=True)
class GaussianLikelihood(MomentDetector):
    """``-log p(a)`` of a Gaussian with the mean and the shrunk covariance of trusted data.

    Attributes
    ----------
    shrinkage
        s of ``(1 - s) S + s tr(S)/d I``, in [0, 1].
    """

    name: ClassVar[str] = "gmm"

    shrinkage: float = 0.05

    def fit_moments(self, trusted: Moments, untrusted: Moments | None, context: Seen) -> State:
        """See `MomentDetector.fit_moments`."""
        return {**_gaussian(trusted, self.shrinkage)}

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        return _negative_log_density(state, activations)


@dataclass(frozen=True, kw_only=True)
class LikelihoodRatio(MomentDetector):
    """``log p_u(a) - log p_t(a)`` of Gaussians of the untrusted mix and of trusted data.

    Attributes
    ----------
    shrinkage
        s of ``(1 - s) S + s tr(S)/d I``, in [0, 1].

    References
    ----------
    Neyman and Pearson (1933): where both densities are right, no test of the mix is stronger.
    """

    name: ClassVar[str] = "likelihood_ratio"
    needs: ClassVar[frozenset[str]] = frozenset({"trusted", "untrusted"})

    shrinkage: float = 0.05

    def fit_moments(self, trusted: Moments, untrusted: Moments | None, context: Seen) -> State:
        """See `MomentDetector.fit_moments`."""
        mix = trusted if untrusted is None else untrusted
        sides = {"trusted": trusted, "untrusted": mix}
        return {
            f"{side}.{name}": array
            for side, moments in sides.items()
            for name, array in _gaussian(moments, self.shrinkage).items()
        }

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        trusted, untrusted = (
            _negative_log_density(
                {n.partition(".")[2]: a for n, a in state.items() if n.startswith(f"{side}.")},
                activations,
            )
            for side in ("trusted", "untrusted")
        )
        return np.asarray(trusted - untrusted)


@dataclass(frozen=True, kw_only=True)
class ActivationClustering(ActivationDetector):
    """Two clusters in each predicted class of the mix; the smaller one is suspicious.

    ``(distance to the larger - distance to the smaller) / distance between + 1 - 2 share of the
    smaller``, of the principal components of the class. It needs no trusted data; classes of fewer
    than four inputs score 0.

    Attributes
    ----------
    n_components
        Principal components that are kept.

    References
    ----------
    Chen et al. (2018), arXiv 1811.03728; the paper judges clusters, the score of an input is ours.
    """

    name: ClassVar[str] = "clustering"
    needs: ClassVar[frozenset[str]] = frozenset({"untrusted"})

    n_components: int = 10

    def fit_layer(self, trusted: Floats, untrusted: Floats, context: Seen) -> State:
        """See `ActivationDetector.fit_layer`."""
        classes = context.untrusted_predictions
        parts = [
            self._clusters(untrusted[classes == c], context.rng) for c in range(context.n_classes)
        ]
        return {name: np.stack([part[name] for part in parts]) for name in parts[0]}

    def _clusters(self, rows: Floats, rng: np.random.Generator) -> State:
        from sklearn.cluster import KMeans

        d, seed = rows.shape[1], int(rng.integers(2**31))
        nothing = {
            "mean": np.zeros(d),
            "components": np.zeros((d, self.n_components)),
            "centres": np.zeros((2, self.n_components)),
            "share": np.array(0.5),
        }
        if len(np.unique(rows, axis=0)) < 4:
            return nothing
        moments = Moments.of(rows)
        vectors = np.linalg.eigh(moments.covariance)[1][:, ::-1][:, : self.n_components]
        components = np.zeros((d, self.n_components))
        components[:, : vectors.shape[1]] = vectors
        kmeans = KMeans(2, n_init=10, random_state=seed).fit((rows - moments.mean) @ components)
        sizes = np.bincount(kmeans.labels_, minlength=2)
        larger, smaller = (1, 0) if sizes[1] > sizes[0] else (0, 1)
        return {
            "mean": moments.mean,
            "components": components,
            "centres": kmeans.cluster_centers_[[larger, smaller]],
            "share": np.array(sizes[smaller] / len(rows)),
        }

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        scores = np.zeros(len(activations))
        for c, centres in enumerate(state["centres"]):
            between = float(np.linalg.norm(centres[0] - centres[1]))
            chosen = context.predictions == c
            if between > 0 and chosen.any():
                rows = (activations[chosen] - state["mean"][c]) @ state["components"][c]
                larger, smaller = (np.sqrt(squared_length(rows - centre)) for centre in centres)
                scores[chosen] = (larger - smaller) / between + 1 - 2 * state["share"][c]
        return scores


@dataclass(frozen=True, kw_only=True)
class IsolationForest(ActivationDetector):
    """``2^(-E depth / c(n))``: how few random cuts part an input from trusted ones.

    Attributes
    ----------
    n_trees
        Number of trees.
    most_rows
        Rows that each tree is grown of, at most.

    References
    ----------
    Liu, Ting and Zhou (2008), doi:10.1109/ICDM.2008.17, equation 2.
    """

    name: ClassVar[str] = "isolation_forest"

    n_trees: int = 100
    most_rows: int = 256

    def fit_layer(self, trusted: Floats, untrusted: Floats, context: Seen) -> State:
        """See `ActivationDetector.fit_layer`."""
        return self.grown(trusted, int(context.rng.integers(2**31)))

    def grown(self, rows: Floats, seed: int) -> State:
        """Return the trees of a forest as arrays, padded to the largest one.

        Parameters
        ----------
        rows : float64 array of shape (n, width)
        seed : int
            ``random_state`` of scikit-learn's forest.
        """
        from sklearn.ensemble import IsolationForest as Forest

        most = min(self.most_rows, len(rows))
        forest = Forest(n_estimators=self.n_trees, max_samples=most, random_state=seed).fit(rows)
        trees = [tree.tree_ for tree in forest.estimators_]
        size = max(tree.node_count for tree in trees)

        def padded(arrays: list[Any]) -> Any:
            return np.stack([np.pad(array, (0, size - len(array))) for array in arrays])

        # A leaf goes to itself, so that walking on from it changes nothing.
        itself = [np.arange(tree.node_count) for tree in trees]
        is_leaf = [tree.children_left < 0 for tree in trees]
        left, right = (
            [np.where(leaf, at, getattr(tree, side)) for tree, leaf, at in zip(*parts, strict=True)]
            for side in ("children_left", "children_right")
            for parts in [(trees, is_leaf, itself)]
        )
        features = zip(trees, forest.estimators_features_, strict=True)
        return {
            "left": padded(left),
            "right": padded(right),
            "feature": padded([names[np.maximum(tree.feature, 0)] for tree, names in features]),
            "threshold": padded([tree.threshold for tree in trees]),
            "depth": padded([_depths(tree) for tree in trees]),
            "normal": np.array(_average_path(np.array([most]))[0]),
        }

    def score_layer(self, state: State, activations: Floats, context: Scored) -> Floats:
        """See `ByLayer.score_layer`."""
        # scikit-learn's trees compare float32 inputs.
        rows, depth = activations.astype(np.float32), np.zeros(len(activations))
        names = ("left", "right", "feature", "threshold", "depth")
        for left, right, feature, threshold, depths in zip(*(state[n] for n in names), strict=True):
            at = np.zeros(len(rows), dtype=np.int64)
            while True:
                goes_left = rows[np.arange(len(rows)), feature[at]] <= threshold[at]
                following = np.where(goes_left, left[at], right[at])
                if np.array_equal(following, at):
                    break
                at = following
            depth += depths[at]
        normal = float(state["normal"])
        n_trees = len(state["left"])
        return np.asarray(2 ** (-depth / (n_trees * normal))) if normal else np.ones(len(rows))


def _depths(tree: Any) -> Floats:
    """Return for each node its depth, and what an unsplit rest of its size would add."""
    depth = np.zeros(tree.node_count)
    for node in range(tree.node_count):
        for child in (tree.children_left[node], tree.children_right[node]):
            if child >= 0:
                depth[child] = depth[node] + 1
    return np.asarray(depth + _average_path(tree.n_node_samples))


def _average_path(n: NDArray[np.int64]) -> Floats:
    """Return the average path length c(n) of a search tree of n rows, equation 1."""
    n = np.asarray(n, dtype=np.float64)
    large = 2 * (np.log(np.maximum(n - 1, 1)) + np.euler_gamma) - 2 * (n - 1) / np.maximum(n, 1)
    return np.asarray(np.where(n > 2, large, np.where(n == 2, 1.0, 0.0)))
