"""``anomed teams``, and ``anomed ledger audit``, which tells what was decided about them."""

import csv
import io
import json
from pathlib import Path

import pytest

from anomed_core.service.server import Server
from tests.cli.conftest import Anomed

WHY = ("--reason", "two accounts")


@pytest.fixture
def teams(anomed: Anomed, scored: Server) -> Server:
    """Return a server whose participants have tokens."""
    for name in ("better", "worse"):
        anomed("tokens", "create", "anonymizer", name, "--challenge", "mine", "--team", name[:3])
    return scored


@pytest.fixture
def rank(config: str, game: str) -> tuple[str, ...]:
    return ("scores", "rank", config, "--plugin", game, "--kind", "anonymizer")


def ranked(anomed: Anomed, rank: tuple[str, ...], *more: str) -> list[str]:
    (table,) = anomed(*rank, *more, "--json").json
    return [entry["anonymizer"] for entry in table["entries"]]


def test_a_team_leaves_the_ranking_and_comes_back(
    anomed: Anomed, teams: Server, rank: tuple[str, ...]
) -> None:
    before = ranked(anomed, rank)

    told = anomed("teams", "disqualify", "bet", *WHY)

    assert told.out == ("The team bet is disqualified; anomed teams reinstate takes that back.\n")
    assert ranked(anomed, rank) == [name for name in before if name != "better"]
    assert anomed("teams", "list", "--json").json == [
        {"team": "bet", "name": "", "disqualified": "two accounts", "ids": ["better"]},
        {"team": "wor", "name": "", "disqualified": "", "ids": ["worse"]},
    ]
    refused = anomed("tokens", "create", "anonymizer", "b2", "--challenge", "mine", "--team", "bet")
    assert "the team 'bet' is disqualified (two accounts); reinstate it first" in refused.err
    assert anomed("teams", "reinstate", "bet", *WHY).out == "The team bet competes again.\n"
    assert ranked(anomed, rank) == before
    assert teams.ledger.verify() == []


def test_a_team_is_shown_by_its_name_wherever_people_look(
    anomed: Anomed, teams: Server, rank: tuple[str, ...], config: str, game: str
) -> None:
    told = anomed("teams", "rename", "bet", "Bettina & Co", *WHY)

    assert told.out == "The team bet is shown as Bettina & Co.\n"
    (table,) = anomed(*rank, "--json").json
    assert table["names"] == {"better": "Bettina & Co"}
    assert table["entries"][0]["anonymizer"] == "better"
    printed = anomed(*rank).out
    assert "Bettina & Co" in printed
    assert "better" not in printed
    anomed("report", config, "--plugin", game, "--output", "report")
    page = Path("report/mine.html").read_text()
    assert "Bettina &amp; Co" in page
    assert "Bettina & Co" in anomed("teams", "list").out
    rows = csv.DictReader(io.StringIO(anomed("scores", "export").out))
    assert "better" in {row["anonymizer"] for row in rows}


def test_a_disqualified_team_is_in_no_report(
    anomed: Anomed, teams: Server, config: str, game: str
) -> None:
    anomed("teams", "disqualify", "bet", *WHY)
    anomed("report", config, "--plugin", game, "--output", "report")

    page = Path("report/mine.html").read_text()
    assert "worse" in page
    assert "better" not in page


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["disqualify", "nobody", *WHY], "no token was ever created for a team 'nobody'; see anom"),
        (["disqualify", "bet", "--reason", " "], "the reason is empty; say in a sentence"),
        (["disqualify", "bet"], "Missing option '--reason'"),
        (["reinstate", "bet", *WHY], "the team 'bet' is not disqualified"),
        (["rename", "bet", "worse", *WHY], "'worse' is the team 'wor'; choose another name"),
    ],
)
def test_what_makes_no_sense_is_refused(
    anomed: Anomed, teams: Server, arguments: list[str], sentence: str
) -> None:
    answer = anomed("teams", *arguments)

    assert (answer.code, answer.out) == (2, "")
    assert sentence in answer.err


def test_the_audit_tells_what_was_decided(anomed: Anomed, teams: Server) -> None:
    anomed("teams", "disqualify", "bet", *WHY)
    anomed("tokens", "revoke", "wor")
    anomed("scores", "annul", "1", "--reason", "our mistake")

    rows = anomed("ledger", "audit", "--json").json

    assert [row["action"] for row in rows if row["action"] != "secret used"] == [
        "token created",
        "token created",
        "team disqualified",
        "token revoked",
        "score annulled",
    ]
    (row,) = [row for row in rows if row["action"] == "team disqualified"]
    assert row["detail"] == {"team": "bet", "reason": "two accounts"}
    assert "reason=two accounts" in anomed("ledger", "audit", "--action", "disqualified").out
    assert json.loads(anomed("ledger", "audit", "--action", "nothing", "--json").out) == []
