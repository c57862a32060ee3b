"""Who wins, and what the house enters itself."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from anomed_core import Criterion, Gate, HouseEntry, Ranking, Take
from anomed_dataset_anonymization.anonymizers import Anonymizer, Mondrian, Suppression
from anomed_dataset_anonymization.challenge.baselines import anonymized, form
from anomed_dataset_anonymization.challenge.house import PUBLIC_PEOPLE
from anomed_dataset_anonymization.challenge.kinds import (
    INFERENCE,
    LINKAGE,
    PUBLISHED_TABLE,
    RECONSTRUCTION,
)

if TYPE_CHECKING:
    from anomed_dataset_anonymization.challenge.arena import Arena

RESOLUTION = 0.01
"""Risks that differ by less are no difference that anybody should be ranked by."""


@singledispatch
def rankings(arena: Arena) -> list[Ranking]:
    """Rank useful tables by the worst attack on them, then by the error of queries.

    To publish nothing is private, and of no use; to publish the leaky table is useful, and gives
    its people away; to publish people whom everybody has is both, and says nothing. None wins.
    """
    return [
        Ranking(
            name="anonymizers",
            kind=PUBLISHED_TABLE,
            gates=[
                Gate(metric="usefulness", at_least=arena.least_usefulness, label="of no use"),
                *_least_gain(arena),
                Gate(
                    metric="public_auc_low",
                    house_attack=PUBLIC_PEOPLE,
                    at_most=0.5,
                    label="public people",
                ),
            ],
            criteria=[
                Criterion(metric="risk_low", take=Take.WORST, resolution=RESOLUTION),
                Criterion(metric="query_error"),
            ],
        ),
        *(
            Ranking(
                name=kind,
                title=f"Deanonymizers, {kind}",
                kind=kind,
                criteria=[Criterion(metric="risk_low", take=take)],
            )
            # A reconstructed table may be of nobody in particular.
            for kind, take in (
                (INFERENCE, Take.MEAN_OVER_TARGETS),
                (LINKAGE, Take.MEAN_OVER_TARGETS),
                (RECONSTRUCTION, Take.FINAL),
            )
        ),
    ]


def _least_gain(arena: Arena) -> list[Gate]:
    if arena.least_gain is None:
        return []
    return [Gate(metric="gain", at_least=arena.least_gain, label="no news")]


@singledispatch
def house_entries(arena: Arena) -> list[HouseEntry]:
    """Enter what says nothing, and what anybody could do in an afternoon."""
    return [
        _entry(arena, "suppression", Suppression(), "As many people, and nothing about any."),
        _entry(arena, "mondrian-10", Mondrian(k=10), "Mondrian with classes of at least ten."),
    ]


def _entry(arena: Arena, name: str, anonymizer: Anonymizer, description: str) -> HouseEntry:
    return HouseEntry(
        name=name,
        kind=PUBLISHED_TABLE,
        description=description,
        payload=lambda _: form(anonymized(arena, anonymizer), anonymizer.scheme),
    )
