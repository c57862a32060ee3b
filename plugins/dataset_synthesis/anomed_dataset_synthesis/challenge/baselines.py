"""Submissions with known outcomes: generators and attacks, perfect, trivial and invalid ones."""

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from anomed_core import Baseline, DataRequest, Quality, Split
from anomed_dataset_synthesis.challenge import kinds
from anomed_dataset_synthesis.challenge.arena import CLAIM_PART, TABLE_PART, Arena
from anomed_dataset_synthesis.generators import Copy, Generator, IndependentColumns
from anomed_dataset_synthesis.rounds import Round
from anomed_dataset_synthesis.table.canonical import to_frame

Payload = Callable[[Round], Any]


def baselines(arena: Arena) -> list[Baseline]:
    """Return the baselines of a challenge."""
    attribute_names = list(arena.config.secrets)

    def baseline(name: str, kind: str, quality: Quality, make: Payload) -> Baseline:
        def payload(request: DataRequest) -> Any:
            return make(arena.rounds[request.split or Split.TUNING])

        return Baseline(name=name, kind=kind, quality=quality, payload=payload)

    def synthesized(generator: Generator) -> Payload:
        return lambda this: _form(_run(generator, this), {"generator": generator.name})

    def secrets_of(this: Round) -> pd.DataFrame:
        return to_frame(this.attributes.table)[attribute_names]

    def secrets_of_members(this: Round) -> pd.DataFrame:
        secrets = secrets_of(this).astype(object)
        secrets.loc[~this.attributes.is_member] = None
        return secrets

    perfect, trivial, invalid = Quality.PERFECT, Quality.TRIVIAL, Quality.INVALID
    return [
        baseline("copy", kinds.SYNTHESIZER, perfect, synthesized(Copy())),
        baseline(
            "independent columns",
            kinds.SYNTHESIZER,
            trivial,
            synthesized(IndependentColumns()),
        ),
        baseline(
            "a column too few",
            kinds.SYNTHESIZER,
            invalid,
            lambda this: _form(_run(Copy(), this).iloc[:, 1:], {}),
        ),
        baseline(
            "true memberships",
            kinds.MEMBERSHIP,
            perfect,
            lambda this: {"prediction": this.membership.is_member.astype(float)},
        ),
        baseline(
            "everybody is a member",
            kinds.MEMBERSHIP,
            trivial,
            lambda this: {"prediction": np.ones(len(this.membership.is_member))},
        ),
        baseline(
            "scores that are no numbers",
            kinds.MEMBERSHIP,
            invalid,
            lambda this: {"prediction": np.full(len(this.membership.is_member), np.nan)},
        ),
        baseline(
            "secrets of members only",
            kinds.ATTRIBUTES,
            perfect,
            secrets_of_members,
        ),
        baseline("true secrets of everybody", kinds.ATTRIBUTES, trivial, secrets_of),
        baseline(
            "links of members only",
            kinds.LINKS,
            perfect,
            lambda this: {"prediction": np.where(this.halves.is_member, this.halves.partners, -1)},
        ),
        baseline(
            "no links",
            kinds.LINKS,
            trivial,
            lambda this: {"prediction": np.full(len(this.halves.partners), -1)},
        ),
        baseline(
            "all that is known of members",
            kinds.SINGLING_OUT,
            perfect,
            lambda this: _descriptions(this, n_people=arena.config.predicates),
        ),
        baseline(
            "true of everybody",
            kinds.SINGLING_OUT,
            trivial,
            lambda _: json.dumps([[[arena.codebook.names[0], "!=", None]]]).encode(),
        ),
        baseline(
            "predicates as code",
            kinds.SINGLING_OUT,
            invalid,
            lambda _: json.dumps(["__import__('os').getcwd()"]).encode(),
        ),
    ]


def _run(generator: Generator, this: Round) -> pd.DataFrame:
    training = this.real.training
    rng = np.random.default_rng(0)
    fitted = generator.fit(to_frame(training), training.codebook, rng=rng)
    return fitted.sample(len(training), rng=rng)


def _descriptions(this: Round, *, n_people: int) -> bytes:
    """State of each of the first people in the training table all that it says."""
    people = to_frame(this.real.training).iloc[:n_people].astype(object)
    people = people.where(people.notna(), None)
    rows = people.to_dict("records")
    stated = [[[name, "==", value] for name, value in row.items()] for row in rows]
    return json.dumps(stated, default=str).encode()


def _form(table: pd.DataFrame, claim: dict[str, Any]) -> dict[str, bytes]:
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    return {TABLE_PART: buffer.getvalue(), CLAIM_PART: json.dumps(claim).encode()}
