"""What is wrong with an added kind names the extension that added it, and not the owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from anomed_core import Metric, SubmissionKind, hookimpl
from anomed_core.errors import (
    EvaluationFailedError,
    PluginBrokenError,
    PluginConflictError,
    culprit_of,
)
from anomed_core.service.server import Server
from anomed_core.testing import ChallengeClient
from anomed_core.testing.client import ANONYMIZER_ID
from anomed_core.wire import encode_npz
from tests import extended_type
from tests.adding_extension import attack, extension, kinds
from tests.conftest import OpenServer
from tests.extended_type import N


@pytest.fixture
def opened(server_of: OpenServer) -> Callable[..., Server]:
    """Open the type together with extensions."""

    def open_them(*extensions: Any, **options: Any) -> Server:
        return server_of(extended_type, *extensions, **options)

    return open_them


def refusal(opened: Callable[..., Server], *extensions: Any) -> str:
    with pytest.raises((PluginBrokenError, PluginConflictError)) as error:
        opened(*extensions)
    return str(error.value)


CONFLICTS = {}

CONFLICTS = {
    "a path of the owner's": (
        [kinds(attack(path="/utility/deanonymizer"))],
        (
            "the route /utility/deanonymizer is claimed twice: by submission kind "
            "'deanonymizer' of module-0 and by submission kind 'guesses' of added-1"
        ),
    ),
    "an alternative on a path of the owner's": (
        [kinds(attack(path="/utility/deanonymizer", selector=("task", "guesses")))],
        (
            "the route /utility/deanonymizer is claimed twice: by submission kind "
            "'deanonymizer' of module-0 and by submission kind 'guesses' of added-1"
        ),
    ),
    "a name of the owner's": (
        [kinds(attack("deanonymizer", path="/utility/mine"))],
        "submission kind 'deanonymizer' is declared twice: by module-0 and by added-1",
    ),
    "a name of another extension's": (
        [kinds(attack()), kinds(attack(path="/utility/mine"))],
        "submission kind 'guesses' is declared twice: by added-1 and by added-2",
    ),
    "a ranking of the owner's": (
        [kinds(attack("anonymizers"))],
        "ranking 'anonymizers' is declared twice: by module-0 and by added-1",
    ),
}

PLANTED = {
    "no metric": (
        [kinds(attack(metrics=[]))],
        "the submission kind 'guesses' needs exactly one primary metric, got 0",
    ),
    "no measure": (
        [kinds(attack(metrics=[Metric(name="luck")]))],
        (
            "nothing computes the metric 'luck' of 'guesses'; give it a measure, or return it"
            " from anomed_evaluate_threat"
        ),
    ),
    "nothing to compare with": (
        [kinds(attack(perfect=None))],
        (
            "the metric 'right' of 'guesses' has a measure that compares, but there is "
            "nothing to compare with; give the kind its perfect payload, or let the measure "
            "name what it needs, such as challenge"
        ),
    ),
    "a metric of nothing": (
        [extension(anomed_metrics=[Metric(name="luck", kind="guesses")])],
        (
            "metric 'luck' belongs to the submission kind 'guesses', which is not declared; "
            "declared are ['anonymizer', 'deanonymizer']"
        ),
    ),
    "an attack on nothing": (
        [kinds(attack(attacks="tables"))],
        (
            "the submission kind 'guesses' attacks 'tables'; anonymizers submit "
            "['anonymizer'] for their utility"
        ),
    ),
    "an attack on what is not kept": (
        [kinds(attack(attacks="drafts"), attack("drafts", submitter="anonymizer", keeps=()))],
        (
            "the submission kind 'guesses' attacks what an anonymizer has submitted, but no "
            "kind of anonymizers keeps that for tuning and validation; declare one that does,"
            " or with_target=False for attacks that need none"
        ),
    ),
    "no list": (
        [extension(anomed_submission_kinds=attack())],
        "anomed_submission_kinds must return a list of SubmissionKind, got SubmissionKind",
    ),
}


@pytest.mark.parametrize("conflict", CONFLICTS)
def test_two_claims_on_one_thing_name_both_plugins(
    conflict: str, opened: Callable[..., Server]
) -> None:
    extensions, sentence = CONFLICTS[conflict]

    assert refusal(opened, *extensions) == sentence


@pytest.mark.parametrize("fault", PLANTED)
def test_what_cannot_be_opened_names_the_extension(
    fault: str, opened: Callable[..., Server]
) -> None:
    extensions, sentence = PLANTED[fault]

    assert refusal(opened, *extensions) == f"challenge 'signs': added-1: {sentence}"


def test_a_path_of_the_core_names_the_extension(opened: Callable[..., Server]) -> None:
    server = opened(kinds(attack(path="/attempts")))

    with pytest.raises(
        PluginConflictError, match=r"/attempts is claimed .* the core and by added-1"
    ):
        ChallengeClient(server, "signs")


def test_nobody_answers_for_kinds_of_the_owner(opened: Callable[..., Server]) -> None:
    flattering = extension(
        anomed_evaluate_utility={"mae": 0.0}, anomed_evaluate_threat={"right": 1}
    )
    client = ChallengeClient(opened(flattering), "signs")

    assert client.score("anonymizer", np.full(N, 100.0))["mae"] > 99
    assert client.score("deanonymizer", np.zeros(N, dtype=bool)) == {"right": 0.5}


def test_a_hook_that_raises_names_the_extension(opened: Callable[..., Server]) -> None:
    class Raising:
        ANOMED_API = 1

        @hookimpl
        def anomed_submission_kinds(self, challenge: Any) -> Any:
            return challenge.definition.size

    line = Raising.anomed_submission_kinds.__code__.co_firstlineno + 2
    assert refusal(opened, Raising()) == (
        "challenge 'signs': raising-1 raised AttributeError: 'dict' object has no attribute 'size' "
        f"(in plugin 'raising-1', hook anomed_submission_kinds, at {__file__}:{line})"
    )


class Answering:
    """Declares an attack with one metric, and answers what it is told to."""

    ANOMED_API = 1

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    @hookimpl
    def anomed_submission_kinds(self) -> list[SubmissionKind]:
        return [attack(metrics=[Metric(name="luck", bounds=(0, 1))])]

    @hookimpl
    def anomed_evaluate_threat(self) -> Any:
        return self.answer() if callable(self.answer) else self.answer


@pytest.mark.parametrize(
    ("added", "sentence", "hook"),
    [
        (
            Answering({"luck": 0.5, "more": 1}),
            (
                "anomed_evaluate_threat must return exactly the declared metrics ['luck']; "
                "missing [], undeclared ['more']"
            ),
            "anomed_evaluate_threat",
        ),
        (
            Answering({"luck": np.nan}),
            "anomed_evaluate_threat: luck must be finite and within [0, 1], got nan",
            "anomed_evaluate_threat",
        ),
        (
            Answering(lambda: 1 / 0),
            "division by zero",
            "anomed_evaluate_threat",
        ),
        (
            kinds(attack(metrics=[Metric.of(lambda truth, given: np.nan, name="luck")])),
            "anomed_evaluate_threat: luck must be finite and within [-inf, inf], got nan",
            "anomed_submission_kinds",
        ),
    ],
    ids=["undeclared", "NaN", "raises", "NaN of a measure"],
)
def test_what_cannot_be_scored_is_blamed_on_the_extension(
    added: Any, sentence: str, hook: str, opened: Callable[..., Server]
) -> None:
    server = opened(added)
    client = ChallengeClient(server, "signs")
    client.score("anonymizer", np.zeros(N))
    kind = client.hosted.kind("guesses")
    body = encode_npz({"prediction": np.ones(N, dtype=bool)})
    query = {"anonymizer": ANONYMIZER_ID, "deanonymizer": "dan", "data_split": "tuning"}

    with pytest.raises(EvaluationFailedError) as error:
        server.submissions.submit(client.hosted, kind, query=query, body=body)

    name = f"{type(added).__name__.lower()}-1"
    assert str(error.value.__cause__) == sentence
    assert culprit_of(error.value).startswith(f"in plugin {name!r}, hook {hook}, at {__file__}:")
