"""What attacks found out, as metrics read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from anomed_dataset_anonymization.threat.anonymity_loss import (
    anonymity_loss,
    best_discounted_precision,
)
from anomed_dataset_anonymization.threat.answers import Inferences
from anomed_dataset_anonymization.threat.inference import InferenceScore, is_right
from anomed_dataset_anonymization.threat.linkage import LinkageScore
from anomed_dataset_anonymization.threat.reconstruction import ReconstructionScore
from anomed_dataset_anonymization.threat.scoring import AttackResult, worst_result
from anomed_dataset_anonymization.threat.truth import TargetTruth
from anomed_dataset_anonymization.threat.view import NO_ROW

if TYPE_CHECKING:
    from anomed_core.statistics import Estimate
    from anomed_dataset_anonymization.schema import Column, Coordinates, TableSchema


@attrs.frozen(kw_only=True, eq=False)
class Found:
    """What one attack found out, by column and group of people."""

    results: Sequence[AttackResult]

    @property
    def worst(self) -> Estimate:
        """The risk with the highest lower bound."""
        return worst_result(self.results).risk

    def risk_low(self, group: str) -> float:
        """Return the lower bound of the worst risk of a group; 0 if it is too small to count."""
        risks = (result.risk.low for result in self.results if result.group == group)
        return max(risks, default=0.0)

    def score(self, column: str) -> InferenceScore:
        """Return what was found of an unknown column, over all people."""
        return next(
            result.score
            for result in self.results
            if isinstance(result.score, InferenceScore)
            and (result.column, result.group) == (column, "all")
        )


@attrs.frozen(kw_only=True, eq=False)
class Inferred(Found):
    """What guesses of unknown columns found out; `background` are those of a model without it."""

    schema: TableSchema
    unknown: tuple[str, ...]
    truth: TargetTruth
    guessed: Inferences
    background: Coordinates

    @property
    def answered(self) -> float:
        """Share of the targets and unknown columns with a guess."""
        return float((~np.isnan(self.guessed.values)).mean())

    def anonymity_loss(self, column: Column) -> float:
        """Return what the attack gains about a column, few but sure answers included."""
        truth, guessed = self.truth, self.guessed
        place = self.unknown.index(column.name)
        true_values = truth.people[:, self.schema.position(column.name)]
        right = is_right(guessed.values[:, place], true_values, column)
        answered = ~np.isnan(guessed.values[:, place])
        counted = ~np.isnan(true_values)
        on_members, on_non_members = (
            best_discounted_precision(
                right[side], answered=answered[side], confidence=guessed.confidence[side]
            )
            for side in (counted & truth.is_member, counted & ~truth.is_member)
        )
        members = counted & truth.is_member
        without_table = best_discounted_precision(
            is_right(self.background[members, place], true_values[members], column),
            answered=np.ones(int(members.sum()), dtype=np.bool_),
            confidence=np.zeros(int(members.sum())),
        )
        return anonymity_loss(on_members, max(on_non_members, without_table))


@attrs.frozen(kw_only=True, eq=False)
class Linked(Found):
    """What rows named for targets found out."""

    rows: np.ndarray

    @property
    def answered(self) -> float:
        """Share of the targets for whom a row is named."""
        return float((self.rows != NO_ROW).any(axis=1).mean())

    @property
    def linkage(self) -> LinkageScore:
        """How well rows were named, over all people."""
        return next(
            result.score
            for result in self.results
            if isinstance(result.score, LinkageScore) and result.group == "all"
        )


@attrs.frozen(kw_only=True, eq=False)
class Reconstructed:
    """How a reconstructed table fares, ``exact`` and ``tolerant``."""

    scores: Mapping[str, ReconstructionScore]

    @property
    def worst(self) -> Estimate:
        """The risk with the higher lower bound."""
        risks = (score.risk for score in self.scores.values())
        return max(risks, key=lambda risk: (risk.low, risk.value))
