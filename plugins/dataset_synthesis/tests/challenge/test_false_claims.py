"""Claims of privacy that are false, or half a claim, on the served challenge."""

from typing import Any

import pandas as pd
import pytest
from anomed_client import Refused
from anomed_dataset_synthesis.generators import Copy

from .cheating import TUNING, exact_scores, metrics_of

CLAIM = {
    "epsilon": 0.1,
    "delta": 0,
    "neighbours": "add or remove one record",
    "unit": "record",
    "accountant": "trust me",
    "public_inputs": [],
}


def test_a_false_claim_is_refuted(served: Any) -> None:
    table = served.synthesize(Copy())
    served.player.publish("liar", table, data_split=TUNING, claim=CLAIM)
    found = metrics_of(served, "panel", "liar")
    assert found["claim.refuted"] == 1
    assert found["claim.epsilon_lower"] > 1
    attack = served.player.attack(
        "membership",
        exact_scores(served, "liar"),
        anonymizer="liar",
        deanonymizer="auditor",
        data_split=TUNING,
    )
    assert attack["refutes_claim"] == 1
    assert attack["epsilon_lower"] <= attack["epsilon_provable"]


def test_a_claim_that_is_not_refuted_is_not_believed(
    served: Any, independent: pd.DataFrame
) -> None:
    served.player.publish("claimant", independent, data_split=TUNING, claim=CLAIM)
    found = metrics_of(served, "panel", "claimant")
    assert found["claim.refuted"] == 0
    assert found["claim.epsilon_provable"] < 5


@pytest.mark.parametrize(
    "claim",
    [
        {"epsilon": 1.0},
        {**CLAIM, "epsilon": -1},
        {**CLAIM, "epsilon": 10**400},
        {**CLAIM, "extra": 1},
        {"training_time_s": 10**400},
        ["epsilon"],
    ],
    ids=lambda claim: str(claim)[:40],
)
def test_half_a_claim_is_refused(served: Any, independent: pd.DataFrame, claim: Any) -> None:
    with pytest.raises(Refused) as refusal:
        served.player.publish("half", independent, data_split=TUNING, claim=claim)
    assert refusal.value.status == 422
