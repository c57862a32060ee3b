"""Each hook answers without a server: values in, values out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from anomed_dataset_synthesis import plugin
from anomed_dataset_synthesis.challenge.arena import CLAIM_PART, TABLE_PART
from anomed_dataset_synthesis.challenge.config import DatasetSynthesisConfig, DataSettings
from anomed_dataset_synthesis.challenge.kinds import (
    ATTRIBUTES,
    LINKS,
    MEMBERSHIP,
    SINGLING_OUT,
    SYNTHESIZER,
    TASKS,
)
from anomed_dataset_synthesis.table.canonical import to_arrow

from anomed_core import (
    Challenge,
    CreationContext,
    DataRequest,
    DataSource,
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
from anomed_core.state import ArtifactStore


@pytest.fixture(scope="module")
def challenge(
    simulator: Callable[..., pd.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> Challenge:
    people = simulator(9_000, np.random.default_rng(20_240_103))
    lottery = Lottery.seeded(11, "people")
    context = CreationContext(
        challenge_id="people",
        lottery=lottery,
        artifacts=ArtifactStore(tmp_path_factory.mktemp("artifacts")),
        sources={"own": DataSource(scheme="own", table=lambda _: people)},
    )
    config = DatasetSynthesisConfig(
        data=DataSettings(source="own:people", steps={"weight": 0.5, "number": 10_000}),
        secrets=("outcome", "job"),
        targets=110,
        tasks=1,
    )
    return Challenge(
        id="people",
        type="dataset-synthesis",
        title="People",
        definition=plugin.anomed_create_challenge(config, context),
        lottery=lottery,
    )


def submission(kind: str, payload: Any, *, digest: str = "d" * 64) -> Submission:
    is_attack = kind in TASKS
    return Submission(
        kind=kind,
        subject=Subject(
            role=Role.DEANONYMIZER if is_attack else Role.ANONYMIZER,
            anonymizer="somebody",
            deanonymizer="somebody-else" if is_attack else "",
        ),
        split=Split.TUNING,
        payload=payload,
        digest=digest,
    )


@pytest.fixture(scope="module")
def copied(challenge: Challenge) -> Submission:
    """The training records themselves, and a claim that they are private."""
    claim = {"epsilon": 1.0, "delta": 0.0, "neighbours": "replace one", "unit": "one record"}
    claim |= {"accountant": "none", "public_inputs": []}
    table = to_arrow(challenge.definition.rounds[Split.TUNING].real.training)
    return submission(SYNTHESIZER, {TABLE_PART: table, CLAIM_PART: claim})


@pytest.fixture(scope="module")
def target(copied: Submission) -> Target:
    return Target(anonymizer="somebody", submission=copied)


# --- data provision -------------------------------------------------------------------------------


def test_data_products_are_declared_with_schemas(challenge: Challenge) -> None:
    products = {product.path: product for product in plugin.anomed_data_products(challenge)}

    assert products["/data/background"].static
    assert products["/data/synthetic"].with_target
    n_targets = 2 * challenge.definition.config.targets
    assert products["/data/deanonymizer/targets"].schema.max_rows == n_targets


def test_static_products_bring_their_data(challenge: Challenge) -> None:
    for product in plugin.anomed_data_products(challenge):
        assert (product.data is not None) == product.static, product.path


def test_a_round_is_provided_by_its_split(challenge: Challenge) -> None:
    (product,) = (
        product
        for product in plugin.anomed_data_products(challenge)
        if product.path == "/data/anonymizer/training"
    )
    request = DataRequest(parameters={"data_split": "tuning"})

    provided = plugin.anomed_provide_data(challenge, product, request)

    assert pq.read_table(pa.BufferReader(provided)).equals(
        to_arrow(challenge.definition.rounds[Split.TUNING].real.training)
    )
    with pytest.raises(ValueError, match="needs data_split"):
        plugin.anomed_provide_data(challenge, product, DataRequest())


def test_what_was_published_is_provided_by_its_target(challenge: Challenge, target: Target) -> None:
    (product,) = (
        product for product in plugin.anomed_data_products(challenge) if product.with_target
    )
    request = DataRequest(parameters={"data_split": "tuning"}, target=target)

    provided = pq.read_table(
        pa.BufferReader(plugin.anomed_provide_data(challenge, product, request))
    )

    table = target.submission.payload[TABLE_PART]
    assert not provided.equals(table)  # shuffled
    everything = list(table.column_names)
    assert (
        provided.to_pandas()
        .sort_values(everything, ignore_index=True)
        .equals(table.to_pandas().sort_values(everything, ignore_index=True))
    )
    with pytest.raises(ValueError, match="needs an anonymizer"):
        plugin.anomed_provide_data(challenge, product, attrs.evolve(request, target=None))


def test_dummy_tables_are_drawn_from_the_codebook(challenge: Challenge) -> None:
    for product in plugin.anomed_data_products(challenge):
        made = plugin.anomed_dummy_data(challenge, product, 3)
        if isinstance(made, pa.Table):
            assert made.num_rows >= 1
            assert set(made.column_names) <= set(challenge.definition.codebook.names)


# --- utility evaluation ---------------------------------------------------------------------------


def test_five_kinds_are_declared(challenge: Challenge) -> None:
    kinds = plugin.anomed_submission_kinds(challenge)

    assert [kind.name for kind in kinds] == [SYNTHESIZER, *TASKS]
    assert all(kind.with_target for kind in kinds[1:])


def test_utility_has_exactly_the_declared_metrics(challenge: Challenge, copied: Submission) -> None:
    declared = [m for m in plugin.anomed_metrics(challenge) if m.kind == SYNTHESIZER]

    found = plugin.anomed_evaluate_utility(challenge, copied)

    assert list(found) == [metric.name for metric in declared]
    assert all(m.bounds[0] <= found[m.name] <= m.bounds[1] for m in declared)
    assert found["utility"] > 0.9


@pytest.mark.parametrize(
    ("kind", "payload", "said"),
    [
        (SYNTHESIZER, {TABLE_PART: pa.table({"age": [1] * 1_200})}, "^The table has 1 columns"),
        (ATTRIBUTES, pa.table({"job": ["job 1"]}), "^The guesses lack the column 'outcome'"),
        (SINGLING_OUT, [[["no such column", "==", 1]]], r"no such column.*\.$"),
    ],
)
def test_what_the_codebook_cannot_say_is_refused_in_a_sentence(
    challenge: Challenge, kind: str, payload: Any, said: str
) -> None:
    with pytest.raises(SubmissionRejected, match=said):
        plugin.anomed_validate_submission(challenge, submission(kind, payload))


def test_links_are_refused_by_their_schema_alone(challenge: Challenge) -> None:
    plugin.anomed_validate_submission(challenge, submission(LINKS, {"prediction": None}))


# --- threat-model evaluation ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", TASKS)
def test_perfect_attacks_have_exactly_the_declared_metrics_and_the_most_risk(
    challenge: Challenge, target: Target, kind: str
) -> None:
    declared = [m for m in plugin.anomed_metrics(challenge) if m.kind == kind]
    attack = submission(kind, perfect(challenge, kind))

    found = plugin.anomed_evaluate_threat(challenge, attack, target)

    assert list(found) == [metric.name for metric in declared]
    assert found["risk_low"] > 0.5


def perfect(challenge: Challenge, kind: str) -> Any:
    """Return the payload of a kind's perfect baseline, as the server decodes it."""
    (baseline,) = (
        baseline
        for baseline in plugin.anomed_baselines(challenge)
        if baseline.kind == kind and baseline.quality is Quality.PERFECT
    )
    payload = baseline.payload(DataRequest(parameters={"data_split": "tuning"}))
    if isinstance(payload, pd.DataFrame):
        return pa.Table.from_pandas(payload, preserve_index=False)
    return json.loads(payload) if isinstance(payload, bytes) else payload


