"""Join the columns' own distributions by one correlation matrix of normal scores."""

import attrs
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from anomed_dataset_synthesis.generators._levels import (
    Levels,
    publish,
    rank_levels,
    read_donors,
)
from anomed_dataset_synthesis.table.codebook import Codebook


@attrs.frozen(kw_only=True)
class GaussianCopula:
    """Model the dependence between any two columns by a single number.

    Values are ranked (numbers by size, categories by frequency, missing values first), ties are
    spread at random over the stretch of the distribution that they share [1]_, and ranks become
    normal scores, whose correlation matrix is all that is learnt besides the columns themselves.

    References
    ----------
    .. [1] L. Rüschendorf, "On the distributional transform, Sklar's theorem, and the empirical
       copula process", 2009, doi:10.1016/j.jspi.2009.05.030.
    """

    name: str = "Gaussian copula"
    guarantee: None = attrs.field(default=None, init=False)

    def fit(
        self, table: pd.DataFrame, codebook: Codebook, *, rng: np.random.Generator
    ) -> "FittedGaussianCopula":
        """Learn the columns and their correlations. See `Generator.fit`."""
        levels = read_donors(table, codebook)
        normal_scores = ndtri((np.arange(len(levels)) + 0.5) / len(levels))
        ordered, scores = np.empty_like(levels), np.empty(levels.shape)
        for position, column in enumerate(codebook.columns):
            ranks = rank_levels(levels[:, position], column)
            order = np.lexsort((rng.random(len(levels)), ranks))
            ordered[:, position] = levels[order, position]
            scores[order, position] = normal_scores
        return FittedGaussianCopula(
            codebook=codebook, ordered=ordered, root=_correlation_root(scores)
        )


@attrs.frozen(kw_only=True, eq=False)
class FittedGaussianCopula:
    """Draw correlated normal scores and look up the values of equal rank.

    Attributes
    ----------
    codebook
        The columns.
    ordered : ndarray of int32, shape (n_known, n_columns)
        Each column's real levels, in the order of their ranks.
    root : ndarray of float64, shape (n_columns, n_columns)
        ``root @ root.T`` is the correlation matrix.
    guarantee
        Nothing is claimed.
    """

    codebook: Codebook
    ordered: Levels
    root: NDArray[np.float64]
    guarantee: None = attrs.field(default=None, init=False)

    def sample(self, n_records: int, *, rng: np.random.Generator) -> pd.DataFrame:
        """Draw records with the columns' own values and the copula's dependence."""
        n_known, n_columns = self.ordered.shape
        scores = rng.standard_normal((n_records, n_columns)) @ self.root.T
        places = np.minimum((ndtr(scores) * n_known).astype(np.int64), n_known - 1)
        return publish(np.take_along_axis(self.ordered, places, axis=0), self.codebook)


def _correlation_root(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a square root of the scores' correlation matrix; one record correlates nothing."""
    if len(scores) == 1:
        return np.eye(scores.shape[1])
    standardised = scores / np.sqrt((scores**2).mean(axis=0))
    values, vectors = np.linalg.eigh(standardised.T @ standardised / len(scores))
    root: NDArray[np.float64] = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
