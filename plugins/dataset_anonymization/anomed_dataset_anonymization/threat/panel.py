"""Run all house attacks on a published table, and report the worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
from numpy.typing import NDArray

from anomed_dataset_anonymization.schema import Coordinates
from anomed_dataset_anonymization.schemes import PublishedTable
from anomed_dataset_anonymization.threat.class_majority import ClassMajority
from anomed_dataset_anonymization.threat.confidence import DEFAULT_LEVEL, Risk
from anomed_dataset_anonymization.threat.downcoding import Downcoding
from anomed_dataset_anonymization.threat.gradient_boosting import GradientBoosting
from anomed_dataset_anonymization.threat.index_linkage import IndexLinkage
from anomed_dataset_anonymization.threat.inference import (
    InferenceScore,
    is_right,
    score_inference,
)
from anomed_dataset_anonymization.threat.lineage import Lineage, trace_lineage
from anomed_dataset_anonymization.threat.linkage import LinkageScore, score_linkage
from anomed_dataset_anonymization.threat.nearest_box import NearestBox
from anomed_dataset_anonymization.threat.scoreboard import Scoreboard
from anomed_dataset_anonymization.threat.view import (
    NO_ROW,
    AttackerView,
    Guesses,
    HouseAttack,
)

BoolArray = NDArray[np.bool_]

HOUSE_ATTACKS: tuple[HouseAttack, ...] = (
    ClassMajority(),
    NearestBox(),
    Scoreboard(),
    GradientBoosting(),
    Downcoding(),
    IndexLinkage(),
)

MIN_GROUP = 30
"""Members, and controls, that a group needs at least to be scored."""


@attrs.frozen(kw_only=True, eq=False)
class HouseTargets:
    """The people that the house attacks are run on, with all that is true of them.

    Attributes
    ----------
    ids : ndarray of int64, shape (n_targets,)
        As `draw_targets` gives them.
    people : ndarray of float64, shape (n_targets, n_columns)
        True coordinates, in schema order.
    background : ndarray of float64, shape (n_targets, n_known)
        What is known of them, noise included.
    is_member : ndarray of bool, shape (n_targets,)
        Who is in the leaky table; the others are controls.
    leaky_positions : ndarray of int64, shape (n_targets,)
        Positions of the members in the leaky table; ignored for controls.
    is_rare : ndarray of bool, shape (n_targets,)
        As `find_rare` gives it.
    """

    ids: NDArray[np.int64]
    people: Coordinates
    background: Coordinates
    is_member: BoolArray
    leaky_positions: NDArray[np.int64]
    is_rare: BoolArray

    def groups(self) -> Mapping[str, BoolArray]:
        """Return the groups to score: everybody, and the rare if they are enough."""
        groups = {"all": np.ones(len(self.ids), dtype=np.bool_)}
        if self.are_enough(self.is_rare) and not self.is_rare.all():
            groups["rare"] = self.is_rare
        return groups

    def are_enough(self, chosen: BoolArray) -> bool:
        """Tell whether some targets are enough on both sides to be scored as a group."""
        sides = (chosen & self.is_member, chosen & ~self.is_member)
        return min(int(side.sum()) for side in sides) >= MIN_GROUP


@attrs.frozen(kw_only=True)
class PanelResult:
    """What one house attack achieved at one goal.

    Attributes
    ----------
    attack : str
        Name of the attack.
    column : str or None
        The column inferred; None for re-identification.
    group : {"all", "rare"}
        The people counted.
    score : InferenceScore or LinkageScore
        How well it did.
    """

    attack: str
    column: str | None
    group: str
    score: InferenceScore | LinkageScore

    @property
    def risk(self) -> Risk:
        """Return what it achieved beyond its floor."""
        return self.score.risk


def run_panel(
    table: PublishedTable,
    targets: HouseTargets,
    *,
    known: Sequence[str],
    unknown: Sequence[str],
    reference: Coordinates,
    rng: np.random.Generator,
    attacks: Sequence[HouseAttack] = HOUSE_ATTACKS,
    level: float = DEFAULT_LEVEL,
) -> list[PanelResult]:
    """Run house attacks on a published table.

    Parameters
    ----------
    table : PublishedTable
        Canonical, with its declared lineage; attacks don't see that.
    targets : HouseTargets
        Whom to attack.
    known, unknown : sequence of str
        Columns that the attacks know of the targets, and those they guess.
    reference : ndarray of float64, shape (n_reference, n_columns)
        People who are known in full, in schema order.
    rng : Generator
        The only source of randomness.
    attacks : sequence of HouseAttack
        Which attacks to run.
    level : float
        Probability that *all* intervals hold their true values: each is widened for the number of
        results (Bonferroni), or the worst of many would look like a leak by chance.

    Returns
    -------
    list of PanelResult
        One for each attack, unknown column and group; and one for each attack that names rows, and
        each group. A group with too few true values of a column is left out.

    Raises
    ------
    ValueError
        If the targets, the columns or the reference do not fit the table.
    """
    view = AttackerView(
        published=attrs.evolve(table, lineage=None),
        known=tuple(known),
        unknown=tuple(unknown),
        target_ids=targets.ids,
        background=targets.background,
        reference=reference,
    )
    guesses = {attack.name: attack.guess(view, rng=rng) for attack in attacks}
    n_linkages = sum(guess.rows is not None for guess in guesses.values())
    groups = targets.groups()
    n_results = (len(guesses) * len(unknown) + n_linkages) * len(groups)
    scorer = _Scorer(
        view=view, targets=targets, groups=groups, level=1.0 - (1.0 - level) / n_results
    )
    results = []
    lineage: Lineage | None = None
    for name, guess in guesses.items():
        results += scorer.inference(name, guess)
        if guess.rows is not None:
            lineage = lineage or _trace(table, targets)
            results += scorer.linkage(name, guess, lineage=lineage)
    return results


def worst_result(results: Sequence[PanelResult]) -> PanelResult:
    """Return the result with the highest lower end of its risk; of equals, the highest risk.

    Raises
    ------
    ValueError
        If there is no result.
    """
    if not results:
        raise ValueError("no attack was run, so there is no worst result.")
    return max(results, key=lambda result: (result.risk.low, result.risk.value))


def _trace(table: PublishedTable, targets: HouseTargets) -> Lineage:
    return trace_lineage(
        table,
        people=targets.people[targets.is_member],
        leaky_positions=targets.leaky_positions[targets.is_member],
    )


@attrs.frozen(kw_only=True, eq=False)
class _Scorer:
    """Scores guesses against the truth, for all groups."""

    view: AttackerView
    targets: HouseTargets
    groups: Mapping[str, BoolArray]
    level: float

    def inference(self, attack: str, guesses: Guesses) -> list[PanelResult]:
        results = []
        for place, column in enumerate(self.view.unknown_columns):
            truth = self.targets.people[:, self.view.schema.position(column.name)]
            right = is_right(guesses.values[:, place], truth, column)
            for group, chosen in self.groups.items():
                counted = chosen & ~np.isnan(truth)
                if group != "all" and not self.targets.are_enough(counted):
                    continue
                score = score_inference(
                    right, is_member=self.targets.is_member, counted=counted, level=self.level
                )
                results.append(
                    PanelResult(attack=attack, column=column.name, group=group, score=score)
                )
        return results

    def linkage(self, attack: str, guesses: Guesses, *, lineage: Lineage) -> list[PanelResult]:
        if guesses.rows is None:
            return []
        is_member = self.targets.is_member
        credit = np.zeros(len(is_member))
        credit[is_member] = lineage.credit(guesses.rows[is_member][:, np.newaxis])
        results = []
        for group, chosen in self.groups.items():
            score = score_linkage(
                credit,
                claimed=guesses.rows != NO_ROW,
                is_member=is_member,
                n_rows=self.view.published.n_rows,
                confidence=guesses.confidence,
                counted=chosen,
                level=self.level,
            )
            results.append(PanelResult(attack=attack, column=None, group=group, score=score))
        return results
