r"""Membership: how much likelier what was released is if somebody is in the table.

All released counts :math:`y` of :math:`n` rows are taken as normal, with the mean and covariance
that a background of other people makes one expect, and with the noise that is public. With the row
:math:`x` in the table, their mean moves by :math:`x - p`, where p are the shares of the cells; so
the logarithm of the likelihood ratio is

.. math:: (x - p)^T \Sigma^{-1} (y - n p) - (x - p)^T \Sigma^{-1} (x - p) / 2,

which is the best linear statistic there is [1]_ [2]_. Cells that overlap are not counted twice, as
their covariance says that they do.

References
----------
.. [1] S. Sankararaman, G. Obozinski, M. I. Jordan, E. Halperin, "Genomic privacy and limits of
   individual detection in a pool", 2009, doi:10.1038/ng.436.
.. [2] C. Dwork, A. Smith, T. Steinke, J. Ullman, S. Vadhan, "Robust Traceability from Trace
   Amounts", FOCS 2015, doi:10.1109/FOCS.2015.46.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import attrs
import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_factor, cho_solve
from scipy.sparse import csr_array

from anomed_dp_query.attacks.releases import Release, indicators, rows_of

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.float64]

_MOST_ROWS = 1_500
"""Rows of the background that the covariance is learnt from."""

_MOST_CHECKED = 1_000
"""Rows of the background that ratios are tried on."""

_LEAST_SEEN = 0.5
"""As how many rows of the background a cell counts that nobody is seen in, for its variance."""


_CERTAIN = 500.0
"""Logarithm of odds that stand for certainty."""


@attrs.frozen(kw_only=True, eq=False)
class Expectation:
    """What the background makes one expect of releases, and how far they are from it.

    Attributes
    ----------
    releases
        What was answered.
    shares
        float64 array of shape (n_cells,): of the background in each cell.
    precision
        float64 array of shape (n_cells,): one over the variance that cells have for themselves.
    rows
        Sparse array of shape (n_learnt, n_cells): the background that the covariance is of.
    weight
        Of each of those rows in the covariance.
    factor
        Cholesky factor of the kernel of the rows, for Woodbury's identity.
    direction
        float64 array of shape (n_cells,): inverse covariance times what is unexpected.
    trust
        What ratios are multiplied by, 0..1: among people who are not in the table, half their
        variance must be minus their mean, or they are too sure of themselves.
    """

    releases: Sequence[Release]
    shares: Floats
    precision: Floats
    rows: csr_array
    weight: float
    factor: tuple[Any, bool]
    direction: Floats
    trust: float = 1.0

    def log_ratios(self, people: pd.DataFrame) -> Floats:
        """Return the logarithm of the likelihood ratio of each person, in against out."""
        cells = indicators(self.releases, people)
        linear = cells @ self.direction - float(self.shares @ self.direction)
        scaled = self.shares * self.precision
        own = cells @ self.precision - 2 * (cells @ scaled) + float(self.shares @ scaled)
        # each person against each row of the background, both without their mean
        kernel = np.asarray((self._scaled_rows() @ cells.T).todense())
        kernel -= (self.rows @ scaled)[:, None] + (cells @ scaled)[None, :]
        kernel = np.sqrt(self.weight) * (kernel + float(self.shares @ scaled))
        explained = (kernel * cho_solve(self.factor, kernel)).sum(axis=0)
        ratios = self.trust * (linear - (own - explained) / 2)
        return np.where(self._are_impossible(people), -_CERTAIN, ratios)

    def _are_impossible(self, people: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Return who would be in a cell that nobody is in, where that was told exactly."""
        impossible = np.zeros(len(people), dtype=bool)
        for release in self.releases:
            if release.variance == 0:
                cells = release.cells_of(people)
                impossible |= (cells >= 0) & (release.counts[cells] < 1)
        return impossible

    def _scaled_rows(self) -> csr_array:
        return csr_array(self.rows.multiply(self.precision[None, :]))


def expect(releases: Sequence[Release], background: pd.DataFrame) -> Expectation:
    """Learn from a background what to expect of releases.

    Parameters
    ----------
    releases
        At least one.
    background
        Other rows of the same population.
    """
    n_rows = rows_of(releases, background)
    seen = indicators(releases, background)
    shares = np.asarray(seen.sum(axis=0)).ravel() / len(background)
    counts = np.concatenate([release.counts for release in releases])
    noise = np.concatenate([np.full(len(one.counts), one.variance) for one in releases])
    ratio = n_rows / len(background)
    precision = 1 / (noise + _LEAST_SEEN * ratio * (1 + ratio))
    rows = seen[:_MOST_ROWS]
    # the table's own spread, and that of a background of finite size around the population
    weight = n_rows * (1 + ratio) / rows.shape[0]
    scaled = shares * precision
    kernel = np.asarray((csr_array(rows.multiply(precision[None, :])) @ rows.T).todense())
    means = rows @ scaled
    kernel = weight * (kernel - means[:, None] - means[None, :] + float(shares @ scaled))
    factor = cho_factor(np.eye(rows.shape[0]) + kernel)
    unexpected = precision * (counts - n_rows * shares)
    projected = np.sqrt(weight) * (rows @ unexpected - float(shares @ unexpected))
    solved = np.sqrt(weight) * cho_solve(factor, projected)
    explained = rows.T @ solved - shares * solved.sum()
    learnt = Expectation(
        releases=releases,
        shares=shares,
        precision=precision,
        rows=rows,
        weight=weight,
        factor=factor,
        direction=unexpected - precision * explained,
    )
    return attrs.evolve(learnt, trust=_trust(learnt.log_ratios(background[-_MOST_CHECKED:])))


def _trust(ratios: Floats) -> float:
    possible = ratios[ratios > -_CERTAIN]
    if len(possible) < 2 or possible.var() == 0:
        return 1.0
    return float(np.clip(-2 * possible.mean() / possible.var(), 0.0, 1.0))


def membership_scores(
    releases: Sequence[Release], people: pd.DataFrame, background: pd.DataFrame
) -> Floats:
    """Return how likely each person is in the table, 0..1; one half where nothing was released."""
    if not releases:
        return np.full(len(people), 0.5)
    ratios = expect(releases, background).log_ratios(people)
    return np.asarray(1 / (1 + np.exp(-np.clip(ratios, -_CERTAIN, _CERTAIN))), dtype=np.float64)
