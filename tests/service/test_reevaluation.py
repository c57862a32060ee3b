"""Re-evaluation where something is missing that it needs."""

from typing import Any

import attrs
import numpy as np

from anomed_core import SubmissionKind, hookimpl
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
