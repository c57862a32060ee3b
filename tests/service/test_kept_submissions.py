"""Kept submissions: which one an attacker meets."""

from typing import Any

import attrs
import numpy as np
import pytest

from anomed_core import Baseline, Quality, Split, SubmissionKind, hookimpl
from anomed_core.errors import NotAllowedError, SubmissionRejected
from anomed_core.service.server import Server
from anomed_core.testing import rehearse
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing

EVERY_SPLIT = frozenset(Split)


class Published(Guessing):
    """A game whose guesses are kept, and attacked whole.

    Parameters
    ----------
    same_split
        Whether an attack meets the guesses for its own split.
    with_rivals
        Whether it is evaluated beside the guesses of others.
    """

    def __init__(self, *, same_split: bool, with_rivals: bool = False) -> None:
        super().__init__()
        self.same_split, self.with_rivals = same_split, with_rivals

    @hookimpl
    def anomed_submission_kinds(self, challenge: Any) -> list[SubmissionKind]:
        guesses, attacks = super().anomed_submission_kinds(challenge)
        return [
            attrs.evolve(guesses, keeps=EVERY_SPLIT),
            attrs.evolve(
                attacks,
                with_target=True,
                same_split=self.same_split,
                after_final=True,
                with_rivals=self.with_rivals,
            ),
        ]


def guess(server: Server, split: str, value: float, *, name: str = "a") -> None:
    hosted = server.challenges["guessing"]
    body = encode_npz({"prediction": np.full(10, value)})
    query = {"anonymizer": name, "data_split": split}
    server.submissions.submit(hosted, hosted.kind("anonymizer"), query=query, body=body)


def attack(server: Server, split: str) -> None:
    hosted = server.challenges["guessing"]
    body = encode_npz({"prediction": np.ones(10, dtype=bool)})
    query = {"anonymizer": "a", "deanonymizer": "d", "data_split": split}
    server.submissions.submit(hosted, hosted.kind("deanonymizer"), query=query, body=body)


def met(game: Guessing) -> list[float]:
    submissions = [target.submission for target in game.targets]
    return [found.payload["prediction"][0] for found in submissions if found is not None]


def test_an_attack_meets_the_final_and_before_it_the_newest(server_of: OpenServer) -> None:
    game = Published(same_split=False)
    server = server_of(game)
    for value in (1.0, 2.0):
        guess(server, "tuning", value)
    attack(server, "tuning")
    guess(server, "validation", 3.0)
    attack(server, "tuning")
    assert met(game) == [2.0, 3.0]


def test_an_attack_on_a_split_meets_the_newest_for_that_split(server_of: OpenServer) -> None:
    game = Published(same_split=True)
    server = server_of(game)
    for split, value in (("tuning", 1.0), ("tuning", 2.0), ("validation", 3.0)):
        guess(server, split, value)
    attack(server, "tuning")
    attack(server, "validation")
    assert met(game) == [2.0, 3.0]


@pytest.mark.parametrize(
    ("same_split", "expected"), [(False, [[2.0, 4.0], [5.0, 2.0]]), (True, [[2.0, 4.0], [5.0]])]
)
def test_an_attack_is_evaluated_beside_what_could_be_read_of_others(
    server_of: OpenServer, same_split: bool, expected: list[list[float]]
) -> None:
    """Their finals, or else their newest tuning; never what comes later."""
    game = Published(same_split=same_split, with_rivals=True)
    server = server_of(game)
    for split, value, name in (
        ("tuning", 0.5, "a"),
        ("tuning", 1.0, "b"),
        ("tuning", 2.0, "b"),
        ("validation", 3.0, "a"),
        ("tuning", 4.0, "c"),
    ):
        guess(server, split, value, name=name)
    attack(server, "tuning")
    guess(server, "validation", 5.0, name="c")
    attack(server, "validation")
    guess(server, "validation", 6.0, name="b")

    assert [
        [rival.payload["prediction"][0] for rival in target.rivals] for target in game.targets
    ] == expected


