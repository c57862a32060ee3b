"""What a host takes of other distributions is part of its challenge, its scores and its server."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from falcon.testing import TestClient

from anomed_core import CreationContext, encode_npz, extension_points, hookimpl
from anomed_core.errors import ContractError, LedgerMismatchError, PluginBrokenError
from anomed_core.service.server import Server
from anomed_core.service.world import facts_of
from anomed_core.web import create_web_app
from tests.conftest import OpenServer
from tests.example_types import Guessing
from tests.offers import GROUP, Offer, offer_in


class Host(Guessing):
    """Guess what somebody else's generator draws."""

    context: CreationContext

    @hookimpl
    def anomed_create_challenge(self, config: Any, context: CreationContext) -> Any:
        self.context = context
        self.walk = context.take(extension_points(GROUP)["walk"], list)
        self.made = context.freeze("walks", lambda: {"walk": np.array(self.walk)})
        return super().anomed_create_challenge(config=config, context=context)


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Offer:
    """Return a function that offers ``walk``; what was imported before is forgotten."""
    put = offer_in(tmp_path, monkeypatch)

    def offered(version: str, walk: list[int]) -> None:
        monkeypatch.delitem(sys.modules, "ep_walk", raising=False)
        put("walks", "ep_walk", f"walk = {walk}\n", version=version, walk="ep_walk:walk")

    return offered


def fingerprint(server: Server) -> str:
    (hosted,) = server.challenges.values()
    return hosted.fingerprint


def test_another_version_is_another_challenge_and_an_equal_one_the_same(
    offer: Offer, server_of: OpenServer
) -> None:
    offer("1.0", [1, 2])
    first = fingerprint(server_of(Host()))

    assert fingerprint(server_of(Host())) == first
    offer("1.1", [1, 2])
    assert fingerprint(server_of(Host())) != first


def test_scores_name_what_made_them_and_are_not_mixed_with_others(
    offer: Offer, server_of: OpenServer, state: Path
) -> None:
    offer("1.0", [1, 2])
    server = server_of(Host())
    body = encode_npz({"prediction": np.zeros(10)})
    client = TestClient(create_web_app(server))
    url = "/utility/anonymizer?anonymizer=ann&data_split=tuning"

    assert client.simulate_post(url, body=body).status_code == 201
    with sqlite3.connect(state / "ledger.sqlite") as ledger:
        assert ledger.execute("SELECT plugin_version FROM scores").fetchall() == [("walks 1.0",)]
    assert client.simulate_get("/challenge.json").json["plugin"]["takes"] == {
        f"{GROUP} walk": "walks 1.0"
    }
    offer("2.0", [1, 2])
    with pytest.raises(LedgerMismatchError):
        server_of(Host())


def test_what_is_frozen_without_a_key_follows_the_files_of_what_was_taken(
    offer: Offer, server_of: OpenServer
) -> None:
    walks = []
    for walk in ([1, 2], [3, 4]):
        offer("1.0", walk)
        host = Host()
        server_of(host)
        walks.append(host.made["walk"].tolist())

    assert walks == [[1, 2], [3, 4]]


def test_a_running_server_holds_on_to_the_code(offer: Offer, server_of: OpenServer) -> None:
    offer("1.0", [1, 2])
    before = facts_of(server_of(Host()))
    offer("1.0", [1, 3])
    after = facts_of(server_of(Host()))

    changed = {name for name in before if before[name] != after[name]}
    assert f"the code of {GROUP} walk" in changed


def test_a_broken_offer_is_refused_by_its_name(offer: Offer, server_of: OpenServer) -> None:
    offer("1.0", [1, 2])

    class Picky(Host):
        @hookimpl
        def anomed_create_challenge(self, config: Any, context: CreationContext) -> Any:
            context.take(extension_points(GROUP)["walk"], dict)
            return super().anomed_create_challenge(config=config, context=context)

    with pytest.raises(PluginBrokenError, match=r"'walk' of walks 1\.0 .* is list; .* takes dict"):
        server_of(Picky())


def test_nothing_is_taken_or_frozen_that_the_fingerprint_would_not_cover(
    offer: Offer, server_of: OpenServer
) -> None:
    offer("1.0", [1, 2])
    host = Host()
    server_of(host)

    with pytest.raises(ContractError, match="created already"):
        host.context.take(extension_points(GROUP)["walk"])
    with pytest.raises(ContractError, match="freeze 'late' in anomed_create_challenge"):
        host.context.freeze("late", "1", lambda: {"X": np.zeros(1)})
