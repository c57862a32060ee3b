"""A type without evaluation hooks: its declarations carry data, metrics and baselines."""

import io
from typing import Any

import numpy as np
import pytest

from anomed_core import (
    ArraysSchema,
    Challenge,
    ChallengeType,
    DataProduct,
    Metric,
    Purpose,
    SubmissionKind,
    hookimpl,
)
from anomed_core.errors import PluginBrokenError, SubmissionRejected
from anomed_core.model import DataRequest
from anomed_core.service import requested_product, static_product
from anomed_core.service.baselines import offered_baselines
from anomed_core.service.server import Server
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import GuessingConfig

TRUTH = {"tuning": np.arange(4.0), "validation": np.arange(4.0) + 1}


def largest_error(truth: np.ndarray, given: np.ndarray) -> Any:
    """Largest error of a number."""
    return np.abs(given - truth).max()


class Declared:
    """Everything is said by declarations."""

    ANOMED_API = 1

    def __init__(self, **attack: Any) -> None:
        self.attack = attack

    @hookimpl
    def anomed_challenge_types(self) -> ChallengeType:
        return ChallengeType(name="all-declared", config_class=GuessingConfig)

    @hookimpl
    def anomed_create_challenge(self) -> str:
        return "nothing"

    @hookimpl
    def anomed_data_products(self) -> list[DataProduct]:
        return [
            *DataProduct.of_parts(
                "/data/anonymizer", {"tuning": {"X": TRUTH["tuning"]}}, description="Numbers."
            ),
            DataProduct(
                path="/data/deanonymizer/published",
                with_target=True,
                schema=ArraysSchema.of(prediction=TRUTH["tuning"]),
                data=lambda request: {"prediction": np.zeros(4, "f4")},
            ),
        ]

    @hookimpl
    def anomed_submission_kinds(self) -> list[SubmissionKind]:
        error = Metric.of(largest_error, direction="lower", bounds=(0, 100))
        own: dict[str, Any] = {
            "shape": 4,
            "low": -9,
            "high": 9,
            "description": "Numbers.",
            "perfect": lambda request: TRUTH[request.split],
            "trivial": np.zeros(4),
            "metrics": [error],
            "cheap": True,
        }
        return [
            SubmissionKind.of_array("anonymizer", "float", **own),
            SubmissionKind.of_array("deanonymizer", "float", **{**own, **self.attack}),
        ]


def submitted(server: Server, kind: str, values: Any, split: str = "tuning") -> dict[str, float]:
    hosted = server.challenges["all-declared"]
    query = {"anonymizer": "a", "deanonymizer": "d", "data_split": split}
    body = encode_npz({"prediction": np.asarray(values)})
    receipt = server.submissions.submit(hosted, hosted.kind(kind), query=query, body=body)
    return dict(receipt.score.metrics)


def test_metrics_with_a_measure_need_no_hook(server_of: OpenServer) -> None:
    server = server_of(Declared())

    assert submitted(server, "anonymizer", [0, 1, 2, 5]) == {"largest_error": 2.0}
    assert submitted(server, "anonymizer", TRUTH["validation"], "validation") == {
        "largest_error": 0.0
    }


def test_the_only_metric_ranks_and_says_what_its_function_says(server_of: OpenServer) -> None:
    (metric,) = server_of(Declared()).challenges["all-declared"].metrics["anonymizer"]

    assert (metric.primary, metric.definition) == (True, "Largest error of a number.")


def test_an_attack_on_nobody_is_refused_and_costs_nothing(server_of: OpenServer) -> None:
    server = server_of(Declared())
    with pytest.raises(SubmissionRejected, match="nothing yet that could be attacked on tuning"):
        submitted(server, "deanonymizer", np.zeros(4))
    assert server.ledger.scores(challenge="all-declared") == []

    submitted(server, "anonymizer", np.zeros(4))
    assert submitted(server, "deanonymizer", TRUTH["tuning"]) == {"largest_error": 0.0}


def test_data_are_served_as_they_are_declared(server_of: OpenServer) -> None:
    server = server_of(Declared())
    hosted = server.challenges["all-declared"]
    static, requested = hosted.products.values()

    body = static_product(hosted, static, server.state.artifacts).path.read_bytes()
    assert np.load(io.BytesIO(body))["X"].tolist() == TRUTH["tuning"].tolist()
    told = np.load(io.BytesIO(requested_product(hosted, requested, DataRequest())))["prediction"]
    assert (told.dtype, told.tolist()) == (np.float64, [0.0] * 4)


def test_each_kind_offers_its_baselines(server_of: OpenServer) -> None:
    offered = offered_baselines(server_of(Declared()).challenges["all-declared"])

    assert [baseline.name for baseline in offered] == [
        "perfect anonymizer",
        "trivial anonymizer",
        "perfect deanonymizer",
        "trivial deanonymizer",
    ]


def test_a_measure_needs_something_to_compare_with(server_of: OpenServer) -> None:
    with pytest.raises(PluginBrokenError, match="give the kind its perfect payload"):
        server_of(Declared(perfect=None))


def test_attacks_that_nobody_could_make_are_refused_at_the_start(server_of: OpenServer) -> None:
    class Lone(Declared):
        @hookimpl
        def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
            _, attack = super().anomed_submission_kinds()
            assert attack.purpose is Purpose.THREAT
            return [attack]

    with pytest.raises(PluginBrokenError, match="or with_target=False for attacks that need none"):
        server_of(Lone())
