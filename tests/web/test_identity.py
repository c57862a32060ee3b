"""Under ``auth = "tokens"``: who is who, and who may do what."""

import base64
from collections.abc import Callable

import attrs
import numpy as np
import pytest
from falcon.testing import Result, TestClient

from anomed_core import (
    ANONYMIZER,
    DATA_SPLIT,
    DEANONYMIZER,
    Challenge,
    DataProduct,
    Role,
    Split,
    Subject,
    SubmissionKind,
    hookimpl,
)
from anomed_core.config import QuotaSettings
from anomed_core.ledger import EVERY_CHALLENGE, Grant, TeamBook
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing

GUESS = encode_npz({"prediction": np.zeros(10)})
ATTACK = encode_npz({"prediction": np.zeros(10, dtype=bool)})
TRAINING = "/data/anonymizer/training"
PAIR = "/data/pair?anonymizer=alice&deanonymizer=bob&data_split=tuning"
UTILITY = "/utility/anonymizer?anonymizer=alice&data_split=tuning"
THREAT = "/utility/deanonymizer?anonymizer=alice&deanonymizer=bob&data_split=tuning"

SPLIT_IF_GIVEN = attrs.evolve(DATA_SPLIT, required=False)
PAIR_IF_GIVEN = (
    *(attrs.evolve(party, required=False) for party in (ANONYMIZER, DEANONYMIZER)),
    SPLIT_IF_GIVEN,
)

Ask = Callable[..., Result]


@pytest.fixture
def server(server_of: OpenServer) -> Server:
    return server_of(Guessing(), auth="tokens")


@pytest.fixture
def tokens(server: Server) -> dict[str, str]:
    identities = {
        "alice": Grant(role=Role.ANONYMIZER, holder="alice", challenge="guessing"),
        "bob": Grant(role=Role.DEANONYMIZER, holder="bob", challenge="guessing"),
        "olga": Grant(role=Role.ORGANISER, holder="olga", challenge=EVERY_CHALLENGE),
        "stranger": Grant(role=Role.ANONYMIZER, holder="alice", challenge="other"),
    }
    return {name: server.tokens.create(identity) for name, identity in identities.items()}


@pytest.fixture
def ask(client: TestClient, tokens: dict[str, str]) -> Ask:
    def ask(who: str | None, url: str, body: bytes | None = None, **headers: str) -> Result:
        if who is not None:
            headers["Authorization"] = f"Bearer {tokens.get(who, who)}"
        if body is None:
            return client.simulate_get(url, headers=headers)
        return client.simulate_post(url, body=body, headers=headers)

    return ask


# --- who is who -----------------------------------------------------------------------------------


def basic(name: str, token: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_token_is_taken_as_bearer(
    scheme: str, client: TestClient, tokens: dict[str, str]
) -> None:
    headers = {"Authorization": f"{scheme} {tokens['alice']}"}

    assert client.simulate_get(TRAINING, headers=headers).status_code == 200


@pytest.mark.parametrize("name", ["alice", ""])
def test_a_token_is_taken_as_the_password_of_its_holder(
    name: str, client: TestClient, tokens: dict[str, str]
) -> None:
    """Existing clients can't set headers, but take http://ID:TOKEN@host/."""
    headers = {"Authorization": basic(name, tokens["alice"])}

    assert client.simulate_get(TRAINING, headers=headers).status_code == 200


def test_a_token_is_not_taken_as_the_password_of_another(
    client: TestClient, tokens: dict[str, str]
) -> None:
    headers = {"Authorization": basic("bob", tokens["alice"])}

    assert client.simulate_get(TRAINING, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Bearer nonsense",
        "Bearer ",
        "Bearer anomed-" + "0" * 32 + "-" + "0" * 64,
        "Basic nonsense!",
        "Basic /w==",
        basic("alice", "wrong"),
        "Digest x",
        "",
    ],
)
def test_without_a_valid_token_nobody_is_let_in(header: str, client: TestClient) -> None:
    response = client.simulate_get(TRAINING, headers={"Authorization": header})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Basic realm="anomed", charset="UTF-8"'
    assert response.json["title"] == "Token required"


def test_a_wrong_token_is_refused_even_where_none_is_needed(client: TestClient) -> None:
    assert client.simulate_get("/", headers={"Authorization": "Bearer x"}).status_code == 401


def test_a_revoked_token_is_refused(server: Server, ask: Ask, tokens: dict[str, str]) -> None:
    assert ask("alice", TRAINING).status_code == 200
    server.tokens.revoke(tokens["alice"].split("-")[1])

    assert ask("alice", TRAINING).status_code == 401


