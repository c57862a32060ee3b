"""Every cheat that is known, tried on the served challenge."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from anomed_dataset_anonymization.anonymizers import Mondrian, Suppression
from anomed_dataset_anonymization.schema.frames import people_frame
from pyarrow import parquet as pq

from anomed_core import Direction, Split, Submission
from anomed_core.config.settings import QuotaSettings
from anomed_core.ledger import attack_result
from anomed_core.service.kept_submissions import KeptSubmissions
from anomed_core.service.ranking.table import RankingEntry

from .conftest import Player, open_player, parquet

KNOWN = ["age", "sex", "region", "admission_month", "admission_type", "length_of_stay"]
TUNING = {"data_split": "tuning"}
UTILITY = (
    "query_error",
    "usefulness",
    "k_marginal",
    "gcp",
    "ncp_xu",
    "discernibility",
    "average_class_size",
    "classification_metric",
    "entropy_loss",
    "sse_share",
)


def mondrian(player: Player, leaky: pd.DataFrame, k: int = 10) -> pd.DataFrame:
    return Mondrian(k=k).anonymize(leaky, player.arena.schema, rng=np.random.default_rng(0))


def kept(player: Player) -> Submission:
    """Return the newest submission of alice as the house's attacks get it."""
    (hosted,) = player.server.challenges.values()
    store: KeptSubmissions = player.server.submissions.kept
    submission = store.target(hosted, "alice", whole=True).submission
    assert submission is not None
    return submission


def house_risk(player: Player, name: str) -> float:
    (hosted,) = player.server.challenges.values()
    attack = next(attack for attack in hosted.house_attacks if attack.name == name)
    return attack.run(kept(player), np.random.default_rng(0))["risk_low"]


def ranking(player: Player, tables: dict[str, tuple[pd.DataFrame, str]]) -> list[str]:
    """Publish finals, let the house attack them, and return who is ranked how, best first."""
    (hosted,) = player.server.challenges.values()
    ledger = player.server.ledger
    for name, (table, scheme) in tables.items():
        answer = player.publish(table, scheme, data_split="validation", anonymizer=name)
        assert answer.status_code == 201, answer.text
        score = ledger.scores(challenge=hosted.id)[-1]
        submission = player.server.submissions.kept.target(hosted, name, whole=True).submission
        for attack in hosted.house_attacks:
            metrics = attack.run(submission, np.random.default_rng(0))
            ledger.record_house(attack_result(score, attack.name, metrics, hosted.provenance))
    return [entry.anonymizer for entry in entries(player)]


def entries(player: Player) -> list[RankingEntry]:
    """Return the headline ranking, best first."""
    (hosted,) = player.server.challenges.values()
    headline, *_ = player.server.rankings.tables(hosted)
    return list(headline.entries)


# --- what an anonymizer may hide in a table -------------------------------------------------------


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


# --- what an anonymizer may show to whom ----------------------------------------------------------


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


# --- what an attacker may try ---------------------------------------------------------------------


@pytest.fixture
def attacked(player: Player, leaky: pd.DataFrame) -> Player:
    """alice has published Mondrian's table."""
    assert player.publish(mondrian(player, leaky), "generalization").status_code == 201
    return player


def truth_of(player: Player, split: Split = Split.TUNING) -> pd.DataFrame:
    """Return the targets of dora with their true values, and who is a member."""
    draw = player.arena.draw(split, anonymizer="alice", deanonymizer="dora")
    people = player.arena.people.coordinates[draw.targets.positions]
    return people_frame(people, player.arena.schema).assign(
        target_id=draw.targets.ids, is_member=draw.targets.is_member
    )


def test_failing_on_controls_on_purpose_is_no_success(attacked: Player) -> None:
    """What a model says that never saw the table is right of members, too, and no leak."""
    truth = truth_of(attacked)
    reference = attacked.table("/data/reference")
    by_type = reference.groupby("admission_type", observed=True)["outcome"]
    guesses = truth["admission_type"].map(by_type.agg(lambda values: values.mode()[0]))
    answers = truth.assign(outcome=guesses)[["target_id", "outcome"]]
    metrics = attacked.attack(answers[truth["is_member"]], "inference").json

    assert metrics["non_members.outcome"] == 0
    assert metrics["members.outcome"] > 0.4
    assert metrics["risk_low"] == 0


def test_answering_for_easy_targets_only_is_failing_on_the_others(attacked: Player) -> None:
    truth = truth_of(attacked)
    easy = truth[truth["is_member"]].head(10)[["target_id", "diagnosis", "outcome"]]
    metrics = attacked.attack(easy, "inference").json

    assert metrics["members.diagnosis"] == pytest.approx(10 / 200)
    assert metrics["risk_low"] == 0
    assert metrics["anonymity_loss.diagnosis"] < 0.7


