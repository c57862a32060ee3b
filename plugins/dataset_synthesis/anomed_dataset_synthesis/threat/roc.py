"""The ROC curve of a membership attack, whole, and how sure its area is.

Scores say how strongly the attacker believes in membership. A TPR is read off the curve by
`interpolated_tpr`: records with equal scores are taken in random order, so there is nothing to gain
from ties, from a constant or from abstaining.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import betabinom

from anomed_core import statistics
from anomed_core.statistics import Estimate, Roc, auc, delong_variance, normal_quantile

Scores = npt.NDArray[np.float64]


def roc_curve(members: Scores, controls: Scores) -> Roc:
    """Draw the whole curve.

    Parameters
    ----------
    members, controls : ndarray of float64, shape (n_members,) and (n_controls,)
        Finite scores, higher for more confidence in membership.

    Returns
    -------
    Roc
        With one point per distinct score, and (0, 0).

    Raises
    ------
    ValueError
        If there are no members or no controls, or a score is not finite or the largest float.

    Examples
    --------
    >>> from anomed_core.statistics import interpolated_tpr
    >>> curve = roc_curve(np.array([0.9, 0.4]), np.array([0.4, 0.1]))
    >>> auc(curve), interpolated_tpr(curve, 0.0), interpolated_tpr(curve, 0.25)
    (0.875, 0.5, 0.75)
    """
    check_scores(members, controls)
    is_member = np.repeat([True, False], [len(members), len(controls)])
    return statistics.roc_curve(is_member, np.concatenate([members, controls]))


def check_scores(members: Scores, controls: Scores) -> None:
    """Refuse scores that no curve can be drawn of.

    Raises
    ------
    ValueError
        If there are no members or no controls, or a score is not finite.
    """
    if members.ndim != 1 or controls.ndim != 1 or not len(members) or not len(controls):
        raise ValueError(
            f"scores of shapes {members.shape} and {controls.shape} came for members and controls; "
            "give one score each for at least one of both"
        )
    n_bad = int((~np.isfinite(members)).sum() + (~np.isfinite(controls)).sum())
    if n_bad:
        raise ValueError(f"{n_bad} scores are not finite; give a finite number for every target")


def auc_estimate(members: Scores, controls: Scores, *, confidence: float = 0.95) -> Estimate:
    """Estimate the area under the curve.

    The interval is the wider one, at each end, of two: DeLong's, which follows the data whatever
    the curve's shape but collapses at a perfect attack, and the inversion of Hanley and McNeil's
    variance, which does not collapse but trusts a shape.

    Parameters
    ----------
    members, controls : ndarray of float64, shape (n_members,) and (n_controls,)
        Finite scores.
    confidence : float, default .95
        Inside (0, 1).

    Returns
    -------
    Estimate
        In 0..1, .5 at chance.

    Raises
    ------
    ValueError
        As `roc_curve`, or if there are less than two of either, which leaves no variance.

    References
    ----------
    E. DeLong et al., 1988, doi:10.2307/2531595. R. Newcombe, "Confidence intervals for an effect
    size measure based on the Mann-Whitney statistic. Part 2", method 5, 2006,
    doi:10.1002/sim.2324.
    """
    check_scores(members, controls)
    n_members, n_controls = len(members), len(controls)
    if min(n_members, n_controls) < 2:
        raise ValueError(
            f"{n_members} members and {n_controls} controls leave no variance; give two of each"
        )
    z = normal_quantile(confidence)
    curve = roc_curve(members, controls)
    area, error = auc(curve), math.sqrt(delong_variance(curve))
    low, high = _inverted_interval(area, n_members, n_controls, z=z)
    return Estimate(
        value=area,
        low=max(0.0, min(low, area - z * error)),
        high=min(1.0, max(high, area + z * error)),
        confidence=confidence,
    )


def _inverted_interval(
    area: float, n_members: int, n_controls: int, *, z: float
) -> tuple[float, float]:
    """Find the areas from which the one observed is just z standard errors away."""
    n_others = (n_members + n_controls) / 2 - 1

    def surplus(truth: float) -> float:
        shape = 1 + n_others * ((1 - truth) / (2 - truth) + truth / (1 + truth))
        return (area - truth) ** 2 - z**2 * truth * (1 - truth) * shape / (n_members * n_controls)

    tiny = 1e-12
    low = float(brentq(surplus, 0.0, area - tiny)) if area > tiny else 0.0
    high = float(brentq(surplus, area + tiny, 1.0)) if area < 1 - tiny else 1.0
    return low, high


def null_band(
    n_members: int, n_controls: int, *, fpr: float | None = None, confidence: float = 0.95
) -> tuple[float, float]:
    """Say where a worthless attack's figure lies by chance.

    Parameters
    ----------
    n_members, n_controls : int
        Number of targets of either kind, at least 1.
    fpr : float, optional
        The band of the TPR at this FPR, in 0...1; the band of the AUC by default.
    confidence : float, default .95
        Share of worthless attacks, with scores without ties, inside the band.

    Returns
    -------
    low, high : float
        For the AUC the normal approximation of the Mann-Whitney statistic, for the TPR the exact
        beta-binomial distribution of the members above the threshold that the controls set.

    Raises
    ------
    ValueError
        If there are no targets of a kind, or the confidence is out of range.

    Examples
    --------
    >>> low, high = null_band(100, 100)
    >>> round(low, 2), round(high, 2)
    (0.42, 0.58)
    >>> null_band(100, 100, fpr=0.01)
    (0.0, 0.07)
    """
    if min(n_members, n_controls) < 1:
        raise ValueError(f"{n_members} members and {n_controls} controls came; give at least one")
    if fpr is None:
        spread = math.sqrt((n_members + n_controls + 1) / (12 * n_members * n_controls))
        half = normal_quantile(confidence) * spread
        return max(0.0, 0.5 - half), min(1.0, 0.5 + half)
    n_alarms = math.floor(fpr * n_controls + 1e-9)
    if n_alarms >= n_controls:
        return 1.0, 1.0
    hits = betabinom(n_members, n_alarms + 1, n_controls - n_alarms)
    low, high = hits.ppf([(1 - confidence) / 2, (1 + confidence) / 2]) / n_members
    return float(low), float(high)
