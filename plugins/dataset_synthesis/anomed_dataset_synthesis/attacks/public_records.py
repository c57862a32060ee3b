"""Tell whether a table was made of the records that everybody has, instead of the training records.

Whatever is made of other records comes as near to the background as to non-members: both are
strangers to it, drawn alike. What was made of the background comes nearer to it, be it a copy, a
copy with every value moved by a step, or what a generator has learnt from it in detail. To take
single values or bins from the background, as private generators may, brings no record nearer.
"""

import numpy as np

from anomed_core.statistics import Estimate, estimate_auc, roc_of_scores
from anomed_dataset_synthesis.attacks.membership import distance_ratio
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables

MOST_RECORDS = 5_000
"""Records of either side that are looked at."""

CONFIDENCE = 0.999
"""Of the interval: honest tables are judged by it, so it must hardly ever be wrong."""


def nearness_to_public(
    synthetic: CanonicalTable, real: RealTables, *, rng: np.random.Generator
) -> Estimate:
    """Estimate how well nearness to the synthetic table tells the background from non-members.

    Each record's distance to the nearest synthetic one is put in relation to that to the nearest
    training record, so that it does not matter which people are public.

    Parameters
    ----------
    synthetic
        The submission.
    real
        Training records, non-members and background, at least two of the latter each.
    rng
        Draws records.

    Returns
    -------
    Estimate
        Area under the ROC curve: .5 for a table that owes nothing to the background, 1 for the
        background as it is.
    """
    n_references = min(len(synthetic), len(real.training))
    ours, theirs = (table.sample(n_references, rng=rng) for table in (synthetic, real.training))
    scores = [
        distance_ratio(table.sample(MOST_RECORDS, rng=rng), ours, theirs)
        for table in (real.background, real.non_members)
    ]
    return estimate_auc(roc_of_scores(*scores), confidence=CONFIDENCE)
