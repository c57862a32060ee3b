"""Who is told who won, when, and in which form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from falcon.testing import Result, TestClient

from anomed_core import FinalScores, Phase, Role, ShownRanking, Split
from anomed_core.ledger import Grant
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from tests.ranked_type import open_contest, play_contest

TOMORROW = datetime.now(UTC) + timedelta(days=1)
YESTERDAY = TOMORROW - timedelta(days=2)

OpenServer = Callable[..., Server]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenServer]:
    servers: list[Server] = []

    def make(
        closes: datetime | None = None,
        auth: str = "tokens",
        finals: FinalScores | None = None,
        **shown: Any,
    ) -> Server:
        phases = {Split.VALIDATION: Phase(closes=closes)}
        server = open_contest(
            tmp_path / str(len(servers)),
            shown=ShownRanking(**shown),
            phases=phases,
            finals=finals,
            auth=auth,
        )
        servers.append(server)
        play_contest(server)
        return server

    yield make
    for server in servers:
        server.close()


def ask(server: Server, path: str = "/ranking", role: str = "", **options: Any) -> Result:
    """Ask in somebody's name: of a role, of the organiser, or without a token."""
    headers = dict(options.pop("headers", {}))
    if role:
        challenge = "incomes"
        identity = Grant(role=Role(role), holder=f"some-{role}", challenge=challenge)
        token = server.tokens.create(identity)
        headers["Authorization"] = f"Bearer {token}"
    client = TestClient(create_web_app(server, access_log=False))
    return client.simulate_get(path, headers=headers, **options)


def statuses(server: Server, path: str = "/ranking") -> list[int]:
    """Return who gets what: nobody in particular, two sorts of participants, the organiser."""
    roles = ("", "anonymizer", "deanonymizer", "organiser")
    return [ask(server, path, role).status_code for role in roles]


def test_participants_see_it_by_default(opened: OpenServer) -> None:
    assert statuses(opened()) == [401, 200, 200, 200]


@pytest.mark.parametrize(
    ("visible_to", "expected"),
    [
        ("organiser", [401, 403, 403, 200]),
        ("participants", [401, 200, 200, 200]),
        ("public", [200, 200, 200, 200]),
    ],
)
def test_the_organiser_says_who_sees_it(
    opened: OpenServer, visible_to: str, expected: list[int]
) -> None:
    assert statuses(opened(visible_to=visible_to)) == expected


def test_before_the_close_only_the_organiser_sees_it(opened: OpenServer) -> None:
    server = opened(closes=TOMORROW, visible_to="public")
    assert statuses(server) == [403, 403, 403, 200]
    assert f"shown from {TOMORROW.isoformat()} on" in ask(server).json["description"]


def test_after_the_close_it_is_shown_and_stays_so(opened: OpenServer) -> None:
    assert statuses(opened(closes=YESTERDAY)) == [401, 200, 200, 200]


def test_it_can_be_shown_before_the_close(opened: OpenServer) -> None:
    told = opened(closes=TOMORROW, from_="now", finals=FinalScores.TOLD)
    assert statuses(told) == [401, 200, 200, 200]


def test_it_is_not_shown_while_finals_that_it_reads_are_sealed(opened: OpenServer) -> None:
    assert statuses(opened(closes=TOMORROW, from_="now")) == [401, 403, 403, 200]


def test_where_ids_are_trusted_everybody_is_a_participant(opened: OpenServer) -> None:
    assert ask(opened(auth="open")).status_code == 200
    assert ask(opened(auth="open", visible_to="organiser")).status_code == 403
    assert ask(opened(auth="open", closes=TOMORROW)).status_code == 403


def test_tuning_is_ranked_for_the_organiser(opened: OpenServer) -> None:
    server = opened(visible_to="public")
    assert statuses(server, "/ranking?split=tuning") == [401, 403, 403, 200]
    (table,) = ask(server, "/ranking?split=tuning", "organiser").json
    assert [(entry["anonymizer"], entry["values"]["utility"]) for entry in table["entries"]] == [
        ("ann", 0.99)
    ]


# --- what is ranked is shown at the scores' own addresses -----------------------------------------


def number_of(server: Server, **wanted: Any) -> int:
    """Return the number of the first score about a subject."""
    scores = server.ledger.scores(challenge="incomes")
    return next(
        score.id
        for score in scores
        if all(getattr(score.subject, name) == value for name, value in wanted.items())
        and score.split is Split.VALIDATION
    )


def test_ranked_metrics_of_others_are_shown_at_their_scores(opened: OpenServer) -> None:
    server = opened()
    number = number_of(server, anonymizer="ben", deanonymizer="dan")
    answer = ask(server, f"/scores/{server.numbers.told(number)}", "anonymizer")
    assert answer.status_code == 200
    assert answer.json["metrics"] == {"risk": 0.5, "risk_low": 0.405, "risk_high": 1.0}
    assert "payload_digest" not in answer.json
    assert ask(server, f"/scores/{number}", "organiser").json["metrics"]["risk_high"] == 1.0