def test_more_guesses_than_people_or_ranks_are_refused(
    attacked: Player, leaky: pd.DataFrame
) -> None:
    table = pd.concat([leaky, leaky]).reset_index(drop=True)
    targets = truth_of(attacked)["target_id"]
    four = pd.DataFrame({"target_id": np.repeat(targets.head(5), 4), "anon_row": 0})
    four["rank"] = np.tile([1, 2, 3, 4], 5)

    assert attacked.attack(table, "reconstruction").status_code == 422
    assert attacked.attack(four, "linkage").status_code == 422
    assert attacked.attack(four.assign(rank=1), "linkage").status_code == 422


def test_constant_confidence_and_row_order_buy_nothing(player: Player, leaky: pd.DataFrame) -> None:
    assert player.publish(leaky).status_code == 201
    truth = truth_of(player).sort_values("is_member", ascending=False)
    published = pd.read_parquet(io.BytesIO(player.published()))
    rows = published.drop_duplicates(list(leaky.columns)).set_index(list(leaky.columns))["anon_row"]
    own = rows.reindex(pd.MultiIndex.from_frame(truth[list(leaky.columns)])).to_numpy()
    claims = pd.DataFrame(
        {"target_id": truth["target_id"], "anon_row": np.where(truth["is_member"], own, 0)}
    ).astype("int64")
    constant = player.attack(claims.assign(confidence=0.5), "linkage").json
    sorted_out = player.attack(claims.assign(confidence=truth["is_member"] * 1.0), "linkage").json

    assert constant["recall"] == sorted_out["recall"] == 1.0
    assert constant["precision"] == 0.5
    assert constant["tpr_at_fpr_0.01"] == 0.0
    assert sorted_out["tpr_at_fpr_0.01"] == 1.0


def test_tuning_says_nothing_about_validation_under_any_name(player: Player) -> None:
    arena = player.arena
    people = {split: set() for split in Split}
    for name in ("dora", "dora2", "emil"):
        for split in Split:
            draw = arena.draw(split, anonymizer="alice", deanonymizer=name)
            people[split] |= set(draw.targets.positions.tolist())

    assert not people[Split.TUNING] & people[Split.VALIDATION]


def test_what_the_house_says_of_a_tuning_table_is_as_coarse(attacked: Player) -> None:
    (hosted,) = attacked.server.challenges.values()
    house = next(one for one in hosted.house_attacks if one.name == "class_majority")
    metrics = house.run(kept(attacked), np.random.default_rng(0))

    assert any(0 < value < 1 for value in metrics.values())
    assert all(value == round(value, 2) for value in metrics.values())


def test_tuning_scores_of_attacks_are_coarse(attacked: Player) -> None:
    truth = truth_of(attacked)
    members = truth[truth["is_member"]][["target_id", "diagnosis"]]
    one, two = (attacked.attack(members.head(n), "inference").json for n in (1, 2))

    assert one["members.diagnosis"] == two["members.diagnosis"]
    assert all(value == round(value, 2) for value in two.values())


def test_reconstruction_for_tuning_tells_about_the_tuning_pool_only(
    attacked: Player, leaky: pd.DataFrame
) -> None:
    arena = attacked.arena
    others, _ = arena.people.sides(Split.VALIDATION)
    held_back = arena.people.coordinates[arena.people.pools["validation"].members]
    assert len(others) == len(leaky)
    table = people_frame(held_back, arena.schema)
    assert attacked.attack(table, "reconstruction").json["match_exact"] == 0.0
    assert attacked.publish(leaky, data_split="validation").status_code == 201
    final = attacked.attack(table, "reconstruction", data_split="validation").json
    assert final["match_exact"] == 1.0


def test_tries_are_limited_and_finals_are_scored_once(warm_state: Path, tmp_path: Path) -> None:
    player = open_player(
        warm_state,
        ledger=f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        quota=QuotaSettings(tuning_attempts=2),
    )
    leaky = player.leaky()
    codes = [player.publish(leaky).status_code for _ in range(3)]
    finals = [player.publish(leaky, data_split="validation").status_code for _ in range(2)]
    player.server.close()

    assert codes == [201, 201, 429]
    assert finals == [201, 409]


def test_nobody_attacks_their_own_table(attacked: Player) -> None:
    answers = truth_of(attacked)[["target_id", "diagnosis"]]
    answer = attacked.attack(answers, "inference", deanonymizer="alice")

    assert answer.status_code == 422
    assert "own table" in answer.json["description"]


