r"""What no attack can exceed against an :math:`(\varepsilon, \delta)`-differentially private model.

The rates of every attack satisfy :math:`TPR \le e^\varepsilon FPR + \delta` and
:math:`TNR \le e^\varepsilon FNR + \delta`. Hence a ceiling for what an attack achieves if epsilon
is known, and the smallest epsilon that explains what an attack achieves.

The ceilings hold if the attacked records became members at random, independently of each other or
exchangeably. A split into training and test data from different distributions breaks them
(Humphries et al. 2023, arXiv:2010.12112).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


def tpr_ceiling(fpr: float, *, epsilon: float, delta: float = 0.0) -> float:
    """Return the largest true-positive rate at a false-positive rate.

    Parameters
    ----------
    fpr : float
        In [0, 1].
    epsilon : float
        At least 0; may be infinite.
    delta : float, default=0.0
        In [0, 1].

    Returns
    -------
    float
        In [0, 1]; `fpr` itself where epsilon and delta are 0, and 1 where epsilon is infinite.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Kairouz, Oh and Viswanath (2015), The Composition Theorem for Differential Privacy.
    arXiv:1311.0776

    Examples
    --------
    >>> round(tpr_ceiling(0.01, epsilon=1.0), 4)
    0.0272
    """
    _check(epsilon, delta)
    if not 0 <= fpr <= 1:
        raise ValueError(f"a false-positive rate must be in [0, 1], but came as {fpr}.")
    if math.isinf(epsilon):
        return 1.0
    return min(_growth(epsilon) * fpr + delta, 1 - math.exp(-epsilon) * (1 - delta - fpr), 1.0)


def advantage_ceiling(*, epsilon: float, delta: float = 0.0) -> float:
    """Return the largest advantage ``TPR - FPR``.

    Parameters
    ----------
    epsilon : float
        At least 0; may be infinite.
    delta : float, default=0.0
        In [0, 1].

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Humphries et al. (2023), Investigating Membership Inference Attacks under Data Dependencies.
    arXiv:2010.12112

    Examples
    --------
    >>> round(advantage_ceiling(epsilon=0.1), 3)
    0.05
    """
    _check(epsilon, delta)
    return 1 - 2 * (1 - delta) / (_growth(epsilon) + 1)


def balanced_accuracy_ceiling(*, epsilon: float, delta: float = 0.0) -> float:
    """Return the largest balanced accuracy, ``(1 + advantage) / 2``.

    Parameters
    ----------
    epsilon : float
        At least 0; may be infinite.
    delta : float, default=0.0
        In [0, 1].

    Returns
    -------
    float
        In [0.5, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(balanced_accuracy_ceiling(epsilon=1.0), 3)
    0.731
    """
    return (1 + advantage_ceiling(epsilon=epsilon, delta=delta)) / 2


def auc_ceiling(*, epsilon: float, delta: float = 0.0) -> float:
    r"""Return the largest area under the ROC curve.

    It is the area under `tpr_ceiling`: :math:`1 - (1 - \delta)^2 / (1 + e^\varepsilon)`.

    Parameters
    ----------
    epsilon : float
        At least 0; may be infinite.
    delta : float, default=0.0
        In [0, 1].

    Returns
    -------
    float
        In [0.5, 1].

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> round(auc_ceiling(epsilon=1.0), 3)
    0.731
    """
    _check(epsilon, delta)
    return 1 - (1 - delta) ** 2 / (1 + _growth(epsilon))


def epsilon_of_rates(tpr: ArrayLike, fpr: ArrayLike, *, delta: float) -> NDArray[np.float64]:
    r"""Return the smallest epsilon that explains an attack's rates.

    It is :math:`\max\{\ln\frac{TPR - \delta}{FPR}, \ln\frac{1 - FPR - \delta}{1 - TPR}, 0\}`, the
    epsilon at which `tpr_ceiling` meets the rates. Given confidence limits that make an attack look
    as weak as it may be, a low TPR and a high FPR, it is a lower bound of epsilon.

    Parameters
    ----------
    tpr, fpr : float array, broadcastable with each other
        In [0, 1]. Unchecked, as is delta.
    delta : float
        In [0, 1).

    Returns
    -------
    float64 array
        At least 0, which any rates explain that are no better than chance; infinite where no
        epsilon explains them.

    References
    ----------
    Kairouz, Oh and Viswanath (2015), The Composition Theorem for Differential Privacy, theorem 2.1.
    arXiv:1311.0776

    Examples
    --------
    >>> round(float(epsilon_of_rates(0.9, 0.1, delta=0.0)), 3)
    2.197
    """
    detected, alarmed = np.asarray(tpr, dtype=np.float64), np.asarray(fpr, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # Of 0 / 0 nothing follows: fmax takes the other ratio instead of NaN.
        ratios = np.fmax((detected - delta) / alarmed, (1 - alarmed - delta) / (1 - detected))
        epsilon: NDArray[np.float64] = np.log(np.fmax(ratios, 1.0))
    return epsilon


def _growth(epsilon: float) -> float:
    # Beyond 700 the exponential overflows; no ceiling differs from 1 there.
    return math.exp(min(epsilon, 700.0))


def _check(epsilon: float, delta: float) -> None:
    if not epsilon >= 0:
        raise ValueError(f"epsilon must be at least 0, but came as {epsilon}.")
    if not 0 <= delta <= 1:
        raise ValueError(f"delta must be in [0, 1], but came as {delta}.")
