"""Alpha-precision, beta-recall and authenticity: where synthetic records lie among real ones.

Records become points of a Euclidean space, numbers standardised by the background and two
different categories at distance 1. An option: the space decides much, and the first two look at
distances from one centre only, so that very different tables can score alike.

References
----------
A. M. Alaa et al., "How faithful is your synthetic data?", 2022, arXiv:2102.08921.
"""

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables, same_codebook
from anomed_dataset_synthesis.table.codebook import MISSING
from anomed_dataset_synthesis.table.encoding import Binning, is_category

Points = npt.NDArray[np.float64]

_GRID = 10_000
_BLOCK = 512


@attrs.frozen(kw_only=True)
class Manifold:
    """Three figures in 0..1.

    Attributes
    ----------
    alpha_precision
        1 if synthetic records lie as far from the real centre as real ones do, 0 if all lie on
        it or all outside.
    beta_recall
        The mirror image: 1 if real records lie as far from the synthetic centre as synthetic
        ones do.
    authenticity
        The share of synthetic records farther from their nearest real record than that is from
        its own: 0 for a copy; about .5 for another real sample.
    """

    alpha_precision: float
    beta_recall: float
    authenticity: float


def manifold(
    synthetic: CanonicalTable,
    real: RealTables,
    *,
    binning: Binning,
    rng: np.random.Generator,
    max_records: int = 5_000,
) -> Manifold:
    """Compare a synthetic with the training table by distances in a Euclidean space.

    Parameters
    ----------
    synthetic
        The submission.
    real
        Of its training table at least two records are compared, by its background's numbers all
        are standardised.
    binning
        Its categories are told apart.
    rng
        Draws records.
    max_records
        Of a longer table so many are drawn, to bound the time.

    Returns
    -------
    Manifold
        The three figures.

    Raises
    ------
    ValueError
        If there are less than two training records, a table is empty or the codebooks differ.
    """
    same_codebook(synthetic, real.training)
    if len(real.training) < 2:
        raise ValueError("there is one training record; give at least two, as neighbours")
    fake, members = (
        _embed(table.sample(max_records, rng=rng), real.background, binning)
        for table in (synthetic, real.training)
    )
    to_real, place = _nearest(fake, members, same=False)
    among_real, _ = _nearest(members, members, same=True)
    return Manifold(
        alpha_precision=_support_score(fake, members),
        beta_recall=_support_score(members, fake),
        authenticity=float((to_real > among_real[place]).mean()),
    )


def _support_score(points: Points, reference: Points) -> float:
    """Return 1 - 2 * integral of abs(P(a) - a), P(a) the points inside the a-quantile radius."""
    centre = reference.mean(axis=0)
    radii = np.linalg.norm(points - centre, axis=1)
    own_radii = np.sort(np.linalg.norm(reference - centre, axis=1))
    shares = np.sort(np.searchsorted(own_radii, radii * (1 - 1e-12)) / len(own_radii))
    grid = (np.arange(_GRID) + 0.5) / _GRID
    inside = np.searchsorted(shares, grid, side="right") / len(shares)
    return float(1 - 2 * np.abs(inside - grid).mean())


def _embed(table: CanonicalTable, background: CanonicalTable, binning: Binning) -> Points:
    bins = binning.bins(table)
    parts = []
    for position, category in enumerate(is_category(table.codebook)):
        if category:
            parts.append(np.eye(binning.n_bins[position])[bins[:, position]] / np.sqrt(2))
            continue
        levels = table.levels[:, position].astype(float)
        known = background.levels[:, position]
        known = known[known != MISSING]
        middle, spread = (known.mean(), known.std()) if len(known) else (0.0, 1.0)
        missing = levels == MISSING
        scaled = np.where(missing, 0.0, (levels - middle) / (spread or 1.0))
        parts.append(np.column_stack([scaled, missing / np.sqrt(2)]))
    return np.concatenate(parts, axis=1)


def _nearest(
    queries: Points, references: Points, *, same: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.intp]]:
    """Find nearest references; where the tables are the same, other than the query itself."""
    sizes = np.square(references).sum(axis=1)
    distances = np.empty(len(queries))
    places = np.empty(len(queries), dtype=np.intp)
    for start in range(0, len(queries), _BLOCK):
        block = queries[start : start + _BLOCK]
        squares = sizes - 2 * block @ references.T
        if same:
            rows = np.arange(len(block))
            squares[rows, start + rows] = np.inf
        nearest = squares.argmin(axis=1)
        places[start : start + _BLOCK] = nearest
        distances[start : start + _BLOCK] = np.linalg.norm(block - references[nearest], axis=1)
    return distances, places
