"""A device without a browser waits until somebody with a token lets it in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import attrs
import pytest
from falcon.testing import Result, TestClient

from anomed_core import ChallengeSpec, Role, ServerSettings
from anomed_core.ledger import Grant
from anomed_core.ledger.device_codes import LETTERS, LIFETIME_S
from anomed_core.ledger.times import MICROSECOND
from anomed_core.plugins import build_registry
from anomed_core.service.devices import EVERY_S
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from tests.conftest import OpenServer
from tests.example_types import Guessing
from tests.postgresql import create_database, postgresql

__all__ = ["postgresql"]

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"


@attrs.define
class Clock:
    now: int = 1_900_000_000 * MICROSECOND

    def __call__(self) -> int:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += int(seconds * MICROSECOND)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, state: Path, clock: Clock) -> Iterator[Server]:
    settings: dict[str, Any] = {"state": state, "auth": "tokens"}
    if request.param == "postgresql":
        settings["ledger"] = create_database(request.getfixturevalue("postgresql"))
    registry = build_registry(discover=False)
    registry.add(Guessing(), name="guessing")
    registry.add(Guessing(name="riddles"), name="riddles")
    server = open_server(
        [ChallengeSpec(id=name, type=name) for name in ("guessing", "riddles")],
        registry=registry,
        settings=ServerSettings(**settings),
        environment={},
        clock=clock,
    )
    yield server
    server.close()


@attrs.frozen
class Devices:
    """What is sent by devices and by people."""

    client: TestClient
    at: str = "/challenges/guessing"

    def post(self, path: str, **fields: str) -> Result:
        return self.client.simulate_post(f"{self.at}{path}", body=urlencode(fields).encode())

    def wait(self) -> dict[str, Any]:
        answer = self.post("/device/codes", client_id="a notebook")
        assert answer.status_code == 200
        told: dict[str, Any] = answer.json
        return told

    def ask(self, waiting: dict[str, Any]) -> Any:
        return self.post(
            "/device/token", grant_type=GRANT_TYPE, device_code=waiting["device_code"]
        ).json

    def decide(self, waiting: dict[str, Any], token: str, decision: str = "allow") -> Result:
        return self.post("/device", user_code=waiting["user_code"], token=token, decision=decision)


@pytest.fixture
def devices(server: Server) -> Devices:
    return Devices(TestClient(create_web_app(server)))


@pytest.fixture
def token(server: Server) -> str:
    return server.tokens.create(Grant(role=Role.ANONYMIZER, holder="ann", challenge="guessing"))


def test_it_is_let_in_once_by_whoever_types_its_code(devices: Devices, token: str) -> None:
    waiting = devices.wait()
    assert waiting["verification_uri"].endswith("/challenges/guessing/device")
    assert set(waiting["user_code"]) <= {*LETTERS, "-"}

    assert devices.ask(waiting) == {"error": "authorization_pending"}
    assert "The device is in" in devices.decide(waiting, token).text
    told = devices.ask(waiting)

    headers = {"Authorization": f"Bearer {told['access_token']}"}
    who = devices.client.simulate_get(f"{devices.at}/whoami", headers=headers).json
    assert (who["name"], who["role"]) == ("ann", "anonymizer")
    assert devices.ask(waiting) == {"error": "expired_token"}
    assert devices.decide(waiting, token).status_code == 404


def test_it_is_sent_away(devices: Devices, token: str) -> None:
    waiting = devices.wait()

    devices.decide(waiting, token, "refuse")

    assert devices.ask(waiting) == {"error": "access_denied"}


def test_its_token_ends_with_that_of_who_let_it_in(
    devices: Devices, token: str, server: Server
) -> None:
    waiting = devices.wait()
    devices.decide(waiting, token)
    server.tokens.revoke("ann")

    assert devices.ask(waiting) == {"error": "access_denied"}


def test_who_asks_too_often_is_told_to_slow_down(devices: Devices, clock: Clock) -> None:
    waiting = devices.wait()
    answers = []
    for seconds in (0, 0, EVERY_S - 1, EVERY_S):
        clock.wait(seconds)
        answers.append(devices.ask(waiting)["error"])

    assert answers == ["authorization_pending", "slow_down", "slow_down", "authorization_pending"]


def test_codes_end(devices: Devices, clock: Clock, token: str) -> None:
    waiting = devices.wait()
    clock.wait(LIFETIME_S)

    assert devices.ask(waiting) == {"error": "expired_token"}
    assert devices.decide(waiting, token).status_code == 404


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"user_code": "", "token": "T", "decision": "allow"}, 400, "user_code"),
        ({"user_code": "CODE", "token": "", "decision": "allow"}, 400, "token"),
        ({"user_code": "CODE", "token": "T", "decision": ""}, 400, "decision"),
        ({"user_code": "CODE", "token": "anomed-wrong", "decision": "allow"}, 401, "not valid"),
        ({"user_code": "XXXX-XXXX", "token": "T", "decision": "allow"}, 404, "No device waits"),
        ({"user_code": "CODE", "token": "OTHER", "decision": "allow"}, 403, "another challenge"),
        ({"user_code": "CODE", "token": "DERIVED", "decision": "allow"}, 403, "derived itself"),
    ],
)
def test_a_mistake_is_said_on_the_page_and_changes_nothing(
    fields: dict[str, str],
    status: int,
    sentence: str,
    devices: Devices,
    server: Server,
    token: str,
) -> None:
    waiting = devices.wait()
    other = server.tokens.create(Grant(role=Role.ANONYMIZER, holder="bob", challenge="riddles"))
    derived = devices.client.simulate_post(
        f"{devices.at}/tokens", headers={"Authorization": f"Bearer {token}"}
    ).json["token"]
    meant = {"T": token, "OTHER": other, "DERIVED": derived, "CODE": waiting["user_code"]}

    answer = devices.post("/device", **{name: meant.get(v, v) for name, v in fields.items()})

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert sentence in answer.text
    assert devices.ask(waiting) == {"error": "authorization_pending"}


def test_a_code_of_one_challenge_is_none_of_another(devices: Devices, token: str) -> None:
    elsewhere = attrs.evolve(devices, at="/challenges/riddles")
    waiting = elsewhere.wait()

    assert devices.ask(waiting) == {"error": "expired_token"}
    assert devices.decide(waiting, token).status_code == 404


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"grant_type": "password", "device_code": "x"}, "unsupported_grant_type"),
        ({"grant_type": GRANT_TYPE}, "invalid_request"),
        ({"grant_type": GRANT_TYPE, "device_code": "no such"}, "expired_token"),
        ({"grant_type": GRANT_TYPE, "device_code": "\ud800".encode("utf-8", "surrogatepass")
          .decode("latin-1")}, "expired_token"),
    ],
)  # fmt: skip
def test_devices_are_refused_in_the_words_of_the_standard(
    fields: dict[str, str], error: str, devices: Devices
) -> None:
    answer = devices.post("/device/token", **fields)

    assert (answer.status_code, answer.json) == (400, {"error": error})


def test_the_page_says_what_waits_and_runs_nothing_of_it(devices: Devices) -> None:
    name = '<script>alert("x")</script>'
    told = devices.post("/device/codes", client_id=name).json

    page = devices.client.simulate_get(
        f"{devices.at}/device", params={"user_code": told["user_code"].lower()}
    )

    assert "alert" not in page.text.partition("<main")[0]
    assert name not in page.text
    assert "calls itself" in page.text
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "private, no-store"
    unknown = devices.client.simulate_get(f"{devices.at}/device?user_code=%22%3E%3Cb%3E")
    assert "No device waits" in unknown.text
    assert "<b>" not in unknown.text


def test_neither_codes_nor_tokens_are_in_the_ledger(
    devices: Devices, token: str, state: Path
) -> None:
    waiting = devices.wait()
    devices.decide(waiting, token)

    files = [file.read_bytes() for file in state.rglob("*") if file.is_file()]
    assert not any(waiting["device_code"].encode() in content for content in files)
    assert not any(token.encode() in content for content in files)


def test_where_no_tokens_are_looked_at_no_device_waits(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Guessing())))

    assert client.simulate_post("/device/codes", body=b"client_id=x").status_code == 403


def test_forms_are_small(devices: Devices) -> None:
    many = "&".join(f"a{n}=1" for n in range(100)).encode()
    for body, status in ((b"x=" + b"y" * 10_000, 413), (many, 400), (b"\xff\xfe=1", 400)):
        answer = devices.client.simulate_post(f"{devices.at}/device/codes", body=body)
        assert answer.status_code == status
