"""What answers at an address decides what a client can do there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from anomed_client import (
    NotAnAnomedServer,
    NotSupported,
    Options,
    UsageError,
    challenges,
    connect,
)

from client.tests.fault_server import DESCRIPTION, FaultServer, Reply

Routes = Mapping[str, tuple[int, object]]
OPTIONS = Options(progress=False, tries=1)


@contextmanager
def answering(routes: Routes, *, ours: bool = True) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Serve JSON documents and pages; yield the address and what was asked, with whose token."""
    asked: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("Authorization", "")))
            status, told = routes.get(self.path, (404, {"title": "404 Not Found"}))
            body = told.encode() if isinstance(told, str) else json.dumps(told).encode()
            self.send_response(status)
            if ours:
                self.send_header("X-Request-Id", "abcdefgh")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 inherited
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", asked
        finally:
            server.shutdown()
            thread.join()


def described(id_: str, **more: object) -> dict[str, object]:
    return {**DESCRIPTION, "id": id_, "features": [], **more}


SEVERAL: Routes = {
    "/livez": (200, {}),
    "/challenges": (200, {"challenges": [{"id": "iris"}, {"id": "wine", "title": "Wine"}]}),
    "/challenges/iris/challenge.json": (200, described("iris", base="/challenges/iris")),
    "/challenges/wine/challenge.json": (200, described("wine", base="/challenges/wine")),
}


def test_one_challenge_at_the_root() -> None:
    with answering({"/challenge.json": (200, described("iris"))}) as (url, _):
        found = connect(url, options=OPTIONS)

    assert (found.id, found.server.core_version, found.server.published) == ("iris", "0.1.0", False)


def test_one_of_several_by_its_id_or_address() -> None:
    with answering(SEVERAL) as (url, _):
        by_id = connect(url, challenge="wine", options=OPTIONS)
        by_address = connect(f"{url}/challenges/wine", options=OPTIONS)

    assert by_id.url == by_address.url == f"{url}/challenges/wine"
    assert list(by_id.products) == ["/data/anonymizer/thing"]  # without what the server has before


def test_several_challenges_are_listed() -> None:
    with answering(SEVERAL) as (url, _):
        listed = challenges(url, options=OPTIONS)
        with pytest.raises(UsageError, match=r"several challenges.*There are iris, wine"):
            connect(url, options=OPTIONS)
        with pytest.raises(UsageError, match=r"did you mean wine\?"):
            connect(url, challenge="wime", options=OPTIONS)

    assert [one.url for one in listed] == [f"{url}/challenges/iris", f"{url}/challenges/wine"]


def test_a_server_that_lists_nothing_needs_an_address() -> None:
    routes = {"/livez": (200, {})}
    with answering(routes) as (url, _), pytest.raises(UsageError, match="add /challenges/ID"):
        connect(url, options=OPTIONS)


def test_a_proxys_prefix_stays() -> None:
    routes = {"/prefix/challenge.json": (200, described("iris", base=""))}
    with answering(routes) as (url, _):
        assert connect(f"{url}/prefix/", options=OPTIONS).url == f"{url}/prefix"


@pytest.mark.parametrize(
    ("routes", "ours"),
    [
        ({"/challenge.json": (200, "<html>Please sign in</html>")}, False),
        ({"/": (200, "<html>It works!</html>")}, False),
        ({"/": (200, {"message": "Another server is alive!"})}, False),
        ({"/challenge.json": (200, {"swagger": "2.0"})}, True),
        ({"/challenge.json": (200, ["api"])}, True),
        ({"/challenge.json": (502, "<html>Bad gateway</html>")}, False),
    ],
)
def test_anything_else_is_told_with_what_it_said(routes: Routes, ours: bool) -> None:
    with (
        answering(routes, ours=ours) as (url, _),
        pytest.raises(NotAnAnomedServer, match="not what a challenge server answers"),
    ):
        connect(url, options=OPTIONS)


@pytest.mark.parametrize(("leaky", "type_"), [(200, "dataset-anonymization"), (404, "supervised")])
def test_the_published_server_is_known_by_its_words(leaky: int, type_: str) -> None:
    routes = {
        "/": (200, '{"message": "Challenge server is alive!"}'),
        "/data/anonymizer/leaky": (leaky, ""),
    }
    with (
        answering(routes, ours=False) as (url, asked),
        pytest.warns(UserWarning, match="checks no tokens"),
    ):
        found = connect(url, token="sesame", options=OPTIONS)

    assert found.server.published
    assert found.type.startswith(type_)
    assert asked[-1] == ("/data/anonymizer/leaky", "")


