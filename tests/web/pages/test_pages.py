"""Each page, with nothing, one and many on it, for whoever looks."""

import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from falcon.testing import Result, TestClient

from anomed_core.web import create_web_app
from anomed_core.web.pages.registry import PAGES
from tests.pages_world import PagesWorld, open_world

VOID = {"meta", "link", "input", "img", "br"}
FILES = {"export"}
ROLES = ("", "anonymizer", "deanonymizer", "organiser")


class Nesting(HTMLParser):
    """Fail unless every element is closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesWorld]:
    world = open_world(tmp_path_factory.mktemp("many"), n_teams=12)
    yield world
    world.server.close()


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesWorld]:
    world = open_world(tmp_path_factory.mktemp("one"), n_teams=1, n_attacks=0)
    yield world
    world.server.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesWorld]:
    world = open_world(tmp_path_factory.mktemp("empty"), n_teams=0)
    yield world
    world.server.close()


def look(world: PagesWorld, path: str, role: str = "", **options: object) -> Result:
    headers = {"Accept": "text/html", **dict(options.pop("headers", {}))}  # type: ignore[call-overload]
    if role:
        headers["Authorization"] = f"Bearer {world.tokens[role]}"
    client = TestClient(create_web_app(world.server, access_log=False))
    return client.simulate_get(path, headers=headers, **options)


def address(world: PagesWorld, path: str) -> str:
    number = world.server.numbers.told(world.scores.get("ranked", 1))
    return "/challenges/incomes" + path.replace("{score_id:int}", str(number))


# --- every page -----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", ["empty", "one", "many"])
@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_well_formed_whoever_looks(
    size: str, role: str, request: pytest.FixtureRequest
) -> None:
    world: PagesWorld = request.getfixturevalue(size)
    for page in PAGES:
        path = page.path if page.of_server else address(world, page.path)
        answer = look(world, path, role)
        if answer.status_code == 303 or page.name in FILES:
            continue  # it leads to another page, or is a file
        assert answer.status_code in {200, 401, 403, 404}, (path, answer.status_code)
        assert answer.headers["Content-Type"].startswith("text/html"), path
        read = Nesting(answer.text)
        assert read.headings[0] == 1
        assert read.headings.count(1) == 1
        steps = zip(read.headings, read.headings[1:], strict=False)
        assert all(after - before <= 1 for before, after in steps), (path, read.headings)
        assert len(set(read.ids)) == len(read.ids), path
        assert "style=" not in answer.text
        assert not re.search(r"\son\w+=", answer.text), path
        assert "<b>& S" not in answer.text


@pytest.mark.parametrize("role", ROLES)
def test_pages_are_seen_by_whom_the_list_says(many: PagesWorld, role: str) -> None:
    for page in PAGES:
        if page.of_server or page.name == "accounts" or "{" in page.path:
            continue  # what they show decides; see below
        answer = look(many, address(many, page.path), role)
        is_seen = (role or "public") in page.seen_by
        assert (answer.status_code == 200) == is_seen, (page.name, role, answer.status_code)


def test_tabs_are_those_that_the_visitor_may_open(many: PagesWorld) -> None:
    for role in ROLES:
        page = look(many, address(many, ""), role).text
        tabs = re.search('<nav class="tabs".*?</nav>', page, re.DOTALL)
        assert tabs is not None
        for href in re.findall('href="([^"]*)"', tabs[0]):
            assert look(many, href, role).status_code == 200, (role, href)


# --- the overview ---------------------------------------------------------------------------------


def test_the_overview_tells_what_is_open_and_until_when(many: PagesWorld) -> None:
    assert "Tuning and finals" in look(many, "/challenges/incomes").text
    assert "Not open yet" in look(many, "/challenges/early").text
    assert "Closed" in look(many, "/challenges/old").text


def test_lines_to_copy_have_the_address_that_the_visitor_wrote(many: PagesWorld) -> None:
    page = look(many, "/challenges/incomes", "anonymizer", headers={"Host": "privacy.example"}).text

    assert "http://privacy.example/challenges/incomes" in page
    assert "team-4" in page


def test_lines_to_copy_have_the_prefix_of_a_proxy(many: PagesWorld) -> None:
    page = look(many, "/challenges/incomes", root_path="/privacy").text

    assert "/privacy/challenges/incomes/utility" not in look(many, "/challenges/incomes").text
    assert "connect(&#34;http://falconframework.org/privacy/challenges/incomes" in page


def test_the_organisers_story_and_rules_stand_on_the_overview(many: PagesWorld) -> None:
    page = look(many, "/challenges/incomes").text

    assert "A town wants to publish what its people earn." in page
    assert "<strong>elsewhere</strong> &lt;b&gt;is used&lt;/b&gt;" in page
    assert look(many, "/challenges/incomes/pages/image").status_code == 404


# --- the ranking ----------------------------------------------------------------------------------


def rows(page: str) -> list[str]:
    return re.findall('<tr role="row".*?</tr>', page, re.DOTALL)


def test_a_ranking_has_the_rows_of_its_json_in_their_order(many: PagesWorld) -> None:
    told = look(many, address(many, "/ranking"), headers={"Accept": "*/*"}).json[0]
    page = look(many, address(many, "/ranking")).text

    shown = re.findall('<th scope="row" role="rowheader"><a href="([^"]*)">', page)
    assert shown[: len(told["entries"])] == [f"scores/{e['score']}" for e in told["entries"]]
    assert len(shown) == len(told["entries"]) + 1  # and the annulled one


def test_gated_waiting_and_annulled_entries_stand_in_groups_of_their_own(many: PagesWorld) -> None:
    page = look(many, address(many, "/ranking")).text

    for words in ("Not attacked yet: ", "Below a gate", "Annulled by the organiser."):
        assert words in page
    assert "two accounts of one team" in page
    assert "12 entries: 9 ranked, 1 not attacked yet, 1 below a gate, 1 annulled." in page


def test_a_risk_of_zero_is_ranked_and_not_missing(tmp_path: Path) -> None:
    from tests.ledger.contest import Contest, anonymizer

    world = open_world(tmp_path, n_teams=0)
    hosted = world.server.challenges["incomes"]
    contest = Contest(
        ledger=world.server.ledger, challenge=hosted.id, fingerprint=hosted.fingerprint
    )
    final = contest.submit("anonymizer", anonymizer("zero"), {"utility": 0.9})
    contest.find(final, "panel", {"risk": 0.0, "risk_low": 0.0, "risk_high": 0.0})
    page = look(world, "/challenges/incomes/ranking").text
    world.server.close()

    (row,) = [row for row in rows(page) if "zero" in row]
    assert ">1</td>" in row
    assert "0.000" in row
    assert "not attacked" not in row


def test_the_own_row_is_marked_for_its_team_alone(many: PagesWorld) -> None:
    own = look(many, address(many, "/ranking"), "anonymizer").text
    others = look(many, address(many, "/ranking")).text

    assert own.count('<tr role="row" class="own">') == 1
    (row,) = [row for row in rows(own) if "your team" in row]
    assert "team-4" in row
    assert "your team" not in others


def test_a_ranking_is_sorted_by_any_column_and_back(many: PagesWorld) -> None:
    def places(sort: str) -> list[str]:
        page = look(many, address(many, "/ranking"), query_string=f"sort={sort}").text
        return re.findall('class="n place">([^<]*)<', page)[:9]

    def values(sort: str) -> list[str]:
        page = look(many, address(many, "/ranking"), query_string=f"sort={sort}").text
        return re.findall('data-label="utility">([0-9.]*)<', page)[:9]

    assert places("") == [str(n) for n in range(1, 10)]
    assert values("utility") == sorted(values("utility"), reverse=True)
    assert values("-utility") == sorted(values("utility"))
    assert 'aria-sort="ascending"' in look(many, address(many, "/ranking")).text


def test_whoever_has_the_page_is_told_so_until_the_ledger_moves(tmp_path: Path) -> None:
    world = open_world(tmp_path, n_teams=3)
    first = look(world, "/challenges/incomes/ranking")
    etag = {"If-None-Match": first.headers["ETag"]}

    assert look(world, "/challenges/incomes/ranking", headers=etag).status_code == 304
    assert look(world, "/challenges/incomes/ranking", "anonymizer", headers=etag).status_code == 200
    world.server.ledger.annul(world.scores["ranked"], "a mistake")
    later = look(world, "/challenges/incomes/ranking", headers=etag)
    world.server.close()

    assert later.status_code == 200
    assert later.headers["ETag"] != first.headers["ETag"]


def test_points_of_the_figure_lead_to_their_scores(many: PagesWorld) -> None:
    page = look(many, address(many, "/ranking")).text
    svg = re.search('<svg[^>]*class="figure".*?</svg>', page, re.DOTALL)

    assert svg is not None
    links = re.findall('<a href="(scores/[0-9]*)"', svg[0])
    assert set(links) <= set(re.findall('rowheader"><a href="([^"]*)"', page))
    assert len(links) >= 9


def test_an_empty_ranking_says_so(empty: PagesWorld) -> None:
    assert "Nobody has sent a final yet." in look(empty, address(empty, "/ranking")).text


# --- a submission ---------------------------------------------------------------------------------


def score_page(world: PagesWorld, which: str, role: str = "") -> str:
    number = world.server.numbers.told(world.scores[which])
    return look(world, f"/challenges/incomes/scores/{number}", role).text


def test_the_worst_attack_on_a_submission_comes_first(many: PagesWorld) -> None:
    page = score_page(many, "ranked", "organiser")
    section = page.partition("Attacks, the worst first")[2]

    risks = [float(text) for text in re.findall(r'data-label="risk">([0-9.]+)', section)]
    assert len(risks) == 4
    assert risks == sorted(risks, reverse=True)


def test_provenance_is_for_owners_and_organisers(many: PagesWorld) -> None:
    assert "Provenance" in score_page(many, "own", "anonymizer")
    assert "Provenance" in score_page(many, "ranked", "organiser")
    assert "Provenance" not in score_page(many, "ranked", "anonymizer")
    assert "Provenance" not in score_page(many, "ranked")


def test_an_annulled_submission_says_why(many: PagesWorld) -> None:
    assert "two accounts of one team" in score_page(many, "annulled")


# --- a team, its targets --------------------------------------------------------------------------


def test_a_team_reads_what_is_left_and_what_it_sent(many: PagesWorld) -> None:
    page = look(many, "/challenges/incomes/team", "anonymizer").text

    assert "3 of 5 left" in page
    assert "again at" in page
    assert page.count("anonymizer, tuning") == 2
    assert page.count("anonymizer, final") == 1


def test_an_attacker_reads_whom_it_has_not_attacked_first(many: PagesWorld) -> None:
    page = look(many, "/challenges/incomes/attacks", "deanonymizer").text
    told = look(many, "/challenges/incomes/attacks", "deanonymizer", headers={"Accept": "*/*"}).json

    finals = [one["final"] for one in told]
    assert finals == sorted(finals)  # open before scored
    assert {"open", "scored"} == set(finals)
    assert page.count("Send an attack") == finals.count("open")


def test_the_board_is_csv_too(many: PagesWorld) -> None:
    answer = look(many, "/challenges/incomes/attacks", "deanonymizer", query_string="format=csv")

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.text.splitlines()[0] == "name,shown,splits,is_own,n_tuning,final,score_id"


def test_nobody_without_a_token_has_a_team(many: PagesWorld) -> None:
    assert look(many, "/challenges/incomes/team").status_code == 401


# --- what plugins find ----------------------------------------------------------------------------


def test_findings_are_made_beside_the_request_and_for_organisers_alone(many: PagesWorld) -> None:
    path = "/challenges/incomes/findings"
    deadline = time.monotonic() + 30
    page = look(many, path, "organiser").text
    while "They are being made." in page and time.monotonic() < deadline:
        time.sleep(0.05)
        page = look(many, path, "organiser").text

    assert "metrics of the house&#39;s attacks" in page
    assert look(many, path, "anonymizer").status_code == 403
    assert look(many, path).status_code == 401
