"""The metrics of attacks, computed from what `anomed_dataset_anonymization.threat` found out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from anomed_core import MetricRow

if TYPE_CHECKING:
    from anomed_dataset_anonymization.schema import Column
    from anomed_dataset_anonymization.threat import Found, Inferred, Linked, Reconstructed


def inference_rows(unknown: Sequence[Column]) -> list[MetricRow[Inferred]]:
    """Measure an attack that infers unknown columns."""
    return [
        *risk_rows("an unknown column"),
        MetricRow(
            name="answered",
            compute=lambda found: found.answered,
            definition="Share of the targets and unknown columns with a guess.",
        ),
        *(
            row
            for place, column in enumerate(unknown)
            for row in _column_rows(column, label=column_label(column, place))
        ),
    ]


def reconstruction_rows(n_surest: int) -> list[MetricRow[Reconstructed]]:
    """Measure a reconstructed table by its surest rows."""
    return [
        *risk_rows("the reconstruction of whole records")[:3],
        *_match_rows("exact", n_surest, "exactly"),
        *_match_rows("tolerant", n_surest, "within the tolerances"),
    ]


def column_label(column: Column, place: int) -> str:
    """Return a column's name as part of a metric's, or its place if it has other characters."""
    plain = column.name.isascii() and column.name.replace("_", "").replace("-", "").isalnum()
    return column.name if plain else f"unknown{place + 1}"


def risk_rows(goal: str) -> list[MetricRow[Any]]:
    """Measure the worst risk of a goal; `goal` says what it is, as a noun."""
    return [
        MetricRow(
            name="risk_low",
            compute=lambda found: found.worst.low,
            chance=0.0,
            primary=True,
            definition=f"Lower 95 % bound of the worst risk of {goal}, over all people and the "
            "rare ones; the level is shared by all intervals (Bonferroni).",
        ),
        MetricRow(
            name="risk",
            compute=lambda found: found.worst.value,
            chance=0.0,
            limits=("risk_low", "risk_high"),
            definition="That risk: success on members above the floor, as a share of what the "
            "floor leaves (Giomi et al. 2023).",
        ),
        MetricRow(
            name="risk_high",
            compute=lambda found: found.worst.high,
            definition="Upper 95 % bound of that risk.",
        ),
        MetricRow(
            name="risk_low_rare",
            compute=lambda found: found.risk_low("rare"),
            chance=0.0,
            definition="The same bound for the rare people alone; 0 if they are too few to count.",
        ),
    ]


def success_rows(column: Column, *, label: str) -> list[MetricRow[Found]]:
    """Measure how often a column is guessed rightly, about members and non-members."""
    name = column.name
    return [
        MetricRow(
            name=f"members.{label}",
            compute=lambda found: found.score(name).members.value,
            definition=f"Share of the members whose {name} is guessed rightly.",
        ),
        MetricRow(
            name=f"non_members.{label}",
            compute=lambda found: found.score(name).non_members.value,
            definition=f"Share of the non-members whose {name} is guessed rightly.",
        ),
    ]


def column_risk_rows(name: str, label: str, floor: str) -> list[MetricRow[Found]]:
    """Measure the risk of a column; `floor` says what success is compared with."""
    return [
        MetricRow(
            name=f"risk.{label}",
            compute=lambda found: found.score(name).risk.value,
            definition=f"Success on members above {floor}.",
        ),
        MetricRow(
            name=f"risk_low.{label}",
            compute=lambda found: found.score(name).risk.low,
            definition="Lower bound of that risk.",
        ),
    ]


def _column_rows(column: Column, *, label: str) -> list[MetricRow[Any]]:
    name = column.name
    return [
        *success_rows(column, label=label),
        MetricRow(
            name=f"background.{label}",
            compute=lambda found: found.score(name).background.value,
            definition=f"Share of the same members whose {name} is guessed right by a model that "
            "never saw the table.",
        ),
        *column_risk_rows(name, label, "the larger of the two floors"),
        MetricRow(
            name=f"advantage.{label}",
            compute=lambda found: found.score(name).advantage.value,
            definition="Success on members above the background model alone.",
        ),
        MetricRow(
            name=f"anonymity_loss.{label}",
            compute=lambda found: found.anonymity_loss(column),
            bounds=(-math.inf, 1.0),
            chance=0.0,
            definition="Anonymity loss coefficient: precision discounted by recall, at the recall "
            "that suits the attack best, beyond non-members and background (Francis and Wagner "
            "2025).",
        ),
    ]


def _match_rows(how: str, n_surest: int, words: str) -> list[MetricRow[Reconstructed]]:
    def share(whom: str) -> str:
        return f"Share of the {n_surest} surest rows that match {whom}, {words}."

    return [
        MetricRow(
            name=f"match_{how}",
            compute=lambda found: found.scores[how].members.value,
            definition=share("distinct leaky people"),
        ),
        MetricRow(
            name=f"non_member_match_{how}",
            compute=lambda found: found.scores[how].non_members.value,
            definition=share("as many non-members"),
        ),
    ]


LINKAGE_ROWS: tuple[MetricRow[Linked], ...] = (
    *risk_rows("re-identification"),
    MetricRow(
        name="answered",
        compute=lambda found: found.answered,
        definition="Share of the targets for whom a row is named.",
    ),
    MetricRow(
        name="recall",
        compute=lambda found: found.linkage.recall.value,
        definition="Expected share of the members whose row is named; a row that is published "
        "alike k times counts 1 / k.",
    ),
    MetricRow(
        name="non_member_recall",
        compute=lambda found: found.linkage.non_members.value,
        definition="The same about non-members: the row nearest to them could be taken for theirs, "
        "if it comes as near as to one non-member in twenty.",
    ),
    MetricRow(
        name="precision",
        compute=lambda found: found.linkage.precision or 0.0,
        definition="Expected share of the named rows that are right; 0 if none is named.",
    ),
    MetricRow(
        name="tpr_at_fpr_0.01",
        compute=lambda found: found.linkage.true_positive_rate,
        definition="Expected share of the members found among the surest claims that name at most "
        "1 % of the non-members, equally sure ones together.",
    ),
)
