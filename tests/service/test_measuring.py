"""Measures and evaluation hooks add up."""

from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pytest

from anomed_core import ArraysSchema, Challenge, Metric, Submission, SubmissionKind, hookimpl
from anomed_core.errors import ContractError, PluginBrokenError, culprit_of
from anomed_core.model import DataRequest, Split, Target
from anomed_core.service.evaluation import Evaluation, Evaluator
from tests.conftest import OpenServer
from tests.service.test_declared import Declared, largest_error
from tests.service.test_house_metrics import SUBMISSION

GIVEN = attrs.evolve(SUBMISSION, payload={"prediction": np.array([0.0, 1, 2, 5])})
NAME = "all-declared"


def length(*, challenge: Challenge, request: DataRequest, submission: Submission) -> float:
    """Count what is told."""
    assert request.split is submission.split
    return len(challenge.definition) + len(submission.anonymizer)


def seen(truth: np.ndarray, given: np.ndarray, target: Target | None) -> float:
    """Say whether there is a target."""
    return 0.0 if target is None else len(target.anonymizer)


class Summing(Declared):
    """The hook gives what it is told to, beside measures."""

    def __init__(self, answer: Any, *metrics: Metric) -> None:
        super().__init__(metrics=[Metric.of(largest_error), Metric.of(seen)])
        self.answer = answer
        self.more = metrics

    @hookimpl
    def anomed_submission_kinds(self) -> list[SubmissionKind]:
        anonymizer, attack = super().anomed_submission_kinds()
        metrics = (*anonymizer.metrics, Metric.of(length), *self.more)
        return [attrs.evolve(anonymizer, metrics=metrics), attack]

    @hookimpl
    def anomed_evaluate_utility(self) -> Any:
        return self.answer


class Adding:
    """An extension that declares a metric with a measure, and wraps the sum."""

    ANOMED_API = 1

    @hookimpl
    def anomed_metrics(self) -> list[Metric]:
        own = Metric(name="own", kind="anonymizer", measure=lambda *, submission: 0.25)
        return [own, Metric(name="twice", kind="anonymizer")]

    @hookimpl(wrapper=True)
    def anomed_evaluate_utility(self) -> Any:
        metrics = yield
        return {**metrics, "twice": 2 * metrics["largest_error"]}


def score(server: Any, submission: Submission = GIVEN, **options: Any) -> Mapping[str, float]:
    job = Evaluation(challenge=NAME, submission=submission, **options)
    metrics = Evaluator(server.challenges)(job)
    assert isinstance(metrics, dict)
    return metrics


@pytest.mark.parametrize("answer", [None, {}])
def test_what_is_measured_needs_no_hook(answer: Any, server_of: OpenServer) -> None:
    assert score(server_of(Summing(answer))) == {"largest_error": 2.0, "length": 10.0}


def test_the_hook_gives_what_has_no_measure(server_of: OpenServer) -> None:
    server = server_of(Summing({"gain": 3}, Metric(name="gain")))

    assert score(server) == {"largest_error": 2.0, "length": 10.0, "gain": 3.0}


def test_a_metric_that_both_give_is_refused_naming_both(server_of: OpenServer) -> None:
    server = server_of(Summing({"length": 1}))

    with pytest.raises(ContractError) as error:
        score(server)

    assert str(error.value).startswith(
        "the metric 'length' of 'anonymizer' is given twice, by its measure length and by "
        "anomed_evaluate_utility;"
    )


@pytest.mark.parametrize(
    ("answer", "message"),
    [(0.5, "must return a mapping, got float"), ({"more": 1}, r"undeclared \['more'\]")],
)
def test_the_hook_is_judged_all_the_same(answer: Any, message: str, server_of: OpenServer) -> None:
    with pytest.raises(ContractError, match=message) as error:
        score(server_of(Summing(answer)))
    assert culprit_of(error.value).startswith("in plugin 'summing-0', hook anomed_evaluate_")


def test_attacks_are_measured_against_their_target(server_of: OpenServer) -> None:
    attack = attrs.evolve(GIVEN, kind="deanonymizer")

    metrics = score(server_of(Summing(None)), attack, target=Target(anonymizer="anna"))

    assert metrics == {"largest_error": 2.0, "seen": 4.0}


