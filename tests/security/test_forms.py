"""Who may send what from the pages: every form, in everybody's name, with the key and without."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import attrs
import httpx
import pytest
from falcon.testing import Result

from anomed_core import Role
from anomed_core.ledger import Grant
from anomed_core.service.organising import ACTIONS
from anomed_core.service.sessions import Session
from anomed_core.web.forms import COOKIE, KEY
from anomed_core.web.pages.page import Form
from anomed_core.web.pages.registry import PAGES
from tests.security.callers import CALLERS, Caller
from tests.security.conftest import HERE, World, populated

BASE = f"/challenges/{HERE}"
FORMS = [
    pytest.param(page.of_server, form, id=("server" if page.of_server else "here") + form.path)
    for page in PAGES
    for form in page.forms
]
BY_TOKEN = {"/device"}
"""Forms that may be sent without a session, as a token stands in a field of theirs."""
UPLOADS = {"/submit", "/organiser/check"}
WEB = {"Accept": "text/html"}
ORGANISER_OF_ALL = next(c for c in CALLERS if c.is_for_all and not c.is_refused)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with populated("ward", tmp_path_factory.mktemp("state"), auth="tokens") as world:
        yield world


@attrs.frozen
class Browser:
    """Somebody's browser: signed in, if there is a token."""

    world: World
    session: Session

    @classmethod
    def of(cls, world: World, caller: Caller) -> Browser:
        sessions = world.server.sessions
        token = world.tokens.get(caller.name)
        is_known = token is not None and not caller.is_refused
        return cls(world, sessions.sign_in(token) if is_known and token else sessions.visitor())

    @property
    def key(self) -> str:
        return self.world.server.sessions.form_key(self.session)

    def send(self, path: str, fields: Mapping[str, str], *, key: str | None = None) -> Result:
        """Send a form as its page would, or with another key."""
        sent = {**fields, KEY: self.key if key is None else key}
        headers = {**WEB, "Cookie": f"{COOKIE}={self.session.value}"}
        if path.removeprefix(BASE) in UPLOADS:
            files = {name: (None, value) for name, value in sent.items()}
            form = httpx.Request("POST", "http://form", files=files)
            headers["Content-Type"] = form.headers["Content-Type"]
            return self.world.client.simulate_post(path, headers=headers, body=form.read())
        return self.world.client.simulate_post(path, headers=headers, body=urlencode(sent).encode())


def footprint(world: World) -> tuple[int, int, int]:
    """Return what every decision changes."""
    ledger = world.server.ledger
    revoked = [fact for fact in world.server.tokens.facts() if fact.revoked_at]
    return len(ledger.audit_trail()), ledger.n_scores(), len(revoked)


def address(of_server: bool, form: Form) -> str:
    return form.path if of_server else BASE + form.path


def is_refused(answer: Result) -> bool:
    return answer.status_code in {401, 403}


def may_send(of_server: bool, form: Form, caller: Caller) -> bool:
    if Role.PUBLIC in form.sent_by:
        return True
    is_known = caller.role is not None and not caller.is_refused
    return is_known and caller.role in form.sent_by and (of_server or not caller.is_foreign)


@pytest.mark.parametrize(("of_server", "form"), FORMS)
def test_whoever_may_sends_it_and_nobody_else(of_server: bool, form: Form, world: World) -> None:
    for caller in CALLERS:
        browser = Browser.of(world, caller)
        fields = {"token": world.tokens["anonymizer"]} if form.path == "/sign-in" else {}
        before = footprint(world)

        answer = browser.send(address(of_server, form), fields)

        if form.path in BY_TOKEN and caller.role is None:
            assert answer.status_code == 400, "it asks for the fields"
            continue
        allowed = may_send(of_server, form, caller)
        if form.path in BY_TOKEN:
            assert answer.status_code == 400
        else:
            assert is_refused(answer) is not allowed, (caller.name, answer.status_code)
        if not allowed:
            assert footprint(world) == before


@pytest.mark.parametrize(("of_server", "form"), FORMS)
@pytest.mark.parametrize("key", ["", "0" * 64, "another's"])
def test_without_its_key_it_changes_nothing_and_says_so(
    key: str, of_server: bool, form: Form, world: World
) -> None:
    caller = next(one for one in CALLERS if one.role in form.sent_by and not one.is_refused)
    browser = Browser.of(world, caller)
    other = Browser.of(world, caller)
    before = footprint(world)

    answer = browser.send(address(of_server, form), {}, key=other.key if "'" in key else key)

    assert answer.status_code == 403
    assert "Nothing was changed: this form was too old." in answer.text
    assert "no-store" in answer.headers["cache-control"]
    assert footprint(world) == before


@pytest.mark.parametrize(("of_server", "form"), FORMS)
def test_another_site_sends_nothing(of_server: bool, form: Form, world: World) -> None:
    caller = next(one for one in CALLERS if one.role in form.sent_by and not one.is_refused)
    browser = Browser.of(world, caller)
    headers = {
        **WEB,
        "Cookie": f"{COOKIE}={browser.session.value}",
        "Origin": "https://evil.example",
    }

    answer = world.client.simulate_post(
        address(of_server, form), headers=headers, body=urlencode({KEY: browser.key}).encode()
    )

    assert answer.status_code == 403