# --- who may do what ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "url", "body", "status"),
    [
        (None, "/", None, 200),
        (None, "/challenge.json", None, 200),
        (None, "/livez", None, 200),
        (None, TRAINING, None, 401),
        (None, PAIR, None, 401),
        (None, UTILITY, GUESS, 401),
        (None, "/metrics", None, 401),
        ("alice", TRAINING, None, 200),
        ("alice", PAIR, None, 403),
        ("alice", UTILITY, GUESS, 201),
        ("alice", UTILITY.replace("alice", "carol"), GUESS, 403),
        ("alice", THREAT, ATTACK, 403),
        ("alice", "/metrics", None, 403),
        ("bob", TRAINING, None, 403),
        ("bob", PAIR, None, 200),
        ("bob", PAIR.replace("bob", "carol"), None, 403),
        ("bob", PAIR.replace("alice", "anybody"), None, 403),
        ("bob", PAIR.replace("alice", "olga"), None, 403),
        ("bob", THREAT.replace("alice", "anybody"), ATTACK, 403),
        ("bob", THREAT, ATTACK, 201),
        ("bob", THREAT.replace("bob", "carol"), ATTACK, 403),
        ("bob", UTILITY.replace("alice", "bob"), GUESS, 403),
        ("olga", TRAINING, None, 200),
        ("olga", PAIR, None, 200),
        ("olga", UTILITY, GUESS, 403),
        ("olga", "/metrics", None, 200),
        ("stranger", TRAINING, None, 403),
        ("stranger", UTILITY, GUESS, 403),
    ],
)
def test_everybody_may_do_what_the_role_allows(
    who: str | None, url: str, body: bytes | None, status: int, ask: Ask
) -> None:
    assert ask(who, url, body).status_code == status


def test_training_data_is_not_for_attackers_in_any_form(ask: Ask) -> None:
    for headers in ({}, {"Range": "bytes=0-9"}, {"If-None-Match": "*"}):
        assert ask("bob", TRAINING, **headers).status_code == 403
        assert ask("bob", f"/challenges/guessing{TRAINING}", **headers).status_code == 403


def test_a_refused_submission_is_not_read(ask: Ask) -> None:
    response = ask("bob", UTILITY, b"x", **{"Content-Length": "999999999999"})

    assert response.status_code == 403


def test_scores_are_for_their_subject_and_the_organiser(ask: Ask) -> None:
    own = ask("alice", UTILITY, GUESS).headers["Location"]
    attack = ask("bob", THREAT, ATTACK).headers["Location"]

    statuses = {
        who: (ask(who, own).status_code, ask(who, attack).status_code)
        for who in ("alice", "bob", "olga", "stranger")
    }
    assert statuses == {
        "alice": (200, 403),
        "bob": (403, 200),
        "olga": (200, 200),
        "stranger": (403, 403),
    }
    assert ask(None, own).status_code == 401


def test_the_history_is_for_its_subject_and_the_organiser(ask: Ask) -> None:
    ask("alice", UTILITY, GUESS)

    assert len(ask("alice", "/attempts").json["attempts"]) == 1
    assert ask("alice", "/attempts?anonymizer=carol").status_code == 403
    assert ask("bob", "/attempts?anonymizer=alice").status_code == 200
    assert ask("bob", "/attempts?anonymizer=alice&deanonymizer=carol").status_code == 403
    assert len(ask("olga", "/attempts?anonymizer=alice").json["attempts"]) == 1
    assert ask("stranger", "/attempts").status_code == 403
    assert ask(None, "/attempts?anonymizer=alice").status_code == 401


def test_nobody_learns_which_scores_of_others_there_are(ask: Ask) -> None:
    ask("alice", UTILITY, GUESS)

    existing, missing = (ask("bob", f"/scores/{number}") for number in (1, 2))

    assert existing.status_code == missing.status_code == 403
    assert existing.content == missing.content
    assert ask("alice", "/scores/2").status_code == 403
    assert ask("olga", "/scores/2").status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_counts_are_for_organisers_of_what_is_served(
    method: str, server: Server, client: TestClient
) -> None:
    def status(challenge: str) -> int:
        identity = Grant(role=Role.ORGANISER, holder="olga", challenge=challenge)
        headers = {"Authorization": f"Bearer {server.tokens.create(identity)}"}
        return client.simulate_request(method, "/metrics", headers=headers).status_code

    assert [status("guessing"), status(EVERY_CHALLENGE), status("other")] == [200, 200, 403]


