"""What is handed out and taken, to whom, and what the answers hold."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import attrs
import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization import plugin
from anomed_dataset_anonymization.anonymizers import Mdav, Mondrian
from anomed_dataset_anonymization.schema import TableSchema
from anomed_dataset_anonymization.threat import PANEL
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, Role, ServerSettings, Split, create_app
from anomed_core.ledger import Grant
from anomed_core.testing import rehearse
from anomed_core.testing.findings import Outcome

from .conftest import CONFIG, Player, form, open_player, parquet

RNG = np.random.default_rng


# --- what is handed out ---------------------------------------------------------------------------


def test_leaky_and_reference_are_disjoint_and_described_by_the_schema(player: Player) -> None:
    leaky, reference = player.leaky(), player.table("/data/reference")
    schema = TableSchema.from_document(player.get("/data/schema").json)

    assert (len(leaky), len(reference)) == (1200, 600)
    assert leaky.index.name == "record_id"
    assert leaky.index.is_unique
    assert tuple(leaky.columns) == tuple(reference.columns) == schema.names
    assert [c.name for c in schema.sensitive] == ["diagnosis", "outcome"]
    assert {str(dtype) for dtype in leaky.dtypes} <= {"int64", "float64", "object", "str"}


def test_background_knowledge_is_of_half_members_and_each_pairs_own(
    player: Player, leaky: pd.DataFrame
) -> None:
    path = "/data/deanonymizer/background-knowledge"
    mine = player.table(path, anonymizer="alice", deanonymizer="dora", data_split="validation")
    again = player.table(path, anonymizer="alice", deanonymizer="dora", data_split="validation")
    other = player.table(path, anonymizer="alicedora", deanonymizer="x", data_split="validation")

    assert mine.equals(again)
    assert len(mine) == 400
    assert not set(mine["target_id"]) & set(other["target_id"])
    assert list(mine.columns) == ["target_id", *(c.name for c in player.arena.known)]
    draw = player.arena.draw(Split.VALIDATION, anonymizer="alice", deanonymizer="dora")
    assert draw.targets.is_member.sum() == 200
    assert player.table(path).columns.equals(mine.columns)


def test_targets_say_what_is_known_and_unknown(player: Player) -> None:
    targets = player.get("/data/deanonymizer/targets", anonymizer="a", deanonymizer="b").json

    assert targets["unknown"] == ["diagnosis", "outcome"]
    assert len(targets["target_ids"]) == 400
    assert targets["data_split"] == "tuning"


def test_declared_noise_is_no_smaller_for_who_asks_under_many_names(
    warm_state: Path, tmp_path: Path
) -> None:
    noisy = open_player(tmp_path, attrs.evolve(CONFIG, noise={"age": 5.0, "region": 1.0}))
    draws = [noisy.arena.draw(Split.TUNING, anonymizer=f"a{n}", deanonymizer="b") for n in range(8)]
    everybody = noisy.arena.people.coordinates[:, 0]
    noisy.server.close()

    told = pd.concat([d.knowledge.assign(person=d.targets.positions) for d in draws])
    error = np.abs(told["age"].to_numpy(dtype=float) - everybody[told["person"]])
    assert 0 < error.max() <= 5
    assert told["person"].duplicated().any()
    versions = told.groupby("person")[["age", "region"]].nunique()
    assert (versions == 1).all(axis=None), "who asks under many names averages the noise away"


def test_nothing_is_shown_of_an_anonymizer_that_published_nothing(player: Player) -> None:
    for path in ("/data/deanonymizer/anonymized", "/data/deanonymizer/scheme"):
        answer = player.get(path, anonymizer="nobody")
        assert answer.status_code == 422
        assert "submitted nothing yet" in answer.json["description"]


def test_nobody_can_be_attacked_before_publishing(player: Player) -> None:
    answer = player.attack(pd.DataFrame({"target_id": [1]}), "inference", anonymizer="nobody")

    assert answer.status_code == 422
    assert "submitted nothing yet" in answer.json["description"]


# --- what is taken --------------------------------------------------------------------------------


def test_a_table_gets_every_declared_metric(player: Player, leaky: pd.DataFrame) -> None:
    metrics = player.publish(leaky).json
    description = player.get("/challenge.json").json
    declared = next(kind for kind in description["submissions"] if kind["name"] == "anonymizer")

    assert list(metrics) == [metric["name"] for metric in declared["metrics"]]
    assert (metrics["query_error"], metrics["usefulness"]) == (0, 1)
    assert metrics["k_marginal"] == pytest.approx(1000)
    assert (metrics["gcp"], metrics["truthfulness"], metrics["published_share"]) == (0, 1, 1)
    assert (metrics["lineage_declared"], metrics["sse_share"], metrics["entropy_loss"]) == (1, 0, 0)
    assert metrics["delta"] == 1e6  # a class of one lacks values: infinite


def test_generalised_tables_keep_their_k(player: Player, leaky: pd.DataFrame) -> None:
    table = Mondrian(k=7).anonymize(leaky, player.arena.schema, rng=RNG(0))
    metrics = player.publish(table, "generalization").json

    assert metrics["k"] >= 7
    assert metrics["k_effective"] == metrics["k"]
    assert metrics["k_map"] >= metrics["k"]
    assert 0.4 < metrics["presence_highest"] <= 1.0
    assert metrics["prosecutor_average"] <= 1 / 7
    assert metrics["marketer"] <= metrics["prosecutor_average"]
    assert 0 < metrics["gcp"] < 0.5


def test_class_means_are_scored(player: Player, leaky: pd.DataFrame) -> None:
    table = Mdav(k=5).anonymize(leaky, player.arena.schema, rng=RNG(0))
    metrics = player.publish(table, "microaggregation").json

    assert metrics["k"] >= 5
    assert metrics["k_effective"] == metrics["k"]
    assert 0 < metrics["sse_share"] < 100


def test_all_three_attacks_of_a_pair_are_scored(player: Player, leaky: pd.DataFrame) -> None:
    assert player.publish(leaky).status_code == 201
    ids = player.table(
        "/data/deanonymizer/background-knowledge", anonymizer="alice", deanonymizer="dora"
    )["target_id"]
    reconstruction = player.attack(leaky)
    inference = player.attack(pd.DataFrame({"target_id": ids, "outcome": "home"}), "inference")
    linkage = player.attack(pd.DataFrame({"target_id": ids, "anon_row": 3}), "linkage")

    assert 0.4 < reconstruction.json["match_exact"] < 0.6  # for tuning, half of the people count
    assert inference.json["risk_low"] == 0
    assert inference.json["answered"] == 0.5
    assert linkage.json["recall"] <= 0.01


def test_reconstructed_tables_need_no_parameter(player: Player, leaky: pd.DataFrame) -> None:
    answer = player.client.simulate_post("/utility/deanonymizer", body=parquet(leaky))

    assert answer.status_code == 201
    assert answer.json["risk_low"] > 0.3


def test_a_final_attack_says_who_attacks_whom(player: Player, leaky: pd.DataFrame) -> None:
    answer = player.client.simulate_post(
        "/utility/deanonymizer", params={"data_split": "validation"}, body=parquet(leaky)
    )

    assert answer.status_code == 422
    assert "who attacks whom" in answer.json["description"]


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({"anon_data": b"no parquet", "anon_scheme": b"same"}, 400),
        ({"anon_scheme": b"same"}, 400),
        ({"anon_data": None}, 400),
        ({"anon_data": None, "anon_scheme": b"nonsense"}, 422),
        ({"anon_data": None, "anon_scheme": b"\xff"}, 400),
    ],
)
def test_malformed_forms_are_refused(
    player: Player, leaky: pd.DataFrame, parts: dict[str, bytes | None], status: int
) -> None:
    content, kind = form({name: value or parquet(leaky) for name, value in parts.items()})
    answer = player.client.simulate_post(
        "/utility/anonymizer",
        params={"anonymizer": "alice"},
        body=content,
        headers={"Content-Type": kind},
    )

    assert answer.status_code == status
    assert answer.json["description"]


def test_other_bodies_are_refused(player: Player) -> None:
    answer = player.client.simulate_post(
        "/utility/anonymizer", params={"anonymizer": "alice"}, json={"anon_data": 1}
    )

    assert answer.status_code == 400


# --- who may do what ------------------------------------------------------------------------------


def test_roles_with_tokens(warm_state: Path, tmp_path: Path) -> None:
    player = open_player(
        warm_state, ledger=f"sqlite:///{tmp_path / 'ledger.sqlite'}", auth="tokens"
    )
    tokens = {
        role: player.server.tokens.create(
            Grant(role=Role(role), holder=holder, challenge="hospital")
        )
        for role, holder in (("anonymizer", "alice"), ("deanonymizer", "dora"))
    }

    def status(path: str, role: str) -> int:
        headers = {"Authorization": f"Bearer {tokens[role]}"} if role in tokens else {}
        return player.client.simulate_get(path, headers=headers).status_code

    leaky, background = "/data/anonymizer/leaky", "/data/deanonymizer/background-knowledge"
    allowed = {
        (path, role): status(path, role)
        for path in (leaky, background, "/data/schema", "/data/reference")
        for role in ("anonymizer", "deanonymizer", "public")
    }
    player.server.close()

    assert allowed == {
        (leaky, "anonymizer"): 200,
        (leaky, "deanonymizer"): 403,
        (leaky, "public"): 401,
        (background, "anonymizer"): 403,
        (background, "deanonymizer"): 200,
        (background, "public"): 401,
        **{("/data/schema", role): 200 for role in ("anonymizer", "deanonymizer", "public")},
        ("/data/reference", "anonymizer"): 200,
        ("/data/reference", "deanonymizer"): 200,
        ("/data/reference", "public"): 401,
    }


def test_the_reference_is_public_only_if_the_organiser_says_so(
    warm_state: Path, tmp_path: Path
) -> None:
    public = attrs.evolve(CONFIG, data=attrs.evolve(CONFIG.data, public=True))
    ledger = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    player = open_player(warm_state, public, ledger=ledger, auth="tokens")
    answer = player.client.simulate_get("/data/reference")
    player.server.close()

    assert answer.status_code == 200


# --- the whole ------------------------------------------------------------------------------------


def test_baselines_behave_as_declared(player: Player) -> None:
    (hosted,) = player.server.challenges.values()
    findings = rehearse(hosted, player.server)

    assert len(findings) == 24
    useful = [finding.text for finding in findings if finding.outcome is Outcome.WARNING]
    assert all("baseline 'the reference" in text for text in useful)
    assert len(useful) == 2
    assert [finding.text for finding in findings if not finding.ok] == []


def test_restarts_serve_the_same_people(warm_state: Path, player: Player) -> None:
    again = open_player(warm_state)
    digests = [hashlib.sha256(p.leaky().to_csv().encode()).hexdigest() for p in (player, again)]
    again.server.close()

    assert digests[0] == digests[1]


@pytest.mark.usefixtures("closed_afterwards")
def test_the_house_attacks_in_the_background(tmp_path: Path) -> None:
    """The same application that gunicorn serves: processes of its own, then house attacks."""
    config = attrs.evolve(CONFIG, predict="admission_type")
    application = create_app(
        [ChallengeSpec(id="hospital", type=plugin.NAME, config=config)],
        plugins=[plugin],
        settings=ServerSettings(state=tmp_path / "state"),
    )
    client = TestClient(application)
    player = Player(client=client, server=None)
    leaky = player.leaky()
    table = player.publish(leaky, data_split="validation")
    assert table.status_code == 201
    assert 0.5 < table.json["accuracy"] < 1
    names = {attack.name for attack in PANEL}
    scores, deadline = {}, time.monotonic() + 120
    while not names <= set(scores) and time.monotonic() < deadline:
        answer = client.simulate_get(f"/scores/{len(scores) + 1}")
        if (
            answer.status_code == 200
        ):  # the house's own entries, and attacks on these, are among them
            told = answer.json
            scores[told["label"] if told["anonymizer"] == "alice" else len(scores)] = told[
                "metrics"
            ]
        time.sleep(0.05)

    assert names <= set(scores)
    assert scores["nearest_box"]["risk_low"] > 0.9
    assert scores["index_linkage"]["risk_low"] < 0.1
