"""An extension adds a submission kind to somebody else's type, and answers for it alone."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from anomed_client import Options, connect
from falcon.testing import TestClient

import anomed_core as anomed
from anomed_core import Metric, Role, hookimpl
from anomed_core.config.settings import QuotaSettings
from anomed_core.errors import (
    LedgerMismatchError,
)
from anomed_core.ledger import Grant
from anomed_core.model import ChallengeSpec
from anomed_core.plugins import build_registry
from anomed_core.service import dummy_data
from anomed_core.service.opening import open_server
from anomed_core.service.reevaluation import reevaluate
from anomed_core.service.report import report_sections
from anomed_core.service.server import Server
from anomed_core.testing import ChallengeClient
from anomed_core.testing.plugin_under_test import served
from anomed_core.web import create_web_app
from tests import adding_extension, extended_type
from tests.adding_extension import HINTS, KIND, attack, extension, is_large
from tests.conftest import OpenServer
from tests.extended_type import N, is_positive

SPEC = ChallengeSpec(id="signs", type="signs", config=extended_type.Config(), seed=1)
FINGERPRINT = "c09aaca7f2e0f62a83c9b56947207eb5c2336f84179cf21720e93e04ffce43ab"
"""Of `SPEC`, as it was before extensions could add kinds."""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChallengeClient]:
    """Serve type and extension; let one anonymizer be attacked in both ways, another in one."""
    state = tmp_path_factory.mktemp("state") / "state"
    settings = {"quota": QuotaSettings(tuning_attempts=2)}
    with served(
        extended_type, extensions=(adding_extension,), state=state, settings=settings
    ) as client:
        challenge = client.hosted.challenge
        final = {"data_split": "validation"}
        for name in ("ann", "bea"):
            client.score("anonymizer", np.zeros(N), anonymizer=name, **final)
            signs = is_positive(challenge, anomed.Split.VALIDATION)
            half = np.where(np.arange(N) < N / 2, signs, ~signs)
            client.score("deanonymizer", half, anonymizer=name, deanonymizer="dan", **final)
        sizes = is_large(challenge, anomed.Split.VALIDATION)
        client.score(KIND, sizes, anonymizer="bea", deanonymizer="eve", **final)
        yield client


def ranked(client: ChallengeClient, name: str) -> dict[str, Any]:
    """Return the entries of a ranking by who they are."""
    (table,) = client.get_json("/ranking", name=name)
    return {entry["anonymizer"] or entry["deanonymizer"]: entry for entry in table["entries"]}


@pytest.fixture
def opened(server_of: OpenServer) -> Callable[..., Server]:
    """Open the type together with extensions."""

    def open_them(*extensions: Any, **options: Any) -> Server:
        return server_of(extended_type, *extensions, **options)

    return open_them


# --- what is served -------------------------------------------------------------------------------


def test_it_is_described_as_the_owners_kinds_are(played: ChallengeClient) -> None:
    told = played.get_json("/challenge.json")
    paths = set(played.get_json("/openapi.json")["paths"])

    assert {kind["name"]: kind["extension"] for kind in told["submissions"]} == {
        "anonymizer": None,
        "deanonymizer": None,
        KIND: "tests.adding_extension",
    }
    assert [metric["name"] for metric in told["submissions"][2]["metrics"]] == [
        "right",
        "named",
        "called",
    ]
    assert {f"{told['base']}/utility/{KIND}", told["base"] + HINTS} <= paths


def test_measures_and_the_hook_of_the_extension_score_it(played: ChallengeClient) -> None:
    played.score("anonymizer", np.zeros(N), anonymizer="abc")
    guess = np.arange(N) < N / 4

    metrics = played.score(KIND, guess, anonymizer="abc")

    truth = is_large(played.hosted.challenge, anomed.Split.TUNING)
    assert metrics == {"right": np.mean(guess == truth), "named": 0.03, "called": 0.25}


def test_what_the_extension_refuses_costs_no_attempt(played: ChallengeClient) -> None:
    pair = {"anonymizer": "cat", "deanonymizer": "fay"}
    played.score("anonymizer", np.zeros(N), anonymizer="cat")

    answer = played.submit(KIND, np.zeros(N, dtype=bool), **pair)

    assert (answer.status, answer.reason) == (
        422,
        "No number is called large; call one at least.",
    )
    assert played.get_json("/attempts", **pair)["attempts"] == []


def test_attempts_are_counted_and_limited(played: ChallengeClient) -> None:
    pair = {"anonymizer": "bea", "deanonymizer": "gus"}
    played.score("anonymizer", np.zeros(N), anonymizer="bea")

    answers = [played.submit(KIND, np.ones(N, dtype=bool), **pair).status for _ in range(3)]

    assert answers == [201, 201, 429]
    assert [one["kind"] for one in played.get_json("/attempts", **pair)["attempts"]] == [KIND] * 2


@pytest.mark.parametrize(("role", "allowed"), [("anonymizer", False), ("deanonymizer", True)])
def test_it_is_for_the_role_that_it_names(
    role: str, allowed: bool, opened: Callable[..., Server]
) -> None:
    server = opened(adding_extension, auth="tokens")
    ask = TestClient(create_web_app(server))
    server.tokens.create(Grant(role=Role.ANONYMIZER, holder="ann", challenge="signs"))
    token = server.tokens.create(Grant(role=Role(role), holder="dan", challenge="signs"))
    headers = {"Authorization": f"Bearer {token}"}
    query = "anonymizer=ann&deanonymizer=dan&data_split=tuning"

    read = ask.simulate_get(HINTS, query_string=query, headers=headers)
    sent = ask.simulate_post(
        f"/utility/{KIND}", query_string=query, headers=headers, body=b"no npz file"
    )

    assert (read.status_code, sent.status_code) == ((200, 400) if allowed else (403, 403))


def test_programs_that_know_nothing_of_it_run_on(played: ChallengeClient) -> None:
    app = create_web_app(played.server, access_log=False)
    options = Options(transport=httpx.WSGITransport(app=app), progress=False)
    guess = np.arange(N) % 2 == 0
    with connect(
        f"http://server/challenges/{played.hosted.id}", name="zoe", options=options
    ) as challenge:
        attack_on_bea = challenge.attack("bea")
        kinds = [
            attack_on_bea.submit(guess, split="validation", **named).kind
            for named in ({}, {"kind": KIND})
        ]

    assert kinds == ["deanonymizer", KIND]


def test_an_attack_on_nobody_is_refused(played: ChallengeClient) -> None:
    answer = played.submit(KIND, np.ones(N, dtype=bool), anonymizer="nobody")

    assert answer.status == 422
    assert "'nobody' has submitted nothing yet that could be attacked" in answer.reason


def test_its_products_have_data_and_dummies_of_the_extension(played: ChallengeClient) -> None:
    pair = {"anonymizer": "ann", "deanonymizer": "dan", "data_split": "tuning"}
    product = played.hosted.products[HINTS]

    hints = played.get_arrays(HINTS, **pair)["hint"]
    dummy = dummy_data(played.hosted, product, 1)

    assert hints.shape == (N,)
    assert (hints != played.get_arrays(HINTS, **pair | {"deanonymizer": "eve"})["hint"]).any()
    assert dummy["hint"].min() >= 5


def test_scores_name_the_code_that_gave_them(played: ChallengeClient) -> None:
    with sqlite3.connect(played.server.state.root / "ledger.sqlite") as ledger:
        rows = ledger.execute("SELECT DISTINCT kind, plugin FROM scores").fetchall()

    assert dict(rows) == {
        "anonymizer": "tests.extended_type",
        "deanonymizer": "tests.extended_type",
        KIND: "tests.adding_extension",
    }


# --- who wins -------------------------------------------------------------------------------------


def test_the_worst_attack_may_be_one_that_an_extension_added(played: ChallengeClient) -> None:
    entries = ranked(played, "anonymizers")

    assert {name: entry["values"]["worst right"] for name, entry in entries.items()} == {
        "ann": 0.5,
        "bea": 1.0,
    }
    assert entries["bea"]["worst_attack"]["name"] == "eve"
    assert entries["ann"]["place"] == 1


def test_the_extension_ranks_its_kind_after_the_owners(played: ChallengeClient) -> None:
    rankings = [table["name"] for table in played.get_json("/ranking")]

    assert rankings == ["anonymizers", "deanonymizers", "sizers"]
    assert ranked(played, "sizers")["eve"]["values"] == {"mean right": 0.5}


# --- what the owner sees of it --------------------------------------------------------------------


def test_the_owner_is_told_of_its_own_kinds_only(played: ChallengeClient) -> None:
    store = played.server.submissions.kept
    sections = {one.title: one.data for one in report_sections(played.hosted, store)}
    scores = played.server.ledger.scores(challenge=played.hosted.id)
    n_added = sum(score.kind == KIND for score in scores)

    assert n_added
    assert sections["Numbers"] == {"scores": len(scores) - n_added}
    assert sections["Sizes"] == {"attacks": n_added, "scores": len(scores)}


def wrapping(*metrics: Metric) -> Any:
    """Return an extension that adds metrics to attacks, whatever their kind."""

    class Wrapping:
        ANOMED_API = 1

        @hookimpl
        def anomed_metrics(self) -> list[Metric]:
            return list(metrics)

        @hookimpl(wrapper=True)
        def anomed_evaluate_threat(self, submission: Any) -> Any:
            found = yield
            return {**found, **{m.name: 0.5 for m in metrics if m.kind == submission.kind}, "x": 1}

    return Wrapping()


def scores_of(server: Server, kind: str) -> set[str]:
    """Return the names of the metrics that an attack gets."""
    client = ChallengeClient(server, "signs")
    client.score("anonymizer", np.zeros(N))
    return set(client.score(kind, np.ones(N, dtype=bool)))


def test_others_wrap_what_they_know_of(opened: Callable[..., Server]) -> None:
    x = [Metric(name="x", kind=kind) for kind in ("deanonymizer", KIND)]

    owners_only = opened(adding_extension, wrapping(x[0]))
    assert scores_of(owners_only, "deanonymizer") == {"right", "x"}
    assert scores_of(owners_only, KIND) == {"right", "named", "called"}


def test_who_declares_a_metric_of_it_may_wrap_it(opened: Callable[..., Server]) -> None:
    both = opened(
        adding_extension, wrapping(*[Metric(name="x", kind=k) for k in ("deanonymizer", KIND)])
    )

    assert scores_of(both, KIND) == {"right", "named", "called", "x"}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_loading_decides_nothing(order: tuple[int, ...], tmp_path: Path) -> None:
    others = extension(anomed_submission_kinds=[attack("a-guess")])
    plugins = [(extended_type, "signs"), (adding_extension, "b"), (others, "c")]
    registry = build_registry(discover=False)
    for index in order:
        registry.add(plugins[index][0], name=plugins[index][1])
    spec = ChallengeSpec(id="signs", type="signs", seed=1)
    settings = anomed.ServerSettings(state=tmp_path / "state")
    server = open_server([spec], registry=registry, settings=settings)

    (hosted,) = server.challenges.values()
    server.close()
    assert [kind.name for kind in hosted.kinds] == ["anonymizer", "deanonymizer", KIND, "a-guess"]
    assert hosted.added == {
        HINTS: "b",
        KIND: "b",
        f"/utility/{KIND}": "b",
        "a-guess": "c",
        "/utility/a-guess": "c",
    }


# --- without it -----------------------------------------------------------------------------------


def test_a_ledger_outlives_the_extension(server_of: OpenServer) -> None:
    client = ChallengeClient(server_of(extended_type, adding_extension), "signs")
    final = {"data_split": "validation"}
    client.score("anonymizer", np.zeros(N), **final)
    client.score(KIND, np.ones(N, dtype=bool), **final)
    client.server.close()

    with pytest.raises(LedgerMismatchError):
        server_of(extended_type)
    server = server_of(extended_type, accept_change=True)
    (hosted,) = server.challenges.values()
    store = server.submissions.kept

    assert {"Numbers"} <= {one.title for one in report_sections(hosted, store)}
    evaluated = reevaluate(
        hosted, ledger=server.ledger, submissions=store, engine=server.submissions.engine
    )
    assert {one.score.kind: one.metrics is None for one in evaluated} == {
        "anonymizer": False,
        KIND: True,
    }


def test_who_adds_nothing_changes_nothing(opened: Callable[..., Server]) -> None:
    fingerprints = {
        hosted.fingerprint
        for extensions in ([], [extension(anomed_submission_kinds=[], anomed_rankings=None)])
        for hosted in opened(*extensions, specs=[SPEC]).challenges.values()
    }

    assert fingerprints == {FINGERPRINT}
