"""The ROC curve of a membership attack, whole, and what is read off it.

Scores say how strongly the attacker believes in membership. Records with equal scores are taken
in random order, which makes the curve straight between distinct scores: there is nothing to gain
from ties, from a constant or from abstaining.
"""

import math

import attrs
import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import betabinom, rankdata

from anomed_dataset_synthesis.threat.estimates import Estimate

Scores = npt.NDArray[np.float64]


@attrs.frozen(kw_only=True, eq=False)
class RocCurve:
    """Hold the points of an ROC curve, from (0, 0) to (1, 1), one per distinct score.

    Attributes
    ----------
    fpr, tpr : ndarray of float64, shape (n_points,)
        Shares of controls and of members that score at or above a threshold, rising.
    """

    fpr: npt.NDArray[np.float64]
    tpr: npt.NDArray[np.float64]

    @property
    def auc(self) -> float:
        """Give the area under the curve: .5 at chance, 1 is a perfect attack, ties count half."""
        return float(np.trapezoid(self.tpr, self.fpr))

    @property
    def advantage(self) -> float:
        """Give the largest TPR - FPR, 0..1: 0 at chance up to noise, which it always overstates."""
        return float((self.tpr - self.fpr).max())

    def tpr_at(self, fpr: float) -> float:
        """Give the largest TPR of an attack with this FPR, 0..1; equal to `fpr` at chance.

        Between points the curve is read linearly, at a step its upper end.

        Parameters
        ----------
        fpr : float
            In 0..1.

        Raises
        ------
        ValueError
            If `fpr` is out of range.

        References
        ----------
        N. Carlini et al., "Membership inference attacks from first principles", 2022,
        arXiv:2112.03570.
        """
        if not 0 <= fpr <= 1:
            raise ValueError(f"the TPR at an FPR of {fpr} was asked for; give one in 0 to 1")
        last = int(np.searchsorted(self.fpr, fpr, side="right")) - 1
        if last == len(self.fpr) - 1:
            return float(self.tpr[last])
        step = (fpr - self.fpr[last]) / (self.fpr[last + 1] - self.fpr[last])
        return float(self.tpr[last] + step * (self.tpr[last + 1] - self.tpr[last]))


def roc_curve(members: Scores, controls: Scores) -> RocCurve:
    """Draw the whole curve.

    Parameters
    ----------
    members, controls : ndarray of float64, shape (n_members,) and (n_controls,)
        Finite scores, higher for more confidence in membership.

    Returns
    -------
    RocCurve
        With one point per distinct score, and (0, 0).

    Raises
    ------
    ValueError
        If there are no members or no controls, or a score is not finite.

    Examples
    --------
    >>> curve = roc_curve(np.array([0.9, 0.4]), np.array([0.4, 0.1]))
    >>> curve.auc, curve.tpr_at(0.0), curve.tpr_at(0.25)
    (0.875, 0.5, 0.75)
    """
    check_scores(members, controls)
    scores = np.concatenate([members, controls])
    distinct, place = np.unique(-scores, return_inverse=True)
    place = place.reshape(-1)
    hits = np.bincount(place[: len(members)], minlength=len(distinct))
    alarms = np.bincount(place[len(members) :], minlength=len(distinct))
    return RocCurve(
        fpr=np.append(0, np.cumsum(alarms)) / len(controls),
        tpr=np.append(0, np.cumsum(hits)) / len(members),
    )


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
    z = float(ndtri((1 + confidence) / 2))
    ranks = rankdata(np.concatenate([members, controls]))
    below = (ranks[:n_members] - rankdata(members)) / n_controls
    above = 1 - (ranks[n_members:] - rankdata(controls)) / n_members
    auc = float(below.mean())
    error = math.sqrt(below.var(ddof=1) / n_members + above.var(ddof=1) / n_controls)
    low, high = _inverted_interval(auc, n_members, n_controls, z=z)
    return Estimate(
        value=auc,
        low=max(0.0, min(low, auc - z * error)),
        high=min(1.0, max(high, auc + z * error)),
        confidence=confidence,
    )


def _inverted_interval(
    auc: float, n_members: int, n_controls: int, *, z: float
) -> tuple[float, float]:
    """Find the areas from which the one observed is just z standard errors away."""
    n_others = (n_members + n_controls) / 2 - 1

    def surplus(area: float) -> float:
        shape = 1 + n_others * ((1 - area) / (2 - area) + area / (1 + area))
        return (auc - area) ** 2 - z**2 * area * (1 - area) * shape / (n_members * n_controls)

    tiny = 1e-12
    low = float(brentq(surplus, 0.0, auc - tiny)) if auc > tiny else 0.0
    high = float(brentq(surplus, auc + tiny, 1.0)) if auc < 1 - tiny else 1.0
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
        If there are no targets of a kind.

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
        half = float(ndtri((1 + confidence) / 2)) * spread
        return max(0.0, 0.5 - half), min(1.0, 0.5 + half)
    n_alarms = math.floor(fpr * n_controls + 1e-9)
    if n_alarms >= n_controls:
        return 1.0, 1.0
    hits = betabinom(n_members, n_alarms + 1, n_controls - n_alarms)
    low, high = hits.ppf([(1 - confidence) / 2, (1 + confidence) / 2]) / n_members
    return float(low), float(high)