def test_an_annulled_final_says_why(opened: OpenServer) -> None:
    server = opened()
    found = server.ledger.scores(challenge="incomes", kind="anonymizer", anonymizer="gus")
    (newest,) = [score for score in found if score.annulled and not score.label]
    told = ask(server, f"/scores/{server.numbers.told(newest.id)}", "anonymizer").json
    assert told["annulled"] == "two accounts of one team"


def test_nothing_is_shown_there_while_no_ranking_is(opened: OpenServer) -> None:
    server = opened(closes=TOMORROW)
    number = number_of(server, anonymizer="ben")
    assert statuses(server, f"/scores/{server.numbers.told(number)}") == [401, 403, 403, 200]


def test_tuning_scores_of_others_and_missing_ones_stay_unknown(opened: OpenServer) -> None:
    server = opened()
    assert server.ledger.scores()[0].split is Split.TUNING
    assert statuses(server, f"/scores/{server.numbers.told(1)}") == [401, 403, 403, 200]
    assert statuses(server, "/scores/999") == [401, 403, 403, 404]


# --- forms ----------------------------------------------------------------------------------------


@pytest.fixture
def shown(opened: OpenServer) -> Server:
    return opened(visible_to="public")


def test_the_headline_comes_first(shown: Server) -> None:
    assert [table["name"] for table in ask(shown).json] == ["anonymizers", "deanonymizers"]


def test_one_ranking_can_be_asked_for(shown: Server) -> None:
    assert [t["name"] for t in ask(shown, "/ranking?name=deanonymizers").json] == ["deanonymizers"]


def test_an_unknown_ranking_is_refused_with_those_that_there_are(shown: Server) -> None:
    answer = ask(shown, "/ranking?name=best")
    assert answer.status_code == 404
    assert "There is no ranking 'best'; there are anonymizers, deanonymizers." in str(answer.json)


def test_one_participants_entries_can_be_asked_for(shown: Server) -> None:
    anonymizers, deanonymizers = ask(shown, "/ranking?entry=fay").json
    assert [(e["place"], e["anonymizer"]) for e in anonymizers["entries"]] == [(2, "fay")]
    assert (anonymizers["n_entries"], deanonymizers["entries"]) == (6, [])


def test_the_first_entries_can_be_asked_for(shown: Server) -> None:
    table = ask(shown, "/ranking?name=anonymizers&at_most=2").json[0]
    assert [entry["anonymizer"] for entry in table["entries"]] == ["ann", "ben"]
    assert table["n_entries"] == 6


@pytest.mark.parametrize("at_most", ["0", "-1", "many", "1e3", "100001", "9" * 30])
def test_no_other_number_of_entries_is_taken(shown: Server, at_most: str) -> None:
    answer = ask(shown, f"/ranking?at_most={at_most}")
    assert answer.status_code == 400
    assert "give a whole number from 1 to 100000" in str(answer.json)


def test_csv_is_sent_to_who_accepts_it(shown: Server) -> None:
    accepted = ask(shown, headers={"Accept": "text/csv"})
    assert accepted.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert accepted.text == ask(shown, "/ranking?format=csv").text
    assert ask(shown, "/ranking?format=json", headers={"Accept": "text/csv"}).json
    assert ask(shown, headers={"Accept": "*/*"}).json


def test_what_has_not_changed_is_not_sent_again(shown: Server) -> None:
    etag = ask(shown).headers["ETag"]
    unchanged = ask(shown, headers={"If-None-Match": etag})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert ask(shown, "/ranking?name=anonymizers").headers["ETag"] != etag

    shown.ledger.annul(number_of(shown, anonymizer="ben"), "a mistake")
    changed = ask(shown, headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert "ben" not in changed.text


def test_the_house_is_described_as_an_entry_once_it_is_scored(tmp_path: Path) -> None:
    server = open_contest(tmp_path)
    from anomed_core.service.ranking.house_entries import HouseEntries

    entries = HouseEntries(
        challenges=server.challenges,
        submissions=server.submissions.kept,
        engine=server.submissions.inline,
        ledger=server.ledger,
    )
    ((hosted, entry),) = entries.missing()
    assert entries.score(hosted, entry)
    assert not entries.score(hosted, entry)  # somebody else was faster
    assert entries.missing() == []
    (told,) = server.rankings.tables(hosted, name="anonymizers")[0].entries
    assert attrs.asdict(told)["labels"] == ("house",)
    assert (told.anonymizer, told.values["utility"]) == ("house mean", pytest.approx(0.7))
    server.close()


def test_before_the_first_final_nobody_is_ranked(tmp_path: Path) -> None:
    """It was answered with 503, since no attack is no factor either."""
    server = open_contest(tmp_path / "empty", shown=ShownRanking(visible_to="public"), auth="open")
    try:
        answer = ask(server)
        assert answer.status_code == 200
        assert all(table["entries"] == [] for table in answer.json)
    finally:
        server.close()
