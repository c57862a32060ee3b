"""``anomed scores``, ``ledger`` and ``outbox``: what a server remembers."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from anomed_core.ledger import Provenance
from anomed_core.ledger.scores import attack_result
from anomed_core.service.server import Server
from anomed_core.wire import encode_npz
from tests.cli.conftest import Anomed

FINAL = {"data_split": "validation"}


# --- scores ---------------------------------------------------------------------------------------


def test_scores_are_listed(anomed: Anomed, scored: Server) -> None:
    rows = anomed("scores", "list", "--json").json

    assert [row["anonymizer"] for row in rows] == ["worse", "better", "equal"]
    assert anomed("scores", "list", "--challenge", "other", "--json").json == []
    assert "worse" in anomed("scores", "list").out


def test_no_scores_are_said_to_be_none(anomed: Anomed, server: Server) -> None:
    assert anomed("scores", "list").out == "No score is recorded yet.\n"


def test_scores_are_filtered_and_the_houses_are_told_apart(anomed: Anomed, scored: Server) -> None:
    (final, *_) = scored.ledger.scores()
    provenance = Provenance(core_version="1", plugin="guessing", plugin_version="1")
    scored.ledger.record_house(attack_result(final, "shadow", {"acc": 0.5}, provenance))

    def listed(*arguments: str) -> list[str]:
        return [row["origin"] for row in anomed("scores", "list", *arguments, "--json").json]

    assert listed() == ["participant"] * 3 + ["house"]
    assert listed("--origin", "house") == ["house"]
    assert listed("--split", "tuning") == []
    assert listed("--kind", "deanonymizer") == []
    assert "house: shadow" in anomed("scores", "list").out
    assert anomed("scores", "list", "--split", "tuning").out == "No such score has been recorded.\n"


def test_scores_are_ranked_with_ties(
    anomed: Anomed, scored: Server, config: str, game: str
) -> None:
    (table,) = anomed(
        "scores", "rank", config, "--plugin", game, "--kind", "anonymizer", "--json"
    ).json

    assert [(row["place"], row["anonymizer"]) for row in table["entries"]] == [
        (1, "better"),
        (1, "equal"),
        (3, "worse"),
    ]


def test_the_ranking_is_printed_for_people(
    anomed: Anomed, scored: Server, config: str, game: str
) -> None:
    answer = anomed("scores", "rank", config, "--plugin", game)

    assert answer.code == 0
    assert "Mine: Anonymizer, validation" in answer.out


def test_an_unknown_ranking_is_refused_with_those_that_there_are(
    anomed: Anomed, scored: Server, config: str, game: str
) -> None:
    answer = anomed("scores", "rank", config, "--plugin", game, "--name", "best")

    assert (answer.code != 0, answer.out) == (True, "")
    assert "There is no ranking 'best'; there are anonymizer, deanonymizer." in answer.err


def test_an_annulled_score_leaves_the_ranking_with_a_reason(
    anomed: Anomed, scored: Server, config: str, game: str
) -> None:
    answer = anomed("scores", "annul", "2", "--reason", " two accounts of one team ")

    assert (answer.code, answer.out) == (0, "Score 2 is annulled; row 4 says why.\n")
    (*_, row) = anomed("scores", "list", "--json").json
    assert (row["annulled"], row["supersedes"]) == ("two accounts of one team", 2)
    command = ("scores", "rank", config, "--plugin", game, "--kind", "anonymizer", "--json")
    (table,) = anomed(*command).json
    assert [entry["anonymizer"] for entry in table["entries"]] == ["equal", "worse"]
    assert scored.ledger.verify() == []


def test_with_a_final_attacks_are_annulled_and_attempts_return(
    anomed: Anomed, scored: Server
) -> None:
    hosted = scored.challenges["mine"]
    for attacker in ("eve", "dan"):
        scored.submissions.submit(
            hosted,
            hosted.kind("deanonymizer"),
            query={"anonymizer": "better", "deanonymizer": attacker, **FINAL},
            body=encode_npz({"prediction": np.zeros(5, dtype=bool)}),
        )

    answer = anomed("scores", "annul", "2", "--reason", "our mistake", "--return-attempt")

    assert answer.out.splitlines() == [
        "Score 2 is annulled; row 6 says why.",
        "So is what rests on it (4, 5); attempts at it return.",
        "Its attempt returns: it may be made once more.",
    ]
    assert [row["annulled"] for row in anomed("scores", "list", "--json").json][5:] == [
        "our mistake",
        *["the final of better was annulled: our mistake"] * 2,
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["1"], "Missing option '--reason'"),
        (["1", "--reason", "  "], "the reason is empty; say in a sentence"),
        (["99", "--reason", "a mistake"], "Score 99 is unknown, or was superseded already."),
        (["3", "--reason", "again"], "Score 3 is unknown, or was superseded already."),
        (["4", "--reason", "again"], "Score 4 was annulled; it counts for nothing any more."),
    ],
)
def test_what_cannot_be_annulled_is_refused(
    anomed: Anomed, scored: Server, arguments: list[str], sentence: str
) -> None:
    scored.ledger.annul(3, "a mistake")

    answer = anomed("scores", "annul", *arguments)

    assert (answer.code != 0, answer.out) == (True, "")
    assert sentence in answer.err
    assert len(scored.ledger.scores()) == 4


def test_scores_are_exported_with_every_digit(anomed: Anomed, scored: Server) -> None:
    rows = list(csv.DictReader(io.StringIO(anomed("scores", "export").out)))
    lines = anomed("scores", "export", "--format", "jsonl").out.splitlines()

    recorded = [score.metrics["mae"] for score in scored.ledger.scores()]
    assert [float(row["mae"]) for row in rows] == recorded
    assert [json.loads(line)["metrics"]["mae"] for line in lines] == recorded


def test_an_export_carries_every_metric_of_every_kind(anomed: Anomed, scored: Server) -> None:
    hosted = scored.challenges["mine"]
    scored.submissions.submit(
        hosted,
        hosted.kind("deanonymizer"),
        query={"anonymizer": "better", "deanonymizer": "eve", **FINAL},
        body=encode_npz({"prediction": np.zeros(5, dtype=bool)}),
    )
    *utilities, threat = csv.DictReader(io.StringIO(anomed("scores", "export").out))

    assert all(row["mae"] and row["hits"] and row["acc"] == "" for row in utilities)
    assert (threat["mae"], threat["hits"], float(threat["acc"])) == ("", "", 0.4)
    assert json.loads(threat["parameters"]) == {
        "anonymizer": "better",
        "deanonymizer": "eve",
        **FINAL,
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--challenge", "typo"], "there is no challenge 'typo'; there are mine\n"),
        (
            ["--kind", "typo"],
            "there is no submission kind 'typo'; there are anonymizer, deanonymizer\n",
        ),
    ],
    ids=["challenge", "kind"],
)
def test_what_is_not_there_cannot_be_ranked(
    arguments: list[str], said: str, anomed: Anomed, scored: Server, config: str, game: str
) -> None:
    answer = anomed("scores", "rank", config, "--plugin", game, *arguments)

    assert (answer.code, answer.out, answer.err) == (2, "", f"anomed: {said}")


LOOKING = [
    ["scores", "rank"],
    ["report"],
    ["audit", "http://127.0.0.1:9", "--anonymizer", "a"],
]


@pytest.mark.parametrize("command", LOOKING, ids=lambda command: " ".join(command[:2]))
def test_where_nothing_was_served_nothing_is_created(
    command: list[str], anomed: Anomed, config: str, game: str, tmp_path: Path
) -> None:
    answer = anomed(*command, config, "--plugin", game)

    assert answer.code == 2
    assert answer.err.startswith("anomed: there is no ledger in ")
    assert not (tmp_path / "anomed-state").exists()
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize("command", LOOKING, ids=lambda command: " ".join(command[:2]))
def test_a_ledger_without_its_secret_is_not_looked_at(
    command: list[str], anomed: Anomed, scored: Server, config: str, game: str, tmp_path: Path
) -> None:
    ledger = f"sqlite:///{tmp_path / 'anomed-state' / 'ledger.sqlite'}"

    answer = anomed(*command, config, "--plugin", game, "--state", "other", "--ledger", ledger)

    assert answer.code == 2
    assert answer.err.startswith("anomed: there is no secret in ")
    assert not (tmp_path / "other").exists()


ATTACKING = """
from anomed_core import HouseAttack, hookimpl
from tests.example_types import Guessing