def test_what_is_annulled_was_read_all_the_same(server_of: OpenServer) -> None:
    game = Published(same_split=True, with_rivals=True)
    server = server_of(game)
    guess(server, "validation", 1.0, name="b")
    server.ledger.annul(server.ledger.scores()[0].id, "published what it was given")
    guess(server, "validation", 2.0)
    attack(server, "validation")

    (target,) = game.targets
    assert [rival.payload["prediction"][0] for rival in target.rivals] == [1.0]


def test_what_was_published_for_another_split_cannot_be_attacked(server_of: OpenServer) -> None:
    server = server_of(Published(same_split=True))
    guess(server, "tuning", 1.0)
    with pytest.raises(SubmissionRejected, match="has submitted nothing yet"):
        attack(server, "validation")


@pytest.mark.parametrize("same_split", [True, False])
def test_no_final_is_spent_on_an_anonymizer_without_one(
    server_of: OpenServer, same_split: bool
) -> None:
    """An easy submission that is shown first would else burn the finals of all attackers."""
    game = Published(same_split=same_split)
    server = server_of(game)
    guess(server, "tuning", 1.0)
    with pytest.raises(SubmissionRejected, match=r"has (submitted nothing|no final) yet"):
        attack(server, "validation")
    guess(server, "validation", 3.0)
    attack(server, "validation")
    assert met(game) == [3.0]
    assert len(server.ledger.scores(challenge="guessing", kind="deanonymizer")) == 1


class Rehearsed(Published):
    """Its baselines are a guess and an attack."""

    @hookimpl
    def anomed_baselines(self, challenge: Any) -> list[Baseline]:
        def baseline(name: str, kind: str, values: np.ndarray) -> Baseline:
            return Baseline(
                name=name,
                kind=kind,
                quality=Quality.TRIVIAL,
                payload=lambda _: {"prediction": values},
            )

        return [
            baseline("sevens", "anonymizer", np.full(10, 7.0)),
            baseline("all even", "deanonymizer", np.ones(10, dtype=bool)),
        ]


def test_attacks_are_rehearsed_on_a_baseline(server_of: OpenServer) -> None:
    game = Rehearsed(same_split=True)
    server = server_of(game)
    findings = rehearse(server.challenges["guessing"], server)
    assert [finding.text for finding in findings if not finding.ok] == []
    assert met(game) == [7.0]


def test_an_annulled_anonymizer_is_attacked_no_more(server_of: OpenServer) -> None:
    game = Published(same_split=False)
    server = server_of(game)
    guess(server, "tuning", 1.0)
    guess(server, "validation", 2.0)
    (_, final) = server.ledger.scores()
    assert len(server.ledger.submitters(challenge="guessing", kinds=["anonymizer"])) == 2

    server.ledger.annul(final.id, "two accounts of one team")

    for split in ("tuning", "validation"):
        with pytest.raises(NotAllowedError, match=r"'a' was annulled \(two accounts of one team\)"):
            attack(server, split)
    assert met(game) == []
    assert server.ledger.submitters(challenge="guessing", kinds=["anonymizer"]) == []


@pytest.mark.parametrize("same_split", [True, False])
def test_who_hands_in_another_final_is_attacked_again(
    server_of: OpenServer, same_split: bool
) -> None:
    game = Published(same_split=same_split)
    server = server_of(game)
    guess(server, "validation", 1.0)
    attack(server, "validation")
    server.ledger.annul(1, "our mistake", return_attempt=True)
    with pytest.raises(NotAllowedError, match="was annulled"):
        attack(server, "validation")

    guess(server, "validation", 2.0)
    attack(server, "validation")

    assert met(game) == [1.0, 2.0]
    told = server.ledger.submitters(challenge="guessing", kinds=["anonymizer"])
    assert told == [("a", Split.VALIDATION)]


def test_an_annulled_tuning_submission_is_attacked_no_more(server_of: OpenServer) -> None:
    game = Published(same_split=True)
    server = server_of(game)
    for value in (1.0, 2.0):
        guess(server, "tuning", value)

    server.ledger.annul(2, "a mistake")
    attack(server, "tuning")

    assert met(game) == [1.0]
