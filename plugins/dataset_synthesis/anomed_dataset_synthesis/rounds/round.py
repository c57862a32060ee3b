"""A round that is scored: its tables, who is asked about, and what knowing nothing achieves."""

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import numpy.typing as npt

from anomed_dataset_synthesis.table.canonical import CanonicalTable, RealTables
from anomed_dataset_synthesis.table.codebook import Codebook
from anomed_dataset_synthesis.table.rows import row_keys
from anomed_dataset_synthesis.threat.targets import Targets
from anomed_dataset_synthesis.utility.transfer import Task


@attrs.frozen(kw_only=True)
class RoundPlan:
    """What is asked in every round.

    Attributes
    ----------
    n_targets
        Members, and as many non-members, that each kind of attack is asked about.
    least_targets
        Fewer of them would say too little.
    n_tasks
        Hidden prediction tasks that utility is measured by.
    secrets
        Columns that attackers guess.
    left_columns, right_columns
        Columns of either half of the linking task.
    """

    n_targets: int
    least_targets: int = 1
    n_tasks: int
    secrets: tuple[str, ...]
    left_columns: tuple[str, ...]
    right_columns: tuple[str, ...]


@attrs.frozen(kw_only=True, eq=False)
class Halves:
    """The linking task of a round.

    Attributes
    ----------
    left_columns, right_columns
        Columns of either half.
    left, right
        The same targets in two orders, whole; of each only its half is handed out.
    is_member : ndarray of bool, shape (n_targets,)
        Of the left halves.
    partners : ndarray of int64, shape (n_targets,)
        For each left half, the place of its right half.
    background_links : ndarray of int64, shape (n_targets,)
        Links of a model that has seen the public background only.
    """

    left_columns: tuple[str, ...]
    right_columns: tuple[str, ...]
    left: CanonicalTable
    right: CanonicalTable
    is_member: npt.NDArray[np.bool_]
    partners: npt.NDArray[np.int64]
    background_links: npt.NDArray[np.int64]

    @property
    def right_keys(self) -> npt.NDArray[np.int64]:
        """Return the keys of the right halves: equal for equal ones."""
        codebook = self.right.codebook
        places = [codebook.position(name) for name in self.right_columns]
        (keys,) = row_keys(
            self.right.levels[:, places], n_levels=[codebook.n_levels[place] for place in places]
        )
        return keys


@attrs.frozen(kw_only=True, eq=False)
class Round:
    """One scored round.

    Attributes
    ----------
    name
        ``tuning`` or ``validation``.
    real
        Secret members, secret non-members, public records.
    membership, attributes
        Who is asked about.
    outliers : ndarray of bool, shape (n_targets,)
        Which membership targets lie in the thinnest parts of the background.
    strangeness : ndarray of float64, shape (n_targets,)
        Distance of each membership target to the background: scores of an attacker who has seen
        nothing else.
    background_guesses : Mapping of str to ndarray of int32, shape (n_targets,)
        By secret column, what such an attacker guesses.
    halves
        The linking task.
    real_aucs
        Hidden questions that utility is measured by, and how well real records answer them.
    """

    name: str
    real: RealTables
    membership: Targets
    attributes: Targets
    outliers: npt.NDArray[np.bool_]
    strangeness: npt.NDArray[np.float64]
    background_guesses: Mapping[str, npt.NDArray[np.int32]]
    halves: Halves
    real_aucs: Mapping[Task, float]


def halves_of(codebook: Codebook, left: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Divide the columns for the linking task.

    Parameters
    ----------
    codebook
        The columns.
    left
        Columns of the left half; the first half of all columns if empty.

    Returns
    -------
    tuple of tuple of str
        Columns of the left half and of the right one.

    Raises
    ------
    ValueError
        If a column is unknown or a half is empty.
    """
    unknown = [name for name in left if name not in codebook.names]
    if unknown:
        raise ValueError(f"there is no column {unknown[0]!r}, only {', '.join(codebook.names)}")
    chosen = tuple(left) or codebook.names[: codebook.n_columns // 2]
    right = tuple(name for name in codebook.names if name not in chosen)
    if not chosen or not right:
        raise ValueError("both halves need a column; name some columns, not all")
    return chosen, right
