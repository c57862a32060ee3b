"""Accounts that pay for calls: whose they are, how they are sealed, and how they are declared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from anomed_core import (
    Account,
    Challenge,
    DataProduct,
    JSONSchema,
    Line,
    Operation,
    Resource,
    Role,
    SubmissionKind,
    hookimpl,
)
from anomed_core.errors import PluginBrokenError
from anomed_core.ledger import Grant
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing
from tests.interactive_type import Asked
from tests.paying import (
    EVERYBODY,
    ONE,
    QUESTIONS,
    Serve,
    World,
    operation,
)

# --- whose accounts -------------------------------------------------------------------------------


def test_all_share_a_shared_account(serve: Serve) -> None:
    price = [ONE, Line(EVERYBODY, "question", 1)]
    world = serve(operation(accounts=[QUESTIONS, EVERYBODY], price=price))

    statuses = [world.call(who=f"anonymizer={name}").status_code for name in "aabb"]

    assert statuses == [200, 200, 200, 403]
    assert world.stands("everybody") == ("0", "3", "0")
    assert world.stands(who="anonymizer=b") == ("0", "1", "1")  # all lines, or none


def test_nobody_in_particular_pays_from_one_account(serve: Serve) -> None:
    world = serve(operation(audience="public"))

    assert [world.call(who="").status_code for _ in range(3)] == [200, 200, 403]


def test_accounts_are_seen_and_sealed_by_their_holders_only(server_of: OpenServer) -> None:
    world = World(server_of(Asked(operation()), auth="tokens"))
    roles = {"a": Role.ANONYMIZER, "b": Role.ANONYMIZER, "o": Role.ORGANISER}
    tokens = {
        name: world.server.tokens.create(Grant(role=role, holder=name, challenge="asked"))
        for name, role in roles.items()
    }

    def ask(method: str, path: str, who: str | None) -> int:
        headers = {"Authorization": f"Bearer {tokens[who]}"} if who else {}
        return world.client.simulate_request(method, path, headers=headers).status_code

    mine, seal = "/accounts?anonymizer=a", "/accounts/questions/seal?anonymizer=a"
    assert [ask("GET", mine, who) for who in ("a", "b", "o", None)] == [200, 403, 200, 401]
    assert [ask("POST", seal, who) for who in ("b", "o", None, "a")] == [403, 403, 401, 200]
    assert ask("GET", "/accounts", "a") == 200


def test_a_sealed_account_is_closed_for_ever(serve: Serve) -> None:
    world = serve(
        operation(),
        operation(name="shared", accounts=[EVERYBODY], price=[Line(EVERYBODY, "question", 1)]),
    )
    seal = "/accounts/questions/seal?anonymizer=a"

    told = [world.client.simulate_post(seal) for _ in range(2)]

    assert [(one.status_code, one.json["state"]) for one in told] == [(200, "sealed")] * 2
    refused = world.call()
    assert (refused.status_code, refused.json["code"]) == (409, "account_sealed")
    assert world.call(who="anonymizer=b").status_code == 200
    for name, status in (("everybody", 403), ("other", 404)):
        path = f"/accounts/{name}/seal?anonymizer=a"
        assert world.client.simulate_post(path).status_code == status
    assert world.client.simulate_get("/accounts").status_code == 400


def test_what_requires_a_sealed_account_waits_for_it(server_of: OpenServer) -> None:
    class Sealing(Guessing):
        @hookimpl
        def anomed_operations(self, challenge: Challenge) -> list[Operation]:
            after = Operation(
                name="after",
                audience="anonymizer",
                run=lambda call: 1,
                cheap=True,
                requires_sealed="questions",
            )
            return [operation(), after]

        @hookimpl
        def anomed_data_products(self, challenge: Challenge) -> list[DataProduct]:
            return [
                DataProduct(
                    path="/data/anonymizer/tasks",
                    schema=JSONSchema(),
                    data=lambda request: {"of": request.anonymizer},
                    requires_sealed="questions",
                )
            ]

        @hookimpl
        def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
            kinds = super().anomed_submission_kinds(challenge)
            facts = {field: getattr(kinds[0], field) for field in ("name", "schema")}
            return [SubmissionKind(**facts, requires_sealed="questions", cheap=True), kinds[1]]

    world = World(server_of(Sealing()), "guessing")
    guess = encode_npz({"prediction": np.zeros(10)})

    def statuses() -> list[int]:
        submit = "/utility/anonymizer?anonymizer=a&data_split="
        return [
            world.client.simulate_get("/data/anonymizer/tasks?anonymizer=a").status_code,
            world.client.simulate_post(f"{submit}tuning", body=guess).status_code,
            world.client.simulate_post(f"{submit}validation", body=guess).status_code,
            world.call("after").status_code,
        ]

    assert world.call().status_code == 200
    assert statuses() == [403, 201, 403, 403]
    world.client.simulate_post("/accounts/questions/seal?anonymizer=a")
    assert statuses() == [200, 201, 201, 200]
    tasks = world.client.simulate_get("/data/anonymizer/tasks?anonymizer=a")
    assert tasks.json == {"of": "a"}
    other = world.client.simulate_get("/data/anonymizer/tasks?anonymizer=b")
    assert "POST to /accounts/questions/seal" in other.json["description"]


# --- what is refused at the start -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"price": None}, r"belong together; give price=\[Line"),
        ({"accounts": []}, r"belong together; give accounts="),
        ({"method": "GET"}, "is called with POST, not GET"),
        (
            {
                "accounts": [Account(name="final/ask", resources=QUESTIONS.resources)],
                "price": [Line("final/ask", "question", 1)],
            },
            "is the core's; leave out the slash",
        ),
        ({"price": [Line("other", "question", 1)]}, "a line names the account 'other'"),
        ({"price": [Line(QUESTIONS, "epsilon", 1)]}, "has no resource 'epsilon'"),
    ],
)
def test_a_price_that_makes_no_sense_is_a_sentence(options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        operation(**options)


def test_one_account_is_declared_once(serve: Serve) -> None:
    other = Account(name="questions", resources=[Resource(name="question", limit=9)])
    twice = operation(name="other", accounts=[other], price=[Line(other, "question", 1)])

    with pytest.raises(PluginBrokenError, match="'questions' otherwise than another operation"):
        serve(operation(), twice)


def test_an_account_that_must_be_sealed_is_declared(serve: Serve) -> None:
    with pytest.raises(PluginBrokenError, match="requires the account 'other' to be sealed"):
        serve(operation(requires_sealed="other"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [({"static": True}, "a static product"), ({"parameters": ()}, "must know who reads it")],
)
def test_whoever_reads_what_requires_a_sealed_account_is_known(
    options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        DataProduct(
            path="/data/anonymizer/x", schema=JSONSchema(), requires_sealed="questions", **options
        )