class Attacking(Guessing):
    @hookimpl
    def anomed_house_attacks(self, challenge):
        return [HouseAttack(name="visit", kind="anonymizer", run=visit, on_request=True)]

def visit(submission, rng):
    raise RuntimeError(f"{submission.parameters['predict_url']} gave no prediction")

plugin = Attacking()
"""


@pytest.mark.filterwarnings("ignore:the house attack 'visit':DeprecationWarning")
def test_an_audit_of_nobody_says_so_and_closes_the_house(
    anomed: Anomed,
    scored: Server,
    config: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "attacking.py").write_text(ATTACKING)
    monkeypatch.syspath_prepend(tmp_path)
    closed = []
    close = Server.close

    def close_and_note(server: Server) -> None:
        close(server)
        closed.append(server)

    monkeypatch.setattr(Server, "close", close_and_note)
    url = "http://127.0.0.1:9/predict"

    answer = anomed("audit", url, config, "--plugin", "attacking:plugin", "--anonymizer", "better")

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(
        f"anomed: the house attack 'visit' failed: RuntimeError: {url} gave no prediction"
    )
    assert answer.err.endswith(f"; check that the anonymizer 'better' answers at {url}\n")
    assert len(closed) == 1


def test_an_audit_of_an_annulled_anonymizer_is_refused(
    anomed: Anomed, scored: Server, config: str, game: str
) -> None:
    scored.ledger.annul(2, "two accounts of one team")

    answer = anomed(
        "audit", "http://127.0.0.1:9/", config, "--plugin", game, "--anonymizer", "better"
    )

    assert (answer.code != 0, answer.out) == (True, "")
    assert (
        "The final of the anonymizer 'better' was annulled (two accounts of one team); "
        "choose another one." in answer.err
    )


ASKED_FOR_LATER = """
from anomed_core import HouseAttack, Metric, hookimpl
from tests.example_types import Guessing

class Asking(Guessing):
    @hookimpl
    def anomed_house_attacks(self, challenge):
        def run(submission, rng):
            return {"risk": 0.5}

        risk = Metric(name="risk", definition="Risk.")
        return [
            HouseAttack(name="visit", kind="anonymizer", metrics=[risk], run=run, on_request=True)
        ]

plugin = Asking()
"""


def test_an_attack_that_was_installed_later_is_asked_for_once_the_change_is_accepted(
    anomed: Anomed, scored: Server, config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "asking.py").write_text(ASKED_FOR_LATER)
    monkeypatch.syspath_prepend(tmp_path)
    command = ["audit", "http://127.0.0.1:9/", config, "--plugin", "asking:plugin"]
    command += ["--anonymizer", "better", "--json"]

    refused = anomed(*command)
    assert (refused.code != 0, refused.out) == (True, "")
    assert "--accept-metric-change" in refused.err
    assert anomed(*command, "--accept-metric-change").json == {"visit": {"risk": 0.5}}
    (*_, found) = scored.ledger.scores()
    assert (found.origin, found.label) == ("house", "visit")