def test_the_house_counts_in_the_worst_case_whatever_friends_submit(
    player: Player, leaky: pd.DataFrame
) -> None:
    """A friend's harmless attack does not make a table safe."""
    assert player.publish(leaky, data_split="validation").status_code == 201
    nothing = truth_of(player, Split.VALIDATION)[["target_id"]]
    friendly = player.attack(nothing, "inference", data_split="validation")
    (hosted,) = player.server.challenges.values()
    ledger = player.server.ledger
    table, _ = ledger.scores(challenge=hosted.id)
    assert friendly.json["risk_low"] == 0
    assert worst_of(player) == 0

    attack = next(attack for attack in hosted.house_attacks if attack.name == "nearest_box")
    metrics = attack.run(kept(player), np.random.default_rng(0))
    ledger.record_house(attack_result(table, "nearest_box", metrics, hosted.provenance))
    assert worst_of(player) > 0.9
    (entry,) = entries(player)
    assert "nearest_box" in str(entry.as_dict())


def test_whoever_reconstructs_the_people_counts_against_the_table(
    player: Player, leaky: pd.DataFrame
) -> None:
    """Reconstructions need not name an anonymizer; finals do, and are attacks as all others."""
    assert player.publish(leaky, data_split="validation").status_code == 201
    nothing = truth_of(player, Split.VALIDATION)[["target_id"]]
    assert player.attack(nothing, "inference", data_split="validation").json["risk_low"] == 0
    assert worst_of(player) == 0

    found = player.attack(leaky, "reconstruction", data_split="validation").json
    assert found["risk_low"] > 0.9
    assert worst_of(player) > 0.9


def test_attacks_for_tuning_count_in_no_ranking(player: Player, leaky: pd.DataFrame) -> None:
    """Tuning tells, so a table is asked about again and again; only a final counts against it."""
    assert player.publish(leaky, data_split="validation").status_code == 201
    nothing = truth_of(player, Split.VALIDATION)[["target_id"]]
    assert player.attack(nothing, "inference", data_split="validation").json["risk_low"] == 0
    truth = truth_of(player).drop(columns="is_member")[["target_id", *player.arena.unknown_names]]
    for answers, task in ((truth, "inference"), (leaky, "reconstruction")):
        assert player.attack(answers, task).status_code == 201
    assert player.attack(leaky, "reconstruction").json["risk_low"] > 0.3

    assert worst_of(player) == 0
    (entry,) = entries(player)
    assert entry.n_attacks == 1


@pytest.mark.parametrize("task", ["inference", "linkage", "reconstruction"])
def test_an_easy_table_does_not_burn_the_finals_of_attackers(
    player: Player, leaky: pd.DataFrame, task: str
) -> None:
    """The bait: a tuning table that everybody attacks before the final is handed in."""
    targets = truth_of(player, Split.VALIDATION)[["target_id"]]
    bodies = {"inference": targets, "linkage": targets.assign(anon_row=0), "reconstruction": leaky}
    assert player.publish(leaky).status_code == 201
    early = player.attack(bodies[task], task, data_split="validation")
    assert early.status_code == 422
    assert "no final yet" in early.json["description"]

    assert player.publish(leaky, data_split="validation").status_code == 201
    assert player.attack(bodies[task], task, data_split="validation").status_code == 201


def worst_of(player: Player) -> float:
    """Return what decides first about the only table: the worst risk."""
    (entry,) = entries(player)
    return next(iter(entry.values.values()))


# --- what would cost the server -------------------------------------------------------------------


def test_parquet_bombs_are_refused_before_they_are_unpacked(player: Player) -> None:
    bomb = pa.table({"age": pa.array(np.zeros(50_000_000, dtype=np.int8))})
    buffer = io.BytesIO()
    pq.write_table(bomb, buffer)

    assert player.publish(buffer.getvalue()).status_code == 413


def test_huge_domains_are_refused(player: Player, leaky: pd.DataFrame) -> None:
    wide = pd.DataFrame(np.zeros((2, 3000)), columns=[f"region_{i}" for i in range(3000)])
    texts = leaky.assign(region=[f"village {i}" for i in range(len(leaky))])

    assert player.publish(wide, "generalization").status_code == 413
    assert player.publish(texts).status_code == 422


def test_parquet_that_lies_about_its_index_is_read_without_it(
    player: Player, leaky: pd.DataFrame
) -> None:
    table = pa.Table.from_pandas(leaky)
    for lie in (b"{", b"[" * 5000, b'{"index_columns": ["nobody"]}', b'{"index_columns": 3}'):
        damaged = table.drop_columns("record_id").replace_schema_metadata({b"pandas": lie})
        buffer = io.BytesIO()
        pq.write_table(damaged, buffer)
        answer = player.publish(buffer.getvalue())
        assert (answer.status_code, answer.json["lineage_declared"]) == (201, 0.0)
    assert player.publish(parquet(leaky)).json["lineage_declared"] == 1.0
