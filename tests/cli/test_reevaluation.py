"""``anomed scores reevaluate``: scores repeat, and a mended metric supersedes them."""

from pathlib import Path

import numpy as np
import pytest

from anomed_core.service.server import Server
from anomed_core.wire import encode_npz
from tests.cli.conftest import Anomed

MENDED = """
from anomed_core import hookimpl
from tests.example_types import Guessing

class Mended(Guessing):
    @hookimpl
    def anomed_evaluate_utility(self, challenge, submission):
        metrics = super().anomed_evaluate_utility(challenge, submission)
        return {**metrics, "mae": 2 * metrics["mae"]}

plugin = Mended()
"""


def test_finals_repeat_as_long_as_nothing_has_changed(
    anomed: Anomed, scored: Server, game: str, config: str
) -> None:
    answer = anomed("scores", "reevaluate", config, "--plugin", game, "--dry-run", "--json")

    assert answer.code == 0, answer.err
    assert [(row["score"], row["repeats"]) for row in answer.json] == [
        (1, True),
        (2, True),
        (3, True),
    ]
    assert anomed("scores", "reevaluate", config, "--plugin", game).out.count("the same") == 3
    assert len(scored.ledger.scores()) == 3


def test_a_mended_metric_supersedes_scores_and_keeps_the_old_rows(
    anomed: Anomed, scored: Server, game: str, config: str, tmp_path: Path
) -> None:
    before = scored.ledger.scores()
    (tmp_path / "cli_game.py").write_text(MENDED)
    command = ["scores", "reevaluate", config, "--plugin", game]

    assert anomed(*command, "--dry-run").code == 1
    assert list(scored.ledger.scores()) == list(before)
    answer = anomed(*command, "--score", "1", "--score", "3", "--json")
    assert [(row["score"], row["new_score"]) for row in answer.json] == [(1, 4), (3, 5)]
    assert list(scored.ledger.scores())[:3] == list(before)

    new = scored.ledger.scores()[3]
    assert (new.supersedes, new.metrics["mae"]) == (1, 2 * before[0].metrics["mae"])
    ranked = anomed("scores", "rank", config, "--plugin", game, "--kind", "anonymizer", "--json")
    assert [row["score"] for row in ranked.json[0]["entries"]] == [2, 5, 4]
    assert scored.ledger.verify() == []
    again = anomed(*command, "--dry-run", "--json").json
    assert [(row["score"], row["repeats"]) for row in again] == [(4, True), (2, False), (5, True)]


@pytest.mark.parametrize("option", [(), ("--dry-run",)], ids=["recorded", "dry"])
def test_a_final_whose_body_is_gone_is_named_and_is_no_success(
    anomed: Anomed, scored: Server, game: str, config: str, tmp_path: Path, option: tuple[str, ...]
) -> None:
    digest = scored.ledger.scores()[0].payload_digest
    (kept,) = (tmp_path / "anomed-state" / "payloads").rglob(f"*{digest[8:]}*")
    kept.unlink()

    answer = anomed("scores", "reevaluate", config, "--plugin", game, *option)

    assert answer.code == 1
    assert answer.out.count("its submission is missing") == 1
    assert answer.out.count("the same") == 2
    assert answer.err.startswith("1 of 3 scores could not be evaluated")


def test_tuning_scores_whose_submissions_are_not_kept_are_named_and_no_problem(
    anomed: Anomed, scored: Server, game: str, config: str
) -> None:
    (hosted,) = scored.challenges.values()
    scored.submissions.submit(
        hosted,
        hosted.kind("anonymizer"),
        query={"anonymizer": "b", "data_split": "tuning"},
        body=encode_npz({"prediction": np.full(5, 0.5)}),
    )
    command = ("scores", "reevaluate", config, "--plugin", game, "--json")

    tuning = anomed(*command, "--split", "tuning")
    everything = anomed(*command, "--split", "all")

    assert (tuning.code, everything.code) == (0, 0)
    assert [row["obstacle"] for row in tuning.json] == ["submissions of its kind are not kept"]
    assert [row["score"] for row in everything.json] == [1, 2, 3, 4]
