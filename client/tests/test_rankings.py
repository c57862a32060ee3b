"""Rankings as the server tells them, once and again."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from anomed_client import UsageError

from client.tests.conftest import Join
from client.tests.fault_server import DESCRIPTION, FaultServer


def ranking(name: str, **utilities: float) -> dict[str, Any]:
    entries = [
        {
            "place": place,
            "state": "ranked",
            "labels": [],
            "anonymizer": anonymizer,
            "deanonymizer": "",
            "score": place,
            "first_score": place,
            "values": {"utility": utility},
            "n_attacks": 1,
            "worst_attack": {"score": 9, "name": "panel", "house": True},
        }
        for place, (anonymizer, utility) in enumerate(utilities.items(), 1)
    ]
    return {"name": name, "title": name.title(), "data_split": "validation", "entries": entries}


@pytest.fixture
def ranked(server: FaultServer) -> FaultServer:
    server.description = {**DESCRIPTION, "features": ["ranking"]}
    server.rankings = [ranking("privacy", ann=0.9, ben=0.8), ranking("use", ben=0.8)]
    return server


def test_the_headline_is_told_and_any_other_by_its_name(ranked: FaultServer, join: Join) -> None:
    challenge = join()
    told = challenge.ranking()
    assert [(e.place, e.name, dict(e.criteria)) for e in told.entries] == [
        (1, "ann", {"utility": 0.9}),
        (2, "ben", {"utility": 0.8}),
    ]
    (first, _) = told.entries
    assert (first.state, first.worst_attack) == (
        "ranked",
        {"score": 9, "name": "panel", "house": True},
    )
    assert challenge.ranking("use").title == "Use"
    with pytest.raises(UsageError, match="There is no ranking 'best'; there are privacy, use"):
        challenge.ranking("best")


def test_a_ranking_is_watched_until_it_changes(
    ranked: FaultServer, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:  # twice nothing new has come
            ranked.rankings = [ranking("privacy", ben=0.95, ann=0.9)]

    monkeypatch.setattr("time.sleep", wait)
    seen = list(itertools.islice(join().watch(interval_s=7), 2))
    assert [[entry.name for entry in told.entries] for told in seen] == [
        ["ann", "ben"],
        ["ben", "ann"],
    ]
    assert waited == [7, 7, 7]
