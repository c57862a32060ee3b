"""Undo generalisation that was no coarser than it had to be.

Who generalises no more than necessary gives away that it was necessary: a range made to fit its
people has one at each end, a set of names somebody of each. What is left is spread as among the
people of the reference table. So a class becomes a likelihood that is uneven, and a refined guess.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from anomed_dataset_anonymization.privacy.classes import FloatArray
from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.threat._candidates import Candidates, people_by_cell
from anomed_dataset_anonymization.threat._class_guesses import guess_from_classes
from anomed_dataset_anonymization.threat._nearest import MAX_NEAREST, rank_within
from anomed_dataset_anonymization.threat._pairs import Comparison, FloatMatrix, score_pairs
from anomed_dataset_anonymization.threat.view import AttackerView, Guesses
from anomed_dataset_anonymization.utility.boxes import Boxes
from anomed_dataset_anonymization.utility.cells import Cells, Intervals, ValueMasses

_IMPOSSIBLE = -30.0
"""Log-likelihood of a value outside its box: possible only if nothing better is."""

_NEGLIGIBLE = 1e-3
"""Likelihood, relative to the best class, below which a class is left out."""

_PRIOR_PEOPLE = 5.0
"""People that the reference is thought to have besides, spread evenly over the domain."""


@attrs.frozen(kw_only=True)
class Downcoding:
    """Weigh classes and values by what minimal generalisation gives away.

    On tables that are not minimal it is only a likelihood with the wrong weight on the ends.

    References
    ----------
    Cohen, Attacks on deidentification's defenses, USENIX Security 2022, 1469; the inference from
    minimality as in Wong et al., VLDB 2007, 543.
    """

    name: str = "downcoding"

    def guess(
        self,
        view: AttackerView,
        *,
        rng: np.random.Generator,  # noqa: ARG002 - nothing is left to chance
    ) -> Guesses:
        """Guess by the likelihood of all classes, and claim a row of the likeliest."""
        sizes = view.classes.sizes
        reference = view.reference_of(view.known)
        comparisons: Sequence[Comparison] = [
            _Likelihood(sizes=sizes, reference=values[~np.isnan(values)]) for values in reference.T
        ]
        likelihoods = score_pairs(view.background, _one_cell_a_row(view.classes.boxes), comparisons)
        best = np.empty(view.n_targets, dtype=np.int64)
        confidence = np.empty(view.n_targets)
        found = []
        for some, score in likelihoods.chunks():
            best[some] = score.argmax(axis=1)
            targets, classes, relative = _likely(score)
            confidence[some] = 1.0 / np.bincount(targets, weights=relative * sizes[classes])
            found.append((targets + some.start, classes, relative))
        targets, classes, relative = (np.concatenate(part) for part in zip(*found, strict=True))
        weights = sparse.csr_array(
            (relative, (targets, classes)), shape=(view.n_targets, len(sizes))
        )
        return guess_from_classes(
            view, weights, best=best, confidence=confidence, voting=_minimal_votes
        )


def _likely(score: FloatMatrix) -> tuple[NDArray[np.int64], NDArray[np.int64], FloatArray]:
    """Return the classes worth a thought: (target, class, likelihood relative to the best)."""
    limit = score.max(axis=1) + np.float32(np.log(_NEGLIGIBLE))
    crowded = (score > limit[:, np.newaxis]).sum(axis=1) > MAX_NEAREST
    if crowded.any():
        limit[crowded] = np.partition(score[crowded], -MAX_NEAREST, axis=1)[:, -MAX_NEAREST]
    targets, classes = np.nonzero(score >= limit[:, np.newaxis])
    kept = rank_within(targets) < MAX_NEAREST
    targets, classes = targets[kept], classes[kept]
    logarithm = (score[targets, classes] - score.max(axis=1)[targets]).astype(np.float64)
    return targets, classes, np.exp(logarithm)


@attrs.frozen(kw_only=True, eq=False)
class _Likelihood:
    """Log-probability of a value in a class's cell, for the cells of one known column.

    Attributes
    ----------
    sizes : ndarray of int64, shape (n_classes,)
        People in each class.
    reference : ndarray of float64, shape (n_reference,)
        Values of the column among the people of the reference.
    """

    sizes: NDArray[np.int64]
    reference: Coordinates

    def __call__(self, asked: Coordinates, cells: Cells) -> FloatArray:
        """Compare asked values with one cell a class, shape (n_asked, n_classes)."""
        if isinstance(cells, Intervals):
            spread, ends = self._in_ranges(np.nan_to_num(asked), cells)
            n_ends = np.where(_is_minimal_range(cells), 2, 0)
        else:
            spread, ends = self._in_sets(np.nan_to_num(asked).astype(np.intp), cells)
            n_ends = np.where(_is_minimal_set(cells), cells.set_sizes, 0)
        tight = self.sizes >= n_ends
        mass = np.where(tight, (ends + (self.sizes - n_ends) * spread) / self.sizes, spread)
        likelihood: FloatArray = np.log(np.maximum(mass, np.exp(_IMPOSSIBLE)))
        return likelihood

    def _in_ranges(self, asked: Coordinates, cells: Intervals) -> tuple[FloatArray, FloatArray]:
        values = asked[:, np.newaxis]
        seen = np.sort(self.reference)
        half = cells.step / 2.0
        n_domain = (cells.domain_high - cells.domain_low) / cells.step + 1.0
        prior = _PRIOR_PEOPLE / n_domain
        alike = _between(seen, asked - half, asked + half)[:, np.newaxis] + prior
        within = _between(seen, cells.low - half, cells.high + half)
        within = within + prior * ((cells.high - cells.low) / cells.step + 1.0)
        inside = (values >= cells.low) & (values <= cells.high)
        spread = np.where(inside, alike / within, 0.0)
        ends = (values == cells.low).astype(np.float64) + (values == cells.high)
        return np.minimum(spread, 1.0), np.where(_is_minimal_range(cells), ends, 0.0)

    def _in_sets(
        self, asked: NDArray[np.intp], cells: ValueMasses
    ) -> tuple[FloatArray, FloatArray]:
        world = _people_with(self.reference.astype(np.intp), n_values=cells.n_values)
        spread = _spread_like(cells.mass, world, weigh=_is_set(cells))
        ends = np.where(_is_minimal_set(cells)[:, np.newaxis], cells.mass > 0, False)
        return spread.T[asked], ends.T[asked].astype(np.float64)


def _minimal_votes(view: AttackerView, candidates: Candidates) -> FloatArray:
    """Count the people of each class with each answer, if generalisation is minimal."""
    cells = view.boxes.columns[candidates.column.name]
    people = people_by_cell(view, cells)
    mass = candidates.mass(cells)
    ends = _ends_of(cells, candidates, mass=mass)
    n_ends = ends.sum(axis=1)
    values = view.reference_of((candidates.column.name,))[:, 0]
    seen = candidates.index(values)
    world = _people_with(seen[seen >= 0], n_values=len(candidates.bins))
    is_vague = cells.low < cells.high if isinstance(cells, Intervals) else _is_set(cells)
    spread = _spread_like(mass, world, weigh=is_vague)
    tight = people.copy()
    tight.data = (people.data >= n_ends[people.indices]).astype(np.float64)
    votes: FloatArray = people @ spread + tight @ (ends - n_ends[:, np.newaxis] * spread)
    return votes


def _ends_of(cells: Cells, candidates: Candidates, *, mass: FloatArray) -> FloatArray:
    """Count the people whose answers a minimal cell gives away, shape (n_cells, n_candidates)."""
    ends = np.zeros_like(mass)
    if isinstance(cells, Intervals):
        rows = np.flatnonzero(_is_minimal_range(cells))
        for values in (cells.low[rows], cells.high[rows]):
            places = candidates.index(values)
            np.add.at(ends, (rows[places >= 0], places[places >= 0]), 1.0)
        return ends
    minimal = _is_minimal_set(cells)
    ends[minimal] = mass[minimal] > 0
    return ends


def _is_minimal_range(cells: Intervals) -> NDArray[np.bool_]:
    return (cells.low < cells.high) & ~cells.is_whole_domain


def _is_minimal_set(cells: ValueMasses) -> NDArray[np.bool_]:
    return _is_set(cells) & ~cells.is_whole_domain


def _is_set(cells: ValueMasses) -> NDArray[np.bool_]:
    """Return which cells are sets of several values; frequencies need no refinement."""
    even = np.isclose(cells.mass.max(axis=1) * cells.set_sizes, 1.0)
    sets: NDArray[np.bool_] = even & (cells.set_sizes > 1)
    return sets


def _people_with(values: NDArray[np.intp], *, n_values: int) -> FloatArray:
    counts = np.bincount(values, minlength=n_values).astype(np.float64)
    return counts + _PRIOR_PEOPLE / n_values


def _spread_like(mass: FloatArray, world: FloatArray, *, weigh: NDArray[np.bool_]) -> FloatArray:
    """Weigh the masses of some cells by how common the values are."""
    weighed = np.where(weigh[:, np.newaxis], mass * world, mass)
    totals = weighed.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(weighed, totals, out=np.zeros_like(weighed), where=totals > 0)
    return shares


def _between(ordered: Coordinates, low: Coordinates, high: Coordinates) -> FloatArray:
    counts = np.searchsorted(ordered, high, side="left") - np.searchsorted(ordered, low)
    return counts.astype(np.float64)


def _one_cell_a_row(boxes: Boxes) -> Boxes:
    """Repeat shared cells, so that each class has its own."""
    return Boxes(
        columns={name: _repeat(cells) for name, cells in boxes.columns.items()}, counts=boxes.counts
    )


def _repeat(cells: Cells) -> Cells:
    of_row, own = cells.cell_of_row, np.arange(len(cells.cell_of_row))
    if isinstance(cells, Intervals):
        return attrs.evolve(cells, low=cells.low[of_row], high=cells.high[of_row], cell_of_row=own)
    return ValueMasses(mass=cells.mass[of_row], cell_of_row=own)
