"""Re-evaluation where something is missing that it needs."""

from typing import Any

import attrs
import numpy as np

from anomed_core import Split, SubmissionKind, hookimpl
from anomed_core.service.reevaluation import Reevaluation, reevaluate
from anomed_core.service.server import Server
from anomed_core.wire import encode_npz
from tests.conftest import OpenServer
from tests.example_types import Guessing


class Published(Guessing):
    """A game whose guesses are attacked whole; attacks are not kept."""

    @hookimpl
    def anomed_submission_kinds(self, challenge: Any) -> list[SubmissionKind]:
        guesses, attacks = super().anomed_submission_kinds(challenge)
        return [guesses, attrs.evolve(attacks, with_target=True, keeps=self.kept)]

    kept: Any = frozenset({"validation"})


def played(server: Server) -> list[Reevaluation]:
    """Hand in a final and an attack on it; lose the final; evaluate both again."""
    (hosted,) = server.challenges.values()
    final = {"anonymizer": "a", "data_split": "validation"}
    for kind, query, values in (
        ("anonymizer", final, np.ones(10)),
        ("deanonymizer", {**final, "deanonymizer": "d"}, np.ones(10, dtype=bool)),
    ):
        body = encode_npz({"prediction": values})
        server.submissions.submit(hosted, hosted.kind(kind), query=query, body=body)
    digest = server.ledger.scores()[0].payload_digest
    (server.state.payloads / digest[:2] / digest).unlink()
    found = reevaluate(
        hosted,
        ledger=server.ledger,
        submissions=server.submissions.kept,
        engine=server.submissions.inline,
    )
    return list(found)


def test_an_attack_on_what_is_lost_cannot_be_repeated(server_of: OpenServer) -> None:
    lost = played(server_of(Published()))
    assert [(outcome.is_lost, outcome.text) for outcome in lost] == [
        (True, "its submission is missing in the state directory"),
        (True, "what it attacks is missing in the state directory"),
    ]


def test_what_its_kind_does_not_keep_is_not_lost(server_of: OpenServer) -> None:
    game = Published()
    game.kept = frozenset()
    _, attack = played(server_of(game))
    assert (attack.is_lost, attack.text) == (False, "submissions of its kind are not kept")


class Tuned(Guessing):
    """A game whose tuning submissions are kept, and whose metric is mended."""

    factor = 1.0

    @hookimpl
    def anomed_submission_kinds(self, challenge: Any) -> list[SubmissionKind]:
        guesses, attacks = super().anomed_submission_kinds(challenge)
        return [attrs.evolve(guesses, keeps=set(Split)), attacks]

    @hookimpl
    def anomed_evaluate_utility(self, challenge: Any, submission: Any) -> Any:
        metrics = super().anomed_evaluate_utility(challenge, submission)
        return {**metrics, "mae": self.factor * metrics["mae"]}


def test_tuning_scores_are_superseded_and_who_was_first_among_equals_stays_first(
    server_of: OpenServer,
) -> None:
    game = Tuned()
    server = server_of(game)
    (hosted,) = server.challenges.values()
    for name in "bac":
        server.submissions.submit(
            hosted,
            hosted.kind("anonymizer"),
            query={"anonymizer": name, "data_split": "tuning"},
            body=encode_npz({"prediction": np.full(10, 7.0)}),
        )
    game.factor = 2.0
    told = []

    def again(*only: int) -> list[Reevaluation]:
        return list(
            reevaluate(
                hosted,
                ledger=server.ledger,
                submissions=server.submissions.kept,
                engine=server.submissions.inline,
                splits=[Split.TUNING],
                only=only,
                progress=lambda *counted: told.append(counted),
            )
        )

    recorded = [outcome.recorded for outcome in (*again(3), *again()) if outcome.recorded]
    assert [score.supersedes for score in recorded] == [3, 1, 2]
    assert all(outcome.repeats for outcome in again())
    assert told[-1] == (f"scores of {hosted.id}", 2, 3)
    (table,) = server.rankings.tables(hosted, split=Split.TUNING, at_most=None)[:1]
    assert [(entry.anonymizer, entry.score_id) for entry in table.entries] == [
        ("b", 5),
        ("a", 6),
        ("c", 4),
    ]
    assert server.ledger.verify() == []
