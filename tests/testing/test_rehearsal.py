"""A rehearsal scores a challenge's baselines and finds those that do not behave."""

from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from anomed_core import Baseline, Criterion, Gate, Ranking, hookimpl
from anomed_core.testing import rehearse
from anomed_core.testing.findings import Outcome
from tests.conftest import OpenServer
from tests.example_types import Guessing, Tables

BAD = "anonymizer (tuning), baseline 'bad'"
REFUSED = "anomed_validate_submission or the schema refuses it"
TOO_SHORT = "prediction has shape (9,); expected (10,)."


def found(server_of: OpenServer, game: Any) -> list[tuple[bool, str]]:
    server = server_of(game)
    with capture_logs():
        return [
            (finding.ok, finding.text)
            for hosted in server.challenges.values()
            for finding in rehearse(hosted, server)
        ]


def offering(*baselines: tuple[str, str, Any], **options: Any) -> Guessing:
    class Offering(Guessing):
        @hookimpl
        def anomed_baselines(self, challenge: Any) -> list[Baseline]:
            return [
                Baseline(
                    name=name,
                    kind="anonymizer",
                    quality=quality,
                    payload=lambda _, make=make: {"prediction": make(challenge.definition)},
                )
                for name, quality, make in baselines
            ]

    return Offering(**options)


def truth(numbers: Any) -> np.ndarray:
    return np.asarray(numbers.y)


def zeros(numbers: Any) -> np.ndarray:
    return np.zeros_like(numbers.y)


def test_good_baselines_are_found_good(server_of: OpenServer) -> None:
    assert found(server_of, Guessing()) == [
        (True, "anonymizer (tuning), baseline 'truth' scores mae = 0"),
        (True, "anonymizer (tuning), baseline 'zeros' scores mae = 4.5"),
        (
            True,
            f"anonymizer (tuning), baseline 'too short' is refused: {TOO_SHORT}",
        ),
        (True, "anonymizer (tuning): perfect 0 against trivial 4.5 in mae"),
    ]


def test_an_invalid_baseline_that_is_scored_is_bad(server_of: OpenServer) -> None:
    assert found(server_of, offering(("bad", "invalid", truth))) == [
        (False, f"{BAD} is invalid, but it was scored; refuse it in anomed_validate_submission")
    ]


@pytest.mark.parametrize("quality", ["perfect", "trivial"])
def test_a_valid_baseline_that_is_refused_is_bad(quality: str, server_of: OpenServer) -> None:
    findings = found(server_of, offering(("bad", quality, lambda numbers: truth(numbers)[1:])))

    assert findings == [
        (
            False,
            f"{BAD} is {quality}, but {REFUSED}: {TOO_SHORT}",
        )
    ]


def test_a_trivial_baseline_that_beats_the_perfect_one_is_bad(server_of: OpenServer) -> None:
    findings = found(server_of, offering(("p", "perfect", zeros), ("t", "trivial", truth)))

    ok, text = findings[-1]
    assert not ok
    assert text.endswith(
        "'p' is perfect but scores mae = 4.5, worse than the trivial 't' with 0 (lower is better)"
    )


def test_an_evaluation_that_fails_is_bad(server_of: OpenServer) -> None:
    findings = found(server_of, offering(("p", "perfect", truth), outcome=lambda _: None))

    assert [ok for ok, _ in findings] == [False]
    assert "is perfect, but failed: anomed_evaluate_utility" in findings[0][1]


@pytest.mark.parametrize("fault", [ZeroDivisionError("no"), KeyError("y")])
def test_a_baseline_that_cannot_be_made_is_bad(fault: Exception, server_of: OpenServer) -> None:
    def fail(_: Any) -> None:
        raise fault

    findings = found(server_of, offering(("p", "perfect", fail), ("t", "trivial", zeros)))

    assert [ok for ok, _ in findings] == [False, True]
    assert f"cannot be made: {type(fault).__name__}" in findings[0][1]


def test_a_baseline_of_a_kind_that_is_not_declared_is_bad(server_of: OpenServer) -> None:
    class Wrong(Guessing):
        @hookimpl
        def anomed_baselines(self, challenge: Any) -> list[Baseline]:
            return [Baseline(name="b", kind="nobody", quality="perfect", payload=dict)]

    assert found(server_of, Wrong()) == [
        (False, "baseline 'b' is of the kind 'nobody', which is not declared")
    ]


def test_a_challenge_without_baselines_is_said_to_be_unscored(server_of: OpenServer) -> None:
    assert found(server_of, Tables()) == [(True, "offers no baselines; nothing was scored")]


def test_baselines_of_a_kind_that_is_only_final_do_not_stand_in_each_others_way(
    server_of: OpenServer,
) -> None:
    class Rehearsed(Tables):
        @hookimpl
        def anomed_baselines(self, challenge: Any) -> list[Baseline]:
            return [
                Baseline(name=quality, kind="claims", quality=quality, payload=lambda _: {"a": 1})
                for quality in ("perfect", "trivial", "invalid")
            ]

    assert [ok for ok, _ in found(server_of, Rehearsed())] == [True, True, False, False]


def test_forms_and_tables_are_rehearsed_too(server_of: OpenServer) -> None:
    import pandas as pd

    frame = pd.DataFrame({"age": [1, 2], "city": ["Bonn", "Kiel"]})

    class Rehearsed(Tables):
        @hookimpl
        def anomed_baselines(self, challenge: Any) -> list[Baseline]:
            payloads = {
                "anonymizer": {"anon_data": frame, "anon_scheme": "same"},
                "deanonymizer": frame,
                "claims": {"a": 1},
            }
            return [
                Baseline(
                    name=kind,
                    kind=kind,
                    quality="perfect",
                    payload=lambda _, payload=payload: payload,
                )
                for kind, payload in payloads.items()
            ]

    assert found(server_of, Rehearsed()) == [
        (True, "anonymizer (validation), baseline 'anonymizer' scores size = 2"),
        (True, "deanonymizer (validation), baseline 'deanonymizer' scores size = 2"),
        (True, "claims (validation), baseline 'claims' scores size = 1"),
    ]


@pytest.mark.parametrize(("at_most", "is_useful"), [(5.0, True), (1.0, False)])
def test_what_needs_no_secret_and_passes_the_gate_is_warned_of(
    server_of: OpenServer, at_most: float, is_useful: bool
) -> None:
    """The organiser hands out what wins."""

    class Ranked(Guessing):
        @hookimpl
        def anomed_baselines(self, challenge: Any) -> list[Baseline]:
            zeroes = {"prediction": zeros(challenge.definition)}
            return [
                Baseline(name="public", kind="anonymizer", quality="public", payload=zeroes),
                Baseline(name="zeros", kind="anonymizer", quality="trivial", payload=zeroes),
            ]

        @hookimpl
        def anomed_rankings(self) -> list[Ranking]:
            gate = Gate(metric="mae", at_most=at_most, label="of no use")
            criteria = [Criterion(metric="mae")]
            return [Ranking(name="best", kind="anonymizer", gates=[gate], criteria=criteria)]

    server = server_of(Ranked())
    with capture_logs():
        findings = [f for hosted in server.challenges.values() for f in rehearse(hosted, server)]
    warnings = [f.text for f in findings if f.outcome is Outcome.WARNING]

    assert all(finding.ok for finding in findings)
    assert [("'public' needs nothing" in text, "mae = 4.5" in text) for text in warnings] == (
        [(True, True)] if is_useful else []
    )
