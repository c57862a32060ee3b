"""Try to read who is who off row numbers and order.

Canonical republication and random target ids leave nothing to read. This attack watches over that:
as soon as a number or an order survives, it finds everybody.
"""

from __future__ import annotations

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.threat._class_guesses import choose_classes, guess_from_classes
from anomed_dataset_anonymization.threat.view import NO_ROW, AttackerView, Guesses


@attrs.frozen(kw_only=True)
class IndexLinkage:
    """Take a target's id for a row number, or the order of the ids for the order of the rows."""

    name: str = "index_linkage"

    def guess(
        self,
        view: AttackerView,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is left to chance
    ) -> Guesses:
        """Claim the row that number or order names, and copy what it says."""
        n_rows = view.published.n_rows
        rows = _rows_by_number(view.target_ids, n_rows=n_rows)
        if (rows == NO_ROW).any():
            rows = _rows_by_order(view.target_ids, n_rows=n_rows)
        classes = view.classes
        best = classes.of_row[rows]
        weights = choose_classes(best, n_classes=len(classes.sizes))
        guesses = guess_from_classes(view, weights, best=best, confidence=np.ones(view.n_targets))
        return attrs.evolve(guesses, rows=rows)


def _rows_by_number(ids: NDArray[np.int64], *, n_rows: int) -> NDArray[np.int64]:
    return np.where((ids >= 0) & (ids < n_rows), ids, NO_ROW)


def _rows_by_order(ids: NDArray[np.int64], *, n_rows: int) -> NDArray[np.int64]:
    ranks = np.argsort(np.argsort(ids, kind="stable"), kind="stable")
    return ranks * n_rows // len(ids)
