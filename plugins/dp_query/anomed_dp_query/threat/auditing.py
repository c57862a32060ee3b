"""Audit a claimed epsilon: answer a question about two neighbouring tables, many times.

Half of the runs choose where to look, and from which value on an answer speaks for the canary; the
others count how often it does [1]_ [2]_. What is proved so is a lower bound of epsilon.

References
----------
.. [1] M. Jagielski, J. Ullman, A. Oprea, "Auditing Differentially Private Machine Learning: How
   Private is Private SGD?", 2020, arXiv:2006.07709.
.. [2] M. Nasr, S. Song, A. Thakurta, N. Papernot, N. Carlini, "Adversary Instantiation: Lower
   Bounds for Differentially Private Machine Learning", 2021, arXiv:2101.04535.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.statistics import EpsilonBound, epsilon_of_split

Floats = npt.NDArray[np.float64]


@attrs.frozen(kw_only=True)
class Audited:
    """What an audit has found out about a claimed epsilon.

    Attributes
    ----------
    claimed
        What was paid.
    bound
        What is proved, with 95 % confidence, and what a perfect audit could have proved.
    """

    claimed: float
    bound: EpsilonBound

    @property
    def epsilon_lower(self) -> float:
        """The largest epsilon that is proved."""
        return self.bound.estimate.low

    @property
    def is_refuted(self) -> bool:
        """Whether more is proved than was paid."""
        return self.epsilon_lower > self.claimed


def audit_release(
    without: Callable[[], Floats],
    with_canary: Callable[[], Floats],
    *,
    claimed: float,
    delta: float,
    n_runs: int,
    rng: np.random.Generator,
) -> Audited:
    """Audit answers about a table without and with a canary.

    Parameters
    ----------
    without, with_canary
        Answer the question anew: float64 arrays of shape (n_numbers,), always of the same number.
    claimed, delta
        What an answer costs.
    n_runs
        Answers of each kind, at least 20.
    rng
        Chooses which answers measure.

    Returns
    -------
    Audited

    Raises
    ------
    ValueError
        If there are too few runs.
    """
    if n_runs < 20:
        raise ValueError(f"an audit takes at least 20 runs of each kind, got {n_runs}")
    absent = np.array([without() for _ in range(n_runs)])
    present = np.array([with_canary() for _ in range(n_runs)])
    half = n_runs // 2
    gap = present[:half].mean(axis=0) - absent[:half].mean(axis=0)
    spread = np.sqrt(present[:half].var(axis=0) + absent[:half].var(axis=0)) + 1e-12
    place = int(np.argmax(np.abs(gap) / spread))
    sign = 1.0 if gap[place] >= 0 else -1.0
    scores = sign * np.concatenate([present[half:, place], absent[half:, place]])
    is_present = np.arange(len(scores)) < len(scores) // 2
    bound = epsilon_of_split(is_present, scores, rng=rng, fraction=0.2, delta=delta)
    return Audited(claimed=claimed, bound=bound)