def test_a_session_sends_nothing_but_forms(world: World) -> None:
    """A cookie goes with every request of a browser, so it must be no credential for programs."""
    for caller in CALLERS:
        if caller.role is None or caller.is_refused:
            continue
        cookie = {"Cookie": f"{COOKIE}={Browser.of(world, caller).session.value}"}
        for question in world.questions():
            posts = {"POST", "DELETE"} & set(question.methods)
            if question.route in {address(*param.values) for param in FORMS}:
                continue
            for method in posts:
                path, _, query = question.target.partition("?")
                answer = world.client.simulate_request(
                    method, path, query_string=query, headers=cookie, body=b""
                )
                public = question.expected(method, CALLERS[0], "tokens")
                assert answer.status_code == public, (caller.name, question.target)


# --- what organisers decide -----------------------------------------------------------------------

TEAM = "visitors"


@pytest.fixture
def fields(world: World) -> dict[str, dict[str, str]]:
    """Return what each action needs, about a team and a score of its own."""
    ledger, tokens = world.server.ledger, world.server.tokens
    if TEAM not in {fact.identity.team for fact in tokens.facts()}:
        tokens.create(Grant(role=Role.ANONYMIZER, holder=TEAM, challenge=HERE))
    scores = ledger.newest_scores(HERE)
    return {
        "annul": {"score": str(scores[0].id), "reason": "copied"},
        "reevaluate": {"score": str(scores[-1].id)},
        "grant": {"kind": "anonymizer", "anonymizer": TEAM, "number": "2", "reason": "late"},
        "disqualify": {"team": TEAM, "reason": "copied"},
        "reinstate": {"team": TEAM, "reason": "a mistake"},
        "rename": {"team": TEAM, "name": "Guests", "reason": "they asked"},
        "reissue": {"team": TEAM},
        "revoke": {"team": TEAM},
        "invite": {"teams": "team,role,challenge\nnewcomers,anonymizer,here\n"},
        "retry": {},
    }


SILENT = {"reevaluate": "the same", "grant": "no quota"}
"""Actions that change nothing on this server, and what they say."""


def test_each_decision_is_in_the_audit_with_who_made_it(
    world: World, fields: dict[str, dict[str, str]]
) -> None:
    organiser = Browser.of(world, ORGANISER_OF_ALL)
    assert {action.name for action in ACTIONS} == set(fields)
    for action in ACTIONS:
        before = len(world.server.ledger.audit_trail())

        answer = organiser.send(f"{BASE}/organiser/{action.name}", fields[action.name])

        new = world.server.ledger.audit_trail()[before:]
        if action.name in SILENT:
            assert new == []
            continue
        assert answer.status_code in {200, 303}, (action.name, answer.text)
        assert action.audits in {row.action for row in new}, action.name
        assert {row.detail["by"] for row in new} == {"not-olga"}
    assert world.server.ledger.verify() == []


def test_tokens_are_shown_once_and_what_was_done_is_said_once(
    world: World, fields: dict[str, dict[str, str]]
) -> None:
    organiser = Browser.of(world, ORGANISER_OF_ALL)
    made = organiser.send(
        f"{BASE}/organiser/invite", {"teams": "team,role,challenge\nlate,anonymizer,here\n"}
    )
    token = re.search(r"anomed-[0-9a-f]{32}-[0-9a-f]{64}", made.text)
    assert token is not None
    assert world.server.tokens.identify(token[0]) is not None
    assert "no-store" in made.headers["cache-control"]

    done = organiser.send(f"{BASE}/organiser/rename", {**fields["rename"], "name": "Late Guests"})
    assert done.status_code == 303
    note = done.cookies["anomed-note"].value
    headers = {**WEB, "Cookie": f"{COOKIE}={organiser.session.value}; anomed-note={note}"}
    page = world.client.simulate_get(f"{BASE}/organiser/teams", headers=headers)
    assert f"The team {TEAM} is shown as Late Guests." in page.text
    assert page.cookies["anomed-note"].value == ""
    headers["Cookie"] = f"{COOKIE}={organiser.session.value}; anomed-note=00.00"
    assert world.client.simulate_get(f"{BASE}/organiser/teams", headers=headers).status_code == 200


def test_who_organises_one_challenge_decides_about_no_team_of_another(world: World) -> None:
    organiser = Browser.of(world, next(one for one in CALLERS if one.name == "organiser"))
    both = [Grant(role=Role.ANONYMIZER, holder="both", challenge=c) for c in (HERE, "elsewhere")]
    world.server.tokens.create(*both)
    before = footprint(world)

    for action, more in (("disqualify", {"reason": "x"}), ("revoke", {}), ("reissue", {})):
        answer = organiser.send(f"{BASE}/organiser/{action}", {"team": "both", **more})
        assert answer.status_code == 422
        assert "takes part elsewhere, too" in answer.text
    for team in ("not-test-anonymizer-of-elsewhere", "nobody"):
        answer = organiser.send(f"{BASE}/organiser/revoke", {"team": team})
        assert "There is no team" in answer.text
    for line in ("x,organiser,all", "x,anonymizer,elsewhere"):
        text = f"team,role,challenge\n{line}\n"
        answer = organiser.send(f"{BASE}/organiser/invite", {"teams": text})
        assert answer.status_code == 422
    assert footprint(world) == before
