"""Score what attackers submit, and what the house's own attacks find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import attrs
import numpy as np

from anomed_core import HouseAttack, Submission, Target
from anomed_dataset_anonymization.challenge.attack_metrics import column_label, house_metrics
from anomed_dataset_anonymization.challenge.metrics import ANONYMIZER
from anomed_dataset_anonymization.schema.frames import read_frame
from anomed_dataset_anonymization.threat import (
    HOUSE_ATTACKS,
    NO_ROW,
    AttackResult,
    Inferences,
    InferenceScore,
    Lineage,
    LinkageScore,
    anonymity_loss,
    best_discounted_precision,
    find_exposed,
    guess_from_background,
    is_right,
    read_claims,
    read_inferences,
    read_reconstruction,
    run_panel,
    score_claims,
    score_guesses,
    score_reconstruction,
    shared_level,
    trace_lineage,
    worst_result,
)

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena, Draw
    from anomed_dataset_anonymization.schema import Coordinates
    from anomed_dataset_anonymization.schemes import PublishedTable
    from anomed_dataset_anonymization.threat import HouseAttack as Attack
    from anomed_dataset_anonymization.threat import TargetTruth


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
        **_worst(results),
        "answered": float((~np.isnan(guessed.values)).mean()),
        **_by_column(results, arena),
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
        lineage=_lineage(arena, published, truth),
        confidence=claims.confidence,
        level=shared_level(0.95, len(truth.groups())),
    )
    score = next(result.score for result in results if result.group == "all")
    if not isinstance(score, LinkageScore):
        raise TypeError(f"claims were scored as {type(score).__name__}")
    return {
        **_worst(results),
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


def house_attacks(arena: Arena) -> list[HouseAttack]:
    """Return the panel as attacks that the server runs in the background."""
    return [_house_attack(arena, attack) for attack in HOUSE_ATTACKS]


def _house_attack(arena: Arena, attack: Attack) -> HouseAttack:
    def run(submission: Submission, rng: np.random.Generator) -> Mapping[str, float]:
        published = arena.published(submission)
        draw = arena.house_draw(submission)
        truth = arena.truth(draw.targets)
        truth = attrs.evolve(truth, is_exposed=find_exposed(published, truth))
        results = run_panel(
            arena.view(published, draw),
            truth,
            lineage=_lineage(arena, published, truth),
            rng=rng,
            attacks=[attack],
            level=shared_level(0.95, len(HOUSE_ATTACKS)),
        )
        return {
            **_worst(results),
            "risk_low_exposed": _worst_of_group(results, "exposed"),
            **_by_column(results, arena),
        }

    sentence = (type(attack).__doc__ or attack.name).strip().split("\n")[0]
    return HouseAttack(
        name=attack.name,
        kind=ANONYMIZER,
        description=sentence,
        metrics=house_metrics(arena),
        run=run,
    )


def _ids(submission: Submission) -> tuple[str, str, str]:
    return submission.split.value, submission.anonymizer, submission.deanonymizer


def draw_of(arena: Arena, submission: Submission) -> Draw:
    """Return the people that the author of a submission was asked about."""
    return arena.draw(
        submission.split,
        anonymizer=submission.anonymizer,
        deanonymizer=submission.deanonymizer,
    )


def _attacked(arena: Arena, target: Target) -> PublishedTable:
    if target.submission is None:
        raise ValueError(f"nothing is kept of the anonymizer {target.anonymizer!r}")
    return arena.published(target.submission)


def _lineage(arena: Arena, published: PublishedTable, truth: TargetTruth) -> Lineage:
    return trace_lineage(
        published,
        people=truth.people[truth.is_member],
        leaky_positions=truth.leaky_positions[truth.is_member],
        n_leaky=arena.n_leaky,
    )


def _worst(results: Sequence[AttackResult]) -> dict[str, float]:
    worst = worst_result(results).risk
    rare = _worst_of_group(results, "rare")
    return {
        "risk_low": worst.low,
        "risk": worst.value,
        "risk_high": worst.high,
        "risk_low_rare": rare,
    }


def _worst_of_group(results: Sequence[AttackResult], group: str) -> float:
    """Return the lower bound of the worst risk of a group; 0 if it is too small to count."""
    return max((result.risk.low for result in results if result.group == group), default=0.0)


def _by_column(results: Sequence[AttackResult], arena: Arena) -> dict[str, float]:
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