def test_a_claim_is_tested_by_scores(challenge: Challenge, target: Target) -> None:
    attack = submission(MEMBERSHIP, perfect(challenge, MEMBERSHIP))

    assert plugin.anomed_evaluate_threat(challenge, attack, target)["refutes_claim"] == 1


def test_house_attacks_find_a_copy(challenge: Challenge, copied: Submission) -> None:
    attacks = {attack.name: attack for attack in plugin.anomed_house_attacks(challenge)}

    found = attacks["panel"].run(copied, np.random.default_rng(0))

    assert set(attacks) == {"panel", "linkage"}
    assert found is not None
    assert found["diagnostics.copies_training_records"] == 1
    assert found["risk_low"] > 0.5


# --- around them ----------------------------------------------------------------------------------


def test_useful_synthetic_tables_are_ranked_by_the_worst_attack(challenge: Challenge) -> None:
    (ranking,) = plugin.anomed_rankings(challenge)

    assert [gate.label for gate in ranking.gates] == [
        "of too little use",
        "real records from elsewhere",
    ]
    assert [criterion.metric for criterion in ranking.criteria] == ["risk_low", "utility"]
    assert ranking.criteria[0].take is Take.WORST


def test_the_house_enters_tables_that_can_be_scored(challenge: Challenge) -> None:
    entries = {entry.name: entry for entry in plugin.anomed_house_entries(challenge)}
    n_training = len(challenge.definition.rounds[Split.VALIDATION].real.training)

    assert set(entries) == {"independent-columns", "public-background"}
    for entry in entries.values():
        form = entry.payload(DataRequest(parameters={"data_split": "validation"}))
        assert pq.read_table(pa.BufferReader(form[TABLE_PART])).num_rows == n_training
        assert json.loads(form[CLAIM_PART])["generator"]


def test_the_report_begins_with_claims_and_flags(challenge: Challenge) -> None:
    (section,) = plugin.anomed_report(challenge, ())

    assert section.title == "Claims and flags"


def test_announcing_the_type_names_a_config_class_and_a_demo() -> None:
    (announced,) = plugin.anomed_challenge_types()

    assert announced.name == "dataset-synthesis"
    assert announced.demo is not None


def test_command_lines_are_named_and_not_imported() -> None:
    for name in plugin.anomed_cli_commands().values():
        module = name.partition(":")[0].replace(".", "/")
        assert (Path(plugin.__file__).parent.parent / f"{module}.py").exists()