def test_attempts_cannot_be_multiplied_by_inventing_anonymizers(
    server: Server, ask: Ask, tokens: dict[str, str]
) -> None:
    """Each pair has a final of its own: they end where the names of anonymizers end."""
    final = THREAT.replace("tuning", "validation")
    names = ("alice", "alice", "alice2", "ALICE", "a", "carol")

    statuses = [
        ask("bob", final.replace("=alice", f"={name}"), ATTACK).status_code for name in names
    ]
    server.tokens.create(Grant(role=Role.ANONYMIZER, holder="carol", challenge="guessing"))

    assert statuses == [201, 409, 403, 403, 403, 403]
    assert ask("bob", final.replace("=alice", "=carol"), ATTACK).status_code == 201


def test_a_revoked_anonymizer_can_still_be_attacked(
    server: Server, ask: Ask, tokens: dict[str, str]
) -> None:
    assert server.tokens.revoke(tokens["alice"].split("-")[1])

    assert ask("bob", THREAT, ATTACK).status_code == 201


# --- teams and tokens with several grants ---------------------------------------------------------


def grant(role: Role, holder: str, challenge: str = "guessing") -> Grant:
    return Grant(role=role, holder=holder, challenge=challenge)


BOTH = (grant(Role.ANONYMIZER, "ann"), grant(Role.DEANONYMIZER, "dee"))
ASKED = [
    (TRAINING, None),
    (PAIR.replace("bob", "dee"), None),
    (PAIR.replace("bob", "ann"), None),
    (UTILITY.replace("alice", "ann"), GUESS),
    (UTILITY.replace("alice", "dee"), GUESS),
    (THREAT.replace("bob", "dee"), ATTACK),
    ("/attempts?anonymizer=ann", None),
    ("/attempts?anonymizer=alice&deanonymizer=dee", None),
    ("/attempts?anonymizer=alice&deanonymizer=bob", None),
    ("/targets", None),
    ("/ranking", None),
    ("/metrics", None),
]


@pytest.mark.parametrize(("url", "body"), ASKED)
def test_a_token_may_do_what_any_of_its_grants_may(
    server: Server, ask: Ask, url: str, body: bytes | None
) -> None:
    alone = [server.tokens.create(one, team="blue") for one in BOTH]
    both = server.tokens.create(*BOTH, grant(Role.ORGANISER, "o", "other"), team="blue")

    allowed = {ask(token, url, body).status_code for token in alone} & {200, 201}

    assert (ask(both, url, body).status_code in {200, 201}) == bool(allowed)


@pytest.mark.parametrize("name", ["blue", "ann", "dee"])
def test_a_token_is_the_password_of_its_team_and_of_each_of_its_ids(
    name: str, server: Server, client: TestClient
) -> None:
    token = server.tokens.create(*BOTH, team="blue")

    answer = client.simulate_get("/whoami", headers={"Authorization": basic(name, token)})

    told = [{"role": "anonymizer", "name": "ann"}, {"role": "deanonymizer", "name": "dee"}]
    assert (answer.json["team"], answer.json["grants"]) == ("blue", told)


def test_which_of_several_ids_is_meant_must_be_said(server: Server, ask: Ask) -> None:
    token = server.tokens.create(
        grant(Role.ANONYMIZER, "a1"), grant(Role.ANONYMIZER, "a2"), team="blue"
    )

    answer = ask(token, "/utility/anonymizer?data_split=tuning", GUESS)

    assert (answer.status_code, answer.headers["X-Error-Code"]) == (400, "invalid_parameter")
    assert "your token holds a1, a2; say which is meant." in answer.text
    for name in ("a1", "a2"):
        url = f"/utility/anonymizer?anonymizer={name}&data_split=tuning"
        assert ask(token, url, GUESS).status_code == 201


@pytest.mark.parametrize("attacker", ["alice", "mallory"])
def test_nobody_attacks_the_own_team_whatever_the_ids(
    server: Server, ask: Ask, tokens: dict[str, str], attacker: str
) -> None:
    token = server.tokens.create(grant(Role.DEANONYMIZER, attacker), team="alice")

    for url, body in ((THREAT, ATTACK), (PAIR, None)):
        answer = ask(token, url.replace("bob", attacker), body)

        assert answer.status_code == 403
        assert "The anonymizer 'alice' is your own team's; attack one of an" in answer.text


