"""Distance diagnostics: shown beside the risk, and never ranked by.

They look at the synthetic table from outside, and a submission can be filtered or recoded until
they look well; what counts is whether attacks succeed.

References
----------
G. Ganev, E. De Cristofaro, "The inadequacy of similarity-based privacy metrics", 2023,
arXiv:2312.05114.
"""

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.statistics import wilson_interval
from anomed_dataset_synthesis.attacks.public_records import nearness_to_public
from anomed_dataset_synthesis.neighbours import fit_space, nearest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables, keys_of
from anomed_dataset_synthesis.table.rows import count_in
from anomed_dataset_synthesis.threat.evidence import excess

_NEAR_QUANTILE = 0.05
_SURE = 0.999


@attrs.frozen(kw_only=True, eq=False)
class Diagnostics:
    """Figures about distances from synthetic to real records.

    Attributes
    ----------
    dcr_share
        The share of synthetic records nearer to the training than to the table of non-members, ties
        counting half; .5 if training left no trace, 1 for a copy.
    matches_training, matches_non_members, matches_background
        The shares of synthetic records that equal a record there (identical match shares).
    real_matches
        The share of training records that equal a non-member or public one: how often
        equal records come about by themselves.
    unique_matches
        The share of the training table's unique records that the synthetic table holds; None if
        no training record is unique.
    nndr_training, nndr_non_members
        The 5% quantile of the ratio of distances to the nearest and to the second nearest record
        there, 1 where both are 0; near 0 if synthetic records hug single real ones.
    exact_places : ndarray of intp, shape (n_exact,)
        Places of the training records that the synthetic table holds and neither the
        non-members nor the background do.
    copies_training_records
        Whether more training records than non-members that are in no other table are in the
        synthetic one (99.9% confidence): some were copied, be they too few for an average to show.
    public_auc
        How well nearness to the synthetic table tells public records from non-members.
    copies_public_records
        Whether more synthetic records equal a non-member or public one than come about by
        themselves, or the table is surely nearer to public records than to non-members: records
        from elsewhere, be they moved or learnt from, are no synthesis of the training records.
    """

    dcr_share: float
    matches_training: float
    matches_non_members: float
    matches_background: float
    real_matches: float
    unique_matches: float | None
    nndr_training: float
    nndr_non_members: float
    exact_places: npt.NDArray[np.intp]
    public_auc: float
    copies_training_records: bool
    copies_public_records: bool


def diagnose(
    synthetic: CanonicalTable,
    real: RealTables,
    *,
    rng: np.random.Generator,
    max_records: int = 20_000,
) -> Diagnostics:
    """Measure distances from synthetic records to the training and the table of non-members.

    Parameters
    ----------
    synthetic
        The submission.
    real
        Training records and non-members, at least two of each.
    rng
        Draws records.
    max_records
        Distances are measured from so many synthetic records, and to as many training records as
        non-members; matches are counted in the whole tables.

    Returns
    -------
    Diagnostics
        All figures.

    Raises
    ------
    ValueError
        If a table is empty, there is one training record or non-member, or the codebooks differ.
    """
    ours, members, non_members, public = keys_of(
        synthetic, real.training, real.non_members, real.background
    )
    n_references = min(len(real.training), len(real.non_members))
    if n_references < 2:
        raise ValueError("training records and non-members need two records each, to be neighbours")
    space = fit_space(real.background)
    queries = space.points(synthetic.sample(max_records, rng=rng))
    found = [
        nearest(queries, space.points(table.sample(n_references, rng=rng)), n_neighbours=2)
        for table in (real.training, real.non_members)
    ]
    own, other = (neighbours.distances[:, 0] for neighbours in found)
    ratios = [_nearness_ratio(neighbours.distances) for neighbours in found]
    elsewhere = np.concatenate([non_members, public])
    by_itself = count_in(members, elsewhere) > 0
    held = count_in(members, ours) > 0
    exact = _held_alone(members, ours, elsewhere)
    exact_non_members = _held_alone(non_members, ours, np.concatenate([members, public]))
    unique = count_in(members, members) == 1
    to_public = nearness_to_public(synthetic, real, rng=rng)
    return Diagnostics(
        dcr_share=float((own < other).mean() + (own == other).mean() / 2),
        matches_training=float((count_in(ours, members) > 0).mean()),
        matches_non_members=float((count_in(ours, non_members) > 0).mean()),
        matches_background=float((count_in(ours, public) > 0).mean()),
        real_matches=float(by_itself.mean()),
        unique_matches=float(held[unique].mean()) if unique.any() else None,
        nndr_training=ratios[0],
        nndr_non_members=ratios[1],
        exact_places=np.flatnonzero(exact),
        copies_training_records=_excess(exact, exact_non_members) > 0,
        public_auc=to_public.value,
        copies_public_records=(
            to_public.low > 0.5 or _more_often(count_in(ours, elsewhere) > 0, by_itself)
        ),
    )


def _nearness_ratio(distances: npt.NDArray[np.float64]) -> float:
    first, second = distances.T
    ratios = np.ones(len(first))
    np.divide(first, second, out=ratios, where=second > 0)
    return float(np.quantile(ratios, _NEAR_QUANTILE))


def _held_alone(
    records: npt.NDArray[np.int64], ours: npt.NDArray[np.int64], others: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Return which records the synthetic table holds and no other one does."""
    held: npt.NDArray[np.bool_] = (count_in(records, ours) > 0) & (count_in(records, others) == 0)
    return held


def _excess(hits: npt.NDArray[np.bool_], non_members: npt.NDArray[np.bool_]) -> float:
    """Return what is certain of the excess of hits over non-members, with 99.9% confidence."""
    counts = [(int(part.sum()), len(part)) for part in (hits, non_members)]
    return excess(counts[0], counts[1], confidence=_SURE).low


def _more_often(ours: npt.NDArray[np.bool_], theirs: npt.NDArray[np.bool_]) -> bool:
    """Return whether two intervals of 99.9% confidence are apart, ours above."""
    low = wilson_interval(int(ours.sum()), len(ours), confidence=_SURE).low
    return low > wilson_interval(int(theirs.sum()), len(theirs), confidence=_SURE).high
