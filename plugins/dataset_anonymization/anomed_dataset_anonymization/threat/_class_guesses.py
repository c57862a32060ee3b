"""Turn the classes an attack holds a target to be in into guesses."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from anomed_dataset_anonymization.privacy.classes import FloatArray
from anomed_dataset_anonymization.schema import Column
from anomed_dataset_anonymization.threat._candidates import (
    Candidates,
    answer,
    class_votes,
    published_candidates,
)
from anomed_dataset_anonymization.threat.view import NO_ROW, AttackerView, Guesses

Voting = Callable[[AttackerView, Candidates], FloatArray]
"""Gives the votes of each class for each candidate: shape (n_classes, n_candidates)."""


def guess_from_classes(
    view: AttackerView,
    weights: sparse.csr_array,
    *,
    best: NDArray[np.int64],
    confidence: FloatArray,
    voting: Voting = class_votes,
) -> Guesses:
    """Guess the unknown columns by the votes of classes, and claim a row of the best of them.

    Parameters
    ----------
    view : AttackerView
        What the attacker sees.
    weights : csr_array of float64, shape (n_targets, n_classes)
        How much one person of the class counts for the target.
    best : ndarray of int64, shape (n_targets,)
        The class to claim a row of, `NO_ROW` to claim none.
    confidence : ndarray of float64, shape (n_targets,)
        How sure the claim is.
    voting : callable
        How the people of a class vote.

    Returns
    -------
    Guesses
    """
    columns = [
        _guess_column(view, column, weights=weights, voting=voting)
        for column in view.unknown_columns
    ]
    rows = np.where(best == NO_ROW, NO_ROW, view.classes.first_rows[np.maximum(best, 0)])
    return Guesses(values=np.column_stack(columns), rows=rows, confidence=confidence)


def _guess_column(
    view: AttackerView, column: Column, *, weights: sparse.csr_array, voting: Voting
) -> FloatArray:
    candidates = published_candidates(view, column)
    by_class = voting(view, candidates)
    return answer(weights @ by_class, view, candidates, prior=by_class.sum(axis=0))


def choose_classes(best: NDArray[np.int64], *, n_classes: int) -> sparse.csr_array:
    """Return weights that are 1 for the one class of each target, `NO_ROW` for none."""
    targets = np.flatnonzero(best != NO_ROW)
    ones = np.ones(len(targets))
    return sparse.csr_array((ones, (targets, best[targets])), shape=(len(best), n_classes))
