"""How a browser stays signed in: what is believed of its cookie, where, and until when."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core import Role
from anomed_core.errors import InvalidParameterError, NotAllowedError, NotAuthenticatedError
from anomed_core.ledger import Grant
from anomed_core.service.server import Server
from anomed_core.service.sessions import LONGEST_S, Of, Sessions
from tests.conftest import OpenServer
from tests.example_types import Guessing


@pytest.fixture
def server(server_of: OpenServer) -> Server:
    return server_of(Guessing(), Guessing(name="riddles"), auth="tokens")


def token_of(server: Server, *challenges: str) -> str:
    granted = [
        Grant(role=Role.ANONYMIZER, holder="ann", challenge=challenge)
        for challenge in challenges or ("guessing",)
    ]
    return server.tokens.create(*granted, team="red")


def test_a_token_signs_in_and_spaces_around_it_do_not_matter(server: Server) -> None:
    session = server.sessions.sign_in(f"  {token_of(server)}\n")

    known = server.sessions.known(session.value)
    assert known is not None
    assert known.of is Of.TOKEN
    assert known.identity is not None
    assert known.identity.team == "red"


def test_the_cookie_holds_no_token(server: Server) -> None:
    token = token_of(server)

    session = server.sessions.sign_in(token)

    assert token.split("-")[2] not in session.value
    assert session.value not in repr(session)


@pytest.mark.parametrize("token", ["", "anomed-x", f"anomed-{'0' * 32}-{'0' * 64}"])
def test_what_is_no_token_signs_nobody_in(server: Server, token: str) -> None:
    with pytest.raises(NotAuthenticatedError, match="not known, or was revoked"):
        server.sessions.sign_in(token)


def test_a_session_ends_with_its_token(server: Server) -> None:
    session = server.sessions.sign_in(token_of(server))

    server.tokens.revoke("red")

    assert server.sessions.known(session.value) is None


def test_another_server_of_the_same_ledger_and_secret_believes_it(server: Server) -> None:
    session = server.sessions.sign_in(token_of(server))

    assert attrs.evolve(server.sessions).known(session.value) is not None
    stranger = attrs.evolve(server.sessions, secret=b"another secret of 32 bytes, or so")
    assert stranger.known(session.value) is None


def test_a_derived_token_signs_in_for_its_challenge_and_as_long_as_it_lives(
    server: Server,
) -> None:
    identity = server.tokens.identify(token_of(server, "guessing", "riddles"))
    derived = server.derived_tokens.derive(identity, challenge="riddles", seconds="600")

    session = server.sessions.sign_in(derived.token)

    assert session.expires_at == derived.expires_at
    known = server.sessions.known(session.value)
    assert known is not None
    assert known.identity is not None
    assert {grant.challenge for grant in known.identity.grants} == {"riddles"}
    assert known.identity.expires_at == derived.expires_at


def test_a_session_ends_after_a_week(server: Server) -> None:
    session = server.sessions.sign_in(token_of(server))
    begun = server.ledger.now().timestamp()

    assert session.expires_at.timestamp() == pytest.approx(begun + LONGEST_S, abs=5)
    later = attrs.evolve(server.sessions, now=lambda: session.expires_at)
    assert later.known(session.value) is None


def test_names_are_believed_in_open_mode_alone(server: Server, server_of: OpenServer) -> None:
    with pytest.raises(NotAllowedError, match="sign in with a token"):
        server.sessions.name("ann")
    open_mode = attrs.evolve(server.sessions, trusts_ids=True)
    session = open_mode.name("ann")

    assert session.identity is None
    known = open_mode.known(session.value)
    assert known is not None
    assert known.subject == "ann"
    assert server.sessions.known(session.value) is None, "a name is nobody where tokens are wanted"


@pytest.mark.parametrize("name", ["", " ", "<b>", "-x", "x" * 129])
def test_what_is_no_identifier_is_no_name(server: Server, name: str) -> None:
    with pytest.raises(InvalidParameterError, match="1 to 128 letters"):
        attrs.evolve(server.sessions, trusts_ids=True).name(name)


def test_a_session_of_a_token_is_nobody_in_open_mode(server: Server) -> None:
    session = server.sessions.sign_in(token_of(server))

    assert attrs.evolve(server.sessions, trusts_ids=True).known(session.value) is None


def test_a_form_belongs_to_one_session(server: Server) -> None:
    one, other = server.sessions.visitor(), server.sessions.visitor()

    assert server.sessions.is_form_key(one, server.sessions.form_key(one))
    assert not server.sessions.is_form_key(one, server.sessions.form_key(other))
    assert not server.sessions.is_form_key(one, "")
    assert not server.sessions.is_form_key(one, "é")


@given(data=st.data())
def test_a_cookie_that_was_changed_is_none(data: st.DataObject) -> None:
    sessions = _alone()
    value = sessions.visitor().value
    place = data.draw(st.integers(0, len(value) - 1))
    letter = data.draw(st.sampled_from("0123456789abcdeftnvd.").filter(lambda x: x != value[place]))

    assert sessions.known(value[:place] + letter + value[place + 1 :]) is None


@given(st.text(max_size=300))
def test_no_text_is_a_session(text: str) -> None:
    assert _alone().known(text) is None


def _alone() -> Sessions:
    return Sessions(
        secret=b"s" * 32,
        believe=lambda _: None,
        identity_of=lambda _: None,
        now=lambda: datetime(2030, 1, 1, tzinfo=UTC),
        trusts_ids=False,
    )
