"""What an attacker sees, what an attacker says, and what a house attack is."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Column, Coordinates, TableSchema
from anomed_dataset_anonymization.schemes import PublishedTable
from anomed_dataset_anonymization.threat._nearest import NearestPairs, find_nearest
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.published import boxes_of_published

NO_ROW = -1
"""Says that a target is not in the published table, or that nothing is claimed."""


@attrs.frozen(kw_only=True, eq=False)
class Classes:
    """Published rows that an attacker can't tell apart by what is known.

    Attributes
    ----------
    boxes : Boxes
        The known columns of each class, with the number of its people.
    of_row : ndarray of int64, shape (n_rows,)
        The class of each published row.
    first_rows : ndarray of int64, shape (n_classes,)
        The first row of each class.
    """

    boxes: Boxes
    of_row: NDArray[np.int64]
    first_rows: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Return the number of people in each class."""
        return self.boxes.counts


@attrs.frozen(kw_only=True, eq=False)
class AttackerView:
    """Everything an attacker has.

    Attributes
    ----------
    published : PublishedTable
        The canonical table, without lineage.
    known : tuple of str
        Columns that the attacker knows of the targets; at least one.
    unknown : tuple of str
        Columns that the attacker guesses; at least one.
    target_ids : ndarray of int64, shape (n_targets,)
        Which name each target has.
    background : ndarray of float64, shape (n_targets, n_known)
        Coordinates of what is known of each target; NaN where nothing is.
    reference : ndarray of float64, shape (n_reference, n_columns)
        Coordinates of people who are known in full, in schema order.

    Raises
    ------
    ValueError
        If the table carries lineage, the columns overlap, or the arrays do not fit.
    """

    published: PublishedTable
    known: tuple[str, ...]
    unknown: tuple[str, ...]
    target_ids: NDArray[np.int64]
    background: Coordinates
    reference: Coordinates

    def __attrs_post_init__(self) -> None:
        if self.published.lineage is not None:
            raise ValueError("the published table still declares who is who; drop its lineage.")
        if not self.known or not self.unknown or set(self.known) & set(self.unknown):
            raise ValueError(
                f"the known columns {self.known} and the unknown ones {self.unknown} must be "
                "disjoint, and at least one each."
            )
        for name in (*self.known, *self.unknown):
            self.schema.position(name)
        if self.background.shape != (len(self.target_ids), len(self.known)):
            raise ValueError(
                f"the background knowledge has shape {self.background.shape}, but there are "
                f"{len(self.target_ids)} targets and {len(self.known)} known columns."
            )
        if self.reference.ndim != 2 or self.reference.shape[1] != len(self.schema):
            raise ValueError("the reference table must have all columns of the schema.")

    @property
    def schema(self) -> TableSchema:
        """Return the schema of the table of people."""
        return self.published.schema

    @property
    def n_targets(self) -> int:
        """Return the number of targets."""
        return len(self.target_ids)

    @property
    def known_columns(self) -> tuple[Column, ...]:
        """Return the known columns."""
        return tuple(self.schema[name] for name in self.known)

    @property
    def unknown_columns(self) -> tuple[Column, ...]:
        """Return the unknown columns."""
        return tuple(self.schema[name] for name in self.unknown)

    def reference_of(self, names: tuple[str, ...]) -> Coordinates:
        """Return some columns of the reference table, shape (n_reference, n_names)."""
        return self.reference[:, [self.schema.position(name) for name in names]]

    @cached_property
    def boxes(self) -> Boxes:
        """Return all columns of the published table as boxes, one a row."""
        return boxes_of_published(self.published)

    @cached_property
    def classes(self) -> Classes:
        """Return the classes of published rows that share all known columns."""
        boxes, class_of_row = self.boxes.select(self.known).distinct()
        first_rows = np.unique(class_of_row, return_index=True)[1].astype(np.int64)
        return Classes(boxes=boxes, of_row=class_of_row, first_rows=first_rows)

    @cached_property
    def nearest(self) -> NearestPairs:
        """Return the classes nearest to each target by what is known of it."""
        return find_nearest(self.background, self.classes.boxes)


@attrs.frozen(kw_only=True, eq=False)
class Guesses:
    """What an attack says about each target.

    Attributes
    ----------
    values : ndarray of float64, shape (n_targets, n_unknown)
        Coordinates of the guessed values; NaN is no guess, and wrong.
    rows : ndarray of int64, shape (n_targets,), or None
        The published row that is the target, `NO_ROW` for none; None if the attack names no rows.
    confidence : ndarray of float64, shape (n_targets,), or None
        How sure the attack is of its rows; higher is surer. None goes with no rows.
    """

    values: Coordinates
    rows: NDArray[np.int64] | None = None
    confidence: NDArray[np.float64] | None = None


class Attack(Protocol):
    """An attack that the server runs on every published table."""

    @property
    def name(self) -> str:
        """Return the name under which its result is reported."""
        ...

    def guess(self, view: AttackerView, *, rng: np.random.Generator) -> Guesses:
        """Guess all unknown columns of all targets.

        Parameters
        ----------
        view : AttackerView
            All there is to use.
        rng : Generator
            The only source of randomness.

        Returns
        -------
        Guesses
        """
        ...
