"""The attribute attack of the house: read a secret value off the nearest record."""

import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.neighbours import fit_space, nearest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, same_codebook


def guess_by_neighbour(
    targets: CanonicalTable,
    reference: CanonicalTable,
    *,
    secret: str,
    background: CanonicalTable,
) -> npt.NDArray[np.int32]:
    """Guess one column of each target from the record that is nearest in all others.

    Parameters
    ----------
    targets
        Whose secret is guessed; their own values of it are not looked at.
    reference
        Where neighbours are looked for: the synthetic table, or the background for the guess of
        someone who has not seen it.
    secret
        The column to guess.
    background
        Public records that distances are scaled by.

    Returns
    -------
    ndarray of int32, shape (n_targets,)
        Level numbers of the column.

    Raises
    ------
    ValueError
        If a table is empty, the codebooks differ, the column is unknown or the only one.
    """
    codebook = same_codebook(targets, reference, background)
    place = codebook.position(secret)
    known = tuple(name for name in codebook.names if name != secret)
    space = fit_space(background, columns=known)
    found = nearest(space.points(targets), space.points(reference))
    return np.asarray(reference.levels[found.places[:, 0], place], dtype=np.int32)
