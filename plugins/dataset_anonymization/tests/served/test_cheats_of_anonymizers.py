"""What an anonymizer may hide in a table, or show to whom, tried on the served challenge."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from anomed_dataset_anonymization.anonymizers import Suppression
from pyarrow import parquet as pq

from anomed_core import Direction, Split
from anomed_core.ledger import attack_result

from .cheating import UTILITY, entries, house_risk, mondrian, ranking
from .conftest import Player


def test_index_order_metadata_categories_and_ulps_do_not_reach_attackers(
    player: Player, leaky: pd.DataFrame, rng: np.random.Generator
) -> None:
    plain = leaky.reset_index(drop=True)
    assert player.publish(plain).status_code == 201
    honest = player.published()

    laden = leaky.sample(frac=1, random_state=1)[list(leaky.columns[::-1])]
    laden["region"] = pd.Categorical(laden["region"], [*laden["region"].unique()[::-1]])
    laden["hemoglobin"] *= 1 + rng.uniform(-1, 1, len(laden)) * 1e-12
    laden.attrs["note"] = "row 17 is the minister"
    table = pa.Table.from_pandas(laden).replace_schema_metadata({"note": "row 17 is the minister"})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=100)

    assert player.publish(buffer.getvalue()).status_code == 201
    assert player.published() == honest


@pytest.mark.parametrize("name", ["note", "anon_row", "age_note"])
def test_extra_columns_are_refused_by_name(player: Player, leaky: pd.DataFrame, name: str) -> None:
    answer = player.publish(leaky.assign(**{name: range(len(leaky))}))

    assert answer.status_code == 422
    assert repr(name) in answer.json["description"]


def test_copies_of_a_row_raise_k_and_hide_nobody(player: Player, leaky: pd.DataFrame) -> None:
    copied = pd.concat([leaky.iloc[: len(leaky) // 10]] * 10, ignore_index=True)
    metrics = player.publish(copied).json

    assert metrics["k"] == 10
    assert metrics["k_effective"] == 1


def test_no_table_may_stand_for_more_people_than_there_are(
    player: Player, leaky: pd.DataFrame
) -> None:
    assert player.publish(leaky.assign(count=10)).status_code == 422
    assert player.publish(pd.concat([leaky] * 10)).status_code == 422


def test_blank_cells_are_values_and_cost_all(player: Player, leaky: pd.DataFrame) -> None:
    blank = leaky.astype({"age": "Int64"})
    blank.loc[blank.index[::2], "age"] = pd.NA
    everything = player.publish(leaky).json
    metrics = player.publish(blank).json

    assert metrics["gcp"] == pytest.approx(0.5 / len(leaky.columns))
    assert metrics["query_error"] > everything["query_error"] + 0.01
    assert metrics["k"] == 1


@pytest.mark.parametrize("n_columns", [1, None])
def test_suppressed_values_are_no_gain_in_any_measure_of_utility(
    player: Player, leaky: pd.DataFrame, n_columns: int | None
) -> None:
    sensitive = list(player.arena.unknown_names)
    blank = leaky.astype(object)
    blank[sensitive[:n_columns] if n_columns else list(leaky.columns)] = None
    scores = player.publish(leaky).json, player.publish(blank).json
    (hosted,) = player.server.challenges.values()
    metrics = {metric.name: metric for metric in hosted.metrics["anonymizer"]}
    for name in UTILITY:
        sign = 1 if metrics[name].direction is Direction.LOWER else -1
        before, after = (sign * score[name] for score in scores)
        assert after >= before - 1e-9, name
    assert scores[1]["classification_metric"] == 1.0
    assert scores[1]["gcp"] > scores[0]["gcp"]


def test_suppressing_everybody_ranks_last_in_utility(player: Player, leaky: pd.DataFrame) -> None:
    nothing = Suppression().anonymize(leaky, player.arena.schema, rng=np.random.default_rng(0))
    empty = player.publish(nothing).json
    useful = player.publish(mondrian(player, leaky), "generalization").json

    assert (empty["gcp"], empty["k"]) == (1.0, len(leaky))
    assert empty["query_error"] > 5 * useful["query_error"]
    assert empty["k_marginal"] < useful["k_marginal"] - 100


def test_leaving_people_out_counts_as_error(player: Player, leaky: pd.DataFrame) -> None:
    metrics = player.publish(leaky.iloc[: len(leaky) // 4]).json

    assert metrics["published_share"] == pytest.approx(0.25)
    assert metrics["gcp"] == pytest.approx(0.75)
    assert metrics["query_error"] > 0.5


def test_false_ranges_are_not_true_of_anybody(player: Player, leaky: pd.DataFrame) -> None:
    honest = mondrian(player, leaky)
    lie = honest.assign(
        age_min=honest["age_min"].to_numpy()[::-1], age_max=honest["age_max"].to_numpy()[::-1]
    )

    assert player.publish(honest, "generalization").json["truthfulness"] == 1.0
    assert player.publish(lie, "generalization").json["truthfulness"] < 0.5


def test_swapped_sensitive_values_are_seen(
    player: Player, leaky: pd.DataFrame, rng: np.random.Generator
) -> None:
    swapped = leaky.assign(diagnosis=rng.permutation(leaky["diagnosis"].to_numpy()))
    metrics = player.publish(swapped).json

    assert metrics["truthfulness"] < 0.5
    assert metrics["k_marginal"] < 980


def test_a_false_lineage_protects_nobody(player: Player, leaky: pd.DataFrame) -> None:
    assert player.publish(leaky).status_code == 201
    honest = house_risk(player, "nearest_box")
    assert player.publish(leaky.set_axis(leaky.index[::-1], axis="index")).status_code == 201

    assert house_risk(player, "nearest_box") == pytest.approx(honest, abs=0.02)
    assert honest > 0.9


def test_every_cheat_ranks_below_the_honest_table(
    player: Player, leaky: pd.DataFrame, rng: np.random.Generator
) -> None:
    honest = mondrian(player, leaky, k=10)
    blank = leaky.astype({"age": "Int64"})
    blank.loc[blank.index[::2], "age"] = pd.NA
    tables = {
        "shuffled": (leaky.sample(frac=1, random_state=1), "same"),
        "false-lineage": (leaky.set_axis(leaky.index[::-1]), "same"),
        "copies": (pd.concat([leaky.iloc[: len(leaky) // 10]] * 10, ignore_index=True), "same"),
        "blank": (blank, "same"),
        "nothing": (
            Suppression().anonymize(leaky, player.arena.schema, rng=rng),
            Suppression().scheme,
        ),
        "quarter": (leaky.iloc[: len(leaky) // 4], "same"),
        "false-ranges": (
            honest.assign(
                age_min=honest["age_min"].to_numpy()[::-1],
                age_max=honest["age_max"].to_numpy()[::-1],
            ),
            "generalization",
        ),
        "swapped": (leaky.assign(diagnosis=rng.permutation(leaky["diagnosis"])), "same"),
        "honest": (honest, "generalization"),
    }

    ranks = ranking(player, tables)
    assert ranks[0] == "honest"
    assert set(ranks[-2:]) == {"nothing", "quarter"}


def test_no_table_counts_the_people_whom_nobody_gets(player: Player, leaky: pd.DataFrame) -> None:
    """A row that covers a chosen box would count its non-members, box by box."""
    arena = player.arena
    everybody = leaky.iloc[[0]].astype(object)
    everybody[list(arena.known_names)] = None
    metrics = player.publish(everybody).json

    parts = arena.people.parts
    assert metrics["k_map"] == len(parts.leaky) + len(parts.reference)
    assert metrics["presence_highest"] == pytest.approx(1 / metrics["k_map"])


def test_equal_tables_have_equal_risks_whoever_hands_them_in(
    player: Player, leaky: pd.DataFrame
) -> None:
    """Neither a second name nor a copied table is another draw of the house's targets."""
    table = leaky.sample(frac=1, random_state=1)
    for name in ("zoe", "alice"):
        assert player.publish(table, data_split="validation", anonymizer=name).status_code == 201
    (hosted,) = player.server.challenges.values()
    attack = next(attack for attack in hosted.house_attacks if attack.name == "nearest_box")
    risks = []
    for score in player.server.ledger.scores(challenge=hosted.id):
        submission = player.server.submissions.kept.of_score(hosted, score)
        assert submission is not None
        metrics = attack.run(submission, np.random.default_rng(0))
        result = attack_result(score, attack.name, metrics, hosted.provenance)
        player.server.ledger.record_house(result)
        risks.append(metrics)

    assert risks[0] == risks[1]
    assert risks[0]["risk_low"] > 0
    first, second = entries(player)
    assert (first.anonymizer, second.anonymizer) == ("zoe", "alice")
    assert first.place == second.place


def test_attackers_get_the_table_that_was_scored(player: Player, leaky: pd.DataFrame) -> None:
    final = player.publish(mondrian(player, leaky), "generalization", data_split="validation")
    shown = player.published()
    assert player.publish(leaky).status_code == 201

    assert player.published() == shown
    scheme = player.get("/data/deanonymizer/scheme", anonymizer="alice").json
    score = player.get(final.headers["Location"]).json
    assert scheme["payload_digest"] == score["payload_digest"]
    assert scheme["data_split"] == "validation"


def test_the_final_workload_is_another_one_and_secret(
    player: Player, leaky: pd.DataFrame, tmp_path: Path
) -> None:
    table = mondrian(player, leaky)
    tuned = player.publish(table, "generalization").json
    final = player.publish(table, "generalization", data_split="validation").json

    assert tuned["query_error"] != final["query_error"]
    assert tuned["gcp"] == final["gcp"]
    arena = player.arena
    tuning, validation = (arena.yardsticks[split].queries for split in Split)
    assert [q.conditions.keys() for q in tuning] != [q.conditions.keys() for q in validation]
