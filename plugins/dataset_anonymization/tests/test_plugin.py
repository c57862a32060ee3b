"""Each hook answers without a server: values in, values out."""

import io
from pathlib import Path
from typing import Any

import anomed_dataset_anonymization as anochal
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from anomed_dataset_anonymization import plugin, threat
from anomed_dataset_anonymization.challenge.config import DatasetAnonymizationConfig, DataSettings

from anomed_core import (
    Challenge,
    CreationContext,
    DataRequest,
    Lottery,
    Quality,
    Role,
    Split,
    Subject,
    Submission,
    SubmissionRejected,
    Take,
    Target,
)
from anomed_core.datasets import builtin
from anomed_core.state import ArtifactStore

ATTACKS = ("reconstruction", "inference", "linkage")
ASKED = DataRequest(
    parameters={"anonymizer": "alice", "deanonymizer": "dora", "data_split": "validation"}
)


def opened(config: Any, folder: Path) -> Challenge:
    lottery = Lottery.seeded(11, "people")
    context = CreationContext(
        challenge_id="people",
        lottery=lottery,
        artifacts=ArtifactStore(folder),
        sources={source.scheme: source for source in builtin.anomed_data_sources()},
    )
    return Challenge(
        id="people",
        type=plugin.NAME,
        title="People",
        definition=plugin.anomed_create_challenge(config, context),
        lottery=lottery,
    )


@pytest.fixture(scope="module")
def challenge(tmp_path_factory: pytest.TempPathFactory) -> Challenge:
    config = DatasetAnonymizationConfig(
        data=DataSettings(source="simulated:hospital-register?n=1500&seed=7"),
        n_targets=100,
        n_queries=50,
    )
    return opened(config, tmp_path_factory.mktemp("artifacts"))


def perfect(challenge: Challenge, kind: str) -> Any:
    """Return the payload of a kind's perfect baseline, as the server decodes it."""
    (baseline,) = (
        baseline
        for baseline in plugin.anomed_baselines(challenge)
        if baseline.kind == kind and baseline.quality is Quality.PERFECT
    )
    payload = baseline.payload(ASKED)
    if isinstance(payload, pd.DataFrame):
        return pa.Table.from_pandas(payload)
    table = pq.read_table(io.BytesIO(payload["anon_data"]))
    return {"anon_data": table, "anon_scheme": payload["anon_scheme"].decode()}


def submission(kind: str, payload: Any, *, deanonymizer: str = "dora") -> Submission:
    is_attack = kind != "anonymizer"
    return Submission(
        kind=kind,
        subject=Subject(
            role=Role.DEANONYMIZER if is_attack else Role.ANONYMIZER,
            anonymizer="alice",
            deanonymizer=deanonymizer if is_attack else "",
        ),
        split=Split.VALIDATION,
        payload=payload,
        digest="d" * 64,
    )


@pytest.fixture(scope="module")
def leaky(challenge: Challenge) -> Submission:
    """The leaky table itself."""
    return submission("anonymizer", perfect(challenge, "anonymizer"))


@pytest.fixture(scope="module")
def target(leaky: Submission) -> Target:
    return Target(anonymizer="alice", submission=leaky)


# --- data provision -------------------------------------------------------------------------------


def test_every_declared_product_is_provided(challenge: Challenge, target: Target) -> None:
    request = DataRequest(parameters=ASKED.parameters, target=target)

    for product in plugin.anomed_data_products(challenge):
        assert len(plugin.anomed_provide_data(challenge, product, request)) > 0, product.path


def test_what_nobody_published_is_refused_in_a_sentence(challenge: Challenge) -> None:
    for product in plugin.anomed_data_products(challenge):
        if product.with_target:
            with pytest.raises(SubmissionRejected, match="'alice' has published nothing yet"):
                plugin.anomed_provide_data(challenge, product, ASKED)


# --- utility evaluation ---------------------------------------------------------------------------


def test_tables_and_three_attacks_are_declared(challenge: Challenge) -> None:
    kinds = plugin.anomed_submission_kinds(challenge)

    assert [kind.name for kind in kinds] == ["anonymizer", *ATTACKS]


def test_utility_has_exactly_the_declared_metrics(challenge: Challenge, leaky: Submission) -> None:
    declared = [m for m in plugin.anomed_metrics(challenge) if m.kind == "anonymizer"]

    found = plugin.anomed_evaluate_utility(challenge, leaky)

    assert set(found) == {metric.name for metric in declared}
    assert all(m.bounds[0] <= found[m.name] <= m.bounds[1] for m in declared)
    assert found["usefulness"] == 1


