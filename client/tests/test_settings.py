"""Arguments go before variables, variables before files; a token is read by nobody else."""

from __future__ import annotations

import pytest
from anomed_client import NotAuthenticated, Options, UsageError, connect, login
from anomed_client.settings import (
    config_file,
    drop_tokens,
    keep_profile,
    keep_token,
    resolved,
    tokens_file,
)

from client.tests.fault_server import FaultServer, error_reply

URL = "http://challenge.example:8000"
OPTIONS = Options(progress=False, tries=1)


def test_without_an_address_it_is_asked_for() -> None:
    with pytest.raises(UsageError, match="ANOMED_CLIENT_URL"):
        resolved()


def test_arguments_before_variables_before_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    keep_profile("default", {"url": "http://c", "name": "profile"})
    assert (resolved().url, resolved().name) == ("http://c", "profile")
    monkeypatch.setenv("ANOMED_CLIENT_URL", "http://b")
    assert (resolved().url, resolved().name) == ("http://b", "profile")
    assert resolved(url="http://a", name="me").name == "me"


def test_tokens_belong_to_one_server_and_file() -> None:
    keep_token(url=URL + "/challenges/iris", challenge="iris", name="alice", token="sesame")
    keep_token(url=URL, challenge="iris", name="alice", token="sesame2")

    found = resolved(url=URL)
    assert (found.token, found.name) == ("sesame2", "alice")
    assert found.signed_in_by == str(tokens_file())
    assert resolved(url="http://other.example").token is None
    assert tokens_file().stat().st_mode & 0o077 == 0
    assert "sesame" not in repr(found)
    assert drop_tokens(URL) == 1
    assert resolved(url=URL).token is None


def test_of_two_names_none_is_chosen_without_saying() -> None:
    keep_token(url=URL, challenge="iris", name="alice", token="a")
    keep_token(url=URL, challenge="iris", name="bob", token="b")

    assert resolved(url=URL).token is None
    assert resolved(url=URL, name="bob").token == "b"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[profiles.default]\nulr = "x"', "did you mean url"),
        ("[profiles.default]\nurl = 3", "must be a text"),
        ("[profiles", "no TOML file"),
    ],
)
def test_mistakes_in_the_file_are_one_line(text: str, sentence: str) -> None:
    config_file().parent.mkdir(parents=True)
    config_file().write_text(text)

    with pytest.raises(UsageError, match=sentence) as caught:
        resolved()
    assert "\n" not in str(caught.value).splitlines()[0]


def test_an_unknown_profile_names_those_that_are_known() -> None:
    keep_profile("work", {"url": URL})

    with pytest.raises(UsageError, match="there are: work"):
        resolved(profile="home")


def test_odd_names_survive_the_file() -> None:
    name = 'a"b\\c\n]\u00e9'
    keep_token(url=URL, challenge=name, name=name, token=name)

    assert resolved(url=URL).token == name


def test_login_tries_the_token_before_it_keeps_it(server: FaultServer) -> None:
    found = login(server.url, token="sesame", options=OPTIONS)

    assert found.me is not None
    assert (found.me.role, found.me.name) == ("anonymizer", "alice")
    again = connect(options=OPTIONS)
    assert again.url == server.url
    assert server.requests[-1].headers["authorization"] == "Bearer sesame"


def test_a_refused_token_says_where_it_came_from(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANOMED_CLIENT_TOKEN", "wrong")
    found = connect(server.url, options=OPTIONS)
    server.script = [lambda _s, _r: error_reply(401, "Token required", "It is not valid here.")]

    with pytest.raises(NotAuthenticated, match="came from ANOMED_CLIENT_TOKEN"):
        found.download("thing")
