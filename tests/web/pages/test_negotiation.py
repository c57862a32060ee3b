"""Browsers get pages; whoever does not ask for HTML by name gets what programs always got."""

import pytest
from falcon.testing import TestClient

from anomed_core.model import Role
from anomed_core.report.site import asset
from anomed_core.web import create_web_app
from anomed_core.web.pages.registry import PAGES
from tests.conftest import OpenServer
from tests.example_types import Guessing

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "query", "is_page"),
    [
        (BROWSER, "", True),
        ("text/html", "", True),
        ("*/*", "", False),
        ("", "", False),
        ("application/json", "", False),
        ("application/json, text/html;q=0.5", "", False),
        ("application/json, text/html", "", False),
        ("text/*", "", False),
        ("nonsense text/html;;q=q", "", False),
        (BROWSER, "format=json", False),
        ("*/*", "format=html", True),
        ("application/json", "format=html", True),
    ],
)
def test_only_who_asks_for_html_gets_it(
    accept: str, query: str, is_page: bool, client: TestClient
) -> None:
    answer = client.simulate_get("/challenges", headers={"Accept": accept}, query_string=query)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html") == is_page
    assert "Accept" in answer.headers["Vary"]


def test_a_refusal_is_a_page_for_browsers_and_the_same_sentence(client: TestClient) -> None:
    told = client.simulate_get("/nowhere")
    page = client.simulate_get("/nowhere", headers={"Accept": BROWSER})

    assert (told.status_code, page.status_code) == (404, 404)
    assert told.json["description"] in page.text
    assert "<h1>There is no such page</h1>" in page.text
    assert page.headers["X-Error-Code"] == told.headers["X-Error-Code"] == "not_found"


def test_a_browser_without_a_token_is_not_asked_by_a_dialogue(tokened: TestClient) -> None:
    told = tokened.simulate_get("/targets")
    page = tokened.simulate_get("/targets", headers={"Accept": BROWSER})

    assert (told.status_code, page.status_code) == (401, 401)
    assert "WWW-Authenticate" in told.headers
    assert "WWW-Authenticate" not in page.headers
    assert "<h1>Sign in to see this</h1>" in page.text


def test_a_hostile_path_is_escaped(client: TestClient) -> None:
    page = client.simulate_get("/<script>alert(1)</script>", headers={"Accept": BROWSER})

    assert "<script>alert" not in page.text


@pytest.fixture
def tokened(server_of: OpenServer) -> TestClient:
    return TestClient(create_web_app(server_of(Guessing(), auth="tokens")))


# --- what pages load ------------------------------------------------------------------------------


def test_what_pages_load_stays_for_a_year_under_a_name_of_its_own(client: TestClient) -> None:
    for ending, kind in (("css", "text/css"), ("js", "text/javascript"), ("svg", "image/svg+xml")):
        answer = client.simulate_get(f"/pages/assets/{asset(ending)}")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith(kind)
        assert "immutable" in answer.headers["Cache-Control"]
    assert client.simulate_get("/pages/assets/other.css").status_code == 404


# --- the one list ---------------------------------------------------------------------------------


def test_pages_are_told_apart_by_their_names_and_paths() -> None:
    assert len({page.name for page in PAGES}) == len(PAGES)
    assert len({(page.of_server, page.path) for page in PAGES}) == len(PAGES)


def test_every_page_is_seen_by_somebody_and_sent_from_by_no_others() -> None:
    for page in PAGES:
        assert page.seen_by <= set(Role)
        assert page.seen_by
        assert all(form.sent_by <= page.seen_by for form in page.forms)
