"""A derived token stands for another one, for one challenge and a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from falcon.testing import Result, TestClient
from hypothesis import given
from hypothesis import strategies as st

from anomed_core import Role
from anomed_core.ledger import EVERY_CHALLENGE, Grant, Identity
from anomed_core.redaction import discreet
from anomed_core.service.derived_tokens import DerivedTokens
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from tests.conftest import OpenServer
from tests.example_types import Guessing

HOUR = timedelta(hours=1)
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def server(server_of: OpenServer) -> Server:
    return server_of(Guessing(), Guessing(name="riddles"), auth="tokens")


@pytest.fixture
def client(server: Server) -> TestClient:
    return TestClient(create_web_app(server))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def of_team(server: Server, *grants: Grant) -> str:
    return server.tokens.create(*grants, team="red")


def grant(challenge: str, holder: str = "ann", role: Role = Role.ANONYMIZER) -> Grant:
    return Grant(role=role, holder=holder, challenge=challenge)


def derive(client: TestClient, token: str, *, at: str = "guessing", **query: str) -> Result:
    return client.simulate_post(f"/challenges/{at}/tokens", headers=bearer(token), params=query)


def whoami(client: TestClient, token: str, *, at: str = "guessing") -> Result:
    return client.simulate_get(f"/challenges/{at}/whoami", headers=bearer(token))


def test_it_may_what_its_parent_may_in_its_challenge_and_nothing_elsewhere(
    server: Server, client: TestClient
) -> None:
    token = of_team(server, grant("guessing"), grant("guessing", "bob"), grant("riddles"))

    answer = derive(client, token)

    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "private, no-store"
    derived = answer.json["token"]
    assert whoami(client, derived).json == whoami(client, token).json
    assert whoami(client, derived, at="riddles").status_code == 403


def test_an_organisers_is_for_one_challenge_too(server: Server, client: TestClient) -> None:
    token = of_team(server, grant(EVERY_CHALLENGE, "olga", Role.ORGANISER))
    derived = derive(client, token).json["token"]

    told = client.simulate_get(
        "/challenges/guessing/attempts?anonymizer=x", headers=bearer(derived)
    )
    assert told.status_code == 200
    assert whoami(client, derived, at="riddles").status_code == 403


def test_it_ends_with_its_parent(server: Server, client: TestClient) -> None:
    derived = derive(client, of_team(server, grant("guessing"))).json["token"]
    assert whoami(client, derived).status_code == 200

    server.tokens.revoke("red")

    assert whoami(client, derived).status_code == 401


def test_it_ends_when_it_said_and_no_clock_brings_it_back(server: Server) -> None:
    book = server.derived_tokens
    identity = server.tokens.identify(of_team(server, grant("guessing")))
    times = iter([NOON, NOON + HOUR - timedelta(seconds=1), NOON + HOUR])

    timed = DerivedTokens(
        secret=book.secret,
        identify=book.identify,
        identity_of=book.identity_of,
        now=lambda: next(times),
    )
    derived = timed.derive(identity, challenge="guessing", seconds="")

    assert derived.expires_at == NOON + HOUR
    assert timed.believe(derived.token) is not None
    assert timed.believe(derived.token) is None
    assert book.now == server.ledger.now  # which never runs backwards


@pytest.mark.parametrize(
    "seconds", ["59", "604801", "-60", "1e3", "soon", "٣٦٠٠", "9" * 400, "9" * 5000]
)
def test_its_life_is_neither_too_long_nor_too_short(
    seconds: str, server: Server, client: TestClient
) -> None:
    answer = derive(client, of_team(server, grant("guessing")), seconds=seconds)

    assert answer.status_code == 400
    assert "give whole seconds from 60 to 604800" in answer.json["description"]


def test_none_is_derived_from_a_derived_one_from_nothing_or_from_another_challenges(
    server: Server, client: TestClient
) -> None:
    derived = derive(client, of_team(server, grant("guessing"))).json["token"]

    assert derive(client, derived).status_code == 403
    assert derive(client, derived, at="riddles").status_code == 403
    assert client.simulate_post("/challenges/guessing/tokens").status_code == 401


def test_where_no_tokens_are_looked_at_none_are_derived(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Guessing())))

    assert client.simulate_post("/tokens").status_code == 403


SECRET = b"s" * 32
KNOWN = Identity(team="red", grants=(grant("guessing"),), token="ab" * 16)
BOOK = DerivedTokens(
    secret=SECRET,
    identify=lambda _: None,
    identity_of=lambda token_id: KNOWN if token_id == KNOWN.token else None,
    now=lambda: NOON,
)
DERIVED = BOOK.derive(KNOWN, challenge="guessing", seconds="60").token


@given(st.integers(0, len(DERIVED) - 1), st.sampled_from("0123456789abcdefgz-"))
def test_any_other_letter_makes_it_worthless(place: int, letter: str) -> None:
    changed = DERIVED[:place] + letter + DERIVED[place + 1 :]

    assert (BOOK.believe(changed) is not None) == (changed == DERIVED)


@given(st.text(max_size=300))
def test_no_text_is_believed_by_chance(text: str) -> None:
    assert BOOK.believe(text) is None


def test_logs_do_not_show_it() -> None:
    assert discreet(f"sent {DERIVED} to us") == "sent <token> to us"


def test_another_server_does_not_believe_it() -> None:
    other = DerivedTokens(
        secret=b"t" * 32, identify=BOOK.identify, identity_of=BOOK.identity_of, now=BOOK.now
    )

    assert other.believe(DERIVED) is None
