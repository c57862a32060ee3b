"""Guesses that are right or wrong: attributes, links and predicates, against non-members."""

from collections.abc import Sequence

import attrs
import numpy as np
import numpy.typing as npt

from anomed_core.statistics import Estimate, Rate, wilson_interval
from anomed_core.tables import TIME_UNITS_S
from anomed_dataset_synthesis.table.canonical import CanonicalTable, same_codebook
from anomed_dataset_synthesis.table.codebook import CategoryColumn, NumericColumn
from anomed_dataset_synthesis.threat.evidence import Counts, Evidence, excess, rate_evidence
from anomed_dataset_synthesis.threat.predicates import Predicate, isolated

NUMERIC_TOLERANCE = 0.05
"""A guessed number is right within this share of the true one's size."""

DATE_TOLERANCE = 0.01
"""A guessed date is right within this share of the column's range; dates have no size."""

CONFIDENT_SHARE = 0.1
"""The share of targets, those guessed most confidently, that is looked at separately."""


@attrs.frozen(kw_only=True)
class GuessResult:
    """How often one attack's guesses were right.

    Attributes
    ----------
    attack, measure, group
        Who guessed what about whom.
    members, non_members
        (number of hits, number of guesses) on members and on non-members.
    background
        The same on members for a model that has seen the public background only; None where
        nobody made its guesses.
    rivals
        The same on members by the best of other tables of the same records; None without one.
    """

    attack: str
    measure: str
    group: str
    members: Counts
    non_members: Counts
    background: Counts | None = None
    rivals: Counts | None = None

    def success(self, confidence: float = 0.95) -> Rate:
        """Estimate the success rate on members, 0..1."""
        return wilson_interval(*self.members, confidence=confidence)

    def non_member_success(self, confidence: float = 0.95) -> Rate:
        """Estimate the success rate on non-members, 0..1: what can be had without any leak."""
        return wilson_interval(*self.non_members, confidence=confidence)

    def over_non_members(self, confidence: float = 0.95) -> Estimate:
        """Estimate the excess over non-members, 0..1, 0 at chance; this is what counts as risk."""
        return excess(self.members, self.non_members, confidence=confidence)

    def over_background(self, confidence: float = 0.95) -> Estimate:
        """Estimate the excess over the background-only model, 0..1.

        It is what publishing the synthetic table added to what everybody knew, about members or
        not: high for useful tables too, so it is shown and not counted.

        Raises
        ------
        ValueError
            If nobody made the background-only model's guesses.
        """
        if self.background is None:
            raise ValueError(
                f"the attack {self.attack!r} was not compared with a background-only model; "
                "score it with that model's guesses"
            )
        return excess(self.members, self.background, confidence=confidence)

    def evidence(self) -> tuple[Evidence, ...]:
        """Return the evidence for the risk: the excess over non-members, and over other tables."""
        floors = [self.non_members, *([] if self.rivals is None else [self.rivals])]
        return (
            rate_evidence(
                attack=self.attack,
                measure=self.measure,
                group=self.group,
                members=self.members,
                non_members=best_of(floors),
            ),
        )


