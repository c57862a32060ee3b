"""What is kept of a subject's submissions has a bound, and counts for as long as its score does."""

from typing import Any

import attrs
import numpy as np
import pytest

from anomed_core import Challenge, Split, Subject, SubmissionKind, hookimpl
from anomed_core.errors import AlreadyScoredError, BudgetExhaustedError, EvaluationFailedError
from anomed_core.ledger import stored_account
from anomed_core.model import Role, as_amount
from anomed_core.service.server import Server
from anomed_core.wire import Limits, encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing

BODY = encode_npz({"prediction": np.zeros(10)})
FINAL = {"anonymizer": "a", "data_split": "validation"}
TUNING = {**FINAL, "data_split": "tuning"}


class Keeping(Guessing):
    """Keeps tuning submissions, too."""

    @hookimpl
    def anomed_submission_kinds(self, challenge: Challenge) -> list[SubmissionKind]:
        kinds = super().anomed_submission_kinds(challenge)
        return [attrs.evolve(kind, keeps=frozenset(Split)) for kind in kinds]


def submit(server: Server, query: dict[str, str], body: bytes = BODY) -> int:
    hosted = server.challenges["guessing"]
    kind = hosted.kind("anonymizer")
    return server.submissions.submit(hosted, kind, query=query, body=body).score.id


def server_for(server_of: OpenServer, game: Guessing, n_bodies: float) -> Server:
    limit = int(n_bodies * len(BODY))
    return server_of(game, limits=Limits(stored_bytes_per_subject=limit))


def stored(server: Server, name: str = "a") -> Any:
    subject = Subject(role=Role.ANONYMIZER, anonymizer=name)
    account = stored_account(server.settings.limits.stored_bytes_per_subject)
    return server.ledger.budgets.of("guessing", account, subject).balances[0].spent / len(BODY)


def test_what_is_kept_has_a_bound_for_each_subject(server_of: OpenServer) -> None:
    server = server_for(server_of, Keeping(), 2.5)
    for _ in range(2):
        submit(server, TUNING)

    with pytest.raises(BudgetExhaustedError, match=r"takes \d+ bytes from .* has \d+ of \d+ left"):
        submit(server, TUNING)
    with pytest.raises(BudgetExhaustedError):
        submit(server, FINAL)

    submit(server, {**TUNING, "anonymizer": "b"})
    assert (stored(server), stored(server, "b")) == (2, 1)
    assert server.ledger.verify() == []


def test_what_is_not_kept_takes_no_room(server_of: OpenServer) -> None:
    server = server_for(server_of, Guessing(), 1)
    for _ in range(3):
        submit(server, TUNING)
    submit(server, FINAL)
    with pytest.raises(AlreadyScoredError):
        submit(server, FINAL)
    assert stored(server) == 1


def test_what_was_not_scored_gives_its_room_back(server_of: OpenServer) -> None:
    outcomes = [RuntimeError("ours"), {"mae": 1.0, "hits": 1.0}]

    def outcome(_: object) -> object:
        result = outcomes.pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    server = server_for(server_of, Guessing(outcome=outcome), 1)
    with pytest.raises(EvaluationFailedError):
        submit(server, FINAL)
    assert stored(server) == 0
    submit(server, FINAL)
    assert stored(server) == 1


def test_a_returned_attempt_gives_its_room_back(server_of: OpenServer) -> None:
    server = server_for(server_of, Guessing(), 1)
    server.ledger.annul(submit(server, FINAL), "a broken file", return_attempt=True)
    server.ledger.annul(submit(server, FINAL), "another one")
    assert stored(server) == 1
    assert server.ledger.verify() == []


def test_an_organiser_gives_more_room(server_of: OpenServer) -> None:
    server = server_for(server_of, Keeping(), 1)
    submit(server, TUNING)
    account = stored_account(server.settings.limits.stored_bytes_per_subject)
    alice = Subject(role=Role.ANONYMIZER, anonymizer="a")
    more = {"bytes": as_amount(len(BODY))}
    server.ledger.budgets.grant("guessing", account.name, [alice], more, reason="large tables")
    submit(server, TUNING)
    with pytest.raises(BudgetExhaustedError):
        submit(server, TUNING)


def test_without_a_limit_nothing_is_counted(server_of: OpenServer) -> None:
    server = server_for(server_of, Keeping(), 0)
    submit(server, TUNING)
    assert server.ledger.budgets.all() == []
