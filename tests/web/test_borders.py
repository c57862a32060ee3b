"""What browsers are kept from."""

import numpy as np
import pytest
from falcon.testing import TestClient

from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.web.borders import names_of
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing

FINAL = "/utility/anonymizer?anonymizer=alice&data_split=validation"
GUESS = encode_npz({"prediction": np.zeros(10)})
OWN = "falconframework.org"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": f"https://{OWN}.evil.example"},
        {"Origin": "null"},
    ],
    ids=str,
)
def test_another_site_cannot_spend_a_final(client: TestClient, headers: dict[str, str]) -> None:
    refused = client.simulate_post(FINAL, body=GUESS, headers=headers)

    assert refused.status_code == 403
    assert "Another site made the browser send this" in refused.json["description"]
    assert client.simulate_post(FINAL, body=GUESS).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": f"https://{OWN}"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": f"https://{OWN}"},
    ],
    ids=str,
)
def test_programs_and_own_pages_may_submit(client: TestClient, headers: dict[str, str]) -> None:
    assert client.simulate_post(FINAL, body=GUESS, headers=headers).status_code == 201


def test_another_site_may_link_here(client: TestClient) -> None:
    answer = client.simulate_get("/", headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/challenge.json", "/nowhere", FINAL, "/data/pair", "/metrics"]
)
def test_every_answer_says_what_browsers_may_not_do(client: TestClient, path: str) -> None:
    headers = client.simulate_get(path).headers

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_a_page_loads_from_its_own_server_only_and_is_framed_by_nobody(client: TestClient) -> None:
    policy = client.simulate_get("/", headers={"Accept": "text/html"}).headers[
        "content-security-policy"
    ]

    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.fixture
def named(server: Server) -> TestClient:
    return TestClient(create_web_app(server, names={"localhost", "127.0.0.1", "::1"}))


@pytest.mark.parametrize("host", ["rebind.evil.example:8804", "127.0.0.1.evil.example", "[::2]"])
def test_a_strange_name_reads_nothing(named: TestClient, host: str) -> None:
    answer = named.simulate_get("/data/pair", headers={"Host": host})

    assert answer.status_code == 403
    assert "server.names" in answer.json["description"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:80", "[::1]:8000"])
def test_names_of_this_machine_are_answered(named: TestClient, host: str) -> None:
    assert named.simulate_get("/challenge.json", headers={"Host": host}).status_code == 200


def test_only_open_servers_on_loopback_and_named_ones_mind_their_name(
    server_of: OpenServer,
) -> None:
    assert names_of("127.0.0.1", (), is_open=True) == {"localhost", "127.0.0.1", "::1"}
    assert "::1" in names_of("[::1]", (), is_open=True)
    assert names_of("127.0.0.1", (), is_open=False) == frozenset()
    assert names_of("0.0.0.0", (), is_open=True) == frozenset()
    assert "a.example" in names_of("0.0.0.0", ("a.example",), is_open=False)
    assert server_of(Guessing(), names=("a.example",)).settings.names == ("a.example",)
