"""The door: what is mounted where, and what every answer has in common."""

import json
import re
from typing import Any

import falcon
import numpy as np
import pytest
from falcon.testing import TestClient

from anomed_core import ChallengeSpec, hookimpl
from anomed_core.errors import PluginConflictError
from anomed_core.service.server import Server
from anomed_core.web import CORE_ROUTES, create_web_app
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing, Tables

GUESS = encode_npz({"prediction": np.zeros(10)})


# --- the alive message ----------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["*/*", "application/json", "", "text/plain"])
def test_the_server_says_that_it_is_alive(accept: str, client: TestClient) -> None:
    response = client.simulate_get("/", headers={"Accept": accept})

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.content == b'{"message": "Challenge server is alive!"}'
    assert response.headers["Vary"] == "Accept"


def test_a_browser_gets_a_page_that_holds_neither_styles_nor_scripts(client: TestClient) -> None:
    response = client.simulate_get("/", headers={"Accept": "text/html,application/xhtml+xml"})

    assert response.headers["Content-Type"].startswith("text/html")
    assert response.headers["Vary"] == "Accept, Authorization, Cookie"
    assert response.headers["Content-Security-Policy"] == (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    assert re.findall("<script[^>]*></script>", response.text) == re.findall(
        "<script.*?</script>", response.text, re.DOTALL
    )
    assert "style=" not in response.text
    assert "<style" not in response.text
    assert "The guessing game" in response.text


def test_words_of_plugins_and_organisers_are_escaped(server_of: OpenServer) -> None:
    spec = ChallengeSpec(id="x", type="guessing", title="<script>alert(1)</script>")
    client = TestClient(create_web_app(server_of(Guessing(), specs=[spec])))

    page = client.simulate_get("/", headers={"Accept": "text/html"}).text

    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_head_of_the_alive_message_is_its_headers(client: TestClient) -> None:
    response = client.simulate_head("/")

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Length"] == "41"


# --- methods and addresses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/", "GET, HEAD"),
        ("/data/anonymizer/training", "GET, HEAD"),
        ("/data/pair", "GET, HEAD"),
        ("/utility/anonymizer", "POST"),
        ("/challenge.json", "GET, HEAD"),
    ],
)
def test_options_names_the_methods(path: str, allowed: str, client: TestClient) -> None:
    response = client.simulate_options(path)

    assert response.status_code == 200
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_other_methods_are_refused_in_our_form(method: str, client: TestClient) -> None:
    response = client.simulate_request(method, "/data/anonymizer/training")

    assert response.status_code == 405
    assert response.headers["Content-Type"] == "application/json"
    assert response.json == {"title": "405 Method Not Allowed", "code": "method_not_allowed"}
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/data/anonymizer/training/",
        "/data/anonymizer",
        "/challenges/other",
        "/scores/x",
        "/../secret",
    ],
)
def test_there_is_nothing_at_other_addresses(path: str, client: TestClient) -> None:
    response = client.simulate_get(path)

    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/json"
    assert response.json["title"] == "404 Not Found"


@pytest.mark.parametrize("number", [0, -1, 99, 2**63])
def test_a_score_that_is_not_there_is_not_found(number: int, client: TestClient) -> None:
    response = client.simulate_get(f"/scores/{number}")

    assert response.status_code == 404
    assert response.json["description"] == f"There is no score {number} in this challenge."


# --- request ids ----------------------------------------------------------------------------------


def test_every_answer_has_an_id_of_its_own(client: TestClient) -> None:
    ids = {client.simulate_get(path).headers["X-Request-Id"] for path in ["/", "/", "/nowhere"]}

    assert len(ids) == 3


@pytest.mark.parametrize("given", ["my-request-1", "0123456789abcdef", "a.b_c-d8"])
def test_a_decent_id_is_kept(given: str, client: TestClient) -> None:
    response = client.simulate_get("/", headers={"X-Request-Id": given})

    assert response.headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["short", "x" * 65, 'in"jected-id', "two words 1", "ünïcödé-id"])
def test_any_other_id_is_replaced(given: str, client: TestClient) -> None:
    response = client.simulate_get("/", headers={"X-Request-Id": given.encode().decode("latin1")})

    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{8}", response.headers["X-Request-Id"])


