"""Score what was handed in: published tables, and what attackers say about people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import TYPE_CHECKING

import numpy as np

from anomed_core import Split, Submission, Target
from anomed_dataset_anonymization.challenge.kinds import INFERENCE, LINKAGE
from anomed_dataset_anonymization.challenge.metrics import INFINITE, column_label
from anomed_dataset_anonymization.challenge.products import draw_of
from anomed_dataset_anonymization.privacy import (
    EquivalenceClasses,
    PrivacyProfile,
    contingency,
    dankar_uniqueness,
    effective_k,
    journalist_risk,
    k_anonymity,
    k_map,
    people_declared,
    prosecutor_risk,
    published_classes,
    published_profile,
    sample_uniqueness,
)
from anomed_dataset_anonymization.schema.frames import read_frame
from anomed_dataset_anonymization.schemes import PublishedTable
from anomed_dataset_anonymization.threat import (
    NO_ROW,
    AttackResult,
    Inferences,
    InferenceScore,
    Lineage,
    LinkageScore,
    anonymity_loss,
    best_discounted_precision,
    guess_from_background,
    is_right,
    key_shares,
    read_claims,
    read_inferences,
    read_reconstruction,
    score_claims,
    score_guesses,
    score_reconstruction,
    shared_level,
    trace_lineage,
    worst_result,
)
from anomed_dataset_anonymization.utility import (
    Boxes,
    average_class_size,
    boxes_of_published,
    classification_metric,
    discernibility,
    gcp,
    k_marginal_score,
    ncp_xu,
    people_covered,
    query_error,
    truthfulness,
)
from anomed_dataset_anonymization.utility.alignment import align

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena
    from anomed_dataset_anonymization.schema import Coordinates
    from anomed_dataset_anonymization.threat import TargetTruth

_LOWER_IS_PRIVATE = (
    "alpha",
    "recursive_c",
    "basic_beta",
    "enhanced_beta",
    "t",
    "delta",
    "delta_present",
)
_HIGHER_IS_PRIVATE = ("distinct_l", "entropy_l")


_TUNING_DECIMALS = 2
"""Scores of attacks for tuning are rounded, so that they tell little about single targets."""


@singledispatch
def evaluate_utility(arena: Arena, submission: Submission) -> Mapping[str, float]:
    """Score a published table."""
    return score_table(arena.published(submission), arena, submission.split)


@singledispatch
def evaluate_threat(arena: Arena, submission: Submission, target: Target) -> Mapping[str, float]:
    """Score an attack, coarsely for tuning."""
    if submission.kind == INFERENCE:
        metrics = score_inference_attack(arena, submission)
    elif submission.kind == LINKAGE:
        metrics = score_linkage_attack(arena, submission, target)
    else:
        metrics = score_reconstruction_attack(arena, submission)
    if submission.split is Split.TUNING:
        return {name: round(value, _TUNING_DECIMALS) for name, value in metrics.items()}
    return metrics


def score_table(table: PublishedTable, arena: Arena, split: Split) -> dict[str, float]:
    """Measure utility and syntactic privacy of a published table.

    Parameters
    ----------
    table
        In canonical form.
    arena
        What it is compared with.
    split
        Whose secret workload is asked.

    Returns
    -------
    dict of str to float
        The metrics of `anomed_dataset_anonymization.challenge.metrics.table_metrics`.
    """
    boxes = boxes_of_published(table)
    classes = published_classes(table)
    return {
        **_utility(boxes, arena, split),
        **_coarseness(table, classes, arena),
        **align(table, arena.people.leaky),
        **_anonymity(table, boxes, classes, arena=arena),
        **_worst_profile([published_profile(table, name) for name in arena.unknown_names]),
        "key_share": max(key_shares(table, arena.people.leaky).values()),
    }


def _utility(boxes: Boxes, arena: Arena, split: Split) -> dict[str, float]:
    measures = arena.yardsticks[split]
    error = query_error(arena.original, boxes, queries=measures.queries, truth=measures.answers)
    utility = {
        "query_error": _finite(error.mean),
        "usefulness": 1.0 - error.mean / measures.useless_error,
        "query_error_median": _finite(error.median),
        "k_marginal": k_marginal_score(arena.original, boxes),
        "gcp": gcp(boxes, arena.n_leaky),
        "ncp_xu": ncp_xu(boxes, arena.n_leaky),
        "truthfulness": truthfulness(boxes, arena.original),
        "published_share": boxes.n_people / arena.n_leaky,
    }
    if measures.prediction is not None:
        utility["accuracy"] = measures.prediction.accuracy(boxes)
    return utility


def _coarseness(
    table: PublishedTable, classes: EquivalenceClasses, arena: Arena
) -> dict[str, float]:
    n_suppressed = arena.n_leaky - table.n_rows
    minority = [
        classification_metric(
            contingency(classes, table.codes[name]), n_suppressed, told=table.told(name)
        )
        for name in arena.unknown_names
    ]
    return {
        "discernibility": discernibility(classes, n_suppressed),
        "average_class_size": average_class_size(classes, 1),
        "classification_metric": max(minority),
    }


def _anonymity(
    table: PublishedTable, boxes: Boxes, classes: EquivalenceClasses, *, arena: Arena
) -> dict[str, float]:
    by_class = boxes.select(arena.known_names).take(classes.first_rows)
    in_population = people_covered(by_class, arena.population)
    population = np.maximum(in_population, classes.sizes)
    prosecutor = prosecutor_risk(classes)
    journalist = journalist_risk(classes, population)
    n_people = len(arena.people.coordinates)
    return {
        "k": k_anonymity(classes),
        "k_effective": effective_k(classes, _people_behind(table, by_class, classes, arena=arena)),
        "k_map": k_map(classes, population),
        "prosecutor_average": prosecutor.average,
        "prosecutor_share_above": prosecutor.share_above,
        "journalist_highest": journalist.highest,
        "marketer": journalist.average,
        "presence_highest": float((classes.sizes / population).max()),
        "unique_in_sample": sample_uniqueness(classes),
        "unique_in_population": dankar_uniqueness(classes, table.n_rows / n_people).fraction,
    }


def _people_behind(
    table: PublishedTable, by_class: Boxes, classes: EquivalenceClasses, *, arena: Arena
) -> np.ndarray:
    """Count the leaky people behind each class: those it covers; for class means, those declared.

    A mean covers nobody, so there the declaration is all there is.
    """
    if table.scheme != "microaggregation":
        return people_covered(by_class, arena.original)
    if table.lineage is None:
        return np.zeros(classes.n_classes, dtype=np.int64)
    return people_declared(classes, table.lineage)


def _worst_profile(profiles: list[PrivacyProfile]) -> Mapping[str, float]:
    """Take the worst sensitive column for each model by itself."""
    worst = {
        name: _finite(max(getattr(profile, name) for profile in profiles))
        for name in _LOWER_IS_PRIVATE
    }
    return worst | {
        name: min(getattr(profile, name) for profile in profiles) for name in _HIGHER_IS_PRIVATE
    }


def _finite(value: float) -> float:
    return min(value, INFINITE)


def score_inference_attack(arena: Arena, submission: Submission) -> dict[str, float]:
    """Score guesses of unknown columns against members, non-members and the background."""
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
        level=shared_level(0.95, len(arena.unknown) * len(truth.groups())),
    )
    return {
        **worst_risk(results),
        "answered": float((~np.isnan(guessed.values)).mean()),
        **by_column(results, arena),
        **_anonymity_losses(arena, truth, guessed, background=background),
    }


def score_linkage_attack(arena: Arena, submission: Submission, target: Target) -> dict[str, float]:
    """Score rows named for targets by their expected credit."""
    draw = draw_of(arena, submission)
    truth = arena.truth(draw.targets)
    published = _attacked(arena, target)
    claims = read_claims(
        read_frame(submission.payload), target_ids=draw.targets.ids, n_rows=arena.n_leaky
    )
    rows = np.where(claims.rows < published.n_rows, claims.rows, NO_ROW)
    results = score_claims(
        submission.deanonymizer,
        rows,
        truth=truth,
        lineage=lineage_of(arena, published, truth),
        confidence=claims.confidence,
        level=shared_level(0.95, len(truth.groups())),
    )
    score = next(result.score for result in results if result.group == "all")
    if not isinstance(score, LinkageScore):
        raise TypeError(f"claims were scored as {type(score).__name__}")
    return {
        **worst_risk(results),
        "answered": float((rows != NO_ROW).any(axis=1).mean()),
        "recall": score.recall.value,
        "precision": score.precision or 0.0,
        "tpr_at_fpr_0.01": score.true_positive_rate,
    }


def score_reconstruction_attack(arena: Arena, submission: Submission) -> dict[str, float]:
    """Score a reconstructed table against leaky people and as many non-members.

    For tuning only the people of the tuning pool count, about half: what is learnt from the scores
    says nothing about the others.
    """
    submitted = read_reconstruction(
        read_frame(submission.payload), schema=arena.schema, n_people=arena.n_leaky
    )
    leaky, control = arena.people.sides(submission.split)
    surest = np.argsort(-submitted.confidence, kind="stable")[: len(leaky)]
    exact, tolerant = (
        score_reconstruction(
            submitted.rows[surest],
            leaky=leaky,
            control=control,
            columns=arena.schema.columns,
            n_surest=min(arena.n_surest, len(leaky)),
            confidence=submitted.confidence[surest],
            tolerant=is_tolerant,
            level=shared_level(0.95, 2),
        )
        for is_tolerant in (False, True)
    )
    worst = max((exact.risk, tolerant.risk), key=lambda risk: (risk.low, risk.value))
    return {
        "risk_low": worst.low,
        "risk": worst.value,
        "risk_high": worst.high,
        "match_exact": exact.members.value,
        "non_member_match_exact": exact.non_members.value,
        "match_tolerant": tolerant.members.value,
        "non_member_match_tolerant": tolerant.non_members.value,
    }


def _ids(submission: Submission) -> tuple[str, str, str]:
    return submission.split.value, submission.anonymizer, submission.deanonymizer


def _attacked(arena: Arena, target: Target) -> PublishedTable:
    if target.submission is None:
        raise ValueError(f"nothing is kept of the anonymizer {target.anonymizer!r}")
    return arena.published(target.submission)


def lineage_of(arena: Arena, published: PublishedTable, truth: TargetTruth) -> Lineage:
    """Return whose the published rows are, for the members among the targets."""
    return trace_lineage(
        published,
        people=truth.people[truth.is_member],
        leaky_positions=truth.leaky_positions[truth.is_member],
        n_leaky=arena.n_leaky,
    )


def worst_risk(results: Sequence[AttackResult]) -> dict[str, float]:
    """Return the worst risk with its interval, and that of the rare people."""
    worst = worst_result(results).risk
    rare = worst_of_group(results, "rare")
    return {
        "risk_low": worst.low,
        "risk": worst.value,
        "risk_high": worst.high,
        "risk_low_rare": rare,
    }


def worst_of_group(results: Sequence[AttackResult], group: str) -> float:
    """Return the lower bound of the worst risk of a group; 0 if it is too small to count."""
    return max((result.risk.low for result in results if result.group == group), default=0.0)


def by_column(results: Sequence[AttackResult], arena: Arena) -> dict[str, float]:
    """Return what is known of each unknown column, over all people."""
    metrics: dict[str, float] = {}
    for place, column in enumerate(arena.unknown):
        label = column_label(column, place)
        for result in results:
            score = result.score
            if (result.column, result.group) == (column.name, "all") and isinstance(
                score, InferenceScore
            ):
                metrics |= _of_column(score, label)
    return metrics


def _of_column(score: InferenceScore, label: str) -> dict[str, float]:
    metrics = {
        f"members.{label}": score.members.value,
        f"non_members.{label}": score.non_members.value,
        f"risk.{label}": score.risk.value,
        f"risk_low.{label}": score.risk.low,
    }
    if score.background is not None and score.advantage is not None:
        metrics[f"background.{label}"] = score.background.value
        metrics[f"advantage.{label}"] = score.advantage.value
    return metrics


def _anonymity_losses(
    arena: Arena, truth: TargetTruth, guessed: Inferences, *, background: Coordinates
) -> dict[str, float]:
    """Return for each unknown column what the attack gains, few but sure answers included."""
    losses = {}
    for place, column in enumerate(arena.unknown):
        true_values = truth.people[:, arena.schema.position(column.name)]
        right = is_right(guessed.values[:, place], true_values, column)
        answered = ~np.isnan(guessed.values[:, place])
        counted = ~np.isnan(true_values)
        on_members, on_controls = (
            best_discounted_precision(
                right[side], answered=answered[side], confidence=guessed.confidence[side]
            )
            for side in (counted & truth.is_member, counted & ~truth.is_member)
        )
        members = counted & truth.is_member
        without_table = best_discounted_precision(
            is_right(background[members, place], true_values[members], column),
            answered=np.ones(int(members.sum()), dtype=np.bool_),
            confidence=np.zeros(int(members.sum())),
        )
        loss = anonymity_loss(on_members, max(on_controls, without_table))
        losses[f"anonymity_loss.{column_label(column, place)}"] = loss
    return losses
