"""What went wrong in a plugin is told with the plugin, the hook and the line."""

import inspect

import pytest
from falcon.testing import TestClient
from structlog.testing import capture_logs

from anomed_core import HouseAttack, Metric, hookimpl
from anomed_core.errors import (
    EvaluationFailedError,
    PluginBrokenError,
    SubmissionRejected,
    culprit_of,
)
from anomed_core.plugins import build_registry
from anomed_core.plugins.diagnosis import TRACE_VARIABLE
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.example_types import Doubling, Guessing

BODY = encode_npz({"prediction": [0.0] * 10})
QUERY = {"anonymizer": "a", "data_split": "tuning"}


def out_of_luck(submission):
    raise RuntimeError("out of luck")


LUCK = Metric(name="luck")
LINE = inspect.getsourcelines(out_of_luck)[1] + 1


def submit(server) -> None:
    (hosted,) = server.challenges.values()
    server.submissions.submit(hosted, hosted.kind("anonymizer"), query=QUERY, body=BODY)


def test_an_evaluation_that_raises_is_logged_with_plugin_hook_and_line(server_of) -> None:
    server = server_of(Guessing(outcome=out_of_luck))

    with capture_logs() as logs, pytest.raises(EvaluationFailedError) as error:
        submit(server)

    (line,) = [line for line in logs if line["event"] == "evaluation failed"]
    assert line["culprit"].startswith("in plugin 'guessing-0', hook anomed_evaluate_utility, at ")
    assert line["culprit"].endswith(f"{__file__}:{LINE}")
    assert culprit_of(error.value) == line["culprit"]


def test_a_failed_evaluation_is_logged_once(server_of) -> None:
    client = TestClient(create_web_app(server_of(Guessing(outcome=out_of_luck))))

    with capture_logs() as logs:
        answer = client.simulate_post("/utility/anonymizer", params=QUERY, body=BODY)

    assert answer.status_code == 503
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["evaluation failed"]


def test_metrics_that_are_not_declared_are_blamed_on_who_returned_them(server_of) -> None:
    server = server_of(Guessing(outcome=lambda submission: {}))

    with capture_logs() as logs, pytest.raises(EvaluationFailedError):
        submit(server)

    assert "in plugin 'guessing-0', hook anomed_evaluate_utility, at" in logs[0]["culprit"]


def test_a_validation_that_raises_is_blamed_on_its_plugin(server_of) -> None:
    server = server_of(Guessing(verdict=out_of_luck))

    with capture_logs() as logs, pytest.raises(EvaluationFailedError):
        submit(server)

    assert "hook anomed_validate_submission, at" in logs[0]["culprit"]


def test_a_refusal_is_nobodys_fault(server_of) -> None:
    def refuse(submission):
        raise SubmissionRejected("No.")

    with pytest.raises(SubmissionRejected) as error:
        submit(server_of(Guessing(verdict=refuse)))

    assert culprit_of(error.value) == ""


def test_every_call_is_traced_with_plugin_hook_and_time(monkeypatch, capsys) -> None:
    monkeypatch.setenv(TRACE_VARIABLE, "1")
    registry = build_registry(discover=False)
    registry.add(Guessing(outcome=lambda submission: {"mae": 1.0}), name="game")
    registry.add(Doubling(), name="doubling")

    class Challenge:
        type = "guessing"

    registry.caller("guessing", "anomed_evaluate_utility")(challenge=Challenge(), submission=None)
    first, second = capsys.readouterr().err.strip().splitlines()

    assert "game: anomed_evaluate_utility " in first
    assert first.endswith(" ms -> dict")
    assert "doubling: anomed_evaluate_utility around others " in second


def test_a_call_that_raises_is_traced() -> None:
    registry = build_registry(discover=False)
    registry.add(Guessing(outcome=out_of_luck), name="game")
    lines: list[str] = []
    registry.trace(lines.append)

    with pytest.raises(RuntimeError, match="out of luck"):
        registry.caller("guessing", "anomed_evaluate_utility")(challenge=None, submission=None)

    assert lines[0].endswith("raised RuntimeError: out of luck")


@pytest.mark.parametrize("value", ["", "0"])
def test_without_the_variable_nothing_is_traced(value: str, monkeypatch, capsys) -> None:
    monkeypatch.setenv(TRACE_VARIABLE, value)

    build_registry(discover=False).data_sources()

    assert capsys.readouterr().err == ""


def test_an_extension_that_wraps_is_blamed_for_its_own_faults() -> None:
    class Stumbling:
        ANOMED_API = 1

        @hookimpl(wrapper=True)
        def anomed_evaluate_utility(self):
            yield
            raise KeyError("mae")

    registry = build_registry(discover=False)
    registry.add(Guessing(outcome=lambda submission: {}), name="game")
    registry.add(Stumbling(), name="stumbling")

    with pytest.raises(KeyError) as error:
        registry.caller("guessing", "anomed_evaluate_utility")(challenge=None, submission=None)

    assert culprit_of(error.value).startswith("in plugin 'stumbling'")


def test_a_house_attack_that_raises_is_blamed_on_the_plugin_that_offered_it(server_of) -> None:
    class Attacked(Guessing):
        @hookimpl
        def anomed_house_attacks(self):
            def run(submission, rng):
                return out_of_luck(submission)

            return [HouseAttack(name="unlucky", kind="anonymizer", metrics=[LUCK], run=run)]

    (hosted,) = server_of(Attacked()).challenges.values()
    (attack,) = hosted.house_attacks

    with pytest.raises(RuntimeError) as error:
        attack.run(None, None)

    assert culprit_of(error.value) == (
        f"in plugin 'attacked-0', hook anomed_house_attacks, at {__file__}:{LINE}"
    )


def test_a_declaration_that_raises_is_refused_with_its_line(server_of) -> None:
    class Stumbling(Guessing):
        @hookimpl
        def anomed_metrics(self):
            return out_of_luck(None)

    with pytest.raises(PluginBrokenError) as error:
        server_of(Stumbling())

    assert "raised RuntimeError: out of luck (in plugin 'stumbling-0'" in str(error.value)
    assert str(error.value).endswith(f"hook anomed_metrics, at {__file__}:{LINE})")