def test_the_access_line_is_json_without_the_query(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.simulate_get('/no"where', query_string="anonymizer=secret-name")

    (line,) = capsys.readouterr().err.splitlines()
    facts = json.loads(line)
    assert (facts["method"], facts["path"], facts["status"]) == ("GET", '/no"where', 404)
    assert "secret-name" not in line


# --- several challenges ---------------------------------------------------------------------------


@pytest.fixture
def both(server_of: OpenServer) -> TestClient:
    return TestClient(create_web_app(server_of(Guessing(), Tables())))


def test_a_single_challenge_is_at_the_root_and_at_its_own_address(client: TestClient) -> None:
    at_root = client.simulate_get("/data/anonymizer/training")
    at_home = client.simulate_get("/challenges/guessing/data/anonymizer/training")

    assert at_root.content == at_home.content


def test_several_challenges_are_at_their_own_addresses_only(both: TestClient) -> None:
    for path, status in {
        "/challenges/guessing/data/anonymizer/training": 200,
        "/challenges/tables/data/anonymizer/leaky": 200,
        "/challenges/tables/data/anonymizer/training": 404,
        "/challenges/guessing/data/anonymizer/leaky": 404,
        "/data/anonymizer/training": 404,
        "/challenge.json": 404,
        "/openapi.json": 200,
        "/": 200,
    }.items():
        assert both.simulate_get(path).status_code == status, path


def test_challenges_do_not_show_each_others_scores(both: TestClient) -> None:
    base = "/challenges/guessing"
    location = both.simulate_post(
        f"{base}/utility/anonymizer?anonymizer=a&data_split=tuning", body=GUESS
    ).headers["Location"]

    assert location == f"{base}/scores/1"
    assert both.simulate_get(location).status_code == 200
    assert both.simulate_get("/challenges/tables/scores/1").status_code == 404


def test_addresses_have_the_path_that_the_application_is_mounted_at(both: TestClient) -> None:
    post = "/challenges/guessing/utility/anonymizer?anonymizer=a&data_split=validation"
    mounted = {"root_path": "/privacy"}

    answers = [both.simulate_post(post, body=GUESS, **mounted) for _ in range(2)]
    attempts = both.simulate_get("/challenges/guessing/attempts?anonymizer=a", **mounted).json

    score = "/privacy/challenges/guessing/scores/1"
    assert [answer.status_code for answer in answers] == [201, 409]
    assert [answer.headers["Location"] for answer in answers] == [score] * 2
    assert attempts["attempts"][0]["score"] == score


@pytest.mark.parametrize("root", ["", "/privacy"])
@pytest.mark.parametrize("path", ["/", "/challenges/guessing"])
def test_links_of_a_page_hold_wherever_it_is_shown(both: TestClient, root: str, path: str) -> None:
    page = both.simulate_get(path, headers={"Accept": "text/html"}, root_path=root).text

    links = re.findall('(?:href|src)="([^"#]+)"', page)
    assert f"{root}/" in links
    for link in links:
        assert link.startswith(f"{root}/")
        way = link.removeprefix(root)
        assert both.simulate_get(way, root_path=root).status_code == 200, link


def test_a_page_lists_all_challenges(both: TestClient) -> None:
    page = both.simulate_get("/", headers={"Accept": "text/html"}).text

    assert "The guessing game" in page
    assert "Tables" in page


@pytest.mark.parametrize("suffix", ["", "/challenge.json"])
def test_a_challenge_describes_itself(suffix: str, both: TestClient) -> None:
    facts = both.simulate_get(f"/challenges/tables{suffix}").json

    assert facts["id"] == "tables"
    assert facts["products"][0]["path"] == "/challenges/tables/data/anonymizer/leaky"


# --- routes of plugins ----------------------------------------------------------------------------


class Motto:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        resp.media = {"motto": "primum non nocere"}


def with_routes(routes: dict[str, Any]) -> Guessing:
    class Extra(Guessing):
        @hookimpl
        def anomed_extra_routes(self, challenge: Any) -> dict[str, Any]:
            return routes

    return Extra()


def test_a_plugin_mounts_resources_of_its_own(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(with_routes({"/motto": Motto()}))))

    assert client.simulate_get("/motto").json == {"motto": "primum non nocere"}
    assert client.simulate_get("/challenges/guessing/motto").status_code == 200


@pytest.mark.parametrize("route", CORE_ROUTES)
def test_the_routes_of_the_core_cannot_be_taken(route: str, server_of: OpenServer) -> None:
    server = server_of(with_routes({route: Motto()}))

    with pytest.raises(PluginConflictError, match=r"claimed twice: by the core and by extra-0"):
        create_web_app(server)


# --- what may never be in an answer ---------------------------------------------------------------


class Leaking:
    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        raise RuntimeError("the truth is 4711")


def test_an_unexpected_error_is_an_id_and_nothing_else(
    server_of: OpenServer, capsys: pytest.CaptureFixture[str]
) -> None:
    client = TestClient(create_web_app(server_of(with_routes({"/leak": Leaking()}))))

    response = client.simulate_get("/leak", headers={"X-Request-Id": "my-request-1"})

    assert response.status_code == 500
    assert response.json["request_id"] == "my-request-1"
    assert "4711" not in response.text
    assert "RuntimeError" not in response.text


def test_no_error_holds_the_truth(client: TestClient, server: Server) -> None:
    """Whatever is sent, no refusal contains one of the secret numbers in their order."""
    truth = server.challenges["guessing"].challenge.definition.y.tolist()
    texts = []
    for query in (
        "",
        "?anonymizer=a",
        "?anonymizer=a&data_split=x",
        "?anonymizer=a&data_split=tuning",
    ):
        for array in (np.zeros(9), np.zeros((10, 1)), np.full(10, np.nan), np.full(10, 1e9)):
            response = client.simulate_post(
                f"/utility/anonymizer{query}", body=encode_npz({"prediction": array})
            )
            assert response.status_code in {400, 422}
            texts.append(response.text)

    assert not any(str(truth)[1:12] in text for text in texts)
    assert server.state.secret().hex() not in "".join(texts)