def test_extensions_measure_and_wrap_the_sum(server_of: OpenServer) -> None:
    assert score(server_of(Summing(None), Adding())) == {
        "largest_error": 2.0,
        "length": 10.0,
        "own": 0.25,
        "twice": 4.0,
    }


def test_a_measure_that_names_what_it_needs_needs_no_perfect_payload(
    server_of: OpenServer,
) -> None:
    server = server_of(Declared(perfect=None, metrics=[Metric.of(length)]))

    attack = attrs.evolve(GIVEN, kind="deanonymizer", split=Split.VALIDATION)
    assert score(server, attack) == {"length": 10.0}


def test_a_measure_that_raises_is_blamed_on_its_plugin_and_line(server_of: OpenServer) -> None:
    def stumble(truth: np.ndarray, given: np.ndarray) -> float:
        raise RuntimeError("out of luck")

    server = server_of(Summing(None, Metric.of(stumble)))
    with pytest.raises(RuntimeError) as error:
        score(server)

    culprit = culprit_of(error.value)
    assert culprit.startswith("in plugin 'summing-0', hook anomed_submission_kinds, at ")
    assert culprit.endswith(f"{__file__}:{stumble.__code__.co_firstlineno + 1}")


def test_an_array_that_the_schema_does_not_have_is_refused_at_the_start(
    server_of: OpenServer,
) -> None:
    with pytest.raises(PluginBrokenError, match=r"compares the array 'owners'.*\['prediction'\]"):
        server_of(Summing(None, Metric.of(seen, array="owners")))


def test_one_of_several_arrays_must_be_named(server_of: OpenServer) -> None:
    class Two(Summing):
        @hookimpl
        def anomed_submission_kinds(self) -> list[SubmissionKind]:
            anonymizer, attack = super().anomed_submission_kinds()
            two = ArraysSchema.of(mean=np.zeros(4), spread=np.zeros(4))
            perfect = {"mean": np.zeros(4), "spread": np.zeros(4)}
            return [attrs.evolve(anonymizer, schema=two, perfect=perfect), attack]

    with pytest.raises(PluginBrokenError, match=r"which array.*\['mean', 'spread'\]"):
        server_of(Two(None))


def test_a_wrapper_that_spoils_what_was_right_is_blamed(server_of: OpenServer) -> None:
    class Spoiling:
        ANOMED_API = 1

        @hookimpl(wrapper=True)
        def anomed_evaluate_utility(self) -> Any:
            metrics = yield
            return {**metrics, "petal": 1.0}

    with pytest.raises(ContractError, match=r"undeclared \['petal'\]") as error:
        score(server_of(Summing(None), Spoiling()))
    culprit = culprit_of(error.value)
    assert culprit.startswith("in plugin 'spoiling-1', hook anomed_evaluate_utility, at ")

    with pytest.raises(ContractError, match=r"undeclared \['more'\]") as error:
        score(server_of(Summing({"more": 1.0}), Adding()))
    assert "summing-0" in culprit_of(error.value)


def test_a_perfect_payload_that_writes_into_frozen_data_is_blamed_on_its_line(
    server_of: OpenServer,
) -> None:
    frozen = np.arange(4.0)
    frozen.flags.writeable = False

    def perfect(request: DataRequest) -> np.ndarray:
        frozen[0] = 1.0
        return frozen

    class Writing(Summing):
        @hookimpl
        def anomed_submission_kinds(self) -> list[SubmissionKind]:
            anonymizer, attack = super().anomed_submission_kinds()
            return [attrs.evolve(anonymizer, perfect=perfect), attack]

    with pytest.raises(ValueError, match="read-only") as error:
        score(server_of(Writing(None)))
    line = perfect.__code__.co_firstlineno + 1
    assert culprit_of(error.value).endswith(f"{__file__}:{line}")


def test_the_only_array_may_be_named(server_of: OpenServer) -> None:
    named = Metric.of(largest_error, name="named", array="prediction")

    assert score(server_of(Summing(None, named)))["named"] == 2.0
