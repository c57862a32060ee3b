"""The hooks of the type, called by the core and without HTTP."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from anomed_supervised_mia import plugin
from anomed_supervised_mia.challenge.config import SupervisedMIAConfig

from anomed_core import ChallengeSpec, ConfigError, ServerSettings, Split, SubmissionRejected
from anomed_core.config import structure
from anomed_core.plugins import build_registry
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.service.specs import demo_table, specs_from_tables
from anomed_core.testing import rehearse
from anomed_core.wire import encode_npz

OpenServer = Callable[..., Server]


@pytest.fixture
def open_one(tmp_path: Path) -> Iterator[OpenServer]:
    servers = []

    def open_one(**options: Any) -> Server:
        registry = build_registry(discover=False)
        registry.add(plugin, name="supervised-mia")
        table = {"mia_evaluation_dataset_length": 5, **options}
        spec = ChallengeSpec(
            id="c", type="supervised-mia", config=structure(table, SupervisedMIAConfig, key="c")
        )
        settings = ServerSettings(state=tmp_path / "state")
        server = open_server([spec], registry=registry, settings=settings, environment={})
        servers.append(server)
        return server

    yield open_one
    for server in servers:
        server.close()


@pytest.fixture
def hosted(open_one: OpenServer) -> HostedChallenge:
    return open_one(data={"source": "sklearn:iris"}).challenges["c"]


def test_the_type_is_announced_without_importing_what_is_heavy() -> None:
    (announced,) = plugin.anomed_challenge_types()

    assert announced.name == "supervised-mia"
    assert announced.config_class == "anomed_supervised_mia.challenge.config:SupervisedMIAConfig"


def test_the_demo_can_be_opened_and_its_baselines_behave(tmp_path: Path) -> None:
    registry = build_registry(discover=False)
    announced = registry.add(plugin, name="supervised-mia")
    assert announced is not None
    server = open_server(
        specs_from_tables([demo_table(announced)], registry),
        registry=registry,
        settings=ServerSettings(state=tmp_path),
        environment={},
    )
    findings = rehearse(server.challenges["iris"], server)
    server.close()

    assert len(findings) == 8
    assert all(finding.ok for finding in findings), findings


def test_the_published_products_and_kinds_are_declared(hosted: HostedChallenge) -> None:
    published = {
        "/data/anonymizer/training",
        "/data/anonymizer/tuning",
        "/data/anonymizer/validation",
        "/data/deanonymizer/members",
        "/data/deanonymizer/non-members",
        "/data/attack-success-evaluation",
    }

    assert published <= set(hosted.products)
    assert [kind.path for kind in hosted.kinds][:2] == [
        "/utility/anonymizer",
        "/utility/deanonymizer",
    ]


def test_what_is_provided_is_what_is_declared(hosted: HostedChallenge) -> None:
    from anomed_core.model import DataRequest
    from anomed_core.service import requested_product

    request = DataRequest(
        parameters={"anonymizer": "a", "deanonymizer": "d", "data_split": "tuning"}
    )
    for product in hosted.products.values():
        if not product.with_target:
            assert requested_product(hosted, product, request)


def test_targets_to_be_predicted_are_not_handed_out(hosted: HostedChallenge) -> None:
    for split in ("tuning", "validation"):
        schema = hosted.products[f"/data/anonymizer/{split}"].schema
        (_, y) = schema.arrays  # type: ignore[union-attr]
        assert (y.dtype, y.shape) == ("float64", (0,))


@pytest.mark.parametrize(
    ("source", "names"),
    [("sklearn:iris", ["accuracy"]), ("sklearn:diabetes", ["mae"])],
    ids=["labels", "numbers"],
)
def test_the_default_metric_suits_the_targets(
    source: str, names: list[str], open_one: OpenServer
) -> None:
    metrics = open_one(data={"source": source}).challenges["c"].metrics["anonymizer"]

    assert [metric.name for metric in metrics] == names


def test_named_metrics_are_declared_in_order(open_one: OpenServer) -> None:
    server = open_one(data={"source": "sklearn:iris"}, utility=["macro_f1", "accuracy"])

    assert [m.name for m in server.challenges["c"].metrics["anonymizer"]] == [
        "macro_f1",
        "accuracy",
    ]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"utility": ["acuracy"]}, "challenges.c.utility: there is no utility metric 'acuracy'"),
        (
            {"mia_evaluation_dataset_length": 50},
            "challenges.c.mia_evaluation_dataset_length: 50 is too large",
        ),
        ({"data": {"source": "sklearn:moon"}}, "challenges.c.data.source: scikit-learn bundles"),
    ],
)
def test_what_cannot_be_opened_is_a_configuration_error(
    options: dict[str, Any], sentence: str, open_one: OpenServer
) -> None:
    with pytest.raises(ConfigError) as error:
        open_one(**{"data": {"source": "sklearn:iris"}, **options})

    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize("dtype", ["bool", "int8", "float64"])
def test_memberships_are_taken_in_every_dtype(dtype: str, open_one: OpenServer) -> None:
    server = open_one(data={"source": "sklearn:iris"})
    hosted = server.challenges["c"]
    arena = hosted.challenge.definition
    query = {"anonymizer": "a", "deanonymizer": "d", "data_split": "tuning"}
    truth = arena.memberships(anonymizer="a", deanonymizer="d", split=Split.TUNING)

    receipt = server.submissions.submit(
        hosted,
        hosted.kind("deanonymizer"),
        query=query,
        body=encode_npz({"prediction": truth.astype(dtype)}),
    )

    assert (receipt.score.metrics["acc"], receipt.score.metrics["auc"]) == (1.0, 1.0)


@pytest.fixture
def texts(tmp_path: Path) -> dict[str, str]:
    """Return settings of data whose targets are words."""
    rng = np.random.default_rng(0)
    words = np.array(["no", "yes"])[rng.integers(0, 2, 60)]
    np.savez(tmp_path / "data.npz", X=rng.normal(size=(60, 2)), y=words)
    return {"source": f"npz:{tmp_path / 'data.npz'}"}


def test_metrics_that_do_not_suit_the_data_are_a_configuration_error(
    texts: dict[str, str], open_one: OpenServer
) -> None:
    with pytest.raises(ConfigError, match=r"^challenges.c.utility: it does not suit the data: "):
        open_one(data=texts, utility=["mae"], mia_evaluation_dataset_length=2)


def test_text_labels_are_served_and_scored(texts: dict[str, str], open_one: OpenServer) -> None:
    server = open_one(data=texts, mia_evaluation_dataset_length=2)
    hosted = server.challenges["c"]
    truth = hosted.challenge.definition.targets(Split.VALIDATION)

    receipt = server.submissions.submit(
        hosted,
        hosted.kind("anonymizer"),
        query={"anonymizer": "a", "data_split": "validation"},
        body=encode_npz({"prediction": np.asarray(truth).astype("<U9")}),
    )

    assert receipt.score.metrics == {"accuracy": 1.0}


@pytest.fixture
def score_numbers(tmp_path: Path, open_one: OpenServer) -> Callable[..., dict[str, float]]:
    """Return a function that scores a prediction, made of the truth, of targets of some dtype."""

    def score(dtype: str, utility: str, change: Callable[..., Any]) -> dict[str, float]:
        y = np.arange(60).astype(dtype)
        np.savez(tmp_path / "data.npz", X=np.ones((60, 2)), y=y)
        server = open_one(
            data={"source": f"npz:{tmp_path / 'data.npz'}"},
            utility=[utility],
            mia_evaluation_dataset_length=2,
        )
        hosted = server.challenges["c"]
        truth = np.asarray(hosted.challenge.definition.targets(Split.VALIDATION))
        receipt = server.submissions.submit(
            hosted,
            hosted.kind("anonymizer"),
            query={"anonymizer": "a", "data_split": "validation"},
            body=encode_npz({"prediction": change(truth.astype(np.float64))}),
        )
        return dict(receipt.score.metrics)

    return score


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32"])
def test_whole_numbers_may_be_predicted_by_fractions(
    dtype: str, score_numbers: Callable[..., dict[str, float]]
) -> None:
    assert score_numbers(dtype, "mae", lambda truth: truth + 0.25) == {"mae": 0.25}


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "int64"])
def test_numbers_whose_error_would_overflow_are_refused(
    dtype: str, score_numbers: Callable[..., dict[str, float]]
) -> None:
    with pytest.raises(SubmissionRejected, match="prediction holds values from"):
        score_numbers(dtype, "rmse", lambda truth: truth + 1e200)


def test_the_largest_number_of_a_small_dtype_has_a_finite_error(
    score_numbers: Callable[..., dict[str, float]],
) -> None:
    scores = score_numbers("float16", "rmse", lambda truth: np.full_like(truth, 60_000.0))

    assert scores["rmse"] == pytest.approx(60_000.0, rel=1e-3)


def test_a_label_that_the_dtype_cannot_hold_is_not_taken_for_another(
    score_numbers: Callable[..., dict[str, float]],
) -> None:
    with pytest.raises(SubmissionRejected, match="allowed are values from -128 to 127"):
        score_numbers("int8", "accuracy", lambda truth: truth + 256)


def test_nobody_is_ranked_by_the_luck_of_worthless_attacks(open_digits) -> None:
    """The lower limit of an area below one half says that nothing was learnt, however low it is."""
    (hosted,) = open_digits().challenges.values()
    (anonymizers,) = [one for one in hosted.rankings if one.ranking.name == "anonymizers"]
    worst, utility = anonymizers.criteria

    assert (worst.metric, worst.bounds) == ("auc_low", (0.5, 1.0))
    assert utility.higher_is_better
    assert not worst.higher_is_better
