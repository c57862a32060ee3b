"""Behind a proxy that shows the server below a path, all that leads back to it begins with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from falcon.testing import Result, TestClient

from anomed_core.web import create_web_app
from anomed_core.web.forms import COOKIE, KEY
from anomed_core.web.pages.registry import PAGES
from tests.pages_world import PagesWorld, open_world

PREFIX = "/town/hall"
LEADS = re.compile(r'(?:href|action|src)="([^"]*)"')


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesWorld]:
    world = open_world(tmp_path_factory.mktemp("state"), n_teams=3)
    yield world
    world.server.close()


@pytest.fixture(scope="module")
def client(world: PagesWorld) -> TestClient:
    return TestClient(create_web_app(world.server, access_log=False))


def ask(client: TestClient, path: str, *, prefix: str = PREFIX, **headers: str) -> Result:
    return client.simulate_get(
        path, headers={"Accept": "text/html", "X-Forwarded-Prefix": prefix, **headers}
    )


def paths(world: PagesWorld) -> list[str]:
    number = str(world.server.numbers.told(world.scores["ranked"]))
    below = [
        ("" if page.of_server else "/challenges/incomes")
        + page.path.replace("{score_id:int}", number)
        for page in PAGES
    ]
    return [path for path in below if "{" not in path]


@pytest.mark.parametrize("role", ["", "anonymizer", "deanonymizer", "organiser"])
def test_every_link_and_form_begins_with_it(
    role: str, world: PagesWorld, client: TestClient
) -> None:
    token = {"Authorization": f"Bearer {world.tokens[role]}"} if role else {}
    for path in paths(world):
        page = ask(client, path, **token)
        for lead in LEADS.findall(page.text):
            is_within = lead.startswith(("#", "?", f"{PREFIX}/")) or lead == PREFIX
            is_relative = not lead.startswith("/") and ":" not in lead
            assert is_within or is_relative, (path, lead)


def test_the_path_may_come_with_it_or_without(client: TestClient) -> None:
    assert ask(client, "/challenges").text == ask(client, f"{PREFIX}/challenges").text


def test_a_browser_is_sent_below_it_and_keeps_its_cookie_there(
    world: PagesWorld, client: TestClient
) -> None:
    page = ask(client, "/sign-in")
    key = re.search(rf'name="{KEY}" value="(\w+)"', page.text)
    assert key is not None
    answer = client.simulate_post(
        "/sign-in",
        headers={
            "X-Forwarded-Prefix": PREFIX,
            "Cookie": f"{COOKIE}={page.cookies[COOKIE].value}",
        },
        body=urlencode({KEY: key[1], "token": world.tokens["anonymizer"]}).encode(),
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == f"{PREFIX}/challenges"
    assert answer.cookies[COOKIE].path == PREFIX
    assert answer.cookies[COOKIE].http_only
    assert answer.cookies[COOKIE].same_site == "Strict"


@pytest.mark.parametrize(
    "prefix", ["//evil.example", "https://evil.example", "/a b", '/"onload="x', "/..", "/x" * 65]
)
def test_what_is_no_plain_path_is_not_written_into_links(prefix: str, client: TestClient) -> None:
    page = ask(client, "/challenges", prefix=prefix)

    assert page.status_code == 200
    assert 'href="/challenges' in page.text
    assert "evil" not in page.text


def test_the_cookie_is_for_tls_alone_where_it_came_by_tls(client: TestClient) -> None:
    secure = client.simulate_get("/sign-in", protocol="https", headers={"Accept": "text/html"})

    assert secure.cookies[COOKIE].secure
    assert not ask(client, "/sign-in").cookies[COOKIE].secure


def test_the_shipped_proxy_says_scheme_host_and_prefix_itself() -> None:
    """Otherwise whoever asks could say them, and links would lead where they like."""
    text = (Path(__file__).parents[2] / "deploy" / "nginx.conf").read_text()

    for line in ('X-Forwarded-Prefix ""', "X-Forwarded-Proto $scheme", "Host $http_host"):
        assert f"proxy_set_header {line};" in text
