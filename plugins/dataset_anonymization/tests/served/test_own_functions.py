"""Challenges that an organiser's own functions score, with the names of anomed-challenge."""

from __future__ import annotations

import io
from pathlib import Path

import anomed_dataset_anonymization as anochal
import pandas as pd
import pytest
from anomed_dataset_anonymization import plugin
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, ConfigError, ServerSettings, create_app

from .conftest import form, parquet

LEAKY = pd.DataFrame({"age": [31, 42, 53, 64], "income": [10.2, 20.4, 30.6, 40.8]})


def utility(anonymized: pd.DataFrame, scheme: str, leaky: pd.DataFrame) -> dict[str, float]:
    error = (anonymized["income"] - leaky["income"]).abs().mean()
    return {"error": float(error), "is_same": float(scheme == anochal.AnonymizationScheme.SAME)}


def privacy(reconstructed: pd.DataFrame, leaky: pd.DataFrame) -> dict[str, float]:
    return {"matching_rows": float((reconstructed == leaky).all(axis=1).mean())}


def fail(*_: object) -> dict[str, float]:
    raise ZeroDivisionError("no records")


CHALLENGE = anochal.TabularDataReconstructionChallenge(
    leaky_data=LEAKY,
    background_knowledge=LEAKY[["age"]],
    utility_evaluator=utility,
    privacy_evaluator=privacy,
)


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed_afterwards: None) -> TestClient:
    monkeypatch.setenv("ANOMED_STATE", str(tmp_path / "state"))
    return TestClient(anochal.tabular_data_reconstruction_challenge_server_factory(CHALLENGE))


def publish(client: TestClient, table: pd.DataFrame, scheme: str = "same"):
    content, kind = form({"anon_data": parquet(table), "anon_scheme": scheme.encode()})
    return client.simulate_post(
        "/utility/anonymizer",
        params={"anonymizer": "alice"},
        body=content,
        headers={"Content-Type": kind},
    )


def test_upstreams_four_routes_answer(client: TestClient) -> None:
    alive = client.simulate_get("/")
    leaky = pd.read_parquet(io.BytesIO(client.simulate_get("/data/anonymizer/leaky").content))
    known = client.simulate_get("/data/deanonymizer/background-knowledge").content
    score = publish(client, LEAKY.round(0))
    attack = client.simulate_post("/utility/deanonymizer", body=parquet(LEAKY))

    assert alive.json == {"message": "Challenge server is alive!"}
    assert leaky.equals(LEAKY)
    assert pd.read_parquet(io.BytesIO(known)).equals(LEAKY[["age"]])
    assert (score.status_code, score.json) == (201, {"error": pytest.approx(0.3), "is_same": 1.0})
    assert (attack.status_code, attack.json) == (201, {"matching_rows": 1.0})


def test_other_columns_are_refused_before_a_function_sees_them(client: TestClient) -> None:
    for answer in (
        publish(client, LEAKY[["age"]]),
        client.simulate_post("/utility/deanonymizer", body=parquet(LEAKY[["income"]])),
    ):
        assert answer.status_code == 422
        assert "lacks the columns" in answer.json["description"]


def test_other_schemes_may_have_other_columns(client: TestClient) -> None:
    wide = LEAKY.assign(age_min=30, age_max=70)
    answer = publish(client, wide, "generalization")

    assert answer.json == {"error": 0.0, "is_same": 0.0}


def test_an_evaluator_that_fails_on_the_truth_is_refused_at_start(tmp_path: Path) -> None:
    broken = anochal.TabularDataReconstructionChallenge(LEAKY, LEAKY, fail, privacy)
    with pytest.raises(ConfigError, match=r"utility_evaluator: it fails .* no records"):
        create_app(
            [ChallengeSpec(id="c", type=plugin.NAME, config=broken)],
            plugins=[plugin],
            settings=ServerSettings(state=tmp_path),
        )


def test_the_object_evaluates_by_itself() -> None:
    same = anochal.AnonymizationScheme.SAME

    assert CHALLENGE.evaluate_utility(LEAKY, same, LEAKY) == {"error": 0.0, "is_same": 1.0}
    assert CHALLENGE.evaluate_privacy(LEAKY, LEAKY) == {"matching_rows": 1.0}


def test_names_are_exported_lazily() -> None:
    assert anochal.__all__ == sorted(anochal.__all__)
    assert set(anochal.__all__) <= set(dir(anochal))
    with pytest.raises(AttributeError, match="nothing"):
        _ = anochal.nothing
