"""The classifier two-sample test: how well trees tell synthetic from unseen real records."""

import attrs
import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from anomed_dataset_synthesis.table.canonical import CanonicalTable, keys_of
from anomed_dataset_synthesis.table.encoding import Binning, is_category, tree_features
from anomed_dataset_synthesis.utility._trees import boosted_trees, decide

LEAST_DISTINCT = 100
"""A table needs so many distinct records for a two-sample test to have folds of both kinds."""


def check_distinct(table: CanonicalTable) -> None:
    """Refuse a table that has too few distinct records to be told from another one.

    Parameters
    ----------
    table
        Any.

    Raises
    ------
    ValueError
        If it has fewer than `LEAST_DISTINCT`.
    """
    n_distinct = len(np.unique(keys_of(table)[0]))
    if n_distinct < LEAST_DISTINCT:
        raise ValueError(
            f"the table has {n_distinct} distinct records; at least {LEAST_DISTINCT} are needed to "
            "compare it with another: give more of them, or finer steps"
        )


@attrs.frozen(kw_only=True)
class TwoSampleTest:
    """The outcome of a classifier two-sample test.

    Attributes
    ----------
    auc_by_fold
        Area under the ROC curve on each held-out fold, .5 at chance.
    """

    auc_by_fold: tuple[float, ...]

    @property
    def auc(self) -> float:
        """Return the mean over folds."""
        return float(np.mean(self.auc_by_fold))

    @property
    def excess(self) -> float:
        """Return 2 |AUC - 1/2|: 0 is indistinguishable, 1 is told apart without fail."""
        return 2 * abs(self.auc - 0.5)


def two_sample_test(
    synthetic: CanonicalTable,
    non_members: CanonicalTable,
    *,
    binning: Binning,
    rng: np.random.Generator,
    n_folds: int = 5,
    max_records: int = 20_000,
) -> TwoSampleTest:
    """Cross-validate boosted trees that tell a synthetic table from the table of non-members.

    The reference is the non-members, not the training table: a copy of the latter is to look real.
    Equal records, of whichever table, are always in the same fold, or else a classifier would
    have seen its test records with the opposite label.

    Parameters
    ----------
    synthetic, non_members
        The submission and the secret non-members.
    binning
        Learnt from the public background; its categories are the trees' categories.
    rng
        Draws records, folds and seeds.
    n_folds
        At least 2.
    max_records
        Of a longer table so many records are drawn, to bound the time.

    Returns
    -------
    TwoSampleTest
        AUC at chance .5, higher is more detectable.

    Raises
    ------
    ValueError
        If the tables follow different codebooks or are so small that a fold lacks a class.

    References
    ----------
    D. Lopez-Paz, M. Oquab, "Revisiting classifier two-sample tests", 2017, arXiv:1610.06545.
    """
    if n_folds < 2:
        raise ValueError(f"{n_folds} folds were asked for; give 2 or more")
    tables = [table.sample(max_records, rng=rng) for table in (synthetic, non_members)]
    keys = np.concatenate(keys_of(*tables))
    folds = (rng.permutation(int(keys.max()) + 1) % n_folds)[keys]
    features = np.concatenate([tree_features(table, binning) for table in tables])
    labels = np.repeat([True, False], [len(table) for table in tables])
    return TwoSampleTest(
        auc_by_fold=tuple(
            _fold_auc(features, labels, held_out=folds == fold, binning=binning, rng=rng)
            for fold in range(n_folds)
        )
    )


def _fold_auc(
    features: npt.NDArray[np.float64],
    labels: npt.NDArray[np.bool_],
    *,
    held_out: npt.NDArray[np.bool_],
    binning: Binning,
    rng: np.random.Generator,
) -> float:
    for part in (labels[held_out], labels[~held_out]):
        n_synthetic = int(part.sum())
        if min(n_synthetic, len(part) - n_synthetic) < 2:
            raise ValueError(
                f"a fold has {n_synthetic} synthetic of {len(part)} records; "
                "give longer tables with more distinct records, or fewer folds"
            )
    categories = is_category(binning.codebook)
    trees = boosted_trees(features[~held_out], labels[~held_out], is_category=categories, rng=rng)
    return float(roc_auc_score(labels[held_out], decide(trees, features[held_out])))
