"""How much the area under a ROC curve varies from sample to sample."""

from __future__ import annotations

import numpy as np

from anomed_core.statistics.roc import Roc, auc


def delong_variance(roc: Roc) -> float:
    """Return DeLong's estimate of the variance of the AUC.

    A record's placement is the share of the other class that it beats, ties counting one half; the
    AUC is the mean placement of the members, and one minus that of the non-members. The variance
    is the sum of the two standard errors squared.

    Parameters
    ----------
    roc : Roc
        A side of a single record adds no variance: its spread is unknown.

    Returns
    -------
    float
        At least 0. It is 0 at a perfect attack, too, where it says nothing.

    References
    ----------
    DeLong, DeLong and Clarke-Pearson (1988), doi:10.2307/2531595, in the form by ranks of Sun and
    Xu (2014), doi:10.1109/LSP.2014.2337313

    Examples
    --------
    >>> from anomed_core.statistics import roc_curve
    >>> round(delong_variance(roc_curve([1, 1, 1, 0, 0], [3, 2, 4, 1, 2])), 6)
    0.013889
    """
    area = auc(roc)
    n_members, n_non_members = roc.n_members, roc.n_non_members
    # All records of one tie have one placement: the middle of its step.
    member_placement = 1 - (roc.fpr[1:] + roc.fpr[:-1]) / 2
    non_member_placement = (roc.tpr[1:] + roc.tpr[:-1]) / 2
    member_squares = np.dot(np.diff(roc.n_true_positives), (member_placement - area) ** 2)
    other_squares = np.dot(np.diff(roc.n_false_positives), (non_member_placement - area) ** 2)
    return float(
        member_squares / (max(n_members - 1, 1) * n_members)
        + other_squares / (max(n_non_members - 1, 1) * n_non_members)
    )
