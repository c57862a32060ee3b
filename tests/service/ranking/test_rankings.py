"""Rankings that were computed before are kept, and only what changed since is read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from anomed_core.ledger import Finals, moments
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.service.server import Server
from tests.ledger.contest import Contest, anonymizer, pair
from tests.ranked_type import open_contest, play_contest


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = open_contest(tmp_path)
    play_contest(server)
    yield server
    server.close()


@pytest.fixture
def n_read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many entries were read, each time that some were."""
    numbers: list[int] = []
    entries = Finals.entries

    def counted(finals: Finals) -> object:
        rows = entries(finals)
        numbers.append(len(rows))
        return rows

    monkeypatch.setattr(Finals, "entries", counted)
    return numbers


def attack(server: Server, *names: str) -> None:
    (hosted,) = server.challenges.values()
    contest = Contest(ledger=server.ledger, challenge=hosted.id, fingerprint=hosted.fingerprint)
    for name in names:
        contest.submit("deanonymizer", pair(name, "zoe"), {"risk": 0.9, "risk_low": 0.8})


def test_after_an_attack_only_the_final_under_attack_is_read_again(
    server: Server, n_read: list[int]
) -> None:
    (hosted,) = server.challenges.values()
    server.rankings.tables(hosted)
    attack(server, "ben")
    tables = server.rankings.tables(hosted)

    assert tables == Rankings(server.ledger).tables(hosted)
    assert n_read == [6, 1, 6]


def test_an_annulled_final_is_ranked_no_more(server: Server, n_read: list[int]) -> None:
    (hosted,) = server.challenges.values()
    (final,) = (
        score
        for score in server.ledger.scores(kind="anonymizer", anonymizer="ben")
        if not score.label
    )
    server.rankings.tables(hosted)
    server.ledger.annul(final.id, "a mistake")
    (table, _) = server.rankings.tables(hosted)

    assert "ben" not in [entry.anonymizer for entry in table.entries]
    assert n_read == [6, 0]


def test_where_many_finals_changed_all_are_read(
    server: Server, n_read: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moments, "_MOST_CHANGED", 1)
    (hosted,) = server.challenges.values()
    server.rankings.tables(hosted)
    attack(server, "ben", "cat")
    tables = server.rankings.tables(hosted)

    assert tables == Rankings(server.ledger).tables(hosted)
    assert n_read == [6, 6, 6]


def test_nothing_is_read_where_nothing_happened(server: Server, n_read: list[int]) -> None:
    (hosted,) = server.challenges.values()
    first, second = (server.rankings.tables(hosted) for _ in range(2))

    assert first == second
    assert n_read == [6]


def test_a_score_of_tuning_changes_no_final(server: Server, n_read: list[int]) -> None:
    (hosted,) = server.challenges.values()
    before = server.rankings.tables(hosted)
    contest = Contest(ledger=server.ledger, challenge=hosted.id, fingerprint=hosted.fingerprint)
    contest.submit(
        "anonymizer", anonymizer("ann"), {"utility": 0.5}, split=hosted.kind("anonymizer").splits[0]
    )

    assert server.rankings.tables(hosted) == before
    assert n_read == [6, 0]
