"""The demo: anonymizers publish a hospital's register, deanonymizers and the house attack it."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from anomed_client import NotFound

from anomed_core import Split
from anomed_dataset_anonymization.anonymizers import (
    Anonymizer,
    Identity,
    Mondrian,
    Noise,
    Suppression,
)
from anomed_dataset_anonymization.challenge.config import LEAST_USEFULNESS
from anomed_dataset_anonymization.schema import TableSchema, encode
from anomed_dataset_anonymization.schemes import canonicalise
from anomed_dataset_anonymization.standings import Standing, ranked
from anomed_dataset_anonymization.threat import (
    HOUSE_ATTACKS,
    AttackerView,
    HouseAttack,
    NearestBox,
)

if TYPE_CHECKING:
    from anomed_core import DemoSession

_HOUSE_TIMEOUT_S = 180.0
_DEANONYMIZER = "nearest-box"


def play(session: DemoSession) -> None:
    """Anonymize, attack, wait for the house, and print the ranking.

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
    attacks = _attacks_by_target(session, tables)
    standings = [_standing(name, tables[name], attacks[name]) for name in tables]
    _print_ranking(session, ranked(standings), tables)


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


def _attack(
    session: DemoSession, anonymizer: str, attack: HouseAttack, *, schema: TableSchema
) -> None:
    """Infer the unknown columns from the published table, as any participant could."""
    attacker = session.join(_DEANONYMIZER).attack(anonymizer)
    targets = attacker.document("deanonymizer/targets", split="validation")
    background = attacker.table("background-knowledge", split="validation")
    scheme = attacker.document("deanonymizer/scheme")
    published = attacker.table("deanonymizer/anonymized")
    known = TableSchema(columns=[schema[name] for name in targets["known"]])
    view = AttackerView(
        published=canonicalise(
            published.drop(columns="anon_row"),
            scheme["scheme"],
            schema=schema,
            leaky=published,
        ),
        known=known.names,
        unknown=tuple(targets["unknown"]),
        target_ids=background["target_id"].to_numpy(),
        background=encode(background, known),
        reference=encode(attacker.table("data/reference"), schema),
    )
    guesses = attack.guess(view, rng=np.random.default_rng(session.seed))
    answers = _answers(guesses.values, view, schema)
    metrics = attacker.submit(answers, kind="inference", split="validation")
    session.tell(f"  {_DEANONYMIZER} attacks {anonymizer}: risk {metrics['risk']:.3f}")


def _answers(values: np.ndarray, view: AttackerView, schema: TableSchema) -> pd.DataFrame:
    from anomed_dataset_anonymization.schema import write_cells

    columns = {
        name: write_cells(values[:, place], schema[name]) for place, name in enumerate(view.unknown)
    }
    return pd.DataFrame({"target_id": view.target_ids, **columns})


def _attacks_by_target(
    session: DemoSession, anonymizers: Collection[str]
) -> dict[str, list[tuple[float, str]]]:
    """Wait until the house has attacked everybody; return risk and author of all attacks."""
    expected = len(anonymizers) * len(HOUSE_ATTACKS)
    deadline = time.monotonic() + _HOUSE_TIMEOUT_S
    challenge = session.join()
    scores: list[dict[str, Any]] = []
    while time.monotonic() < deadline:
        try:
            scores.append(json.loads(challenge.request("GET", f"/scores/{len(scores) + 1}").body))
        except NotFound:
            if sum(score["origin"] == "house" for score in scores) == expected:
                return {name: _attacks_on(name, scores) for name in anonymizers}
            time.sleep(0.5)
    raise RuntimeError(f"the house has not attacked everybody within {_HOUSE_TIMEOUT_S:g} s")


def _attacks_on(anonymizer: str, scores: list[dict[str, Any]]) -> list[tuple[float, str]]:
    return [
        (score["metrics"]["risk_low"], score["label"] or score["deanonymizer"])
        for score in scores
        if score["anonymizer"] == anonymizer and "risk_low" in score["metrics"]
    ]


def _standing(
    anonymizer: str, metrics: Mapping[str, float], attacks: Sequence[tuple[float, str]]
) -> Standing:
    risk, author = max(attacks, key=lambda attack: attack[0])
    return Standing(
        anonymizer=anonymizer,
        split=Split.VALIDATION,
        query_error=metrics["query_error"],
        is_useful=metrics["usefulness"] >= LEAST_USEFULNESS,
        risk_low=risk,
        attack=author if risk > 0 else "nobody",
        n_attacks=len(attacks),
    )


def _print_ranking(
    session: DemoSession, standings: list[Standing], tables: Mapping[str, Mapping[str, float]]
) -> None:
    session.tell("")
    session.tell("Ranking by privacy (lower bound of the worst risk that any attack showed, in")
    session.tell("whole per cents), then by utility (mean relative error of secret counting")
    session.tell(f"queries); tables whose usefulness is below {LEAST_USEFULNESS:g} come last:")
    session.tell(
        f"{'':>3} {'anonymizer':<12} {'worst risk':>10} {'found by':<18} {'query error':>11} "
        f"{'usefulness':>10} {'k':>5}"
    )
    for place, standing in enumerate(standings, start=1):
        metrics = tables[standing.anonymizer]
        session.tell(
            f"{place:>2}. {standing.anonymizer:<12} {standing.risk_low:>10.3f} "
            f"{standing.attack:<18} {standing.query_error:>11.3f} {metrics['usefulness']:>10.2f} "
            f"{metrics['k']:>5.0f}"
        )
    session.tell("")
