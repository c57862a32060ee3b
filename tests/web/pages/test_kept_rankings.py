"""What is kept of a ranking's page is shown to nobody who may not see it, and never too long."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from falcon.testing import TestClient

from anomed_core import Phase, Role, ShownRanking, Split
from anomed_core.ledger import Grant
from anomed_core.service.pages.kept import Kept
from anomed_core.service.ranking.rankings import Rankings
from anomed_core.web import create_web_app
from tests.ledger.contest import Contest, anonymizer, pair
from tests.pages_world import PagesWorld, open_world
from tests.ranked_type import open_contest, play_contest
from tests.web.pages.test_pages import look

PATH = "/challenges/incomes/ranking"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PagesWorld]:
    opened = open_world(tmp_path, n_teams=6)
    yield opened
    opened.server.close()


def read(world: PagesWorld, role: str = "", **options: object) -> str:
    answer = look(world, PATH, role, **options)
    assert answer.status_code == 200
    text: str = answer.text
    return text


def contest(world: PagesWorld) -> Contest:
    hosted = world.server.challenges["incomes"]
    return Contest(ledger=world.server.ledger, challenge=hosted.id, fingerprint=hosted.fingerprint)


def test_each_reader_is_sent_the_own_page_whoever_read_before(world: PagesWorld) -> None:
    roles = ("", "anonymizer", "organiser", "deanonymizer")
    first = {role: read(world, role) for role in roles}
    again = {role: read(world, role) for role in reversed(roles)}

    assert again == first
    assert [role for role in roles if "your team" in first[role]] == ["anonymizer"]
    assert [role for role in roles if "Tuning attempts" in first[role]] == ["organiser"]
    assert [role for role in roles if "Signed in as" in first[role]] == list(roles[1:])


def test_two_teams_are_each_shown_their_own_row(world: PagesWorld) -> None:
    granted = Grant(role=Role.ANONYMIZER, holder="rival", challenge="incomes")
    contest(world).submit("anonymizer", anonymizer("rival"), {"utility": 0.7})
    world.tokens["rival"] = world.server.tokens.create(granted)  # type: ignore[index]

    for role, own in (("rival", "rival"), ("anonymizer", "team-4"), ("rival", "rival")):
        rows = [row for row in read(world, role).split("<tr ") if "your team" in row]
        assert len(rows) == 1
        assert f"<bdi>{own}</bdi>" in rows[0]


def test_a_proxys_prefix_is_the_readers_own(world: PagesWorld) -> None:
    plain = read(world)
    behind = read(world, headers={"X-Forwarded-Prefix": "/anomed"})

    assert 'href="/anomed/challenges/incomes"' in behind
    assert "/anomed/" not in plain
    assert read(world) == plain


def test_decisions_about_teams_are_seen_at_once(world: PagesWorld) -> None:
    read(world)
    world.server.teams.rename("team-5", "Called anew", "they asked for it")
    assert "Called anew" in read(world)
    world.server.teams.disqualify("team-5", "two accounts")
    assert "Called anew" not in read(world)
    world.server.teams.reinstate("team-5", "a mistake")
    assert "Called anew" in read(world)


def test_a_score_an_attack_and_an_annulment_are_seen_at_once(world: PagesWorld) -> None:
    read(world)
    late = contest(world).submit("anonymizer", anonymizer("late"), {"utility": 0.7})
    assert "<bdi>late</bdi>" in read(world)
    metrics = {"risk": 0.91, "risk_low": 0.9, "risk_high": 0.92}
    contest(world).submit("deanonymizer", pair("late", "breaker"), metrics)
    assert "breaker" in read(world)
    world.server.ledger.annul(late.id, "sent twice")
    assert "sent twice" in read(world)


def test_the_close_is_said_when_it_has_passed(world: PagesWorld) -> None:
    first = look(world, PATH)
    assert "provisional until" in first.text
    closes = world.server.challenges["incomes"].phases[Split.VALIDATION].closes
    assert closes is not None
    world.server.ledger.reach(closes)

    later = look(world, PATH, headers={"If-None-Match": first.headers["ETag"]})

    assert later.status_code == 200
    assert "Finals are closed since" in later.text


def test_whose_token_was_revoked_is_not_told_that_nothing_changed(tmp_path: Path) -> None:
    server = open_contest(tmp_path, shown=ShownRanking(visible_to="participants"), auth="tokens")
    play_contest(server)
    grant = Grant(role=Role.ANONYMIZER, holder="ann", challenge="incomes")
    token = server.tokens.create(grant)
    client = TestClient(create_web_app(server, access_log=False))
    headers = {"Accept": "text/html", "Authorization": f"Bearer {token}"}
    etag = client.simulate_get(PATH, headers=headers).headers["ETag"]
    assert client.simulate_get(PATH, headers=headers | {"If-None-Match": etag}).status_code == 304

    server.tokens.revoke("ann")
    answers = [
        client.simulate_get(PATH, headers=headers | {"If-None-Match": known}).status_code
        for known in (etag, "*")
    ]
    stranger = {"Accept": "text/html", "If-None-Match": "*"}
    answers.append(client.simulate_get(PATH, headers=stranger).status_code)
    server.close()

    assert answers == [401, 401, 401]


def test_what_is_not_shown_yet_is_refused_to_whoever_knows_a_tag(tmp_path: Path) -> None:
    server = open_contest(
        tmp_path,
        shown=ShownRanking(visible_to="public", from_="close"),
        phases={Split.VALIDATION: Phase(closes=datetime(2999, 1, 1, tzinfo=UTC))},
    )
    client = TestClient(create_web_app(server, access_log=False))

    answer = client.simulate_get(PATH, headers={"Accept": "text/html", "If-None-Match": "*"})
    server.close()

    assert answer.status_code == 403


def test_columns_that_do_not_exist_are_one_page(world: PagesWorld) -> None:
    plain = read(world)
    for n in range(3):
        assert read(world, query_string=f"sort=none-{n}").count("aria-sort") == 1
    kept = world.server.kept_pages
    assert kept.get(("probe",), lambda: "kept") == "kept"

    assert read(world) == plain
    assert len(kept) == 3  # rows, body and the probe


def test_deciding_attacks_that_are_kept_are_those_that_are_read_anew(tmp_path: Path) -> None:
    server = open_contest(tmp_path)
    play_contest(server)
    hosted = server.challenges["incomes"]
    played = Contest(ledger=server.ledger, challenge=hosted.id, fingerprint=hosted.fingerprint)
    kept = server.rankings
    for n, low in enumerate((0.1, 0.6, 0.3, 0.95)):
        before = kept.tables(hosted)
        metrics = {"risk": low + 0.02, "risk_low": low, "risk_high": 1.0}
        played.submit("deanonymizer", pair(("ben", "fay")[n % 2], f"late-{n}"), metrics)
        after = kept.tables(hosted)

        assert after == Rankings(server.ledger).tables(hosted)
        assert after != before
    server.close()


def test_only_so_much_is_kept() -> None:
    kept = Kept()
    for n in range(1000):
        assert kept.get(n, lambda n=n: n) == n  # type: ignore[misc]

    assert len(kept) <= 24


def test_a_page_that_is_being_made_lets_submissions_pass(world: PagesWorld) -> None:
    entered, leave = threading.Event(), threading.Event()

    def make() -> str:
        entered.set()
        assert leave.wait(60)
        return "made"

    reader = threading.Thread(target=world.server.kept_pages.get, args=("slow", make))
    reader.start()
    assert entered.wait(60)
    try:
        contest(world).submit("anonymizer", anonymizer("meanwhile"), {"utility": 0.7})
        assert "<bdi>meanwhile</bdi>" in read(world)
    finally:
        leave.set()
        reader.join()
