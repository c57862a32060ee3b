"""Skill: marginal accuracy on a scale from independent columns to another real sample.

On real tables raw accuracies crowd near 1 even for useless data: shuffling every column of a
census table by itself leaves a two-way accuracy of .93. The skill spreads what is left.
"""

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables, same_codebook
from anomed_dataset_synthesis.table.encoding import Binning
from anomed_dataset_synthesis.utility.marginals import marginal_accuracies

_SMALLEST_SCALE = 1e-9


@attrs.frozen(kw_only=True, eq=False)
class MarginalFidelity:
    """How alike a synthetic and a training table are, some columns at a time.

    Attributes
    ----------
    order
        How many columns at a time.
    by_choice : ndarray of float64, shape (n_choices,)
        Accuracy of each choice of columns, in the order of ``itertools.combinations``.
    accuracy
        Their mean, 0..1, higher is better.
    ceiling
        The accuracy of the table of non-members: what another real sample reaches.
    floor
        The accuracy of the training table with every column shuffled by itself.
    """

    order: int
    by_choice: npt.NDArray[np.float64]
    ceiling: float
    floor: float

    @property
    def accuracy(self) -> float:
        """Return the mean over all choices of columns."""
        return float(self.by_choice.mean())

    @property
    def skill(self) -> float:
        """Give (accuracy - floor) / (ceiling - floor).

        0 is worth as much as independent columns, 1 as another real sample; below 0 is worse than
        independent columns, above 1 closer to the training table than any fresh sample.

        Raises
        ------
        ValueError
            If floor and ceiling don't differ in the right direction, as for one column at a time
            or where the real columns are independent: there is no scale then.
        """
        scale = self.ceiling - self.floor
        if scale < _SMALLEST_SCALE:
            raise ValueError(
                f"the {self.order}-way accuracy is {self.floor:.4f} for independent columns and "
                f"{self.ceiling:.4f} for a real sample, which leaves no scale for skill: chance "
                "differences of so few records outweigh what the columns have in common; give "
                "more records or coarser steps, or drop columns that hang together with nothing"
            )
        return (self.accuracy - self.floor) / scale


def marginal_fidelity(
    synthetic: CanonicalTable,
    real: RealTables,
    *,
    binning: Binning,
    rng: np.random.Generator,
    orders: tuple[int, ...] = (1, 2, 3),
) -> tuple[MarginalFidelity, ...]:
    """Compare a synthetic table with the training table, one to three columns at a time.

    Parameters
    ----------
    synthetic
        The submission.
    real
        Whose training table it is compared with, whose table of non-members is the ceiling.
    binning
        Learnt from the public background.
    rng
        Shuffles the columns for the floor.
    orders
        Numbers of columns at a time.

    Returns
    -------
    tuple of MarginalFidelity
        One per order.

    Raises
    ------
    ValueError
        If the codebooks differ, the submission is empty, or an order is out of range.
    """
    same_codebook(synthetic, real.training)
    members, others = binning.bins(real.training), binning.bins(real.non_members)
    fake, independent = binning.bins(synthetic), rng.permuted(members, axis=0)
    return tuple(
        MarginalFidelity(
            order=order,
            by_choice=marginal_accuracies(members, fake, n_bins=binning.n_bins, order=order),
            ceiling=_mean_accuracy(members, others, binning=binning, order=order),
            floor=_mean_accuracy(members, independent, binning=binning, order=order),
        )
        for order in orders
    )


def _mean_accuracy(
    left: npt.NDArray[np.int64], right: npt.NDArray[np.int64], *, binning: Binning, order: int
) -> float:
    return float(marginal_accuracies(left, right, n_bins=binning.n_bins, order=order).mean())
