"""Audit a claimed guarantee: run a generator with and without a canary, and tell the runs apart.

If adding one record changes the distribution of outputs by no more than (epsilon, delta), no test
can tell the two kinds of runs apart better than those numbers allow. A test that does, by more
than chance explains, refutes the claim. A test that doesn't proves nothing: the bound grows with
the canary's strangeness, the score's skill and the number of runs.
"""

from typing import Literal

import attrs
import numpy as np
import pandas as pd
from attrs import validators
from joblib import Parallel, delayed

from anomed_core.statistics import (
    Confusion,
    epsilon_of_decision,
    fix_threshold,
    roc_of_scores,
)
from anomed_dataset_synthesis.dp.accounting import Guarantee
from anomed_dataset_synthesis.generators import Generator
from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise, to_frame
from anomed_dataset_synthesis.table.codebook import MISSING, CategoryColumn, Codebook
from anomed_dataset_synthesis.threat.membership import Scores

__all__ = [
    "CanaryAudit",
    "audit_by_canary",
    "outlier_canary",
    "resemblance",
    "two_value_case",
]

Verdict = Literal["refuted", "not refuted", "no claim"]

_SCORES = ("mean", "closest")

_NEAR = 0.05
"""Part of a numeric column's range within which a value counts as the canary's."""


@attrs.frozen(kw_only=True)
class CanaryAudit:
    """Report how well runs with the canary could be told from runs without.

    Attributes
    ----------
    n_with, n_without
        Runs with and without the canary, the pilot runs not counted.
    hits_with, hits_without
        Of these, runs whose score reached the threshold.
    threshold
        Fixed before these runs.
    score
        How runs were scored, chosen before these runs: by "mean" or by "closest" `resemblance`.
    confidence
        Of the lower bound, inside (0, 1).
    claim
        What was audited.
    """

    n_with: int = attrs.field(validator=validators.ge(1))
    n_without: int = attrs.field(validator=validators.ge(1))
    hits_with: int
    hits_without: int
    threshold: float
    score: str
    confidence: float
    claim: Guarantee | None

    @property
    def outcome(self) -> Confusion:
        """Return the runs on either side of the threshold, those with the canary as members."""
        return Confusion.of_hits((self.hits_with, self.n_with), (self.hits_without, self.n_without))

    @property
    def epsilon_lower(self) -> float:
        """Return the largest epsilon that the runs prove, at the claimed delta (0 without one)."""
        delta = self.claim.delta if self.claim else 0.0
        return epsilon_of_decision(
            self.outcome, delta=delta, confidence=self.confidence
        ).estimate.low

    @property
    def verdict(self) -> Verdict:
        """Say whether the claim survived; surviving is no proof."""
        if self.claim is None:
            return "no claim"
        return "refuted" if self.epsilon_lower > self.claim.epsilon else "not refuted"

    def to_dict(self) -> dict[str, object]:
        """Return the audit as a JSON object."""
        figures = attrs.asdict(self, filter=attrs.filters.exclude("claim"))
        claim = self.claim.to_dict() if self.claim else None
        return figures | {
            "epsilon_lower": self.epsilon_lower,
            "verdict": self.verdict,
            "claim": claim,
        }