def attribute_hits(
    guesses: npt.NDArray[np.integer],
    truth: npt.NDArray[np.integer],
    *,
    column: NumericColumn | CategoryColumn,
) -> npt.NDArray[np.bool_]:
    """Return which guesses of an attribute are right.

    Parameters
    ----------
    guesses, truth : ndarray of int, shape (n_targets,)
        Level numbers, -1 for missing.
    column
        The column guessed. A category must be the true one, a number g within 5% of the true
        number s: ``abs(g - s) <= 0.05 * abs(s)``. A date, or date-time,
        must be within 1% of the column's range.

    Returns
    -------
    ndarray of bool, shape (n_targets,)
        Where the truth is missing, only the guess "missing" is right.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if guesses.shape != truth.shape:
        raise ValueError(
            f"guesses of shape {guesses.shape} came for {len(truth)} targets; give one per target"
        )
    hits: npt.NDArray[np.bool_] = np.equal(guesses, truth)
    if isinstance(column, NumericColumn):
        guessed, true = column.values(guesses), column.values(truth)
        tolerance = (
            DATE_TOLERANCE * (column.maximum - column.minimum)
            if column.kind in TIME_UNITS_S
            else NUMERIC_TOLERANCE * np.abs(true)
        )
        hits |= np.abs(guessed - true) <= tolerance
    return hits


def assess_guesses(
    hits: npt.NDArray[np.bool_],
    is_member: npt.NDArray[np.bool_],
    *,
    attack: str,
    measure: str,
    confidences: npt.NDArray[np.float64] | None = None,
    background_hits: npt.NDArray[np.bool_] | None = None,
    rival_hits: Sequence[npt.NDArray[np.bool_]] = (),
) -> tuple[GuessResult, ...]:
    """Compare guesses about members with guesses about non-members.

    A missing guess counts as wrong. Confidences serve to look at the tenth of the members and the
    tenth of the non-members that were guessed most confidently, and all as confident as these, so
    that constant confidences change nothing.

    Parameters
    ----------
    hits : ndarray of bool, shape (n_targets,)
        Which guesses are right, of members and non-members mixed.
    is_member : ndarray of bool, shape (n_targets,)
        The truth; at least one member and one non-member.
    attack, measure
        Who guessed what, e.g. ``"nearest neighbour"`` and ``"income"``.
    confidences : ndarray of float64, shape (n_targets,), optional
        Finite; higher is surer.
    background_hits : ndarray of bool, shape (n_targets,), optional
        Which guesses of a background-only model are right.
    rival_hits : sequence of ndarray of bool, shape (n_targets,)
        Which guesses are right that follow from other tables of the same records.

    Returns
    -------
    tuple of GuessResult
        "all targets", and with confidences also "most confident".

    Raises
    ------
    ValueError
        If shapes differ, a kind of target is missing or a confidence is not finite.
    """
    n_members = int(is_member.sum())
    if not 0 < n_members < len(is_member):
        raise ValueError(
            f"{n_members} of {len(is_member)} targets are members; give members and non-members"
        )
    groups = {"all targets": np.ones(len(is_member), dtype=bool)}
    if confidences is not None:
        if confidences.shape != is_member.shape or not np.isfinite(confidences).all():
            raise ValueError(
                f"confidences of shape {confidences.shape} came for {len(is_member)} targets; "
                "give one finite number per target"
            )
        groups["most confident"] = _surest(confidences, is_member)
    for given in (hits, background_hits):
        if given is not None and given.shape != is_member.shape:
            raise ValueError(
                f"guesses of shape {given.shape} came for {len(is_member)} targets; "
                "give one per target"
            )
    return tuple(
        GuessResult(
            attack=attack,
            measure=measure,
            group=group,
            members=_count(hits, chosen & is_member),
            non_members=_count(hits, chosen & ~is_member),
            background=(
                None if background_hits is None else _count(background_hits, chosen & is_member)
            ),
            rivals=(
                best_of([_count(others, chosen & is_member) for others in rival_hits])
                if rival_hits
                else None
            ),
        )
        for group, chosen in groups.items()
    )


def best_of(counts: Sequence[Counts]) -> Counts:
    """Return the counts of the highest rate."""
    return max(counts, key=lambda pair: pair[0] / max(1, pair[1]))


def _count(hits: npt.NDArray[np.bool_], chosen: npt.NDArray[np.bool_]) -> Counts:
    return int(hits[chosen].sum()), int(chosen.sum())


def _surest(
    confidences: npt.NDArray[np.float64], is_member: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    chosen = np.zeros(len(is_member), dtype=bool)
    for kind in (is_member, ~is_member):
        n_chosen = int(np.ceil(CONFIDENT_SHARE * kind.sum()))
        least = np.sort(confidences[kind])[-n_chosen]
        chosen |= kind & (confidences >= least)
    return chosen


def link_hits(
    guesses: npt.NDArray[np.integer],
    partners: npt.NDArray[np.integer],
    *,
    right_keys: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    """Return which links between two shuffled column halves are right.

    Parameters
    ----------
    guesses : ndarray of int, shape (n_targets,)
        For each left half, the place of the right half it is linked with; -1 for no link.
    partners : ndarray of int, shape (n_targets,)
        For each left half, the place of its true right half.
    right_keys : ndarray of int64, shape (n_targets,)
        Keys of the right halves, from `row_keys`: halves with equal values are as good as each
        other, for nobody can tell them apart.

    Returns
    -------
    ndarray of bool, shape (n_targets,)
        No link is never right.

    Raises
    ------
    ValueError
        If the shape is wrong or a guess is not a place.
    """
    if guesses.shape != partners.shape or not np.issubdtype(guesses.dtype, np.integer):
        raise ValueError(
            f"links of shape {guesses.shape} and type {guesses.dtype} came for {len(partners)} "
            "left halves; give one whole number each"
        )
    n_right = len(right_keys)
    if len(guesses) and (guesses.min() < -1 or guesses.max() >= n_right):
        raise ValueError(
            f"links from {guesses.min()} to {guesses.max()} came for {n_right} right halves; "
            f"give places 0 to {n_right - 1}, or -1 for none"
        )
    hits: npt.NDArray[np.bool_] = right_keys[guesses] == right_keys[partners]
    return hits & (guesses >= 0)


def assess_predicates(
    predicates: Sequence[Predicate],
    *,
    training: CanonicalTable,
    non_members: CanonicalTable,
    attack: str,
    measure: str,
    n_required: int = 1,
    background_predicates: Sequence[Predicate] | None = None,
    rng: np.random.Generator,
) -> GuessResult:
    """Count the training records that predicates single out, against the table of non-members.

    A predicate succeeds if exactly one record fulfils it which no predicate before singled out.
    Both tables are equally long, for the chance of being alone depends on the company.

    Parameters
    ----------
    predicates
        At least one.
    training, non_members
        The secret members and others; of the longer one so many are drawn as the other has.
    attack, measure
        Who stated what.
    n_required
        How many predicates are due; missing ones count as failures.
    background_predicates
        Those of a background-only model, scored on the training table.
    rng
        Draws from the longer table.

    Returns
    -------
    GuessResult
        For the group "all records".

    Raises
    ------
    ValueError
        If there are no predicates, a table is empty or the codebooks differ.
    """
    same_codebook(training, non_members)
    if not predicates:
        raise ValueError(f"the attack {attack!r} came with no predicates; give at least one")
    n_records = min(len(training), len(non_members))
    training, non_members = (table.sample(n_records, rng=rng) for table in (training, non_members))
    n_due = max(len(predicates), n_required)
    background = None
    if background_predicates:
        n_background = max(len(background_predicates), n_required)
        background = len(isolated(background_predicates, training)[0]), n_background
    return GuessResult(
        attack=attack,
        measure=measure,
        group="all records",
        members=(len(isolated(predicates, training)[0]), n_due),
        non_members=(len(isolated(predicates, non_members)[0]), n_due),
        background=background,
    )
