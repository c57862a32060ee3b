"""Score published tables, and attacks on them: what is found out, for the metrics to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, singledispatch
from typing import TYPE_CHECKING

import attrs
import numpy as np

from anomed_core import Split, Submission, Target, measured
from anomed_dataset_anonymization.challenge.kinds import INFERENCE, LINKAGE
from anomed_dataset_anonymization.challenge.metrics import rows_of
from anomed_dataset_anonymization.challenge.products import draw_of
from anomed_dataset_anonymization.challenge.yardsticks import Yardsticks
from anomed_dataset_anonymization.privacy import (
    EquivalenceClasses,
    PrivacyProfile,
    ReidentificationRisk,
    contingency,
    dankar_uniqueness,
    journalist_risk,
    people_declared,
    prosecutor_risk,
    published_classes,
    published_profile,
)
from anomed_dataset_anonymization.schema.frames import read_frame
from anomed_dataset_anonymization.threat import (
    NO_ROW,
    Found,
    Inferred,
    Lineage,
    Linked,
    Reconstructed,
    guess_from_background,
    guess_from_rivals,
    nearest_rows,
    read_claims,
    read_inferences,
    read_reconstruction,
    rows_as_people,
    rows_by_guesses,
    score_claims,
    score_guesses,
    score_reconstruction,
    shared_level,
    trace_lineage,
)
from anomed_dataset_anonymization.utility import (
    Boxes,
    QueryError,
    boxes_of_published,
    classification_metric,
    people_covered,
    query_error,
)
from anomed_dataset_anonymization.utility.alignment import align

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena, Draw
    from anomed_dataset_anonymization.schemes import PublishedTable
    from anomed_dataset_anonymization.threat import AttackerView, TargetTruth

_TUNING_DECIMALS = 2
"""Scores of attacks for tuning are rounded, so that they tell little about single targets."""


@attrs.frozen(kw_only=True, eq=False)
class MeasuredTable:
    """A published table, and all that is measured without attacking it, each when it is asked for.

    Attributes
    ----------
    arena : Arena
        What it is compared with.
    split : Split
        Whose secret workload is asked.
    table : PublishedTable
        In canonical form.
    """

    arena: Arena
    split: Split
    table: PublishedTable

    @cached_property
    def boxes(self) -> Boxes:
        """The table as boxes that people are in."""
        return boxes_of_published(self.table)

    @cached_property
    def classes(self) -> EquivalenceClasses:
        """Rows that are published alike in the known columns."""
        return published_classes(self.table)

    @property
    def yardsticks(self) -> Yardsticks:
        """What utility is measured with."""
        return self.arena.yardsticks[self.split]

    @property
    def n_suppressed(self) -> int:
        """Number of leaky people who are not published."""
        return self.arena.n_leaky - self.table.n_rows

    @cached_property
    def error(self) -> QueryError:
        """Errors of the secret workload."""
        measures = self.yardsticks
        return query_error(
            self.arena.original, self.boxes, queries=measures.queries, truth=measures.answers
        )

    @property
    def accuracy(self) -> float | None:
        """Accuracy on unseen people; None if nothing is to be predicted."""
        prediction = self.yardsticks.prediction
        return None if prediction is None else prediction.accuracy(self.boxes)

    @property
    def minority(self) -> float:
        """Iyengar's classification metric of the worst unknown column."""
        return max(
            classification_metric(
                contingency(self.classes, self.table.codes[name]),
                self.n_suppressed,
                told=self.table.told(name),
            )
            for name in self.arena.unknown_names
        )

    @cached_property
    def alignment(self) -> Mapping[str, float]:
        """What is lost of each person's own values."""
        return align(self.table, self.arena.people.leaky)

    @cached_property
    def _by_class(self) -> Boxes:
        return self.boxes.select(self.arena.known_names).take(self.classes.first_rows)

    @cached_property
    def population(self) -> np.ndarray:
        """People of the population whom each class covers, at least those that it publishes."""
        in_population = people_covered(self._by_class, self.arena.population)
        return np.maximum(in_population, self.classes.sizes)

    @cached_property
    def prosecutor(self) -> ReidentificationRisk:
        """Risk of somebody known to be published."""
        return prosecutor_risk(self.classes)

    @cached_property
    def journalist(self) -> ReidentificationRisk:
        """Risk of somebody of the population."""
        return journalist_risk(self.classes, self.population)

    @property
    def people_behind(self) -> np.ndarray:
        """Leaky people behind each class: those it covers; for class means, those declared.

        A mean covers nobody, so there the declaration is all there is.
        """
        if self.table.scheme != "microaggregation":
            return people_covered(self._by_class, self.arena.original)
        if self.table.lineage is None:
            return np.zeros(self.classes.n_classes, dtype=np.int64)
        return people_declared(self.classes, self.table.lineage)

    @property
    def uniqueness(self) -> float:
        """Estimated share of the population that is unique."""
        sampled = self.table.n_rows / self.arena.population.n_people
        return dankar_uniqueness(self.classes, sampled).fraction

    @cached_property
    def _profiles(self) -> Sequence[PrivacyProfile]:
        return [published_profile(self.table, name) for name in self.arena.unknown_names]

    def highest(self, model: str) -> float:
        """Return the highest number of a syntactic model over the unknown columns."""
        return float(max(getattr(profile, model) for profile in self._profiles))

    def lowest(self, model: str) -> float:
        """Return the lowest number of a syntactic model over the unknown columns."""
        return float(min(getattr(profile, model) for profile in self._profiles))


