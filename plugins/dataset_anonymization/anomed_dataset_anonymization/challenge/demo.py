"""The demo: anonymizers publish a hospital's register, deanonymizers and the house attack it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from anomed_client import NotFound

from anomed_dataset_anonymization.anonymizers import (
    Anonymizer,
    Identity,
    Mondrian,
    Noise,
    Suppression,
)
from anomed_dataset_anonymization.schema import TableSchema
from anomed_dataset_anonymization.threat import (
    PANEL,
    Attack,
    NearestBox,
    inferences_of,
    read_view,
)

if TYPE_CHECKING:
    from anomed_core import DemoSession

_HOUSE_TIMEOUT_S = 180.0
_DEANONYMIZER = "nearest-box"
_NAMES = {attack.name for attack in PANEL}


def play(session: DemoSession) -> None:
    """Anonymize, attack, and wait for the house; the core prints who won.

    Parameters
    ----------
    session
        Where the server is.
    """
    challenge = session.join()
    schema = TableSchema.from_document(challenge.document("data/schema"))
    leaky = challenge.table("anonymizer/leaky")
    session.tell(f"Anonymizers download {len(leaky)} patients with {len(schema)} columns.")
    tables = {
        name: _publish(session, name, method, leaky=leaky, schema=schema)
        for name, method in _anonymizers().items()
    }
    for name in tables:
        _attack(session, name, NearestBox(), schema=schema)
    session.tell("The house attacks in the background; this may take a minute ...")
    _wait_for_the_house(session, len(tables))


def _anonymizers() -> dict[str, Anonymizer]:
    return {
        "unchanged": Identity(),
        "noisy": Noise(scale=0.3),
        "mondrian-3": Mondrian(k=3),
        "mondrian-30": Mondrian(k=30),
        "empty": Suppression(),
    }


def _publish(
    session: DemoSession,
    name: str,
    method: Anonymizer,
    *,
    leaky: pd.DataFrame,
    schema: TableSchema,
) -> Mapping[str, float]:
    table = method.anonymize(leaky, schema, rng=np.random.default_rng(session.seed))
    parts = {"anon_data": table, "anon_scheme": method.scheme}
    metrics = session.join(name).submit(parts, split="validation")
    session.tell(
        f"  {name}: query error {metrics['query_error']:.3f}, usefulness "
        f"{metrics['usefulness']:.2f}, k = {metrics['k']:.0f}, truthful "
        f"{metrics['truthfulness']:.0%}"
    )
    return metrics


def _attack(session: DemoSession, anonymizer: str, attack: Attack, *, schema: TableSchema) -> None:
    """Infer the unknown columns from the published table, as any participant could."""
    attacker = session.join(_DEANONYMIZER).attack(anonymizer)
    view = read_view(
        schema=schema,
        targets=attacker.document("deanonymizer/targets", split="validation"),
        background=attacker.table("background-knowledge", split="validation"),
        reference=attacker.table("data/reference"),
        published=attacker.table("deanonymizer/anonymized"),
        scheme=attacker.document("deanonymizer/scheme")["scheme"],
    )
    guesses = attack.guess(view, rng=np.random.default_rng(session.seed))
    answers = inferences_of(guesses, view)
    metrics = attacker.submit(answers, kind="inference", split="validation")
    session.tell(f"  {_DEANONYMIZER} attacks {anonymizer}: risk {metrics['risk']:.3f}")


def _wait_for_the_house(session: DemoSession, n_tables: int) -> None:
    """Wait until the house has attacked everybody."""
    expected = n_tables * len(PANEL)
    deadline = time.monotonic() + _HOUSE_TIMEOUT_S
    challenge = session.join()
    scores: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        try:
            scores.append(json.loads(challenge.request("GET", f"/scores/{len(scores) + 1}").body))
        except NotFound:
            if sum(score["label"] in _NAMES for score in scores) >= expected:
                return
            time.sleep(0.5)
    raise RuntimeError(f"the house has not attacked everybody within {_HOUSE_TIMEOUT_S:g} s")
