"""All are given the same records: what one table gives away is no risk of another."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_synthesis.attacks.attribute import guess_by_neighbour
from anomed_dataset_synthesis.attacks.linkage import link_by_reference
from anomed_dataset_synthesis.attacks.membership import exact_match
from anomed_dataset_synthesis.generators import Copy, IndependentColumns, SequentialTrees
from anomed_dataset_synthesis.table.canonical import canonicalise, to_frame

from anomed_core import Split
from anomed_core.service.kept_submissions import KeptSubmissions

from .cheating import TUNING


@pytest.fixture(scope="module")
def published(open_served: Any) -> Any:
    """One copy of the training records, one table that holds none, and one honest one."""
    served = open_served()
    for name, generator in (("open", Copy()), ("evil", IndependentColumns())):
        served.player.publish(name, served.synthesize(generator), data_split=TUNING)
    return served


def answers_by(served: Any, name: str) -> dict[str, Any]:
    """Answer everything that is asked by a table that somebody has published."""
    player, book = served.player, served.player.codebook()
    table = player.table("/data/synthetic", anonymizer=name, data_split=TUNING)
    read = canonicalise(table, book)
    background = canonicalise(player.table("/data/background"), book)
    targets = canonicalise(player.table("/data/deanonymizer/targets", data_split=TUNING), book)
    this = served.arena.rounds[Split.TUNING]  # of which attackers are told all but the secrets
    asked = this.attributes.table
    guesses = to_frame(asked).astype(object)
    for secret in ("outcome", "job"):
        levels = guess_by_neighbour(asked, read, secret=secret, background=background)
        guesses[secret] = [book.column(secret).categories[level] for level in levels]
    halves = this.halves
    links = link_by_reference(
        halves.left,
        halves.right,
        left_columns=halves.left_columns,
        reference=read,
        background=background,
    )
    rows = table.drop_duplicates().head(100).astype(object)
    return {
        "membership": exact_match(targets, read, background),
        "attributes": guesses[["outcome", "job"]],
        "links": links,
        "singling-out": [
            [[column, "==", value] for column, value in row.items() if pd.notna(value)]
            for row in rows.to_dict("records")
        ],
    }


def risks(served: Any, anonymizer: str, answers: dict[str, Any], attacker: str) -> dict[str, float]:
    return {
        task: served.player.attack(
            task, answer, anonymizer=anonymizer, deanonymizer=attacker, data_split=TUNING
        )["risk_low"]
        for task, answer in answers.items()
    }


def test_one_open_table_is_no_key_to_another(
    published: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = answers_by(published, "open")
    against_open = risks(published, "open", answers, "reader")
    assert min(against_open[task] for task in ("membership", "links", "singling-out")) > 0.5
    assert max(risks(published, "evil", answers, "reader").values()) == 0

    monkeypatch.setattr(  # as it would be: the key fits everybody
        KeptSubmissions, "with_rivals", lambda _, hosted, submission, target: target
    )
    unfair = risks(published, "evil", answers, "another-reader")
    assert min(unfair[task] for task in ("membership", "links", "singling-out")) > 0.5


def test_what_no_other_table_gives_away_counts(open_served: Any) -> None:
    """Beside an honest table, a copy is as open as it would be alone."""
    served = open_served()
    for name, generator in (("open", Copy()), ("honest", SequentialTrees(min_leaf=40))):
        served.player.publish(name, served.synthesize(generator), data_split=TUNING)
    truth = served.truth().astype(float)

    assert risks(served, "open", {"membership": truth}, "oracle")["membership"] > 0.8
    assert np.mean(truth) == 0.5
