"""Choose the hidden tasks of a round: questions that real records answer well."""

import numpy as np

from anomed_dataset_synthesis.table.canonical import RealTables
from anomed_dataset_synthesis.table.encoding import MAX_TREE_CATEGORIES, fit_bins
from anomed_dataset_synthesis.utility.transfer import Task, task_auc, tasks_of

_LEAST_REAL_AUC = 0.6
_RAREST = 0.02


def choose_tasks(real: RealTables, *, n_tasks: int, rng: np.random.Generator) -> dict[Task, float]:
    """Draw questions that models trained on real records answer clearly better than chance.

    Parameters
    ----------
    real
        Training records, non-members and background.
    n_tasks
        How many to draw at most, 1 or more.
    rng
        Keyed by the server's secret.

    Returns
    -------
    dict of Task to float
        With the AUC on non-members of a model trained on training records, at least .6.

    Raises
    ------
    ValueError
        If there is no such question.
    """
    trees = fit_bins(real.background, n_categories=MAX_TREE_CATEGORIES)
    possible = tasks_of(real.background)
    chosen: dict[Task, float] = {}
    for place in rng.permutation(len(possible)):
        if len(chosen) == n_tasks:
            break
        task = possible[place]
        shares = [task.answers(table).mean() for table in (real.training, real.non_members)]
        if not all(_RAREST <= share <= 1 - _RAREST for share in shares):
            continue
        auc = task_auc(real.training, real.non_members, task=task, binning=trees, rng=rng)
        if auc >= _LEAST_REAL_AUC:
            chosen[task] = auc
    if not chosen:
        raise ValueError(
            f"no column can be predicted from the others with an AUC of {_LEAST_REAL_AUC}; "
            "give columns that hang together"
        )
    return chosen
