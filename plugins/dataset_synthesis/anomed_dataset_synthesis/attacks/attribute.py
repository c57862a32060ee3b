"""The attribute attack of the house: read a secret value off the nearest record."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.neighbours import fit_space, nearest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, same_codebook
from anomed_dataset_synthesis.table.codebook import Codebook


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


def guess_by_neighbours(
    known: CanonicalTable,
    synthetic: CanonicalTable,
    *,
    secrets: Sequence[str],
    background: CanonicalTable,
) -> CanonicalTable:
    """Guess several columns, each as if nobody knew the others.

    Parameters
    ----------
    known
        Targets under the codebook of all columns; what it says of the secrets is not looked at.
    synthetic
        Where neighbours are looked for.
    secrets
        The columns to guess.
    background
        Public records that distances are scaled by.

    Returns
    -------
    CanonicalTable
        The secrets only, in that order; a record for each target.

    Raises
    ------
    ValueError
        See `guess_by_neighbour`.
    """
    others = [name for name in known.codebook.names if name not in secrets]
    guesses = []
    for secret in secrets:
        targets, reference, public = (
            table.select([*others, secret]) for table in (known, synthetic, background)
        )
        guesses.append(guess_by_neighbour(targets, reference, secret=secret, background=public))
    codebook = Codebook([known.codebook.column(secret) for secret in secrets])
    return CanonicalTable(codebook=codebook, levels=np.column_stack(guesses))
