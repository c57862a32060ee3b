"""All that is true of the targets, which only the server knows."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Coordinates

BoolArray = NDArray[np.bool_]

MIN_GROUP = 30
"""Members, and non-members, that a group needs at least to be scored by itself."""


@attrs.frozen(kw_only=True, eq=False)
class TargetTruth:
    """Targets of an attack, and what is true of them.

    Attributes
    ----------
    ids : ndarray of int64, shape (n_targets,)
        As `draw_targets` gives them.
    people : ndarray of float64, shape (n_targets, n_columns)
        True coordinates, in schema order.
    is_member : ndarray of bool, shape (n_targets,)
        Who is in the leaky table; the others are non-members.
    leaky_positions : ndarray of int64, shape (n_targets,)
        Positions of the members in the leaky table; ignored for non-members.
    is_rare : ndarray of bool, shape (n_targets,)
        As `find_rare` gives it.
    is_exposed : ndarray of bool, shape (n_targets,), or None
        As `find_exposed` gives it for the table under attack; None if they do not count by
        themselves. Only attacks that do their best on non-members may be scored so.

    Raises
    ------
    ValueError
        If the arrays are not equally long, or there are no members or no non-members.
    """

    ids: NDArray[np.int64]
    people: Coordinates
    is_member: BoolArray
    leaky_positions: NDArray[np.int64]
    is_rare: BoolArray
    is_exposed: BoolArray | None = None

    def __attrs_post_init__(self) -> None:
        arrays = [self.ids, self.people, self.is_member, self.leaky_positions, self.is_rare]
        if self.is_exposed is not None:
            arrays.append(self.is_exposed)
        if len({len(array) for array in arrays}) > 1:
            raise ValueError(
                f"the truth about targets has lengths {[len(array) for array in arrays]}."
            )
        if not self.is_member.any() or self.is_member.all():
            raise ValueError("the targets must be both members and non-members.")

    def groups(self) -> Mapping[str, BoolArray]:
        """Return the groups to score: ``all``, and ``rare`` and ``exposed`` if they are enough."""
        groups = {"rare": self.is_rare, "exposed": self.is_exposed}
        return {"all": np.ones(len(self.ids), dtype=np.bool_)} | {
            name: chosen
            for name, chosen in groups.items()
            if chosen is not None and self.are_enough(chosen) and not chosen.all()
        }

    def are_enough(self, chosen: BoolArray) -> bool:
        """Return whether some targets are enough on both sides to be scored as a group."""
        sides = (chosen & self.is_member, chosen & ~self.is_member)
        return min(int(side.sum()) for side in sides) >= MIN_GROUP
