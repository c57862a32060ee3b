"""The linking attack of the house: bring together what a record's two halves say."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.neighbours import fit_space, nearest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, same_codebook


def link_by_reference(
    left: CanonicalTable,
    right: CanonicalTable,
    *,
    left_columns: Sequence[str],
    reference: CanonicalTable,
    background: CanonicalTable,
) -> npt.NDArray[np.int64]:
    """Link each left half with the right half that looks most like what should belong to it.

    What should belong to it is the right half of the reference record that is nearest in the left
    columns.

    Parameters
    ----------
    left, right
        Targets whose left, and in another order whose right columns are known; the other columns
        are not looked at.
    left_columns
        The columns of the left half; all others make the right half.
    reference
        The synthetic table, or the background for the links of someone who has not seen it.
    background
        Public records that distances are scaled by.

    Returns
    -------
    ndarray of int64, shape (n_targets,)
        For each left half, the place of a right half; several may get the same one.

    Raises
    ------
    ValueError
        If a half has no columns, a column is unknown, a table is empty or the codebooks differ.
    """
    codebook = same_codebook(left, right, reference, background)
    right_columns = tuple(name for name in codebook.names if name not in left_columns)
    space = fit_space(background, columns=tuple(left_columns))
    found = nearest(space.points(left), space.points(reference))
    expected = reference.take(found.places[:, 0])
    other_space = fit_space(background, columns=right_columns)
    links = nearest(other_space.points(expected), other_space.points(right))
    return links.places[:, 0]