@singledispatch
def evaluate_utility(arena: Arena, submission: Submission) -> Mapping[str, float]:
    """Score a published table."""
    table = arena.published(submission)
    found = MeasuredTable(arena=arena, split=submission.split, table=table)
    return measured(rows_of(arena, submission.kind), found)


@singledispatch
def evaluate_threat(arena: Arena, submission: Submission, target: Target) -> Mapping[str, float]:
    """Score an attack, coarsely for tuning."""
    found: Found | Reconstructed
    if submission.kind == INFERENCE:
        found = find_inferred(arena, submission, target)
    elif submission.kind == LINKAGE:
        found = find_linked(arena, submission, target)
    else:
        found = find_reconstructed(arena, submission, target)
    return as_told(measured(rows_of(arena, submission.kind), found), submission.split)


def as_told(metrics: Mapping[str, float], split: Split) -> Mapping[str, float]:
    """Return the metrics of an attack, be it the house's, as exactly as they are told."""
    if split is Split.TUNING:
        return {name: round(value, _TUNING_DECIMALS) for name, value in metrics.items()}
    return metrics


def find_inferred(arena: Arena, submission: Submission, target: Target) -> Inferred:
    """Compare guesses of unknown columns on members, non-members, background and other tables."""
    draw = draw_of(arena, submission)
    truth = arena.truth(draw.targets)
    guessed = read_inferences(
        read_frame(submission.payload),
        schema=arena.schema,
        target_ids=draw.targets.ids,
        unknown=arena.unknown_names,
    )
    background = guess_from_background(
        arena.background(draw),
        reference=arena.people.reference,
        schema=arena.schema,
        known=arena.known_names,
        unknown=arena.unknown_names,
        rng=arena.lottery.generator("background model", *_ids(submission)),
    )
    results = score_guesses(
        submission.deanonymizer,
        guessed.values,
        truth=truth,
        schema=arena.schema,
        unknown=arena.unknown_names,
        background_values=background,
        rival_values=guess_from_rivals(_views_of_rivals(arena, draw, target)),
        level=shared_level(0.95, len(arena.unknown) * len(truth.groups())),
    )
    return Inferred(
        results=results,
        schema=arena.schema,
        unknown=arena.unknown_names,
        truth=truth,
        guessed=guessed,
        background=background,
    )


def find_linked(arena: Arena, submission: Submission, target: Target) -> Linked:
    """Score rows named for targets by their expected credit."""
    draw = draw_of(arena, submission)
    truth = arena.truth(draw.targets)
    published = _attacked(arena, target)
    claims = read_claims(
        read_frame(submission.payload), target_ids=draw.targets.ids, n_rows=arena.n_leaky
    )
    rows = np.where(claims.rows < published.n_rows, claims.rows, NO_ROW)
    view = arena.view(published, draw)
    told_by_rivals = guess_from_rivals(_views_of_rivals(arena, draw, target))
    results = score_claims(
        submission.deanonymizer,
        rows,
        truth=truth,
        lineage=lineage_of(arena, published, truth),
        confidence=claims.confidence,
        honest_rows=nearest_rows(view)[:, np.newaxis],
        rival_rows=(
            rows_by_guesses(view, told_by_rivals[0])[:, np.newaxis] if told_by_rivals else None
        ),
        level=shared_level(0.95, len(truth.groups())),
    )
    return Linked(results=results, rows=rows)


def find_reconstructed(arena: Arena, submission: Submission, target: Target) -> Reconstructed:
    """Score a reconstructed table against leaky people, as many non-members, and other tables.

    For tuning only the people of the tuning pool count, about half: what is learnt from the scores
    says nothing about the others.
    """
    submitted = read_reconstruction(
        read_frame(submission.payload), schema=arena.schema, n_people=arena.n_leaky
    )
    leaky, non_members = arena.people.sides(submission.split)
    rivals = [
        rows_as_people(boxes_of_published(arena.published(rival)))[: arena.n_leaky]
        for rival in target.rivals
    ]
    exact = [attrs.evolve(column, tolerance=0) for column in arena.schema.columns]
    surest = np.argsort(-submitted.confidence, kind="stable")[: len(leaky)]
    scores = {
        how: score_reconstruction(
            submitted.rows[surest],
            leaky=leaky,
            non_members=non_members,
            columns=columns,
            n_surest=min(arena.n_surest, len(leaky)),
            confidence=submitted.confidence[surest],
            rivals=rivals,
            level=shared_level(0.95, 2),
        )
        for how, columns in (("exact", exact), ("tolerant", arena.schema.columns))
    }
    return Reconstructed(scores=scores)


def _views_of_rivals(arena: Arena, draw: Draw, target: Target) -> list[AttackerView]:
    """Return what other tables, which attackers could read, show of the same targets."""
    return [arena.view(arena.published(rival), draw) for rival in target.rivals]


def _ids(submission: Submission) -> tuple[str, str, str]:
    return submission.split.value, submission.anonymizer, submission.deanonymizer


def _attacked(arena: Arena, target: Target) -> PublishedTable:
    if target.submission is None:
        raise ValueError(f"nothing is kept of the anonymizer {target.anonymizer!r}")
    return arena.published(target.submission)


def lineage_of(arena: Arena, published: PublishedTable, truth: TargetTruth) -> Lineage:
    """Return whose the published rows are, as far as they are of targets."""
    return trace_lineage(
        published,
        people=truth.people,
        is_member=truth.is_member,
        leaky_positions=truth.leaky_positions,
        n_leaky=arena.n_leaky,
    )