def test_a_disqualified_team_submits_nothing_and_is_attacked_by_nobody(
    server: Server, ask: Ask, tokens: dict[str, str]
) -> None:
    assert ask("alice", UTILITY, GUESS).status_code == 201
    teams = TeamBook(server.ledger._database)
    teams.disqualify("alice", "two accounts")

    answer = ask("alice", UTILITY, GUESS)

    assert answer.status_code == 403
    assert "The team 'alice' is disqualified (two accounts); nothing that it submits" in answer.text
    for url, body in ((THREAT, ATTACK), (PAIR, None)):
        refused = ask("bob", url, body)
        assert refused.status_code == 403
        assert "'alice' is disqualified (two accounts); attack another one." in refused.text
    assert ask("bob", "/targets").json == []
    assert len(ask("alice", "/attempts").json["attempts"]) == 1
    teams.reinstate("alice", "a misunderstanding")
    assert ask("alice", UTILITY, GUESS).status_code == 201
    assert ask("bob", THREAT, ATTACK).status_code == 201
    assert ask("bob", "/targets").json == [{"name": "alice", "splits": ["tuning"]}]


# --- ids that are left out ------------------------------------------------------------------------


class Lenient(Guessing):
    """Needs no ids, as tabular challenges do not; what it hands out tells whom it is for."""

    @hookimpl
    def anomed_data_products(self, challenge: Challenge) -> list[DataProduct]:
        (_, pair) = super().anomed_data_products(challenge)
        return [attrs.evolve(pair, parameters=PAIR_IF_GIVEN)]

    @hookimpl
    def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
        kinds = super().anomed_submission_kinds(challenge)
        return [
            attrs.evolve(kinds[0], parameters=(SPLIT_IF_GIVEN,), default_split=Split.TUNING),
            attrs.evolve(kinds[1], parameters=PAIR_IF_GIVEN, default_split=Split.TUNING),
        ]


def test_the_token_says_who_submits_where_the_query_does_not(server_of: OpenServer) -> None:
    server = server_of(
        Lenient(name="lenient"), auth="tokens", quota=QuotaSettings(tuning_attempts=1)
    )
    client = TestClient(create_web_app(server))

    def submit(role: Role, holder: str) -> Result:
        identity = Grant(role=role, holder=holder, challenge="lenient")
        headers = {"Authorization": f"Bearer {server.tokens.create(identity)}"}
        body = GUESS if role is Role.ANONYMIZER else ATTACK
        return client.simulate_post(f"/utility/{role}", body=body, headers=headers)

    for role in (Role.ANONYMIZER, Role.DEANONYMIZER):
        assert [submit(role, name).status_code for name in ("x", "y", "x")] == [201, 201, 429]
    subjects = [score.subject for score in server.ledger.scores()]
    assert [(s.anonymizer, s.deanonymizer) for s in subjects] == [
        ("x", ""),
        ("y", ""),
        ("", "x"),
        ("", "y"),
    ]


def test_the_token_says_whom_data_are_drawn_for_where_the_query_does_not(
    server_of: OpenServer,
) -> None:
    server = server_of(Lenient(name="lenient"), auth="tokens")
    server.tokens.create(Grant(role=Role.ANONYMIZER, holder="alice", challenge="lenient"))
    client = TestClient(create_web_app(server))

    def draw(holder: str, query: str) -> bytes:
        identity = Grant(role=Role.DEANONYMIZER, holder=holder, challenge="lenient")
        headers = {"Authorization": f"Bearer {server.tokens.create(identity)}"}
        answer = client.simulate_get(f"/data/pair?anonymizer=alice{query}", headers=headers)
        assert answer.status_code == 200
        return answer.content

    assert draw("x", "") == draw("x", "&deanonymizer=x") != draw("y", "")


# --- extensions decide first ----------------------------------------------------------------------


class Deciding:
    ANOMED_API = 1

    def __init__(self, decision: object) -> None:
        self.decision = decision
        self.asked: list[tuple[str, Subject | None]] = []

    @hookimpl
    def anomed_authorize(self, action: str, subject: Subject | None) -> bool | None:
        self.asked.append((action, subject))
        if isinstance(self.decision, Exception):
            raise self.decision
        return self.decision  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("decision", "auth", "status"),
    [
        (True, "tokens", 200),
        (False, "open", 403),
        (None, "tokens", 401),
        (None, "open", 200),
        (ZeroDivisionError("x"), "open", 403),
    ],
)
def test_an_extension_decides_before_the_core(
    decision: object, auth: str, status: int, server_of: OpenServer
) -> None:
    extension = Deciding(decision)
    client = TestClient(create_web_app(server_of(Guessing(), extension, auth=auth)))

    assert client.simulate_get(TRAINING).status_code == status
    assert extension.asked == [(f"read {TRAINING}", None)]


