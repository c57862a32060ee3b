"""The table in which attackers hand in their guesses of secret columns."""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from anomed_dataset_synthesis.table.canonical import canonicalise
from anomed_dataset_synthesis.table.codebook import Codebook

CONFIDENCE_SUFFIX = " confidence"
"""``income confidence`` is how sure the guesses of ``income`` are."""


@attrs.frozen(kw_only=True, eq=False)
class Guesses:
    """The guesses of one column.

    Attributes
    ----------
    levels : ndarray of int32, shape (n_targets,)
        Level numbers; missing where no guess was made.
    confidences : ndarray of float64, shape (n_targets,)
        Finite, higher is surer; all 0 if none were sent.
    """

    levels: npt.NDArray[np.int32]
    confidences: npt.NDArray[np.float64]


def read_guesses(
    table: pa.Table, codebook: Codebook, *, secrets: Sequence[str]
) -> dict[str, Guesses]:
    """Read guesses, or say why they cannot be scored.

    Parameters
    ----------
    table
        One row a target, in the order in which targets were handed out: a column for each secret,
        and, where one likes, one for its confidences.
    codebook
        What may be said.
    secrets
        Columns that are guessed.

    Returns
    -------
    dict of str to Guesses
        By secret.

    Raises
    ------
    ValueError
        If a column is missing, or a guess is no value of its column.
    """
    guesses = {}
    for secret in secrets:
        if secret not in table.column_names:
            raise ValueError(f"the guesses lack the column {secret!r}; guess {', '.join(secrets)}")
        column = attrs.evolve(codebook.column(secret), nullable=True)
        try:
            levels = canonicalise(table.select([secret]), Codebook([column])).levels[:, 0]
        except ValueError as error:
            raise ValueError(f"the guesses do not fit: {error}") from error
        name = f"{secret}{CONFIDENCE_SUFFIX}"
        confidences = np.zeros(len(levels))
        if name in table.column_names:
            confidences = _confidences(table.column(name), name)
        guesses[secret] = Guesses(levels=levels, confidences=confidences)
    return guesses


def _confidences(values: Any, name: str) -> npt.NDArray[np.float64]:
    numeric = pa.types.is_floating(values.type) or pa.types.is_integer(values.type)
    numbers = values.to_numpy().astype(np.float64) if numeric else np.array([np.nan])
    if not np.isfinite(numbers).all():
        raise ValueError(f"column {name!r} holds no finite numbers; send one per target")
    return numbers
