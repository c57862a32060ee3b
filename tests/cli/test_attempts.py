"""``anomed attempts``: who has used how many, and who gets more."""

from pathlib import Path

import numpy as np
import pytest

from anomed_core.ledger import Quota
from anomed_core.model import Role, Subject
from anomed_core.service.server import Server
from anomed_core.wire import encode_npz
from tests.cli.conftest import Anomed

WHY = ("--reason", "a crash of ours")


@pytest.fixture
def limited(config: str) -> str:
    """Return a configuration with a quota of two attempts."""
    with Path(config).open("a") as file:
        file.write("[server]\nquota = { tuning_attempts = 2 }\n")
    return config


def tune(server: Server, name: str) -> None:
    hosted = server.challenges["mine"]
    server.submissions.submit(
        hosted,
        hosted.kind("anonymizer"),
        query={"anonymizer": name, "data_split": "tuning"},
        body=encode_npz({"prediction": np.zeros(5)}),
    )


def test_who_has_used_what_is_listed(anomed: Anomed, scored: Server, limited: str) -> None:
    tune(scored, "better")
    anomed("attempts", "grant", limited, "better", "--number", "4", *WHY)

    rows = {row["anonymizer"]: row for row in anomed("attempts", "list", limited, "--json").json}

    assert rows["better"] == {
        "challenge": "mine",
        "kind": "anonymizer",
        "anonymizer": "better",
        "deanonymizer": "",
        "tuning": 1,
        "used": 1,
        "granted": 4,
        "left": 5,
        "final": "scored",
    }
    assert "better" in anomed("attempts", "list", limited).out
    assert (rows["worse"]["left"], rows["worse"]["final"]) == (2, "scored")
    assert anomed("attempts", "list", "--json").json[0]["left"] is None
    assert anomed("attempts", "list", "--kind", "x").out == "Nobody has made such an attempt yet.\n"


def test_several_are_granted_more_at_once(anomed: Anomed, scored: Server, limited: str) -> None:
    answer = anomed("attempts", "grant", limited, "better", "worse", "--number", "3", *WHY)

    better, worse = answer.out.splitlines()
    assert better.startswith("better has 5 tuning attempts left in anonymizer of mine, until 20")
    assert worse.startswith("worse has 5 tuning attempts left")
    assert scored.ledger.verify() == []


def test_attackers_are_granted_attempts_at_one_target(
    anomed: Anomed, server: Server, limited: str
) -> None:
    for role, name in (("anonymizer", "alice"), ("deanonymizer", "eve")):
        anomed("tokens", "create", role, name, "--challenge", "mine")

    command = ("attempts", "grant", limited, "alice/eve", "--number", "1", *WHY, "--json")
    (told,) = anomed(*command).json

    assert (told["subject"], told["kind"], told["left"]) == ("alice/eve", "deanonymizer", 3)
    pair = Subject(role=Role.DEANONYMIZER, anonymizer="alice", deanonymizer="eve")
    (use,) = server.ledger.uses(Quota(attempts=2))
    assert (use.subject, use.n_granted) == (pair, 1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["better", "--split", "validation"], "annul the one that was scored to return it"),
        (
            ["nobody"],
            "'nobody' has submitted nothing to 'mine', and no token is for the anonymizer",
        ),
        (["better/eve"], "and no token is for the anonymizer 'better'; see anomed attempts list"),
        (["better", "nobody"], "'nobody' has submitted nothing to 'mine'"),
        (["better", "a/b"], "say which --kind is meant; there are none for both roles"),
        (["better", "--kind", "deanonymizer"], "'deanonymizer' is no kind for these; there are an"),
        (["better", "--challenge", "mne"], "there is no challenge 'mne'; those that were served"),
        (["a b"], "'a b' is neither an id nor ANONYMIZER/DEANONYMIZER"),
        (["/"], "'/' is neither an id nor ANONYMIZER/DEANONYMIZER"),
        (["better", "--reason", " "], "the reason is empty"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused_whole(
    anomed: Anomed, scored: Server, limited: str, arguments: list[str], sentence: str
) -> None:
    answer = anomed("attempts", "grant", limited, "--number", "3", *WHY, *arguments)

    assert (answer.code, answer.out) == (2, "")
    assert sentence in answer.err
    rows = anomed("attempts", "list", limited, "--json").json
    assert {row["granted"] for row in rows} == {0}


def test_where_there_is_no_quota_nothing_is_granted(
    anomed: Anomed, scored: Server, config: str
) -> None:
    answer = anomed("attempts", "grant", config, "better", "--number", "3", *WHY)

    assert "sets no quota.tuning_attempts: everybody may tune for ever" in answer.err
