"""Submissions with known outcomes: generators and attacks, perfect, trivial and invalid ones.

Of each kind of attack, one knows what is handed out only, and wins against a copy.
"""

import io
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from anomed_core import Baseline, DataRequest, Quality, Split
from anomed_dataset_synthesis.attacks import (
    distance_ratio,
    guess_by_neighbours,
    link_by_reference,
)
from anomed_dataset_synthesis.challenge import kinds
from anomed_dataset_synthesis.challenge.arena import CLAIM_PART, TABLE_PART, Arena
from anomed_dataset_synthesis.challenge.products import CODEBOOK, SYNTHETIC
from anomed_dataset_synthesis.generators import (
    Copy,
    Generator,
    IndependentColumns,
    SequentialTrees,
)
from anomed_dataset_synthesis.rounds import Round
from anomed_dataset_synthesis.table.canonical import (
    CanonicalTable,
    canonicalise,
    to_arrow,
    to_frame,
)
from anomed_dataset_synthesis.table.codebook import Codebook
from anomed_dataset_synthesis.table.partial import canonicalise_known

Make = Callable[[Arena, Round], Any]
PERFECT, TRIVIAL, INVALID = Quality.PERFECT, Quality.TRIVIAL, Quality.INVALID
PUBLIC = Quality.PUBLIC


def form(table: pd.DataFrame, declaration: Mapping[str, Any]) -> dict[str, bytes]:
    """Write a synthesizer's submission by the names of its parts."""
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return {TABLE_PART: buffer.getvalue(), CLAIM_PART: json.dumps(declaration).encode()}


def synthesized(generator: Generator, round_: Round) -> dict[str, bytes]:
    """Submit what a generator makes of a round's training records."""
    return form(_run(generator, round_), {"generator": generator.name})


def _run(generator: Generator, round_: Round) -> pd.DataFrame:
    return _learnt_from(round_.real.training, generator, round_)


def _learnt_from(table: CanonicalTable, generator: Generator, round_: Round) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    fitted = generator.fit(to_frame(table), table.codebook, rng=rng)
    return fitted.sample(len(round_.real.training), rng=rng)


def background(round_: Round) -> dict[str, bytes]:
    """Submit public records, as many as there are training records."""
    places = np.resize(np.arange(len(round_.real.background)), len(round_.real.training))
    return form(to_frame(round_.real.background.take(places)), {"generator": "public background"})


def _learnt_from_public(round_: Round) -> dict[str, bytes]:
    generator = SequentialTrees()
    table = _learnt_from(round_.real.background, generator, round_)
    return form(table, {"generator": f"{generator.name} of the public background"})


def _secrets(arena: Arena, round_: Round) -> pd.DataFrame:
    return to_frame(round_.attributes.table)[list(arena.config.secrets)]


def _secrets_of_members(arena: Arena, round_: Round) -> pd.DataFrame:
    secrets = _secrets(arena, round_).astype(object)
    secrets.loc[~round_.attributes.is_member] = None
    return secrets


def _descriptions(arena: Arena, round_: Round) -> bytes:
    return _stated(round_.real.training, arena.config.predicates)


def _stated(table: CanonicalTable, n_predicates: int) -> bytes:
    """State of each of the first people in a table all that it says."""
    rows = to_arrow(table).slice(0, n_predicates).to_pylist()
    stated = [[[name, "==", value] for name, value in row.items()] for row in rows]
    return json.dumps(stated, default=str).encode()  # dates like 2024-12-31


def _array(make: Callable[[Round], Any]) -> Make:
    return lambda _, round_: {"prediction": make(round_)}


