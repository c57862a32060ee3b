"""Clients that sign in by OpenID Connect get tokens that are derived from participants' own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import attrs
import pytest
from falcon.testing import Result, TestClient

from anomed_core import Role
from anomed_core.ledger import Grant
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from tests.conftest import OpenServer
from tests.foreign_type import Foreign
from tests.interactive_type import Asked

ISSUER = "/challenges/asked/other/oidc"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture
def server(server_of: OpenServer) -> Server:
    return server_of(Foreign(), Asked(name="elsewhere"), auth="tokens")


@pytest.fixture
def client(server: Server) -> TestClient:
    return TestClient(create_web_app(server))


@pytest.fixture
def token(server: Server) -> str:
    return token_of(server, "asked")


def token_of(server: Server, challenge: str) -> str:
    return server.tokens.create(Grant(role=Role.ANONYMIZER, holder="who", challenge=challenge))


def post(client: TestClient, path: str, **form: str) -> Result:
    return client.simulate_post(
        f"{ISSUER}{path}",
        body=urlencode(form),
        headers={"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"},
    )


def sign_in(client: TestClient, password: str, username: str = "who") -> Result:
    return post(
        client,
        "/token",
        grant_type="password",
        username=username,
        password=password,
        scope="openid profile email offline_access",
        client_id="a_client",
    )


def asks(client: TestClient, access: str) -> Result:
    return client.simulate_post(
        "/challenges/asked/other/ask",
        body='"what?"',
        headers={"Authorization": f"Bearer {access}", "X-User": "who"},
    )


def test_discovery_names_what_is_there(client: TestClient) -> None:
    told: dict[str, Any] = client.simulate_get(f"{ISSUER}/.well-known/openid-configuration").json

    assert urlsplit(told["issuer"]).path == ISSUER
    for name in (
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "device_authorization_endpoint",
        "introspection_endpoint",
    ):
        assert told[name].startswith(f"{told['issuer']}/")
        assert client.simulate_get(urlsplit(told[name]).path).status_code != 404


@pytest.mark.parametrize("name", ["who", "Dr. Who"])
def test_a_token_is_a_password_and_is_not_handed_back(
    name: str, client: TestClient, token: str
) -> None:
    told = sign_in(client, token, name).json

    assert told["token_type"] == "bearer"
    assert told["expires_in"] == 3600
    assert token not in {told["access_token"], told["refresh_token"]}
    assert asks(client, told["access_token"]).json["by"] == "who"


@pytest.mark.parametrize("which", ["wrong", "name", "elsewhere", "derived", "none"])
def test_no_password_but_ones_own_token_lets_in(
    which: str, server: Server, client: TestClient, token: str
) -> None:
    passwords = {
        "wrong": "x",
        "name": token,
        "elsewhere": token_of(server, "elsewhere"),
        "derived": sign_in(client, token).json["access_token"],
        "none": "",
    }

    answer = sign_in(client, passwords[which], "ann" if which == "name" else "who")

    assert answer.status_code == 400
    assert answer.json["error"] == "invalid_grant"
    assert answer.json["error_description"]


def test_a_refresh_token_brings_new_ones_and_nothing_else(client: TestClient, token: str) -> None:
    refreshing = sign_in(client, token).json["refresh_token"]

    told = post(client, "/token", grant_type="refresh_token", refresh_token=refreshing).json

    assert asks(client, told["access_token"]).status_code == 200
    assert told["refresh_token"] == refreshing
    assert asks(client, refreshing).status_code == 401


@pytest.mark.parametrize("which", ["revoked", "forged", "access"])
def test_a_refresh_token_ends_with_its_parent_and_cannot_be_made_up(
    which: str, server: Server, client: TestClient, token: str
) -> None:
    told = sign_in(client, token).json
    refreshing = told["access_token"] if which == "access" else told["refresh_token"]
    if which == "forged":
        refreshing = refreshing.replace("-refresh-", "-refresh-f")[:-1]
    if which == "revoked":
        (one,) = [o for o in server.tokens.facts() if o.identity.grants[0].holder == "who"]
        server.tokens.revoke(one.identity.token)

    answer = post(client, "/token", grant_type="refresh_token", refresh_token=refreshing)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")


def test_a_refresh_token_is_valid_for_a_week_in_its_challenge(server: Server) -> None:
    book = server.derived_tokens
    parent = server.tokens.identify(token_of(server, "asked"))
    assert parent is not None
    refreshing = book.refresh_token(parent, challenge="asked")
    began_at = server.ledger.now()

    def renewed(days: float, challenge: str = "asked") -> bool:
        later = attrs.evolve(book, now=lambda: began_at + timedelta(days=days))
        return later.refreshed(refreshing, challenge=challenge, seconds="60") is not None

    assert [renewed(6.9), renewed(7.1), renewed(0, "elsewhere")] == [True, False, False]


def test_a_device_gets_in_by_its_code(client: TestClient, token: str) -> None:
    codes = post(client, "/device", client_id="a_client", scope="openid").json
    ask = {"grant_type": DEVICE, "device_code": codes["device_code"]}

    pending = post(client, "/token", **ask).json
    page = urlsplit(codes["verification_uri"]).path
    client.simulate_post(
        page,
        body=urlencode({"user_code": codes["user_code"], "token": token, "decision": "allow"}),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    told = post(client, "/token", **ask)

    assert pending == {"error": "authorization_pending"}
    assert asks(client, told.json["access_token"]).json["by"] == "who"
    refreshing = told.json["refresh_token"]
    again = post(client, "/token", grant_type="refresh_token", refresh_token=refreshing)
    assert asks(client, again.json["access_token"]).status_code == 200


@pytest.mark.parametrize("kind", ["client_credentials", ""])
def test_other_ways_are_named_as_unsupported(kind: str, client: TestClient) -> None:
    answer = post(client, "/token", grant_type=kind)

    assert (answer.status_code, answer.json["error"]) == (400, "unsupported_grant_type")


def test_a_device_code_must_be_there(client: TestClient) -> None:
    assert post(client, "/token", grant_type=DEVICE).json["error"] == "invalid_request"


def test_tokens_are_told_about_to_whoever_has_them(client: TestClient, token: str) -> None:
    access = sign_in(client, token).json["access_token"]

    active = post(client, "/introspect", token=access).json
    headers = {"Authorization": f"Bearer {access}"}

    assert active["active"]
    assert active["exp"] > 0
    assert post(client, "/introspect", token="x").json == {"active": False}
    assert client.simulate_get(f"{ISSUER}/userinfo", headers=headers).json["sub"] == "who"
    assert client.simulate_get(f"{ISSUER}/userinfo").status_code == 401


def test_where_ids_are_believed_nobody_signs_in(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Foreign(), Asked(name="elsewhere"))))

    answer = sign_in(client, "anything")

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
