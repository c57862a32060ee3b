"""Tell whether a table was made of the people whom everybody has, instead of the leaky ones.

Whatever is published of other people comes as near to the people of the reference as to people whom
nobody gets: both are strangers to it, drawn alike. What was made of the reference comes nearer to
it, be it a copy, a copy with every value moved a little, or a generalisation.
"""

from __future__ import annotations

import numpy as np

from anomed_core.statistics import Estimate, estimate_auc, roc_of_scores
from anomed_dataset_anonymization.privacy.classes import FloatArray
from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.threat._nearest import find_nearest
from anomed_dataset_anonymization.utility.boxes import Boxes

MOST_PEOPLE = 1_000
"""People of either side that are looked at."""

CONFIDENCE = 0.999
"""Of the interval: honest tables are judged by it, so it must hardly ever be wrong."""

_DECIMALS = 6


def nearness_to_public(
    published: Boxes,
    *,
    leaky: Boxes,
    reference: Coordinates,
    non_members: Coordinates,
    rng: np.random.Generator,
) -> Estimate:
    """Estimate how well nearness to the published table tells the reference from non-members.

    Each person's distance to the nearest published row is put in relation to that to the nearest
    leaky person, so that it does not matter where in the domain the public people live.

    Parameters
    ----------
    published, leaky : Boxes
        What is published, and whom of it should be.
    reference, non_members : ndarray of float64, shape (n_people, n_columns)
        Public people, and people whom nobody gets; at least two of each.
    rng : Generator
        Draws people.

    Returns
    -------
    Estimate
        Area under the ROC curve: .5 for a table that owes nothing to the reference, 1 for the
        reference as it is.
    """
    distinct = [boxes.distinct()[0] for boxes in (published, leaky)]
    scores = []
    for people in (reference, non_members):
        chosen = people[rng.permutation(len(people))[:MOST_PEOPLE]]
        to_published, to_leaky = (
            find_nearest(chosen, boxes).distances.round(_DECIMALS) for boxes in distinct
        )
        scores.append(_share(to_leaky, to_published + to_leaky))
    return estimate_auc(roc_of_scores(*scores), confidence=CONFIDENCE)


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Return part / whole, and one half where both are 0."""
    share = np.full(len(part), 0.5)
    np.divide(part, whole, out=share, where=whole > 0)
    return share