BASELINES: tuple[tuple[str, str, Quality, Make], ...] = (
    ("copy", kinds.SYNTHESIZER, PERFECT, lambda _, round_: synthesized(Copy(), round_)),
    (
        "independent columns",
        kinds.SYNTHESIZER,
        TRIVIAL,
        lambda _, round_: synthesized(IndependentColumns(), round_),
    ),
    ("the background", kinds.SYNTHESIZER, PUBLIC, lambda _, round_: background(round_)),
    (
        "sequential trees of the background",
        kinds.SYNTHESIZER,
        PUBLIC,
        lambda _, round_: _learnt_from_public(round_),
    ),
    (
        "a column too few",
        kinds.SYNTHESIZER,
        INVALID,
        lambda _, round_: form(_run(Copy(), round_).iloc[:, 1:], {}),
    ),
    (
        "true memberships",
        kinds.MEMBERSHIP,
        PERFECT,
        _array(lambda round_: round_.membership.is_member.astype(float)),
    ),
    (
        "everybody is a member",
        kinds.MEMBERSHIP,
        TRIVIAL,
        _array(lambda round_: np.ones(len(round_.membership.is_member))),
    ),
    (
        "scores that are no numbers",
        kinds.MEMBERSHIP,
        INVALID,
        _array(lambda round_: np.full(len(round_.membership.is_member), np.nan)),
    ),
    ("secrets of members only", kinds.ATTRIBUTES, PERFECT, _secrets_of_members),
    ("true secrets of everybody", kinds.ATTRIBUTES, TRIVIAL, _secrets),
    (
        "links of members only",
        kinds.LINKS,
        PERFECT,
        _array(lambda round_: np.where(round_.halves.is_member, round_.halves.partners, -1)),
    ),
    (
        "no links",
        kinds.LINKS,
        TRIVIAL,
        _array(lambda round_: np.full(len(round_.halves.partners), -1)),
    ),
    ("all that is known of members", kinds.SINGLING_OUT, PERFECT, _descriptions),
    (
        "true of everybody",
        kinds.SINGLING_OUT,
        TRIVIAL,
        lambda arena, _: json.dumps([[[arena.codebook.names[0], "!=", None]]]).encode(),
    ),
    (
        "predicates as code",
        kinds.SINGLING_OUT,
        INVALID,
        lambda *_: json.dumps(["__import__('os').getcwd()"]).encode(),
    ),
)
"""Name, kind, what it must show, and how it is made of a round."""


class _HandedOut:
    """What an attacker downloads, under its codebook."""

    def __init__(self, products: Mapping[str, Any]) -> None:
        self.products = products
        self.rules = products[CODEBOOK]
        self.codebook = Codebook.from_mapping({"columns": self.rules["columns"]})
        self.synthetic = self.table(SYNTHETIC)
        self.background = self.table("/data/background")

    def table(self, path: str) -> CanonicalTable:
        return canonicalise(self.products[path], self.codebook)

    def known(self, name: str) -> CanonicalTable:
        return canonicalise_known(self.products[f"/data/deanonymizer/{name}"], self.codebook)


def _nearer_than_public_ones(seen: _HandedOut) -> dict[str, Any]:
    scores = distance_ratio(seen.known("targets"), seen.synthetic, seen.background)
    return {"prediction": scores}


def _secrets_of_neighbours(seen: _HandedOut) -> pd.DataFrame:
    known, secrets = seen.known("attribute-targets"), seen.rules["secrets"]
    guesses = guess_by_neighbours(
        known, seen.synthetic, secrets=secrets, background=seen.background
    )
    return to_frame(guesses)


def _links_by_neighbours(seen: _HandedOut) -> dict[str, Any]:
    links = link_by_reference(
        seen.known("left-halves"),
        seen.known("right-halves"),
        left_columns=seen.rules["left_half"],
        reference=seen.synthetic,
        background=seen.background,
    )
    return {"prediction": links}


ATTACKS: tuple[tuple[str, str, Callable[[_HandedOut], Any]], ...] = (
    ("nearer to synthetic than to public records", kinds.MEMBERSHIP, _nearer_than_public_ones),
    ("secrets of the nearest synthetic record", kinds.ATTRIBUTES, _secrets_of_neighbours),
    ("links through the nearest synthetic record", kinds.LINKS, _links_by_neighbours),
    (
        "all that synthetic records say",
        kinds.SINGLING_OUT,
        lambda seen: _stated(seen.synthetic, seen.rules["n_predicates"]),
    ),
)
"""Name, kind, and how it is made of what attackers are handed."""


def baselines(arena: Arena) -> list[Baseline]:
    """Return the baselines of a challenge."""
    known = [
        Baseline(name=name, kind=kind, quality=quality, payload=partial(_made, arena, make))
        for name, kind, quality, make in BASELINES
    ]
    attacks = [
        Baseline(name=name, kind=kind, quality=Quality.ATTACK, payload=partial(_attack, make))
        for name, kind, make in ATTACKS
    ]
    return [*known, *attacks]


def _attack(make: Callable[[_HandedOut], Any], products: Mapping[str, Any]) -> Any:
    return make(_HandedOut(products))


def _made(arena: Arena, make: Make, request: DataRequest) -> Any:
    return make(arena, arena.rounds[request.split or Split.TUNING])
