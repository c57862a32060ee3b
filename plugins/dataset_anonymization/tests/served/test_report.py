"""The report shows each final: its columns beside the leaky ones, its rows in words."""

import io

import attrs
import numpy as np
import pandas as pd
from anomed_dataset_anonymization.anonymizers import Mondrian
from anomed_dataset_anonymization.challenge.report import report_sections

from anomed_core import Score
from anomed_core.report import charts_in, rendered

from .conftest import Player


def test_a_final_is_shown_with_attacks_on_it(player: Player) -> None:
    mondrian = Mondrian(k=10)
    table = mondrian.anonymize(player.leaky(), player.arena.schema, rng=np.random.default_rng(1))
    for split in ("tuning", "validation"):
        answer = player.publish(table, scheme=mondrian.scheme, data_split=split)
        assert answer.status_code == 201, answer.text
    (hosted,) = player.server.challenges.values()
    scores = tuple(player.server.ledger.scores(challenge=hosted.id))
    final = next(s for s in scores if s.split == "validation" and s.origin == "participant")
    attacked = attrs.evolve(
        final,
        kind="house",
        origin="house",
        label="nearest_box",
        metrics={"risk": 0.2, "risk_low": 0.1, "risk_high": 0.3},
    )

    def submission_of(score: Score) -> object:
        return player.server.submissions.kept.of_score(hosted, score)

    (section,) = report_sections(player.arena, (*scores, attacked), submission_of)

    risks, classes, *columns = charts_in(section.parts)
    assert risks.description.startswith("Highest for house: nearest_box: 0.200 (0.100 to 0.300).")
    assert "Most frequent: 10" in classes.description
    assert [chart.title for chart in columns] == list(player.arena.schema.names)
    assert "<td" in rendered(section.parts)
    assert report_sections(player.arena, scores, lambda _: None) == []
    assert report_sections(object(), scores, submission_of) == []


def test_a_copied_table_is_named_with_the_one_that_came_earlier(player: Player) -> None:
    """Attackers read tables in another order and file than they were handed in."""
    leaky = player.leaky()
    assert player.publish(leaky, data_split="validation", anonymizer="zoe").status_code == 201
    read = pd.read_parquet(io.BytesIO(player.published(anonymizer="zoe")))
    copied = read.drop(columns="anon_row").sample(frac=1, random_state=1)
    assert player.publish(copied, data_split="validation", anonymizer="ann").status_code == 201
    other = leaky.iloc[1:]
    assert player.publish(other, data_split="validation", anonymizer="own").status_code == 201
    (hosted,) = player.server.challenges.values()
    scores = player.server.ledger.scores(challenge=hosted.id)

    sections = report_sections(
        player.arena,
        scores,
        lambda score: player.server.submissions.kept.of_score(hosted, score),
    )
    assert [section.data["same_as"] for section in sections] == ["", "zoe", ""]
    assert "The same table as that of zoe, which came earlier." in sections[1].parts
