"""Requests that no description foresees: any method, path, query, header and body."""

import base64
import io
import re
from typing import Any

import pytest
from falcon.testing import create_environ
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.model import Role

from .bodies import any_body, any_call_body, any_form
from .cases import fuzzed
from .conftest import Served

KNOWN_PATHS = [
    "/",
    "/attempts",
    "/challenge.json",
    "/livez",
    "/metrics",
    "/openapi.json",
    "/readyz",
    "/scores/1",
    "/data/terms",
    "/data/both",
    "/data/pair",
    "/data/truth",
    "/utility/anonymizer",
    "/utility/deanonymizer",
    "/utility/form",
    "/utility/table",
    "/operations/longer",
    "/operations/mean",
    "/operations/rows",
    "/operations/same",
    "/operations/spend",
    "/accounts",
    "/accounts/budget/seal",
    "/challenges/probe",
    "/challenges/probe/data/both",
]
latin = st.text(st.characters(max_codepoint=255, blacklist_characters="\r\n"), max_size=40)
paths = st.one_of(
    st.sampled_from(KNOWN_PATHS),
    latin.map("/{}".format),
    st.tuples(st.sampled_from(KNOWN_PATHS), latin).map("".join),
    st.integers().map("/scores/{}".format),
)
methods = st.one_of(
    st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"]),
    st.from_regex(r"[A-Z]{3,12}", fullmatch=True),
)
values = st.one_of(
    st.sampled_from(["alice", "bob", "tuning", "validation", "", "a" * 129, "%00", "\u00e4", "1"]),
    latin,
)
queries = st.lists(
    st.tuples(
        st.sampled_from(["anonymizer", "deanonymizer", "data_split", "x", "anonymizer[]"]), values
    ),
    max_size=5,
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))
ranges = st.one_of(
    st.from_regex(r"bytes=-?[0-9]{0,20}-[0-9]{0,20}(,[0-9]-[0-9])?", fullmatch=True), latin
)
tags = st.one_of(st.from_regex(r'(W/)?"[a-f0-9]{0,64}"(, ?"x")?|\*', fullmatch=True), latin)
headers = st.fixed_dictionaries(
    {},
    optional={
        "Accept": latin,
        "Content-Length": st.one_of(st.integers().map(str), latin),
        "Content-Type": st.one_of(st.just("multipart/form-data; boundary=b"), latin),
        "Expect": latin,
        "Idempotency-Key": latin,
        "If-None-Match": tags,
        "If-Range": tags,
        "Range": ranges,
        "Transfer-Encoding": st.sampled_from(["chunked", "gzip", "identity"]),
        "X-Request-Id": latin,
    },
)


def authorizations(tokens: dict[Role, str]) -> st.SearchStrategy[str | None]:
    """Return headers of known and unknown holders, and what cannot be read."""
    known = st.sampled_from(sorted(tokens.values()))
    names = st.sampled_from(["", "alice", "mallory"])
    basic = st.tuples(names, st.one_of(known, latin)).map(
        lambda pair: "Basic " + base64.b64encode(":".join(pair).encode()).decode()
    )
    bearer = st.one_of(known, latin).map("Bearer {}".format)
    return st.one_of(st.none(), basic, bearer, latin, latin.map("Basic {}".format))


def call(app: Any, environ: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Call a WSGI app."""
    begun: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, fields: list[tuple[str, str]], _: Any = None) -> None:
        begun.append((status, fields))

    body = b"".join(app(environ, start_response))
    status, fields = begun[-1]
    return int(status.split()[0]), {name.lower(): value for name, value in fields}, body


def environ_of(
    method: str, path: str, query: str, fields: dict[str, str], body: bytes
) -> dict[str, Any]:
    """Return what a WSGI server makes of a request; nothing is repaired on the way."""
    environ: dict[str, Any] = create_environ("/")
    environ |= {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "wsgi.input": io.BytesIO(body),
    }
    environ.setdefault("CONTENT_LENGTH", str(len(body)))
    for name, value in fields.items():
        key = name.upper().replace("-", "_")
        environ[key if key.startswith("CONTENT_") else f"HTTP_{key}"] = value
    return environ


@pytest.mark.parametrize("auth", ["open", "tokens"])
def test_no_request_is_our_fault(request: pytest.FixtureRequest, auth: str) -> None:
    served: Served = request.getfixturevalue("served" if auth == "open" else "guarded")

    @fuzzed
    @given(
        method=methods,
        path=paths,
        query=queries,
        fields=headers,
        authorization=authorizations(served.tokens),
        body=any_body,
    )
    def run(
        method: str,
        path: str,
        query: str,
        fields: dict[str, str],
        authorization: str | None,
        body: bytes,
    ) -> None:
        if authorization is not None:
            fields = {**fields, "Authorization": authorization}
        status, answered, content = call(served.app, environ_of(method, path, query, fields, body))
        assert 200 <= status < 500, content
        assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answered["x-request-id"])

    run()


SUBMISSIONS = [
    "/utility/anonymizer?anonymizer=a{}&data_split=validation",
    "/utility/anonymizer?anonymizer=a{}&data_split=tuning",
    "/utility/deanonymizer?anonymizer=a{}&deanonymizer=d&data_split=tuning",
    "/utility/table?anonymizer=a{}&deanonymizer=d",
    "/utility/form?anonymizer=a{}",
]


@fuzzed
@given(
    target=st.sampled_from(SUBMISSIONS),
    number=st.integers(0, 10**6),
    form=st.one_of(any_form, any_body.map(lambda body: (body, ""))),
)
def test_no_submission_is_our_fault(
    served: Served, target: str, number: int, form: tuple[bytes, str]
) -> None:
    body, content_type = form
    path, query = target.format(number).split("?")
    status, _, content = call(
        served.app, environ_of("POST", path, query, {"Content-Type": content_type}, body)
    )
    assert status in {201, 400, 409, 413, 422}, content


CALLS = [
    "/operations/longer?anonymizer=a{}",
    "/operations/longer",
    "/operations/same?deanonymizer=d{}",
    "/operations/spend?anonymizer=a{}",
    "/operations/mean?anonymizer=a{}&deanonymizer=d&data_split=tuning",
]


@fuzzed
@given(target=st.sampled_from(CALLS), number=st.integers(0, 10**6), body=any_call_body)
def test_no_call_is_our_fault(served: Served, target: str, number: int, body: bytes) -> None:
    path, _, query = target.format(number).partition("?")
    status, _, content = call(served.app, environ_of("POST", path, query, {}, body))
    assert status in {200, 400, 403, 413, 422}, content


def test_known_paths_are_routes(served: Served) -> None:
    for path in KNOWN_PATHS:
        status, _, _ = call(served.app, environ_of("OPTIONS", path, "", {}, b""))
        assert status == 200, path


def test_the_chain_is_unbroken_afterwards(served: Served) -> None:
    assert served.server.ledger.verify() == []