def test_what_does_not_fit_the_schema_is_refused_in_a_sentence(challenge: Challenge) -> None:
    strange = {"anon_data": pa.table({"nobody knows": [1]}), "anon_scheme": "same"}

    with pytest.raises(SubmissionRejected, match=r"^The scheme 'same' has no column"):
        plugin.anomed_validate_submission(challenge, submission("anonymizer", strange))


# --- threat-model evaluation ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ATTACKS)
def test_perfect_attacks_have_exactly_the_declared_metrics_and_much_risk(
    challenge: Challenge, target: Target, kind: str
) -> None:
    declared = {m.name for m in plugin.anomed_metrics(challenge) if m.kind == kind}
    attack = submission(kind, perfect(challenge, kind))

    plugin.anomed_validate_submission(challenge, attack)
    found = plugin.anomed_evaluate_threat(challenge, attack, target)

    assert set(found) == declared
    assert found["risk_low"] > 0.5


def test_nobody_attacks_an_own_table(challenge: Challenge) -> None:
    attack = submission("linkage", perfect(challenge, "linkage"), deanonymizer="alice")

    with pytest.raises(SubmissionRejected, match="can't attack its own table"):
        plugin.anomed_validate_submission(challenge, attack)


def test_the_house_finds_people_in_the_leaky_table(challenge: Challenge, leaky: Submission) -> None:
    attacks = {attack.name: attack for attack in plugin.anomed_house_attacks(challenge)}

    found = attacks["nearest_box"].run(leaky, np.random.default_rng(0))

    assert set(attacks) == {"public_people", *(attack.name for attack in threat.PANEL)}
    assert set(found) == {metric.name for metric in attacks["nearest_box"].metrics}
    assert found["risk_low"] > 0.5


# --- around them ----------------------------------------------------------------------------------


def test_useful_tables_are_ranked_by_the_worst_attack(challenge: Challenge) -> None:
    tables, *attackers = plugin.anomed_rankings(challenge)

    assert [gate.metric for gate in tables.gates] == ["usefulness", "public_auc_low"]
    assert [criterion.metric for criterion in tables.criteria] == ["risk_low", "query_error"]
    assert tables.criteria[0].take is Take.WORST
    assert {ranking.kind for ranking in attackers} == set(ATTACKS)


def test_the_house_enters_tables_that_anybody_could_publish(challenge: Challenge) -> None:
    for entry in plugin.anomed_house_entries(challenge):
        form = entry.payload(ASKED)
        assert pq.read_table(io.BytesIO(form["anon_data"])).num_rows > 0, entry.name


def test_announcing_the_type_names_a_config_class_and_a_demo() -> None:
    (announced,) = plugin.anomed_challenge_types()

    assert announced.name == plugin.NAME
    assert announced.demo is not None


def test_command_lines_are_named_and_not_imported() -> None:
    for name in plugin.anomed_cli_commands().values():
        module = name.partition(":")[0].replace(".", "/")
        assert (Path(plugin.__file__).parent.parent / f"{module}.py").exists()


def test_an_organisers_own_functions_answer_the_same_hooks(tmp_path: Path) -> None:
    people = pd.DataFrame({"age": [31, 42, 53]})
    own = anochal.TabularDataReconstructionChallenge(
        people,
        people[[]],
        lambda anonymized, _, leaky: {"kept": float(anonymized.equals(leaky))},
        lambda reconstructed, leaky: {"found": float(reconstructed.equals(leaky))},
    )
    challenge = opened(own, tmp_path)
    table = {"anon_data": pa.Table.from_pandas(people), "anon_scheme": "same"}

    products = plugin.anomed_data_products(challenge)
    kinds = plugin.anomed_submission_kinds(challenge)

    assert all(isinstance(product.data, pd.DataFrame) for product in products)
    assert all(kind.perfect is not None for kind in kinds)
    assert [metric.name for metric in plugin.anomed_metrics(challenge)] == ["kept", "found"]
    found = plugin.anomed_evaluate_utility(challenge, submission("anonymizer", table))
    assert found == {"kept": 1.0}
    assert plugin.anomed_house_attacks(challenge) == plugin.anomed_rankings(challenge) == []


@pytest.mark.parametrize(("former", "now"), [("HOUSE_ATTACKS", "PANEL"), ("HouseAttack", "Attack")])
def test_former_names_are_there_and_warn(former: str, now: str) -> None:
    with pytest.warns(DeprecationWarning, match=f"{former} is {now} now"):
        assert getattr(threat, former) is getattr(threat, now)