def outlier_canary(table: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Make up the record that a table would hide worst: rare in every column.

    Parameters
    ----------
    table
        The records to hide among, at least one.
    codebook
        Which values there are.

    Returns
    -------
    pandas.DataFrame
        One record: in each column the rarest category, or the bound farther from the median.

    Raises
    ------
    ValueError
        If the table doesn't fit the codebook or has no records.
    """
    levels = canonicalise(table, codebook, outside="recode").levels
    if len(levels) == 0:
        raise ValueError("the table has no records; give at least one for a canary to hide among")
    canary = []
    for position, column in enumerate(codebook.columns):
        known = levels[levels[:, position] != MISSING, position]
        if isinstance(column, CategoryColumn):
            canary.append(int(np.argmin(np.bincount(known, minlength=column.n_levels))))
        else:
            high = len(known) > 0 and 2 * np.median(known) < column.n_levels - 1
            canary.append(column.n_levels - 1 if high else 0)
    return to_frame(CanonicalTable(codebook=codebook, levels=np.array([canary])))


def two_value_case(
    *, n_columns: int = 2, n_ordinary: int = 145, n_rare: int = 5
) -> tuple[pd.DataFrame, Codebook]:
    """Make a table in which a generator can hardly hide one more rare record.

    A claim must hold on every table, so the auditor may choose. Here all columns agree, one
    record more changes a share by a fifth of itself, and some rare records keep noisy counts away
    from zero, where clipping would swallow the change.

    Parameters
    ----------
    n_columns
        Number of columns, each with the categories "ordinary" and "rare".
    n_ordinary, n_rare
        Records that are ordinary, and rare, in every column.

    Returns
    -------
    DataFrame, Codebook
        To be given to `audit_by_canary`, whose default canary is then one more rare record.
    """
    values = ["ordinary"] * n_ordinary + ["rare"] * n_rare
    names = [f"column_{position}" for position in range(n_columns)]
    columns = [CategoryColumn(name=name, categories=("ordinary", "rare")) for name in names]
    return pd.DataFrame(dict.fromkeys(names, values)), Codebook(columns)


def resemblance(synthetic: CanonicalTable, canary: CanonicalTable) -> tuple[float, float]:
    """Score how much of a canary a synthetic table shows, in two ways.

    Generators that learn distributions shift their mean; those that copy show one near record.

    Parameters
    ----------
    synthetic
        At least one record.
    canary
        One record.

    Returns
    -------
    mean, closest : float
        Mean and maximum over records of the number of cells that equal the canary's, numbers
        within 5% of their range; 0 to n_columns, higher for more resemblance.
    """
    widths = [
        0 if isinstance(column, CategoryColumn) else int(_NEAR * (column.n_levels - 1))
        for column in synthetic.codebook.columns
    ]
    gap = np.abs(synthetic.levels.astype(np.int64) - canary.levels)
    near = (gap <= widths) & ((synthetic.levels == MISSING) == (canary.levels == MISSING))
    n_near = near.sum(axis=1)
    return float(n_near.mean()), float(n_near.max())


def audit_by_canary(
    generator: Generator,
    table: pd.DataFrame,
    *,
    codebook: Codebook,
    rng: np.random.Generator,
    canary: pd.DataFrame | None = None,
    n_runs: int = 300,
    n_synthetic: int | None = None,
    n_jobs: int = 1,
) -> CanaryAudit:
    """Re-run a generator on a table with and without a canary and bound its epsilon from below.

    Pilot runs fix the score and its threshold, fresh runs are judged by them.

    Parameters
    ----------
    generator
        What is audited; its `guarantee` is the claim.
    table
        The other records. The claim must hold whatever they are; few of them hide a canary worse.
    codebook
        The columns.
    rng
        Source of randomness, spawned for every run: results don't depend on `n_jobs`.
    canary
        One record; by default `outlier_canary`.
    n_runs
        Runs with and runs without that count, at least 1; half as many again of each kind fix the
        threshold. The bound can't exceed about ``log(n_runs / 3.7)``.
    n_synthetic
        Records to draw in each run, by default ten times as many as in `table`: sampling is
        free, and more of it leaves less noise around what the generator learnt.
    n_jobs
        Processes, as joblib counts them.

    Returns
    -------
    CanaryAudit
        With 95% confidence.

    Raises
    ------
    ValueError
        If the canary is not one record, `n_runs` is not positive or a table doesn't fit.
    """
    if n_runs < 1:
        raise ValueError(f"an audit of {n_runs} runs was asked for; give at least 1")
    canary = outlier_canary(table, codebook) if canary is None else canary
    if len(canary) != 1:
        raise ValueError(f"the canary has {len(canary)} records; give exactly one")
    n_synthetic = 10 * (len(table) + 1) if n_synthetic is None else n_synthetic
    target = canonicalise(canary, codebook)
    n_pilot = (n_runs + 1) // 2
    n_each = n_pilot + n_runs
    tables = [pd.concat([table[list(canary.columns)], canary], ignore_index=True), table]
    runs = [(learnt, stream) for learnt in tables for stream in rng.spawn(n_each)]
    found = np.array(
        Parallel(n_jobs=n_jobs, batch_size=25)(
            delayed(_score_one_run)(generator, learnt, target, n_synthetic, stream)
            for learnt, stream in runs
        )
    ).reshape(2, n_each, len(_SCORES))
    delta = generator.guarantee.delta if generator.guarantee else 0.0
    chosen, threshold = _choose_test(found[:, :n_pilot], delta=delta)
    hits = (found[:, n_pilot:, chosen] >= threshold).sum(axis=1)
    return CanaryAudit(
        n_with=n_runs,
        n_without=n_runs,
        hits_with=int(hits[0]),
        hits_without=int(hits[1]),
        threshold=threshold,
        score=_SCORES[chosen],
        confidence=0.95,
        claim=generator.guarantee,
    )


def _score_one_run(
    generator: Generator,
    table: pd.DataFrame,
    canary: CanonicalTable,
    n_synthetic: int,
    rng: np.random.Generator,
) -> tuple[float, float]:
    fitted = generator.fit(table, canary.codebook, rng=rng)
    sampled = fitted.sample(n_synthetic, rng=rng)
    return resemblance(canonicalise(sampled, canary.codebook), canary)


def _choose_test(pilot: Scores, *, delta: float) -> tuple[int, float]:
    """Take the score and the threshold that would have proved most in the pilot runs.

    Parameters
    ----------
    pilot : ndarray of float64, shape (2, n_runs, n_scores)
        With the canary, and without.
    delta
        The claim's.
    """
    fixed = [
        fix_threshold(roc_of_scores(*pilot[:, :, place]), delta=delta)
        for place in range(pilot.shape[2])
    ]
    chosen = max(range(len(fixed)), key=lambda place: fixed[place].promise)
    return chosen, fixed[chosen].value
