"""``anomed archive``: what was asked and answered in paid calls."""

import json
from pathlib import Path

import pytest

from anomed_core.ledger import Database, Ledger
from anomed_core.model import Line, Role, Subject
from anomed_core.state import StateDirectory
from anomed_core.state.filed_bodies import FiledBodies
from tests.cli.conftest import Anomed
from tests.ledger.records import PRIVACY, answer_call, call_of, entry_of

TENTH = Line(PRIVACY, "epsilon", "0.1")
PAIR = Subject(role=Role.DEANONYMIZER, anonymizer="alice", deanonymizer="eve")
LARGE = f'"{"x" * 2**16}"'


@pytest.fixture
def state(tmp_path: Path) -> StateDirectory:
    """A state directory whose archive has a small answer, a large one, and a lost one."""
    state = StateDirectory(tmp_path / "state")
    database = Database(state.ledger_url)
    ledger = Ledger(database)
    ledger.open_challenge("iris", "f" * 64, accept_change=False)
    call = call_of(TENTH)
    answer_call(ledger, call)
    claim = ledger.claim(call)
    FiledBodies(state.archive).keep(str(claim.id), LARGE.encode())
    ledger.commit(claim, entry=entry_of(call, LARGE))
    lost = call_of(TENTH, subject=PAIR)
    ledger.release(ledger.claim(lost, started=True), "it died", entry=entry_of(lost, None))
    database.close()
    return state


@pytest.mark.parametrize("command", [("archive", "list"), ("budgets", "archive")])
def test_calls_are_listed(command: tuple[str, str], anomed: Anomed, state: StateDirectory) -> None:
    listed = anomed(*command, "--state", str(state.root)).out

    assert "privacy/epsilon=0.1" in listed
    assert [line.split()[:3] for line in listed.splitlines()[1:]] == [
        ["1", "alice", "count"],
        ["2", "alice", "count"],
        ["3", "alice/eve", "count"],
    ]


def test_those_of_one_subject_are_chosen(anomed: Anomed, state: StateDirectory) -> None:
    def told(subject: str) -> list[tuple[int, str]]:
        options = ("--state", str(state.root), "--subject", subject, "--json")
        found = json.loads(anomed("archive", "list", *options).out)
        return [(one["id"], one["outcome"]) for one in found]

    assert told("alice") == [(1, "answered"), (2, "answered")]
    assert told("alice/eve") == [(3, "lost")]
    assert told("bob") == []


def test_an_export_has_what_was_asked_and_answered(
    anomed: Anomed, state: StateDirectory, tmp_path: Path
) -> None:
    output = tmp_path / "calls.jsonl"
    options = ("--state", str(state.root), "--output", str(output))

    assert anomed("archive", "export", *options).code == 0

    calls = [json.loads(line) for line in output.read_text().splitlines()]
    assert [call["answer_body"] for call in calls] == [{"count": 3}, LARGE.strip('"'), None]
    assert calls[0]["request_body"] == {"of": "ages"}
    assert anomed("archive", "export", *options).code == 2
