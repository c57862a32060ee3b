"""Class sizes that are one plus a negative binomial number (Chen and Keller-McNulty 1998)."""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from anomed_dataset_anonymization.privacy.classes import FloatArray, IntArray

_ACCURACY = 1e-9  # of the two expected class numbers, relative to the observed ones


def snb_uniques(sizes: IntArray, n_classes_of_size: IntArray, *, sampling_fraction: float) -> float:
    """Estimate the number of population uniques.

    A population class has size F with P(F = j) = C(a+j-2, j-1) b**a (1-b)**(j-1), of which each
    record is sampled with chance f. The parameters make the expected numbers of sample classes of
    size 1 and 2 equal the observed ones, given an estimate K of the number of population classes;
    K b**a of them are then unique.

    Parameters
    ----------
    sizes
        int64 (n_sizes,), the class sizes that occur, ascending, the first being 1.
    n_classes_of_size
        int64 (n_sizes,), the classes of each size.
    sampling_fraction
        f, in (0, 1].

    Returns
    -------
    float
        The estimate.

    Raises
    ------
    ValueError
        If no parameters explain the observed numbers.
    """
    if sampling_fraction == 1.0:
        return float(n_classes_of_size[0])
    if len(sizes) < 2 or sizes[1] != 2:
        raise ValueError(
            "the sample has no class of size 2, from which the slide negative binomial model "
            "learns; use Zayatz's estimate instead."
        )
    n_classes = population_classes(sizes, n_classes_of_size, sampling_fraction=sampling_fraction)
    observed = n_classes_of_size[:2]

    def mismatch(point: FloatArray) -> FloatArray:
        shape, chance = np.exp(point[0]), special.expit(point[1])
        expected = n_classes * _sampled_shares(shape, chance, sampling_fraction=sampling_fraction)
        return expected / observed - 1.0

    for start in ((0.0, 0.0), (-2.0, -2.0), (-1.0, -4.0), (1.0, 1.0)):
        with np.errstate(all="ignore"):  # trial steps may leave the range of float64
            solution = optimize.root(mismatch, np.array(start), tol=1e-13)
            reached = bool((np.abs(mismatch(solution.x)) < _ACCURACY).all())
        if reached:
            shape, chance = np.exp(solution.x[0]), special.expit(solution.x[1])
            return float(n_classes * chance**shape)
    raise ValueError(
        f"no slide negative binomial model explains {observed[0]} classes of size 1 and "
        f"{observed[1]} of size 2; use Zayatz's estimate instead."
    )


def population_classes(
    sizes: IntArray, n_classes_of_size: IntArray, *, sampling_fraction: float
) -> float:
    """Estimate the number of classes in the population, the unseen ones included.

    Parameters
    ----------
    sizes
        int64 (n_sizes,), the class sizes that occur in the sample, ascending, the first being 1.
    n_classes_of_size
        int64 (n_sizes,), the sample classes of each size.
    sampling_fraction
        In (0, 1).

    Returns
    -------
    float
        The modified Shlosser estimate, D_Sh3.

    References
    ----------
    Haas, Stokes: Estimating the number of classes in a finite population, JASA 93(444), 1998,
    doi:10.1080/01621459.1998.10473807 (the third modification of Shlosser's estimator).
    """
    q, i, f = sampling_fraction, sizes.astype(np.float64), n_classes_of_size.astype(np.float64)
    unseen = (1 - q) ** i
    seen_twice_over = (i * q**2 * (1 - q**2) ** (i - 1)) @ f / ((unseen * ((1 + q) ** i - 1)) @ f)
    missed = (unseen @ f) / ((i * q * (1 - q) ** (i - 1)) @ f)
    return float(f.sum() + f[0] * seen_twice_over * missed**2)


def _sampled_shares(shape: float, chance: float, *, sampling_fraction: float) -> FloatArray:
    """Return the share of population classes that have one, and two, records in the sample."""
    f = sampling_fraction
    unsampled = (1 - f) * (1 - chance)
    seen = 1 - unsampled
    empty = (chance / seen) ** shape
    one = f * empty * (1 + shape * unsampled / seen)
    two = f**2 * empty * shape * (1 - chance) / (2 * seen**2) * (2 * seen + (shape + 1) * unsampled)
    return np.array([one, two])
