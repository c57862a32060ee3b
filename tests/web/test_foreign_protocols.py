"""Whatever the core refuses below a protocol's path is written in the protocol's words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import falcon
import numpy as np
import pytest
from falcon.testing import Result, TestClient

from anomed_core import (
    Challenge,
    DataProduct,
    ForeignProtocol,
    JSONSchema,
    Refusal,
    Rendered,
    Role,
    encode_npz,
    hookimpl,
)
from anomed_core.errors import PluginBrokenError, PluginConflictError
from anomed_core.ledger import Grant
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.wire import Limits
from tests.conftest import OpenServer
from tests.example_types import Guessing

HEADER = "X-User"


def in_other_words(refusal: Refusal) -> Rendered:
    told = {"type": refusal.code, "detail": refusal.sentence, "id": refusal.request_id}
    return Rendered(
        status=418 if refusal.status == 404 else refusal.status,
        body=json.dumps({**told, "after": refusal.headers.get("retry-after")}).encode(),
        media_type="application/problem+json",
        headers={"X-Other": "yes"},
    )


class Bilingual(Guessing):
    """Guess numbers; below ``/other``, in other words."""

    refuse: Callable[[Refusal], Any] = staticmethod(in_other_words)
    prefixes = ("/other",)

    @hookimpl
    def anomed_protocols(self) -> list[ForeignProtocol]:
        return [
            ForeignProtocol(prefix=prefix, refuse=self.refuse, identity_header=HEADER)
            for prefix in self.prefixes
        ]

    @hookimpl
    def anomed_data_products(self, challenge: Challenge) -> list[DataProduct]:
        parts = super().anomed_data_products(challenge)
        echo = DataProduct(
            path="/other/echo",
            audience={Role.ANONYMIZER},
            schema=JSONSchema(),
            static=False,
            parameters=parts[1].parameters[:1],
            data=lambda request: [request.anonymizer],
        )
        return [*parts, echo]

    @hookimpl
    def anomed_submission_kinds(self, challenge: Challenge) -> list[Any]:
        import attrs

        first, second = super().anomed_submission_kinds(challenge)
        return [attrs.evolve(first, path="/other/submit"), second]

    @hookimpl
    def anomed_extra_routes(self) -> dict[str, Any]:
        class Broken:
            def on_get(self, _: falcon.Request, __: falcon.Response) -> None:
                raise ZeroDivisionError("secret")

        return {"/other/broken": Broken()}


@pytest.fixture
def server(server_of: OpenServer) -> Server:
    return server_of(Bilingual(), auth="tokens", limits=Limits(body_bytes=4096))


@pytest.fixture
def client(server: Server) -> TestClient:
    return TestClient(create_web_app(server))


def token_of(server: Server, *holders: str, role: Role = Role.ANONYMIZER) -> dict[str, str]:
    grants = [Grant(role=role, holder=holder, challenge="guessing") for holder in holders]
    return {"Authorization": f"Bearer {server.tokens.create(*grants)}"}


def is_in_other_words(answer: Result, code: str) -> bool:
    return (
        answer.headers["content-type"] == "application/problem+json"
        and answer.headers["x-other"] == "yes"
        and answer.json["type"] == code
        and int(answer.headers["content-length"]) == len(answer.content)
    )


REFUSALS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "an unknown route": ("GET", "/other/no/such", {}),
    "the path itself": ("GET", "/other", {}),
    "another method": ("PUT", "/other/echo", {}),
    "no token": ("GET", "/other/echo", {}),
    "a wrong token": ("GET", "/other/echo", {"headers": {"Authorization": "Bearer x"}}),
    "unreadable credentials": ("GET", "/other/echo", {"headers": {"Authorization": "Basic ="}}),
    "a body that is too large": ("POST", "/other/submit", {"body": b"x" * 5000}),
    "another site": (
        "POST",
        "/other/submit",
        {"headers": {"Sec-Fetch-Site": "cross-site"}, "body": b""},
    ),
    "a failure of ours": ("GET", "/other/broken", {}),
}
CODES = {
    "an unknown route": "not_found",
    "the path itself": "not_found",
    "another method": "method_not_allowed",
    "a body that is too large": "payload_too_large",
    "another site": "not_allowed",
    "a failure of ours": "internal",
}


@pytest.mark.parametrize("base", ["", "/challenges/guessing"])
@pytest.mark.parametrize("what", REFUSALS)
def test_every_refusal_is_written_in_its_words(
    what: str, base: str, server: Server, client: TestClient
) -> None:
    method, path, more = REFUSALS[what]
    given = {**more.get("headers", {})}
    if what == "a body that is too large":
        given |= token_of(server, "ann")
    answer = client.simulate_request(method, base + path, headers=given, body=more.get("body", b""))

    assert is_in_other_words(answer, CODES.get(what, "not_authenticated")), answer.text
    assert answer.status_code == (418 if "not_found" in answer.text else answer.status_code)
    assert "secret" not in answer.text


def test_refusals_of_submissions_are_written_in_its_words_and_say_when_to_ask_again(
    server_of: OpenServer,
) -> None:
    from anomed_core.config.settings import QuotaSettings

    server = server_of(Bilingual(), quota=QuotaSettings(tuning_attempts=1))
    client = TestClient(create_web_app(server))
    body = encode_npz({"prediction": np.zeros(10)})
    url = "/other/submit?anonymizer=ann&data_split=tuning"

    assert is_in_other_words(client.simulate_post(url, body=b"no npz"), "malformed_payload")
    assert client.simulate_post(url, body=body).json.keys() == {"hits", "mae"}
    answer = client.simulate_post(url, body=body)
    assert is_in_other_words(answer, "quota_exhausted")
    assert int(answer.json["after"]) > 0


def test_elsewhere_the_core_speaks_its_own_words(client: TestClient) -> None:
    for path in ("/others", "/oth", "/data/pair", "/nothing"):
        answer = client.simulate_get(path)
        assert answer.headers["content-type"] == "application/json"
        assert {"title", "code"} <= answer.json.keys()


def broken(refusal: Refusal) -> Rendered:
    raise ZeroDivisionError(f"secret {refusal.status}")


@pytest.mark.parametrize(
    "refuse",
    [
        broken,
        lambda _: {"detail": "a dict"},
        lambda _: Rendered(status=200, body=b"all is well"),
    ],
    ids=["raises", "another type", "no refusal"],
)
def test_a_protocol_that_fails_hides_no_refusal(
    refuse: Callable[[Refusal], Any], server_of: OpenServer, capfd: pytest.CaptureFixture[str]
) -> None:
    game = Bilingual()
    game.refuse = refuse  # type: ignore[method-assign]
    client = TestClient(create_web_app(server_of(game)))

    answer = client.simulate_get("/other/no/such")

    assert (answer.status_code, answer.json["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "a refusal was not written" in capfd.readouterr().out


# --- who asks -------------------------------------------------------------------------------------


def test_without_tokens_the_header_is_believed(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Bilingual())))

    assert client.simulate_get("/other/echo", headers={HEADER: "ann"}).json == ["ann"]
    assert client.simulate_get("/data/pair", headers={HEADER: "ann"}).status_code == 400
    given = client.simulate_get("/other/echo?anonymizer=bob", headers={HEADER: "ann"})
    assert is_in_other_words(given, "invalid_parameter")


def test_with_tokens_the_header_is_an_id_of_the_holder(server: Server, client: TestClient) -> None:
    two = token_of(server, "ann", "bob")

    def echo(**headers: str) -> Result:
        named = {HEADER: headers.pop("user")} if "user" in headers else {}
        return client.simulate_get("/other/echo", headers={**two, **named, **headers})

    assert echo(user="bob").json == ["bob"]
    assert is_in_other_words(echo(), "invalid_parameter")  # which of the two?
    assert is_in_other_words(echo(user="eve"), "not_allowed")
    attacker = token_of(server, "ann", role=Role.DEANONYMIZER)
    assert is_in_other_words(echo(user="ann", **attacker), "not_allowed")
    nobody = client.simulate_get("/other/echo", headers={HEADER: "ann"})
    assert is_in_other_words(nobody, "not_authenticated")


# --- what fits together ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prefixes", "sentence"),
    [
        (("/scores",), r"the protocol below /scores would write for /scores/\{score_id:int\}"),
        (("/a", "/a/b"), r"the protocol below /a/b of .* would write for /a of"),
        (("/a/b", "/a"), r"the protocol below /a of .* would write for /a/b of"),
    ],
)
def test_a_protocol_writes_for_nobody_else(
    prefixes: tuple[str, ...], sentence: str, server_of: OpenServer
) -> None:
    game = Bilingual()
    game.prefixes = prefixes

    with pytest.raises(PluginConflictError, match=sentence):
        create_web_app(server_of(game))


class Squatter:
    """An extension that would write for the owner."""

    ANOMED_API = 1

    @hookimpl
    def anomed_protocols(self) -> list[ForeignProtocol]:
        return [ForeignProtocol(prefix="/data", refuse=in_other_words)]


def test_an_extension_writes_for_itself_alone(server_of: OpenServer) -> None:
    with pytest.raises(PluginConflictError, match="would write for /data/anonymizer/training of"):
        server_of(Guessing(), Squatter())


@pytest.mark.parametrize(
    "mistake", [{"prefix": "other"}, {"refuse": "no"}, {"identity_role": Role.ORGANISER}]
)
def test_a_mistake_is_one_sentence(mistake: dict[str, Any], server_of: OpenServer) -> None:
    class Mistaken(Guessing):
        @hookimpl
        def anomed_protocols(self) -> list[ForeignProtocol]:
            return [ForeignProtocol(**{"prefix": "/other", "refuse": in_other_words, **mistake})]

    with pytest.raises(PluginBrokenError):
        server_of(Mistaken())
