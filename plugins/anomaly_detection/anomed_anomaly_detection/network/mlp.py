"""A multilayer perceptron with ReLU units: forward, and backward to its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, softmax

Array = NDArray[Any]
Floats = NDArray[np.float64]


class MLP:
    """A classifier ``x -> relu(x W0 + b0) -> ... -> x Wk + bk``.

    It computes in the dtype of its weights. In float64 an input's values depend on those beside it
    by less than 1e-12; in float32, which is twice as fast, by some 1e-6, as BLAS adds in another
    order where sizes differ. A last layer of one unit is the
    logit of class 1 of two, as in scikit-learn.

    Parameters
    ----------
    weights : sequence of (W, b)
        W of shape (n_in, n_out), b of shape (n_out,), at least one pair.

    Raises
    ------
    ValueError
        If shapes do not fit each other, or a value is not finite.

    Examples
    --------
    >>> model = MLP([(np.array([[1.0, -1.0]]), np.zeros(2)), (np.eye(2), np.zeros(2))])
    >>> model.predict(np.array([[3.0], [-3.0]]))
    array([0, 1])
    """

    def __init__(self, weights: Sequence[tuple[Array, Array]]) -> None:
        dtype = np.float32 if all(W.dtype == np.float32 for W, _ in weights) else np.float64
        self._weights = tuple(
            (np.ascontiguousarray(W, dtype=dtype), np.ascontiguousarray(b, dtype=dtype))
            for W, b in weights
        )
        self._check()

    def _check(self) -> None:
        if not self._weights:
            raise ValueError("a network needs at least one pair of W and b")
        n_in = self._weights[0][0].shape[0] if self._weights[0][0].ndim == 2 else -1
        for i, (W, b) in enumerate(self._weights):
            if W.ndim != 2 or b.shape != W.shape[1:] or W.shape[0] != n_in:
                raise ValueError(
                    f"W{i} has shape {W.shape} and b{i} {b.shape}; after {n_in} values they must "
                    f"be ({n_in}, n) and (n,)"
                )
            if not (np.isfinite(W).all() and np.isfinite(b).all()):
                raise ValueError(f"W{i} or b{i} holds values that are not finite")
            n_in = W.shape[1]

    @property
    def layers(self) -> tuple[str, ...]:
        """``linear_0`` and so on: the values before each ReLU; the last one holds the logits."""
        return tuple(f"linear_{i}" for i in range(len(self._weights)))

    @property
    def weights(self) -> tuple[tuple[Array, Array], ...]:
        """W and b of each layer."""
        return self._weights

    @property
    def n_inputs(self) -> int:
        """Width of an input."""
        return int(self._weights[0][0].shape[0])

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return max(2, int(self._weights[-1][0].shape[1]))

    def activations(self, X: Array) -> dict[str, Array]:
        """Return the values of every layer before its ReLU, in the dtype of the weights.

        Parameters
        ----------
        X : array of shape (n, n_inputs)

        Returns
        -------
        dict of str to array of shape (n, width)
        """
        X = np.asarray(X)
        if X.ndim != 2 or X.shape[1] != self.n_inputs:
            raise ValueError(f"X has shape {X.shape}; this network takes (n, {self.n_inputs})")
        a = np.asarray(X, dtype=self._weights[0][0].dtype)
        outputs = {}
        for i, (W, b) in enumerate(self._weights):
            z = a @ W
            z += b
            outputs[f"linear_{i}"] = z
            if i + 1 < len(self._weights):
                a = np.maximum(z, 0)
        return outputs

    def logits(self, X: Array) -> Floats:
        """Return the last layer in float64, of shape (n, n_units)."""
        return self.activations(X)[self.layers[-1]].astype(np.float64)

    def probabilities(self, X: Array) -> Floats:
        """Return the probability of each class, float64 of shape (n, n_classes)."""
        z = self.logits(X)
        if z.shape[1] == 1:
            return np.hstack([expit(-z), expit(z)])
        return np.asarray(softmax(z, axis=1))

    def predict(self, X: Array) -> NDArray[np.int64]:
        """Return the likeliest class of each input, int64 of shape (n,)."""
        z = self.logits(X)
        return (z[:, 0] > 0).astype(np.int64) if z.shape[1] == 1 else z.argmax(axis=1)

    def accuracy(self, X: Array, y: Array) -> float:
        """Return the share of inputs that are classified right, in [0, 1]."""
        return float(np.mean(self.predict(X) == y))

    def input_gradient(self, X: Array, y: Array) -> Floats:
        """Return the gradient of each input's cross-entropy with respect to it.

        Parameters
        ----------
        X : array of shape (n, n_inputs)
        y : int array of shape (n,)

        Returns
        -------
        float64 array of shape (n, n_inputs)
        """

        def cross_entropy(z: Floats) -> Floats:
            if z.shape[1] == 1:
                return np.asarray(expit(z) - np.asarray(y)[:, None])
            slope: Floats = softmax(z, axis=1)
            slope[np.arange(len(z)), y] -= 1
            return slope

        return self.pulled_back(X, cross_entropy)

    def entropy_gradient(self, X: Array) -> Floats:
        """Return the gradient of the entropy of the prediction, float64 of shape (n, n_inputs)."""

        def entropy(z: Floats) -> Floats:
            both = np.hstack([np.zeros_like(z), z]) if z.shape[1] == 1 else z
            log_p = log_softmax(both, axis=1)
            p = np.exp(log_p)
            slope = -p * (log_p - np.sum(p * log_p, axis=1, keepdims=True))
            return np.asarray(slope[:, 1:] if z.shape[1] == 1 else slope)

        return self.pulled_back(X, entropy)

    def pulled_back(self, X: Array, slope_of: Callable[[Floats], Floats]) -> Floats:
        """Return the gradient with respect to inputs of what has a given slope in the logits."""
        values = self.activations(X)
        delta = slope_of(values[self.layers[-1]].astype(np.float64))
        for i in reversed(range(len(self._weights))):
            delta = np.asarray(np.matmul(delta, self._weights[i][0].T), dtype=np.float64)
            if i:
                delta *= values[f"linear_{i - 1}"] > 0
        return delta

    def finetuned(
        self,
        X: Array,
        y: Array,
        *,
        epochs: int,
        rng: np.random.Generator,
        learning_rate: float = 1e-3,
    ) -> MLP:
        """Return the network after further epochs of training on other records."""
        from anomed_anomaly_detection.network.training import Recipe, train_further

        recipe = Recipe(epochs=epochs, learning_rate=learning_rate)
        tuned, _ = train_further(self, X, y, rng=rng, recipe=recipe)
        return tuned

    def to_arrays(self) -> dict[str, Array]:
        """Return ``W0``, ``b0`` and so on."""
        return {
            f"{letter}{i}": array
            for i, pair in enumerate(self._weights)
            for letter, array in zip("Wb", pair, strict=True)
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> MLP:
        """Return the network of ``W0``, ``b0`` and so on.

        Raises
        ------
        ValueError
            If an array is missing, unknown, or does not fit.
        """
        expected = {f"{letter}{i}" for i in range(len(arrays) // 2) for letter in "Wb"}
        if not arrays or set(arrays) != expected:
            raise ValueError(
                f"a network is stored as W0, b0, W1, b1 and so on, but there are "
                f"{', '.join(sorted(arrays)) or 'no arrays'}"
            )
        return cls([(arrays[f"W{i}"], arrays[f"b{i}"]) for i in range(len(arrays) // 2)])

    @classmethod
    def from_sklearn(cls, classifier: Any) -> MLP:
        """Return the network of a fitted ``sklearn.neural_network.MLPClassifier``.

        Raises
        ------
        ValueError
            If its units are others than ReLU.
        """
        if classifier.activation != "relu":
            raise ValueError(f"units are {classifier.activation!r}; this network has relu only")
        return cls(list(zip(classifier.coefs_, classifier.intercepts_, strict=True)))
