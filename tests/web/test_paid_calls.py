"""Calls that cost something: reserved before they run, and exact."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from anomed_core import (
    Account,
    Answer,
    Call,
    CallRejected,
    Challenge,
    Line,
    Operation,
    Resource,
    hookimpl,
)
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing
from tests.interactive_type import Asked
from tests.paying import (
    NUMBER,
    ONE,
    PRIVACY,
    QUESTIONS,
    Serve,
    World,
    for_epsilon,
    operation,
)

# --- what an answer costs -------------------------------------------------------------------------


def test_an_answer_tells_what_paid_for_it_and_what_is_left(serve: Serve) -> None:
    numbers: list[int] = []
    world = serve(operation(lambda call: numbers.append(call.number)))

    first, second, third = (world.call() for _ in range(3))

    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 403]
    assert [one.headers["X-Remaining"] for one in (first, second)] == [
        "questions/question=1",
        "questions/question=0",
    ]
    assert [int(one.headers["X-Claim"]) for one in (first, second)] == numbers
    assert third.json["code"] == "budget_exhausted"
    assert "takes 1 question from the account 'questions'" in third.json["description"]
    assert world.stands() == ("0", "2", "0")
    assert world.stands(who="anonymizer=b") == ("0", "0", "2")


def test_commands_of_organisers_know_the_accounts_without_the_plugin(serve: Serve) -> None:
    world = serve(for_epsilon(name="count"), operation())

    accounts = world.server.ledger.rules()["asked"].accounts
    assert sorted(accounts, key=lambda account: account.name) == [PRIVACY, QUESTIONS]


def test_three_tenths_fit_and_a_fourth_does_not(serve: Serve) -> None:
    world = serve(for_epsilon())

    assert [world.call(body=0.1).status_code for _ in range(4)] == [200, 200, 200, 403]
    assert world.call(body=1e-18).status_code == 403
    assert world.stands("privacy") == ("0", "0.3", "0")


@pytest.mark.parametrize("sent", [-0.1, "NaN", "-Infinity", "9" * 400, "1e400", "1e-400", "ten"])
def test_what_is_no_amount_is_refused_in_a_sentence(serve: Serve, sent: Any) -> None:
    world = serve(for_epsilon())

    response = world.call(body=sent)

    assert response.status_code == 422
    assert "The price of this call cannot be counted" in response.json["description"]
    assert len(response.json["description"]) < 300
    assert world.stands("privacy") == ("0", "0", "0.3")


def test_a_price_may_refuse_a_call(serve: Serve) -> None:
    def price(call: Call) -> list[Line]:
        raise CallRejected("Not that.")

    world = serve(operation(price=price))

    assert world.call().json["description"] == "Not that."
    assert world.stands() == ("0", "0", "2")


def test_a_price_knows_nothing_of_what_was_submitted(server_of: OpenServer) -> None:
    targets: list[Any] = []

    class Attackable(Guessing):
        @hookimpl
        def anomed_operations(self, challenge: Challenge) -> list[Operation]:
            def price(call: Call) -> list[Line]:
                targets.append(call.target)
                return [ONE]

            return [
                operation(
                    lambda call: float(call.target.submission.payload["prediction"][0]),
                    audience="deanonymizer",
                    with_target=True,
                    same_split=False,
                    price=price,
                )
            ]

    world = World(server_of(Attackable()), "guessing")
    body = encode_npz({"prediction": np.full(10, 3.0)})
    world.client.simulate_post("/utility/anonymizer?anonymizer=a&data_split=validation", body=body)
    pair = "anonymizer=a&deanonymizer=d"

    assert world.call(who=pair).json == 3.0
    assert [(one.anonymizer, one.submission, one.scores) for one in targets] == [("a", None, ())]
    assert world.stands(who=pair) == ("0", "1", "1")
    assert world.client.simulate_get("/accounts?deanonymizer=d").json["accounts"] == []


def test_less_than_reserved_may_be_spent(serve: Serve) -> None:
    spent = Answer(payload="told", spent=[Line(PRIVACY, "epsilon", "0.05")])
    world = serve(for_epsilon(lambda call: spent))

    response = world.call(body=0.1)

    assert response.json == "told"
    assert response.headers["X-Remaining"] == "privacy/epsilon=0.25"
    assert world.stands("privacy") == ("0", "0.05", "0.25")


def test_more_than_reserved_is_an_incident(serve: Serve) -> None:
    spent = Answer(payload="told", spent=[Line(PRIVACY, "epsilon", "0.2")])
    world = serve(for_epsilon(lambda call: spent))

    with capture_logs() as lines:
        response = world.call(body=0.1)

    assert response.status_code == 503
    assert "told" not in response.text
    assert world.stands("privacy") == ("0", "0.2", "0.1")
    assert world.balance("privacy")["state"] == "frozen"
    incident = lines[0]["exc_info"]
    assert "spends 0.2 epsilon of 'privacy' instead of 0.1" in str(incident)
    assert "in plugin 'asked-0'" in incident.__notes__[0]
    again = world.call(body=0.1)
    assert (again.status_code, again.json["code"]) == (403, "account_frozen")
    assert world.server.ledger.verify() == []


# --- failures -------------------------------------------------------------------------------------


@pytest.mark.parametrize("cheap", [True, False])
@pytest.mark.parametrize("begins", [True, False])
@pytest.mark.parametrize("account", [PRIVACY, QUESTIONS], ids=lambda account: account.name)
def test_a_failure_costs_what_the_resource_says_once_it_has_begun(
    serve: Serve, cheap: bool, begins: bool, account: Account
) -> None:
    def fail(call: Call) -> None:
        if begins:
            call.begin()
        raise KeyError("secret")

    (resource,) = account.resources
    world = serve(
        operation(
            fail,
            cheap=cheap,
            accounts=[account],
            price=[Line(account, resource.name, resource.limit)],
        )
    )

    response = world.call()

    has_begun = begins or cheap
    is_spent = has_begun and account is PRIVACY
    assert response.status_code == 503
    assert "secret" not in response.text
    limit = str(resource.limit)
    assert world.stands(account.name) == ("0", *((limit, "0") if is_spent else ("0", limit)))


def test_a_call_may_be_refused_before_it_begins(serve: Serve) -> None:
    def refuse(call: Call) -> None:
        raise CallRejected("Not that.")

    world = serve(operation(refuse, cheap=False))

    assert world.call().status_code == 422
    assert world.stands() == ("0", "0", "2")


def test_a_cheap_call_is_refused_by_its_price_only(serve: Serve) -> None:
    def refuse(call: Call) -> None:
        raise CallRejected("The secret is odd.")

    response = serve(operation(refuse)).call()

    assert response.status_code == 503
    assert "odd" not in response.text


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"price": lambda call: [Line("other", "question", 1)]}, "names the account 'other'"),
        ({"price": lambda call: [Line(QUESTIONS, "epsilon", 1)]}, "has no resource 'epsilon'"),
        ({"price": lambda call: [1]}, "has no attribute 'account'"),
        (
            {"run": lambda call: Answer(payload=1, spent=[Line("other", "epsilon", 1)])},
            "has reserved nothing",
        ),
    ],
)
def test_what_was_not_declared_is_our_fault(
    serve: Serve, options: dict[str, Any], reason: str
) -> None:
    world = serve(operation(**options))

    with capture_logs() as lines:
        assert world.call().status_code == 503

    assert reason in str(lines[0]["exc_info"])
    assert "in plugin 'asked-0'" in lines[0]["culprit"]
    assert world.stands() == ("0", "0", "2")


@given(st.lists(st.sampled_from(["answer", "fail", "refuse", "less"]), max_size=8))
@settings(max_examples=20, deadline=None)
def test_what_is_spent_is_what_was_answered(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[str]
) -> None:
    from anomed_core import ChallengeSpec, ServerSettings
    from anomed_core.plugins import build_registry
    from anomed_core.service.opening import open_server

    account = Account(name="questions", resources=[Resource(name="question", limit=4)])

    def run(call: Call) -> Any:
        deed = call.payload
        if deed == "refuse":
            raise CallRejected("No.")
        if deed == "fail":
            raise KeyError("no")
        cost = 0.5 if deed == "less" else 1
        return Answer(payload=deed, spent=[Line(account, "question", cost)])

    registry = build_registry(discover=False)
    price = [Line(account, "question", 1)]
    asked = operation(run, accounts=[account], price=price, request=NUMBER, cheap=False)
    registry.add(Asked(asked), name="asked")
    state = tmp_path_factory.mktemp("state") / "state"
    server = open_server(
        [ChallengeSpec(id="asked", type="asked")],
        registry=registry,
        settings=ServerSettings(state=state),
        environment={},
    )
    try:
        world = World(server)
        spent = 0.0
        for deed in deeds:
            response = world.call(body=deed)
            if response.status_code == 200:
                spent += 0.5 if deed == "less" else 1
        reserved, told, remaining = world.stands()
        assert (reserved, float(told), float(remaining)) == ("0", spent, 4 - spent)
        assert server.ledger.verify() == []
    finally:
        server.close()