def test_an_extension_learns_who_asks(server_of: OpenServer) -> None:
    extension = Deciding(True)
    server = server_of(Guessing(), extension, auth="tokens")
    token = server.tokens.create(Grant(role=Role.DEANONYMIZER, holder="bob", challenge="guessing"))
    client = TestClient(create_web_app(server))

    client.simulate_post(THREAT, body=ATTACK, headers={"Authorization": f"Bearer {token}"})

    bob = Subject(role=Role.DEANONYMIZER, deanonymizer="bob")
    assert extension.asked == [("submit deanonymizer", bob)]


# --- open mode and the cap on requests ------------------------------------------------------------


def test_in_open_mode_the_ids_in_the_query_are_believed(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Guessing())))

    response = client.simulate_post(UTILITY, body=GUESS, headers={"Authorization": "Bearer x"})

    assert response.status_code == 201


def test_too_many_requests_of_one_subject_are_refused(server_of: OpenServer) -> None:
    quota = QuotaSettings(requests=3, requests_period_s=3600)
    client = TestClient(create_web_app(server_of(Guessing(), quota=quota)))

    def ask(query: str) -> int:
        return client.simulate_get(f"/data/pair?{query}&data_split=tuning").status_code

    assert [ask("anonymizer=a&deanonymizer=b") for _ in range(4)] == [200, 200, 200, 429]
    assert ask("anonymizer=ab&deanonymizer=c") == 200


def test_a_request_too_many_hears_when_there_are_requests_again(server_of: OpenServer) -> None:
    quota = QuotaSettings(requests=1, requests_period_s=3600)
    client = TestClient(create_web_app(server_of(Guessing(), quota=quota)))
    client.simulate_get("/attempts?anonymizer=a")

    refused = client.simulate_get("/attempts?anonymizer=a")

    assert (refused.status_code, refused.json["title"]) == (429, "Quota exhausted")
    assert refused.headers["X-Requests-Remaining"] == "0"
    assert "X-Attempts-Remaining" not in refused.headers
    assert 0 < int(refused.headers["Retry-After"]) <= 3600


def test_probes_are_answered_however_many_requests_there_were(server_of: OpenServer) -> None:
    quota = QuotaSettings(requests=1, requests_period_s=3600)
    client = TestClient(create_web_app(server_of(Guessing(), quota=quota)))

    assert [client.simulate_get("/").status_code for _ in range(3)] == [200, 429, 429]
    assert [client.simulate_get(probe).status_code for probe in ("/livez", "/readyz")] == [200, 200]


@pytest.mark.parametrize(
    "junk",
    ["Bearer x", f"Bearer anomed-{'0' * 32}-{'0' * 64}", "Basic ?", "Basic YWxpY2U6eA=="],
    ids=["malformed", "well-formed", "unreadable", "password"],
)
def test_wrong_credentials_are_requests_of_their_address(junk: str, server_of: OpenServer) -> None:
    quota = QuotaSettings(requests=2, requests_period_s=3600)
    server = server_of(Guessing(), auth="tokens", quota=quota)
    client = TestClient(create_web_app(server))
    identity = Grant(role=Role.ANONYMIZER, holder="alice", challenge="guessing")
    token = server.tokens.create(identity)

    def ask(credentials: str, path: str = "/attempts") -> int:
        return client.simulate_get(path, headers={"Authorization": credentials}).status_code

    assert [ask(junk) for _ in range(4)] == [401, 401, 429, 429]
    assert ask(f"Bearer {token}") == 200
    assert ask(junk, "/livez") == 401


def test_nobody_spends_the_requests_of_another(server_of: OpenServer) -> None:
    """Neither by naming another's id, nor by inventing ids."""
    quota = QuotaSettings(requests=2, requests_period_s=3600)
    server = server_of(Guessing(), auth="tokens", quota=quota)
    client = TestClient(create_web_app(server))
    identity = Grant(role=Role.ANONYMIZER, holder="alice", challenge="guessing")
    headers = {"Authorization": f"Bearer {server.tokens.create(identity)}"}

    outsider = [
        client.simulate_get(f"/attempts?anonymizer={name}").status_code
        for name in ("alice", "alice", "alice2", "alice3")
    ]

    assert outsider == [401, 401, 429, 429]
    assert client.simulate_get("/attempts", headers=headers).status_code == 200