def test_what_a_server_lacks_is_said_and_never_an_empty_list() -> None:
    with answering({"/challenge.json": (200, described("iris"))}) as (url, _):
        found = connect(url, name="alice", options=OPTIONS)

    for ask in (found.ranking, found.rankings, found.targets):
        call: Callable[[], object] = ask
        with pytest.raises(NotSupported, match=r"anomed-core 0\.1\.0"):
            call()


def test_another_protocol_names_both_versions_and_the_remedy() -> None:
    routes = {"/challenge.json": (200, described("iris", api=9))}
    with (
        answering(routes) as (url, _),
        pytest.raises(NotSupported, match=r"version 9.*1 to 1; use pip install -U"),
    ):
        connect(url, options=OPTIONS)


def test_a_client_that_is_too_old_is_told_once() -> None:
    routes = {"/challenge.json": (200, described("iris", min_client="99.0"))}
    with answering(routes) as (url, _), pytest.warns(UserWarning, match=r"99\.0 or newer"):
        connect(url, options=OPTIONS)


def test_members_and_formats_that_nobody_knows_are_passed_over() -> None:
    odd = described("iris", weather="fine")
    with answering({"/challenge.json": (200, odd)}) as (url, _):
        found = connect(url, options=OPTIONS)

    assert found.products["thing"].schema.format == "unheard-of"


def test_a_token_of_both_roles_has_an_id_for_each() -> None:
    grants = [{"role": "anonymizer", "name": "ann"}, {"role": "deanonymizer", "name": "dee"}]
    routes: Routes = {
        "/challenge.json": (200, described("iris", features=["attempts", "whoami"])),
        "/whoami": (200, {**grants[0], "team": "blue", "grants": grants}),
    }
    for query in ("anonymizer=ann", "anonymizer=bob&deanonymizer=dee"):
        routes[f"/attempts?{query}"] = (200, {"attempts": [], "kinds": {query: {}}})
    with answering(routes) as (url, _):
        found = connect(url.replace("http://", "http://blue:sesame@"), options=OPTIONS)

        assert set(found.attempts().kinds) == {"anonymizer=ann"}
        assert set(found.attempts(target="bob").kinds) == {"anonymizer=bob&deanonymizer=dee"}


def test_user_info_becomes_a_token_and_is_seen_nowhere(server: FaultServer) -> None:
    address = server.url.replace("http://", "http://alice:sesame@")
    found = connect(address, options=OPTIONS)
    download = found.download("thing")

    (request,) = server.asked("/data/anonymizer/thing")
    assert request.headers["authorization"] == "Bearer sesame"
    assert found.me is not None
    assert (found.me.name, found.me.role) == ("alice", "anonymizer")
    assert "sesame" not in f"{found!r} {found.url} {download}"
    server.script = [lambda _s, _r: Reply(status=403, body=b"{}")]
    with pytest.raises(NotAnAnomedServer) as caught:
        found.download("thing")
    assert "sesame" not in f"{caught.value!r} {vars(caught.value)}"


def test_an_address_that_is_none_is_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        connect("ftp://alice:sesame@host", options=OPTIONS)
    assert "sesame" not in str(caught.value)


def test_netrc_does_not_replace_a_token(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login mallory password other\n")
    monkeypatch.setenv("NETRC", str(netrc))
    connect(server.url, token="sesame", options=OPTIONS)

    assert {request.headers["authorization"] for request in server.requests} == {"Bearer sesame"}


def test_the_environments_proxy_is_used_unless_it_is_switched_off(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    with pytest.raises(NotAnAnomedServer):
        connect("http://challenge.invalid", options=OPTIONS)
    assert server.requests[0].path == "http://challenge.invalid/challenge.json"
    assert connect(server.url, options=Options(progress=False, proxy="")).id == "fake"


def test_nobody_at_home() -> None:
    with pytest.raises(ConnectionError, match=r"There is no connection to http://127\.0\.0\.1:9"):
        connect("http://127.0.0.1:9", options=OPTIONS)
