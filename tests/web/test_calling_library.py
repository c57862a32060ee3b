"""The participants' library calls operations of the real server, without a socket."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from anomed_client import (
    Challenge,
    ConnectionFailed,
    NotAllowed,
    NotFound,
    Options,
    Refused,
    Rejected,
    UsageError,
    connect,
)
from anomed_client.cli.group import commands
from click.testing import CliRunner

from anomed_core import (
    DATA_SPLIT,
    Account,
    ArraySchema,
    ArraysSchema,
    Call,
    CallRejected,
    ColumnSchema,
    JSONSchema,
    Line,
    Operation,
    Resource,
    Role,
    TableSchema,
)
from anomed_core.ledger import Grant
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.interactive_type import Asked

NUMBER = JSONSchema(schema={"type": "integer"})
X = ArraysSchema(arrays=[ArraySchema(name="X", kinds=("float",), shape=(None,))])
AGES = TableSchema(columns=[ColumnSchema(name="age", kinds=("int",))])


def double(call: Call) -> dict[str, Any]:
    """Double a number."""
    if call.payload > 99:
        raise CallRejected("Numbers have two digits.")
    return {"double": 2 * call.payload, "by": call.caller.id, "split": call.split}


BUDGET = Account(name="budget", resources=[Resource(name="question", limit="1.5")])
OPERATIONS = [
    Operation(
        name="hint",
        audience="anonymizer",
        accounts=[BUDGET],
        price=[Line(BUDGET, "question", 1)],
        run=lambda call: "warm",
        description="A hint.",
    ),
    Operation.of(double, audience="anonymizer", request=NUMBER, parameters=[DATA_SPLIT]),
    Operation(
        name="sorted",
        audience="anonymizer",
        request=X,
        answer=X,
        run=lambda call: np.sort(call.payload["X"]),
        description="Sort numbers.",
    ),
    Operation(
        name="ages",
        audience="public",
        method="GET",
        answer=AGES,
        run=lambda call: pd.DataFrame({"age": [30]}),
        description="An age.",
    ),
    Operation(
        name="who",
        audience=("anonymizer", "deanonymizer"),
        run=lambda call: [call.caller.role, call.caller.id],
        description="Who calls.",
    ),
]


def joined(server: Server, **options: Any) -> Challenge:
    transport = httpx.WSGITransport(app=create_web_app(server))
    return connect("http://server", options=Options(transport=transport), **options)


@pytest.fixture
def challenge(server_of: OpenServer) -> Challenge:
    return joined(server_of(Asked(*OPERATIONS)), name="ann")


def test_answers_come_as_what_they_are(challenge: Challenge) -> None:
    answer = challenge.call("double", 21, split="tuning")
    assert answer == {"double": 42, "by": "ann", "split": "tuning"}
    assert challenge.call("sorted", [3.0, 1.0])["X"].tolist() == [1, 3]
    assert challenge.call("ages")["age"].tolist() == [30]
    assert challenge.call("double", 1, split="tuning", name="bea")["by"] == "bea"


def test_what_is_wrong_is_found_before_anything_is_sent(challenge: Challenge) -> None:
    with pytest.raises(UsageError, match="no operation 'doubble'; did you mean double"):
        challenge.call("doubble", 1)
    with pytest.raises(UsageError, match="takes no payload"):
        challenge.call("ages", 1)
    with pytest.raises(UsageError, match="/operations/double needs split="):
        challenge.call("double", 1)


def test_a_refusal_is_the_servers_sentence(challenge: Challenge) -> None:
    with pytest.raises(Rejected, match=r"Numbers have two digits\.") as refusal:
        challenge.call("double", 100, split="tuning")
    assert refusal.value.code == "call_rejected"


@pytest.mark.parametrize("role", [Role.ANONYMIZER, Role.DEANONYMIZER])
def test_whoever_may_be_both_calls_as_what_the_token_says(
    server_of: OpenServer, role: Role
) -> None:
    server = server_of(Asked(*OPERATIONS), auth="tokens")
    token = server.tokens.create(Grant(role=role, holder="kim", challenge="asked"))

    assert joined(server, token=token).call("who") == [role, "kim"]


def test_operations_are_described(challenge: Challenge) -> None:
    assert list(challenge.operations) == ["hint", "double", "sorted", "ages", "who"]
    page = str(challenge.describe())
    assert "Sort numbers. Takes arrays: X (float, any); answers arrays: X (float, any)." in page
    assert "<td>An age.</td>" in challenge._repr_html_()


def test_accounts_stand_exactly_and_are_sealed(challenge: Challenge) -> None:
    assert challenge.call("hint") == "warm"
    with pytest.raises(NotAllowed, match="takes 1 question from the account 'budget'"):
        challenge.call("hint")

    account = challenge.accounts()["budget"]
    balance = account["question"]
    assert (balance.limit, balance.spent, balance.remaining) == (
        Decimal("1.5"),
        Decimal(1),
        Decimal("0.5"),
    )
    assert str(account).splitlines()[0] == "budget (open)"
    assert challenge.seal("budget").state == "sealed"
    with pytest.raises(Refused, match="is sealed"):
        challenge.call("hint")
    with pytest.raises(NotFound):
        challenge.seal("../budget")
    assert challenge.accounts(name="bea")["budget"].state == "open"


def test_a_call_that_costs_is_sent_once(server_of: OpenServer) -> None:
    server = server_of(Asked(*OPERATIONS))
    transport = Unlucky(app=create_web_app(server))
    challenge = connect("http://server", name="ann", options=Options(transport=transport))
    transport.is_unlucky = True

    with pytest.raises(ConnectionFailed):
        challenge.call("hint")

    transport.is_unlucky = False
    assert transport.n_lost == 1
    assert challenge.accounts()["budget"]["question"].spent == 1


class Unlucky(httpx.WSGITransport):
    """A way to the server on which answers are lost."""

    is_unlucky = False
    n_lost = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if self.is_unlucky:
            self.n_lost += 1
            raise httpx.ReadError("lost", request=request)
        return response


def test_the_command_line_calls_and_tells_what_is_left(
    challenge: Challenge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("anomed_client.cli.call.Call.connect", lambda _: challenge)
    sorted_file, table = tmp_path / "sorted.npz", tmp_path / "ages.parquet"
    (tmp_path / "x.npz").write_bytes(encode_npz({"X": np.array([2.0, 1.0])}))

    def run(*words: str, code: int = 0) -> str:
        result = CliRunner().invoke(commands, [*words, "--quiet"])
        assert result.exit_code == code, result.output
        return result.stdout

    assert json.loads(run("call", "double", "21", "--split", "tuning"))["double"] == 42
    run("call", "sorted", f"@{tmp_path / 'x.npz'}", "--output", str(sorted_file))
    assert np.load(sorted_file)["X"].tolist() == [1, 2]
    run("call", "ages", "--output", str(table))
    assert pd.read_parquet(table)["age"].tolist() == [30]
    run("call", "ages", code=2)
    run("call", "double", "{", "--split", "tuning", code=2)
    assert run("call", "hint") == '"warm"\n'
    assert run("accounts").split()[-7:] == ["budget", "open", "question", "1.5", "0", "1", "0.5"]
    run("seal", "budget", code=1)  # nobody answers the question
    assert json.loads(run("seal", "budget", "--yes", "--json"))[0]["state"] == "sealed"
