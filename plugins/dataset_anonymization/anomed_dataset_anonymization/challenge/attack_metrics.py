"""The metrics of attacks: names, ranges, definitions; higher is better for the attacker."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from anomed_core import Metric
from anomed_dataset_anonymization.challenge.metrics import ANONYMIZER

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena
    from anomed_dataset_anonymization.schema import Column

INFERENCE, LINKAGE, RECONSTRUCTION = "inference", "linkage", "reconstruction"
"""The kinds of submissions that they belong to."""

_SHARE = (0.0, 1.0)


def inference_metrics(arena: Arena) -> list[Metric]:
    """Declare what an attack that infers unknown columns is scored by."""
    kind = INFERENCE
    return [
        *_risk_metrics(kind, "an unknown column"),
        _share(kind, "answered", "Share of the targets and unknown columns with a guess."),
        *(
            metric
            for place, column in enumerate(arena.unknown)
            for metric in _column_metrics(kind, column, label=column_label(column, place))
        ),
    ]


def linkage_metrics() -> list[Metric]:
    """Declare what an attack that names rows is scored by."""
    kind = LINKAGE
    return [
        *_risk_metrics(kind, "re-identification"),
        _share(kind, "answered", "Share of the targets for whom a row is named."),
        _share(
            kind,
            "recall",
            "Expected share of the members whose row is named; a row that is published alike k "
            "times counts 1 / k.",
        ),
        _share(
            kind,
            "precision",
            "Expected share of the named rows that are right; 0 if none is named.",
        ),
        _share(
            kind,
            "tpr_at_fpr_0.01",
            "Expected share of the members found among the surest claims that name at most 1 % of "
            "the non-members, equally sure ones together.",
        ),
    ]


def reconstruction_metrics(arena: Arena) -> list[Metric]:
    """Declare what a reconstructed table is scored by."""
    kind = RECONSTRUCTION
    return [
        *_risk_metrics(kind, "the reconstruction of whole records")[:3],
        *(
            _share(
                kind,
                f"{side}_{how}",
                f"Share of the {arena.n_surest} surest rows that match {whom}, {words}.",
            )
            for how, words in (("exact", "exactly"), ("tolerant", "within the tolerances"))
            for side, whom in (
                ("match", "distinct leaky people"),
                ("non_member_match", "as many non-members"),
            )
        ),
    ]


def house_metrics(arena: Arena) -> list[Metric]:
    """Declare what each attack of the house's panel is scored by."""
    kind = ANONYMIZER
    return [
        *_risk_metrics(kind, "an unknown column, or of re-identification where rows are named"),
        Metric(
            name="risk_low_exposed",
            kind=kind,
            bounds=_SHARE,
            chance=0.0,
            definition="The same bound for the people whom the published table exposes most; 0 if "
            "they are too few to count.",
        ),
        *(
            metric
            for place, column in enumerate(arena.unknown)
            for metric in _house_column_metrics(kind, column, label=column_label(column, place))
        ),
    ]


def column_label(column: Column, place: int) -> str:
    """Return a column's name as part of a metric's, or its place if it has other characters."""
    plain = column.name.isascii() and column.name.replace("_", "").replace("-", "").isalnum()
    return column.name if plain else f"unknown{place + 1}"


def _risk_metrics(kind: str, goal: str) -> list[Metric]:
    return [
        Metric(
            name="risk_low",
            kind=kind,
            bounds=_SHARE,
            chance=0.0,
            primary=True,
            definition=f"Lower 95 % bound of the worst risk of {goal}, over all people and the "
            "rare ones; the level is shared by all intervals (Bonferroni).",
        ),
        Metric(
            name="risk",
            kind=kind,
            bounds=_SHARE,
            chance=0.0,
            limits=("risk_low", "risk_high"),
            definition="That risk: success on members above the floor, as a share of what the "
            "floor leaves (Giomi et al. 2023).",
        ),
        Metric(
            name="risk_high",
            kind=kind,
            bounds=_SHARE,
            definition="Upper 95 % bound of that risk.",
        ),
        Metric(
            name="risk_low_rare",
            kind=kind,
            bounds=_SHARE,
            chance=0.0,
            definition="The same bound for the rare people alone; 0 if they are too few to count.",
        ),
    ]


def _success_metrics(kind: str, column: Column, *, label: str) -> list[Metric]:
    name = column.name
    return [
        _share(kind, f"members.{label}", f"Share of the members whose {name} is guessed rightly."),
        _share(
            kind,
            f"non_members.{label}",
            f"Share of the non-members whose {name} is guessed rightly.",
        ),
    ]


def _house_column_metrics(kind: str, column: Column, *, label: str) -> list[Metric]:
    return [
        *_success_metrics(kind, column, label=label),
        _share(kind, f"risk.{label}", "Success on members above that on non-members."),
        _share(kind, f"risk_low.{label}", "Lower bound of that risk."),
    ]


def _column_metrics(kind: str, column: Column, *, label: str) -> list[Metric]:
    name = column.name
    return [
        *_success_metrics(kind, column, label=label),
        _share(
            kind,
            f"background.{label}",
            f"Share of the same members whose {name} is guessed right by a model that never saw "
            "the table.",
        ),
        _share(kind, f"risk.{label}", "Success on members above the larger of the two floors."),
        _share(kind, f"risk_low.{label}", "Lower bound of that risk."),
        _share(kind, f"advantage.{label}", "Success on members above the background model alone."),
        Metric(
            name=f"anonymity_loss.{label}",
            kind=kind,
            bounds=(-math.inf, 1.0),
            chance=0.0,
            definition="Anonymity loss coefficient: precision discounted by recall, at the recall "
            "that suits the attack best, beyond non-members and background (Francis and Wagner "
            "2025).",
        ),
    ]


def _share(kind: str, name: str, definition: str) -> Metric:
    return Metric(name=name, kind=kind, bounds=_SHARE, definition=definition)
