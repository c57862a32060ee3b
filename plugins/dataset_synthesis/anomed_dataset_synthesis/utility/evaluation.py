"""The utility of a submission: all measures, and the one number that ranks."""

from collections.abc import Callable, Mapping, Sequence

import attrs
import numpy as np

from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables
from anomed_dataset_synthesis.table.encoding import MAX_TREE_CATEGORIES, fit_bins
from anomed_dataset_synthesis.utility.skill import MarginalFidelity, marginal_fidelity
from anomed_dataset_synthesis.utility.transfer import Task, Transfer, transfer
from anomed_dataset_synthesis.utility.two_sample import TwoSampleTest, two_sample_test

Progress = Callable[[str, float], None]

DEFAULT_GATE = 0.6
"""The least utility of a ranked submission: privacy is not credited below this utility."""


@attrs.frozen(kw_only=True)
class Utility:
    """The utility of a synthetic table.

    Attributes
    ----------
    fidelity
        One, two and three columns at a time.
    transfers
        One per hidden task.
    two_sample
        Against the table of non-members.
    """

    fidelity: tuple[MarginalFidelity, ...]
    transfers: tuple[Transfer, ...]
    two_sample: TwoSampleTest

    @property
    def worst_transfer(self) -> Transfer:
        """Return that of the task that suffers most."""
        return min(self.transfers, key=lambda one: one.ratio)

    @property
    def components(self) -> dict[str, float]:
        """Return what the score is the minimum of; each is 1 for another real sample.

        The worst of the hidden tasks counts, for a table that serves one question only is of
        little use.
        """
        skills = {
            f"{fidelity.order}-way skill": fidelity.skill
            for fidelity in self.fidelity
            if fidelity.order > 1
        }
        return {
            **skills,
            "transfer ratio": self.worst_transfer.ratio,
            "indistinguishability": 1 - self.two_sample.excess,
        }

    @property
    def score(self) -> float:
        """Return the smallest component, cut off at 0 and 1; higher is better.

        0 is no better than independent columns, 1 is as good as another real sample. Coming
        closer to the training table than a fresh sample would earns nothing.
        """
        return float(np.clip(min(self.components.values()), 0.0, 1.0))

    def passes(self, gate: float = DEFAULT_GATE) -> bool:
        """Return whether the score reaches the gate."""
        return self.score >= gate


def evaluate_utility(
    synthetic: CanonicalTable,
    real: RealTables,
    *,
    tasks: Sequence[Task],
    rng: np.random.Generator,
    real_aucs: Mapping[Task, float] | None = None,
    progress: Progress | None = None,
) -> Utility:
    """Measure what a synthetic table is good for.

    Parameters
    ----------
    synthetic
        The submission, shuffled.
    real
        What it is measured against.
    tasks
        The hidden tasks, at least one.
    rng
        Seeds everything; the same seed gives the same result.
    real_aucs
        AUCs of models trained on the training table, where they are known; see `transfer`.
    progress
        Told the stage and its share done, 0..1.

    Returns
    -------
    Utility
        All measures.

    Raises
    ------
    ValueError
        If there is no task, a table is empty, the codebooks differ, or a table is too small or
        too uniform for a measure.
    """
    if not tasks:
        raise ValueError("no hidden tasks were given; give at least one")
    tell = progress or (lambda *_: None)
    binning = fit_bins(real.background)
    trees = fit_bins(real.background, n_categories=MAX_TREE_CATEGORIES)
    tell("marginals", 0.0)
    fidelity = marginal_fidelity(synthetic, real, binning=binning, rng=rng)
    transfers = []
    for place, task in enumerate(tasks):
        tell("tasks", place / len(tasks))
        known = (real_aucs or {}).get(task)
        transfers.append(
            transfer(synthetic, real, task=task, binning=trees, rng=rng, real_auc=known)
        )
    tell("two-sample test", 0.0)
    two_sample = two_sample_test(synthetic, real.non_members, binning=trees, rng=rng)
    tell("two-sample test", 1.0)
    return Utility(fidelity=fidelity, transfers=tuple(transfers), two_sample=two_sample)
