"""What the house does itself: attack each published table with its panel."""

from __future__ import annotations

from collections.abc import Mapping
from functools import singledispatch
from typing import TYPE_CHECKING

import attrs
import numpy as np

from anomed_core import HouseAttack, Submission
from anomed_dataset_anonymization.challenge.kinds import PUBLISHED_TABLE
from anomed_dataset_anonymization.challenge.metrics import house_metrics
from anomed_dataset_anonymization.challenge.scoring import (
    by_column,
    lineage_of,
    worst_of_group,
    worst_risk,
)
from anomed_dataset_anonymization.threat import (
    PANEL,
    Attack,
    find_exposed,
    run_panel,
    shared_level,
)

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena


@singledispatch
def house_attacks(arena: Arena) -> list[HouseAttack]:
    """Return the panel as attacks that the server runs in the background."""
    return [_house_attack(arena, attack) for attack in PANEL]


def _house_attack(arena: Arena, attack: Attack) -> HouseAttack:
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
        return {
            **worst_risk(results),
            "risk_low_exposed": worst_of_group(results, "exposed"),
            **by_column(results, arena),
        }

    sentence = (type(attack).__doc__ or attack.name).strip().split("\n")[0]
    return HouseAttack(
        name=attack.name,
        kind=PUBLISHED_TABLE,
        description=sentence,
        metrics=house_metrics(arena),
        run=run,
    )
