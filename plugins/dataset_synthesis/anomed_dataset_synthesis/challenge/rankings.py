"""Who wins, and what the house enters itself."""

from collections.abc import Callable
from functools import partial
from typing import Any

from anomed_core import Criterion, DataRequest, Gate, HouseEntry, Ranking, Split, Take
from anomed_dataset_synthesis.challenge.arena import Arena
from anomed_dataset_synthesis.challenge.baselines import background, synthesized
from anomed_dataset_synthesis.challenge.house import DIAGNOSTICS_PREFIX, PANEL
from anomed_dataset_synthesis.challenge.kinds import SYNTHESIZER
from anomed_dataset_synthesis.generators import IndependentColumns
from anomed_dataset_synthesis.rounds import Round

RESOLUTION = 0.01
"""Risks that differ by less are the same: attacks cannot tell them apart."""


def rankings(arena: Arena) -> list[Ranking]:
    """Rank finals by risk among the useful ones that are synthetic, then by utility.

    What misses the gate comes after all that passes it, and so do real records from elsewhere: they
    give no member away, and nobody has synthesised them.
    """
    return [
        Ranking(
            name="synthesizers",
            kind=SYNTHESIZER,
            gates=[
                Gate(metric="passes_gate", at_least=1, label="of too little use"),
                *_least_gain(arena),
                Gate(
                    metric=f"{DIAGNOSTICS_PREFIX}copies_public_records",
                    house_attack=PANEL,
                    at_most=0,
                    label="real records from elsewhere",
                ),
            ],
            criteria=[
                Criterion(metric="risk_low", take=Take.WORST, resolution=RESOLUTION),
                Criterion(metric="utility"),
            ],
        )
    ]


def _least_gain(arena: Arena) -> list[Gate]:
    least = arena.config.least_gain
    return [] if least is None else [Gate(metric="gain", at_least=least, label="no news")]


def house_entries(arena: Arena) -> list[HouseEntry]:
    """Enter what needs no generator: a table without ties, and one that others have published."""
    return [
        _entry(
            arena,
            "independent-columns",
            "Each column drawn for itself: nothing hangs together.",
            lambda round_: synthesized(IndependentColumns(), round_),
        ),
        _entry(
            arena,
            "public-background",
            "Public records, handed in as synthetic ones.",
            background,
        ),
    ]


def _entry(arena: Arena, name: str, description: str, make: Callable[[Round], Any]) -> HouseEntry:
    return HouseEntry(
        name=name, kind=SYNTHESIZER, description=description, payload=partial(_made, arena, make)
    )


def _made(arena: Arena, make: Callable[[Round], Any], request: DataRequest) -> Any:
    return make(arena.rounds[request.split or Split.VALIDATION])
