"""Whose submission the house attacks next: nobody delays another by sending more."""

import attrs
import numpy as np
import pytest

from anomed_core import HouseAttack, Metric, Split, SubmissionKind, hookimpl
from anomed_core.ledger import FollowUpBook
from anomed_core.service.house_attacks import ATTACK, HouseAttackWorker
from anomed_core.service.report import report_sections
from anomed_core.service.server import Server
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing


class Tossing(Guessing):
    """Guesses of both splits are attacked by a coin."""

    @hookimpl
    def anomed_submission_kinds(self, challenge: object) -> list[SubmissionKind]:
        guesses, attacks = super().anomed_submission_kinds(challenge)
        return [attrs.evolve(guesses, keeps=frozenset(Split)), attacks]

    @hookimpl
    def anomed_house_attacks(self) -> list[HouseAttack]:
        heads = Metric(name="heads", bounds=(0, 1))
        return [
            HouseAttack(
                name="coin", kind="anonymizer", metrics=[heads], run=lambda *_: {"heads": 1.0}
            )
        ]


@pytest.fixture
def server(server_of: OpenServer) -> Server:
    return server_of(Tossing())


def guess(server: Server, who: str, split: str) -> int:
    hosted = server.challenges["guessing"]
    body = encode_npz({"prediction": np.zeros(10)})
    query = {"anonymizer": who, "data_split": split}
    receipt = server.submissions.submit(hosted, hosted.kind("anonymizer"), query=query, body=body)
    return receipt.score.id


def attack_all(server: Server) -> list[int]:
    """Do what is due; return the numbers of the attacked scores, in their order."""
    book: FollowUpBook = server.follow_ups
    worker = HouseAttackWorker(
        challenges=server.challenges,
        submissions=server.submissions.kept,
        engine=server.submissions.engine,
        ledger=server.ledger,
        follow_ups=book,
        timeout_s=10,
    )
    before = len(server.ledger.scores())
    taken = []
    while follow_up := book.take(ATTACK, lease_s=30, finals_first=worker.finals_first):
        worker.do(follow_up)
        after = len(server.ledger.scores())
        if after > before:
            taken.append(follow_up.score.id)
        before = after
    return taken


def test_many_submissions_for_tuning_delay_no_final(server: Server) -> None:
    *_, newest = [guess(server, "ann", "tuning") for _ in range(5)]
    finals = [guess(server, who, "validation") for who in ("bea", "cem")]

    assert attack_all(server) == [*finals, newest]
    dropped = [fact for fact in server.follow_ups.facts(ATTACK) if fact.state == "failed"]
    assert len(dropped) == 4
    assert all("only the newest one is attacked" in fact.last_error for fact in dropped)


def test_only_the_own_newer_submissions_count(server: Server) -> None:
    first, second = guess(server, "ann", "tuning"), guess(server, "bea", "tuning")
    annulled = guess(server, "ann", "tuning")
    server.ledger.annul(annulled, "a mistake")

    assert {first, second} <= set(attack_all(server))


def test_the_report_says_how_many_attacks_are_outstanding(server: Server) -> None:
    guess(server, "ann", "tuning")
    guess(server, "bea", "validation")
    (hosted,) = server.challenges.values()

    def outstanding() -> list[str]:
        waiting = server.follow_ups.n_waiting(ATTACK, finals_of=hosted.id)
        sections = report_sections(hosted, server.submissions.kept, n_outstanding=waiting)
        return [str(section.parts[0]) for section in sections if section.title == "Outstanding"]

    assert outstanding() == [
        "Attacks of the house on finals that have not run yet: 1. Rankings may change."
    ]
    attack_all(server)
    assert outstanding() == []
