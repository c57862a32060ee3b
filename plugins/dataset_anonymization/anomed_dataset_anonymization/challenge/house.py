"""The house's panel of attacks, which runs on every published table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import TYPE_CHECKING

import attrs
import numpy as np

from anomed_core import HouseAttack, MetricRow, Submission, measured
from anomed_dataset_anonymization.challenge.kinds import PUBLISHED_TABLE
from anomed_dataset_anonymization.challenge.metrics.attacks import (
    column_label,
    column_risk_rows,
    risk_rows,
    success_rows,
)
from anomed_dataset_anonymization.challenge.scoring import as_told, lineage_of
from anomed_dataset_anonymization.threat import (
    PANEL,
    Attack,
    Found,
    find_exposed,
    nearness_to_public,
    run_panel,
    shared_level,
)
from anomed_dataset_anonymization.utility import boxes_of_published

if TYPE_CHECKING:
    from anomed_core.statistics import Estimate
    from anomed_dataset_anonymization.challenge.arena import Arena
    from anomed_dataset_anonymization.schema import Column


PUBLIC_PEOPLE = "public_people"
"""Name of the test that the ranking asks whether a table is of the leaky people."""


@singledispatch
def house_attacks(arena: Arena) -> list[HouseAttack]:
    """Return the panel, and a test of whose table it is, as what the server runs by itself."""
    return [*(_house_attack(arena, attack) for attack in PANEL), _test_of_people(arena)]


def _house_attack(arena: Arena, attack: Attack) -> HouseAttack:
    rows = house_rows(arena)

    def run(submission: Submission, rng: np.random.Generator) -> Mapping[str, float]:
        published = arena.published(submission)
        draw = arena.house_draw(submission)
        truth = arena.truth(draw.targets)
        truth = attrs.evolve(truth, is_exposed=find_exposed(published, truth))
        results = run_panel(
            arena.view(published, draw),
            truth,
            lineage=lineage_of(arena, published, truth),
            rng=rng,
            attacks=[attack],
            level=shared_level(0.95, len(PANEL)),
        )
        return as_told(measured(rows, Found(results=results)), submission.split)

    sentence = (type(attack).__doc__ or attack.name).strip().split("\n")[0]
    return HouseAttack(
        name=attack.name,
        kind=PUBLISHED_TABLE,
        description=sentence,
        metrics=[row.declared(PUBLISHED_TABLE) for row in rows],
        run=run,
    )


def _test_of_people(arena: Arena) -> HouseAttack:
    def run(submission: Submission, rng: np.random.Generator) -> Mapping[str, float]:
        found = nearness_to_public(
            boxes_of_published(arena.published(submission)),
            leaky=arena.original,
            reference=arena.people.reference,
            non_members=arena.people.coordinates[arena.people.parts.non_members],
            rng=rng,
        )
        return as_told(measured(PUBLIC_ROWS, found), submission.split)

    return HouseAttack(
        name=PUBLIC_PEOPLE,
        kind=PUBLISHED_TABLE,
        description="Tells whether a table was made of the reference instead of the leaky people.",
        metrics=[row.declared(PUBLISHED_TABLE) for row in PUBLIC_ROWS],
        run=run,
    )


PUBLIC_ROWS: tuple[MetricRow[Estimate], ...] = (
    MetricRow(
        name="public_auc",
        compute=lambda found: found.value,
        definition="How well nearness to the published table, beside nearness to the leaky people, "
        "tells the people of the reference from people whom nobody gets (AUC).",
        chance=0.5,
    ),
    MetricRow(
        name="public_auc_low",
        compute=lambda found: found.low,
        definition="Lower 99.9 % bound of that: above one half, the table was made of the "
        "reference.",
        chance=0.5,
    ),
)


def house_rows(arena: Arena) -> list[MetricRow[Found]]:
    """Measure each attack of the house's panel."""
    return [
        *risk_rows("an unknown column, or of re-identification where rows are named"),
        MetricRow(
            name="risk_low_exposed",
            compute=lambda found: found.risk_low("exposed"),
            chance=0.0,
            definition="The same bound for the people whom the published table exposes most; 0 if "
            "they are too few to count.",
        ),
        *(
            row
            for place, column in enumerate(arena.unknown)
            for row in _house_column_rows(column, label=column_label(column, place))
        ),
    ]


def _house_column_rows(column: Column, *, label: str) -> list[MetricRow[Found]]:
    return [
        *success_rows(column, label=label),
        *column_risk_rows(column.name, label, "that on non-members"),
    ]
