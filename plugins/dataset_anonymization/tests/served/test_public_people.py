"""Publishing the people whom everybody has, in place of the secret ones, wins nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from anomed_dataset_anonymization.anonymizers import Mdav, Mondrian, Noise

from .cheating import entries, mondrian, ranking
from .conftest import Player


@pytest.fixture
def reference(player: Player) -> pd.DataFrame:
    """What all participants have, counted to as many people as are secret."""
    reference = player.table("/data/reference")
    n_leaky = player.arena.n_leaky
    times, more = divmod(n_leaky, len(reference))
    return reference.assign(count=times + (np.arange(len(reference)) < more))


def moved(table: pd.DataFrame) -> pd.DataFrame:
    """Move everybody by a year and a little blood, so that nobody is as they are."""
    age, blood = table["age"], table["hemoglobin"]
    return table.assign(
        age=np.where(age > age.min(), age - 1, age + 1),
        hemoglobin=np.where(blood < blood.median(), blood + 0.1, blood - 0.1).round(1),
    )


def test_the_reference_ranks_behind_every_honest_table(
    player: Player, leaky: pd.DataFrame, reference: pd.DataFrame
) -> None:
    """As useful as honest tables, more private than any: and no table of the secret people."""
    rng, schema = np.random.default_rng(0), player.arena.schema
    public = reference.drop(columns="count")
    generalised = Mondrian(k=5).anonymize(public, schema, rng=rng).reset_index(drop=True)
    cheats = {
        "reference": (reference, "same"),
        "moved": (moved(reference), "same"),
        "generalised": (generalised.assign(count=reference["count"]), "generalization"),
    }
    honest = {
        "mondrian": (mondrian(player, leaky), "generalization"),
        "averaged": (Mdav(k=10).anonymize(leaky, schema, rng=rng), Mdav.scheme),
        "noisy": (Noise().anonymize(leaky, schema, rng=rng), Noise().scheme),
        "open": (leaky, "same"),
    }

    ranks = ranking(player, cheats | honest)

    assert set(ranks[:4]) == set(honest)
    assert ranks[3] == "open"
    found = {entry.anonymizer: entry for entry in entries(player)}
    for name in cheats:
        assert found[name].place is None
        assert "public people" in found[name].labels
    for name in honest:
        assert found[name].place is not None, found[name].labels


def test_gain_is_what_a_table_says_beyond_the_reference(
    player: Player, leaky: pd.DataFrame, reference: pd.DataFrame
) -> None:
    scores = [player.publish(table).json for table in (leaky, reference, moved(reference))]

    assert scores[0]["gain"] == 1
    assert scores[1]["gain"] == pytest.approx(0)
    assert scores[1]["usefulness"] > 0.8  # which is why usefulness alone decides nothing
    assert scores[2]["gain"] < 0.1


def test_blanking_all_that_is_known_of_people_is_of_no_use(
    player: Player, leaky: pd.DataFrame
) -> None:
    """Everything else stays as it is, and nobody can be found: half the table is missing."""
    blank = leaky.reset_index(drop=True).astype(object)
    blank[list(player.arena.known_names)] = None

    assert player.publish(blank).json["usefulness"] == 0
    assert ranking(
        player, {"blank": (blank, "same"), "honest": (mondrian(player, leaky), "generalization")}
    ) == ["honest", "blank"]
    assert "of no use" in entries(player)[-1].labels
