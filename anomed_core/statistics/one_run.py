"""A lower bound of epsilon from one training run, for records included by independent coins."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betaincinv, gammaln, logit

from anomed_core.statistics.epsilon import EpsilonBound
from anomed_core.statistics.estimate import MembershipEstimate, check_confidence
from anomed_core.statistics.roc import Roc

#: Epsilon is found to this precision, and rounded down by it.
TOLERANCE = 1e-9

#: Above this, the logistic function is 1 in double precision.
LARGEST_EPSILON = 36.0


@attrs.frozen(kw_only=True)
class Guesses:
    """How often an attack guessed, and how often it was right.

    Attributes
    ----------
    n_records : int
        Records whose membership was decided by a coin, at least 1.
    n_guesses : int
        Records whose membership the attack guessed, in [0, n_records].
    n_correct : int
        Right guesses, in [0, n_guesses].
    """

    n_records: int
    n_guesses: int
    n_correct: int = attrs.field()

    @n_correct.validator
    def _check(self, _attribute: object, n_correct: int) -> None:
        if not (0 <= n_correct <= self.n_guesses <= self.n_records and self.n_records >= 1):
            raise ValueError(
                "guesses need 0 <= n_correct <= n_guesses <= n_records and n_records >= 1, "
                f"but came as {n_correct}, {self.n_guesses}, {self.n_records}."
            )


def one_run_p_value(guesses: Guesses, epsilon: float, *, delta: float = 0.0) -> float:
    r"""Return how likely so many right guesses are against an (epsilon, delta)-private model.

    With B binomial, of r guesses at :math:`q = e^\varepsilon / (1 + e^\varepsilon)`, v of them
    right and m records, it is

    .. math:: P[B \ge v] + 2 m \delta \max_{1 \le i \le v} P[v - i \le B < v] / i.

    Parameters
    ----------
    guesses : Guesses
    epsilon : float
        At least 0.
    delta : float, default=0.0
        In [0, 1).

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        If epsilon or delta is out of range.

    References
    ----------
    Steinke, Nasr and Jagielski (2023), Privacy Auditing with One (1) Training Run, theorem 5.2 and
    appendix D. arXiv:2305.08846

    Examples
    --------
    >>> round(one_run_p_value(Guesses(n_records=100, n_guesses=10, n_correct=10), 0.0), 6)
    0.000977
    """
    if not (epsilon >= 0 and 0 <= delta < 1):
        raise ValueError(
            "epsilon must be at least 0 and delta in [0, 1), "
            f"but came as epsilon {epsilon} and delta {delta}."
        )
    return _p_value(epsilon, guesses=guesses, delta=delta, log_choose=_log_choose(guesses))


def one_run_epsilon(guesses: Guesses, *, delta: float = 0.0, error: float = 0.05) -> float:
    """Return the largest epsilon that the number of right guesses rules out.

    Parameters
    ----------
    guesses : Guesses
        Their number must not have been chosen by their success.
    delta : float, default=0.0
        In [0, 1).
    error : float, default=0.05
        Probability that the bound is above the truth, at most, in (0, 1).

    Returns
    -------
    float
        In [0, inf); 0 where nothing is ruled out.

    Raises
    ------
    ValueError
        If delta or the error is out of range.

    References
    ----------
    See `one_run_p_value`.

    Examples
    --------
    >>> guesses = Guesses(n_records=1000, n_guesses=300, n_correct=260)
    >>> round(one_run_epsilon(guesses), 4), round(one_run_epsilon(guesses, delta=1e-5), 4)
    (1.5856, 1.5841)
    """
    check_confidence(1 - error)
    if not 0 <= delta < 1:
        raise ValueError(f"delta must be in [0, 1), but came as {delta}.")
    if guesses.n_correct == 0:
        return 0.0
    n_wrong = guesses.n_guesses - guesses.n_correct
    if delta == 0:
        # P[B >= v] = error is Clopper-Pearson's equation.
        return max(float(logit(betaincinv(guesses.n_correct, n_wrong + 1, error))), 0.0)
    p_value = partial(_p_value, guesses=guesses, delta=delta, log_choose=_log_choose(guesses))
    if p_value(0.0) >= error:
        return 0.0
    root = brentq(lambda epsilon: p_value(epsilon) - error, 0, LARGEST_EPSILON, xtol=TOLERANCE)
    return max(float(root) - TOLERANCE, 0.0)


def epsilon_of_one_run(
    roc: Roc,
    *,
    delta: float = 0.0,
    confidence: float = 0.95,
    n_guesses: int | Sequence[int] | None = None,
) -> EpsilonBound:
    """Bound epsilon from below, from one training run whose records were included by fair coins.

    Range [0, inf), higher is the worse leak, 0 at chance. The attack guesses "member" for the
    highest scores and "non-member" for the lowest, half each, and abstains in between; ties are
    guessed together. Each record must have been included independently with probability one
    half: samples of a fixed size violate the assumption.

    Parameters
    ----------
    roc : Roc
        Of records that coins included as members, or not.
    delta : float, default=0.0
        In [0, 1).
    confidence : float, default=0.95
        Probability that the bound is not above the truth, in (0, 1).
    n_guesses : int, sequence of int or None, default=None
        How many guesses to make, fixed in advance. Several numbers are each tried and paid for
        (Bonferroni). None: all records, a half, a quarter, ..., down to at least eight.

    Returns
    -------
    EpsilonBound

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    See `one_run_p_value`.

    Examples
    --------
    >>> from anomed_core.statistics import roc_curve
    >>> rng = np.random.default_rng(0)
    >>> is_member = rng.random(1000) < 0.5
    >>> scores = np.where(rng.random(1000) < 0.73, is_member, ~is_member)
    >>> round(epsilon_of_one_run(roc_curve(is_member, scores)).estimate.low, 2)
    0.87
    """
    check_confidence(confidence)
    tried = _tried(n_guesses, n_records=roc.n_members + roc.n_non_members)
    error = (1 - confidence) / len(tried)
    made = [guess(roc, n_guesses=n) for n in tried]
    bound = max(one_run_epsilon(guesses, delta=delta, error=error) for guesses in made)
    perfect = max(
        one_run_epsilon(
            attrs.evolve(guesses, n_correct=guesses.n_guesses), delta=delta, error=error
        )
        for guesses in made
    )
    return EpsilonBound(
        estimate=MembershipEstimate(
            value=bound,
            low=bound,
            high=float("inf"),
            confidence=confidence,
            n_members=roc.n_members,
            n_non_members=roc.n_non_members,
            method=f"one run, Bonferroni over {len(tried)} numbers of guesses"
            if len(tried) > 1
            else "one run, number of guesses fixed beforehand",
        ),
        delta=delta,
        attainable=perfect,
    )


def guess(roc: Roc, *, n_guesses: int) -> Guesses:
    """Guess the membership of about so many records, half at either end of the scores.

    Which records are guessed depends on the scores alone. Ties are guessed together, so that the
    number of guesses is the nearest that they allow, but at least one tie at either end.

    Parameters
    ----------
    roc : Roc
    n_guesses : int
        In [2, n_records].

    Returns
    -------
    Guesses
    """
    n_records = roc.n_members + roc.n_non_members
    n_above = (roc.n_true_positives + roc.n_false_positives)[1:-1]
    if n_above.size == 0:
        return Guesses(n_records=n_records, n_guesses=0, n_correct=0)
    top = int(np.argmin(np.abs(n_above - n_guesses / 2)))
    bottom = max(int(np.argmin(np.abs(n_records - n_above - n_guesses / 2))), top)
    n_right_below = roc.n_non_members - roc.n_false_positives[1 + bottom]
    return Guesses(
        n_records=n_records,
        n_guesses=int(n_above[top] + n_records - n_above[bottom]),
        n_correct=int(roc.n_true_positives[1 + top] + n_right_below),
    )


def _tried(n_guesses: int | Sequence[int] | None, *, n_records: int) -> list[int]:
    if n_guesses is None:
        halvings = [n_records >> shift for shift in range(n_records.bit_length())]
        return [n for n in halvings if n >= 8] or [n_records]
    tried = [n_guesses] if isinstance(n_guesses, int) else list(n_guesses)
    if not tried or min(tried) < 2 or max(tried) > n_records:
        raise ValueError(
            f"n_guesses must name numbers from 2 to {n_records}, the number of records, "
            f"but came as {n_guesses}."
        )
    return tried


def _log_choose(guesses: Guesses) -> NDArray[np.float64]:
    """Return the logarithms of the binomial coefficients, below the number of right guesses."""
    hits = np.arange(guesses.n_correct)
    n = guesses.n_guesses
    log_choose: NDArray[np.float64] = gammaln(n + 1) - gammaln(hits + 1) - gammaln(n - hits + 1)
    return log_choose


def _p_value(
    epsilon: float, *, guesses: Guesses, delta: float, log_choose: NDArray[np.float64]
) -> float:
    hits = np.arange(guesses.n_correct)
    # ln q = -ln(1 + e^-eps) and ln(1 - q) = ln q - eps, without cancellation.
    log_q = -np.log1p(np.exp(-epsilon))
    mass = np.exp(log_choose + guesses.n_guesses * log_q - (guesses.n_guesses - hits) * epsilon)
    # From v - 1 downwards: its i-th entry is P[v - i <= B < v].
    below = np.cumsum(mass[::-1])
    p_value = 1 - float(below[-1]) if hits.size else 1.0
    if delta > 0 and hits.size:
        worst = float(np.max(below / np.arange(1, hits.size + 1)))
        p_value += 2 * guesses.n_records * delta * worst
    return min(max(p_value, 0.0), 1.0)
