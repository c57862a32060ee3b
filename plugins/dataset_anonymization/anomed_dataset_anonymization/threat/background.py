"""Guess without the published table: what everybody can know about the targets anyway."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from anomed_dataset_anonymization.schema import Column, Coordinates, TableSchema
from anomed_dataset_anonymization.threat._candidates import choose_candidates
from anomed_dataset_anonymization.threat._learning import learn_and_predict


def guess_from_background(
    background: Coordinates,
    *,
    reference: Coordinates,
    schema: TableSchema,
    known: Sequence[str],
    unknown: Sequence[str],
    rng: np.random.Generator,
) -> Coordinates:
    """Guess the unknown columns with gradient boosting trained on the reference table alone.

    Parameters
    ----------
    background : ndarray of float64, shape (n_targets, n_known)
        What is known of the targets.
    reference : ndarray of float64, shape (n_reference, n_columns)
        People who are known in full, in schema order.
    schema : TableSchema
        Describes the columns.
    known, unknown : sequence of str
        Columns to guess from, and to guess.
    rng : Generator
        Draws the people learnt from, if there are many.

    Returns
    -------
    ndarray of float64, shape (n_targets, n_unknown)
        A guess for each; the commonest value where there is nothing to learn.

    Raises
    ------
    ValueError
        If the reference has no value of an unknown column.
    """
    places = [schema.position(name) for name in known]
    guesses = [
        _guess_column(
            background,
            schema[name],
            features=reference[:, places],
            values=reference[:, schema.position(name)],
            columns=[schema[other] for other in known],
            rng=rng,
        )
        for name in unknown
    ]
    return np.column_stack(guesses)


def _guess_column(
    background: Coordinates,
    column: Column,
    *,
    features: Coordinates,
    values: Coordinates,
    columns: Sequence[Column],
    rng: np.random.Generator,
) -> Coordinates:
    candidates = choose_candidates(column, seen=[values])
    labels = candidates.index(values)
    if not (labels >= 0).any():
        raise ValueError(f"the reference table has no value of column {column.name!r}.")
    predicted = learn_and_predict(features, labels, background, columns=columns, rng=rng)
    if predicted is None:
        predicted = np.full(len(background), np.bincount(labels[labels >= 0]).argmax())
    return candidates.answers[predicted]
