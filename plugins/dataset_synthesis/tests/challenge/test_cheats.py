"""Every cheat of the threat model, tried on the served challenge.

What cannot be excluded is here, too, with how much it yields.
"""

import hashlib
import io
import pickle
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from anomed_client import Refused
from anomed_dataset_synthesis.attacks.membership import exact_match
from anomed_dataset_synthesis.generators import Bootstrap, Copy, IndependentColumns, SequentialTrees
from anomed_dataset_synthesis.neighbours import fit_space, nearest
from anomed_dataset_synthesis.table.canonical import CanonicalTable, canonicalise, to_frame

from anomed_core import Role, Split
from anomed_core.config import QuotaSettings
from anomed_core.ledger import Grant

TUNING, FINAL = "tuning", "validation"
CLAIM = {
    "epsilon": 0.1,
    "delta": 0,
    "neighbours": "add or remove one record",
    "unit": "record",
    "accountant": "trust me",
    "public_inputs": [],
}


@pytest.fixture(scope="module")
def independent(served: Any) -> pd.DataFrame:
    return served.synthesize(IndependentColumns(), TUNING)


@pytest.fixture(scope="module")
def quiet(served: Any, independent: pd.DataFrame) -> str:
    """Who has published independent columns: a table that is attacked in vain."""
    served.player.publish("quiet", independent, data_split=TUNING)
    return "quiet"


def metrics_of(served: Any, attack: str, name: str) -> dict[str, float]:
    found = served.attacked(attack, name)
    assert found is not None
    return found


def exact_scores(served: Any, name: str) -> np.ndarray:
    """What an attacker finds by looking for the targets themselves."""
    book = served.player.codebook()
    tables = [
        canonicalise(served.player.table(path, **query), book)
        for path, query in (
            ("/data/deanonymizer/targets", {"data_split": TUNING}),
            ("/data/synthetic", {"anonymizer": name, "data_split": TUNING}),
            ("/data/background", {}),
        )
    ]
    return exact_match(*tables)


# --- publishing real records ----------------------------------------------------------------------


def test_a_verbatim_copy_is_found_out_by_house_and_attackers(served: Any) -> None:
    scores = served.player.publish("copy", served.synthesize(Copy()), data_split=TUNING)
    assert scores["utility"] > 0.8
    assert scores["passes_gate"] == 1
    assert metrics_of(served, "panel", "copy")["risk_low"] > 0.9
    attack = served.player.attack(
        "membership",
        exact_scores(served, "copy"),
        anonymizer="copy",
        deanonymizer="looker",
        data_split=TUNING,
    )
    assert attack["auc"] > 0.99
    assert attack["risk_low"] > 0.85
    assert attack["background_auc"] < 0.6


def test_a_bootstrap_copy_gives_two_thirds_away(served: Any) -> None:
    served.player.publish("bootstrap", served.synthesize(Bootstrap()), data_split=TUNING)
    found = metrics_of(served, "panel", "bootstrap")
    assert found["exact_match.all_targets.auc"] == pytest.approx(0.816, abs=0.05)
    assert found["risk_low"] > 0.4


def test_a_leak_of_one_percent_hides_from_the_average_and_not_from_the_list(
    served: Any, independent: pd.DataFrame
) -> None:
    training = served.player.table("/data/anonymizer/training", data_split=TUNING)
    n_leaked = max(6, len(training) // 100)
    leak = pd.concat([training.iloc[:n_leaked], independent.iloc[n_leaked:]])
    served.player.publish("leak", leak, data_split=TUNING)
    found = metrics_of(served, "panel", "leak")
    assert found["distance_ratio.all_targets.auc"] < 0.58
    assert found["diagnostics.n_exact_records"] >= n_leaked - 1
    assert found["diagnostics.copies_training_records"] == 1


def test_public_real_records_are_flagged_as_no_synthesis(served: Any) -> None:
    background = served.player.table("/data/background")
    n_training = served.player.rules()["n_training"][TUNING]
    scores = served.player.publish("stolen", background.iloc[:n_training], data_split=TUNING)
    assert scores["utility"] > 0.5  # useful, and no leak: hence the flag
    found = metrics_of(served, "panel", "stolen")
    assert found["diagnostics.copies_public_records"] == 1
    assert found["risk_low"] < 0.2


# --- hidden messages ------------------------------------------------------------------------------


def test_a_reversible_recoding_misses_the_gate(served: Any) -> None:
    book = served.player.codebook()
    training = served.player.table("/data/anonymizer/training", data_split=TUNING)
    levels = canonicalise(training, book).levels
    rng = np.random.default_rng(5)
    keys = [rng.permutation(n) for n in book.n_levels]
    recoded = np.column_stack(
        [np.where(column < 0, -1, key[column]) for key, column in zip(keys, levels.T, strict=True)]
    )
    table = to_frame(CanonicalTable(codebook=book, levels=recoded))
    scores = served.player.publish("recoded", table, data_split=TUNING)
    assert scores["passes_gate"] == 0
    assert scores["utility"] == 0
    assert metrics_of(served, "panel", "recoded")["diagnostics.matches_training"] < 0.01


def published_file(served: Any, name: str) -> bytes:
    answer = served.player.client.get(
        "/data/synthetic", params={"anonymizer": name, "data_split": TUNING}
    )
    assert answer.status_code == 200
    return bytes(answer.content)


def test_order_digits_metadata_and_dictionaries_carry_nothing(
    served: Any, independent: pd.DataFrame, quiet: str
) -> None:
    marked = independent.sort_values("outcome", kind="stable").copy()
    # within a step of the grid, odd thousands say yes
    marked["number"] = marked["number"] + np.where(marked["outcome"] == "yes", 1_000, 2_000)
    marked["number"] = marked["number"].clip(0, independent["number"].max())
    arrow = pa.Table.from_pandas(marked, preserve_index=False)
    place = arrow.column_names.index("job")
    arrow = (
        arrow.set_column(place, "job", arrow["job"].dictionary_encode())
        .select(arrow.column_names[::-1])
        .replace_schema_metadata({"message": "the members are"})
    )
    buffer = io.BytesIO()
    pq.write_table(arrow, buffer)
    served.player.publish("marked", buffer.getvalue(), data_split=TUNING)
    assert published_file(served, "marked") == published_file(served, quiet)
    assert b"the members are" not in published_file(served, "marked")


def test_a_message_in_the_choice_of_values_cannot_be_excluded(
    served: Any, independent: pd.DataFrame
) -> None:
    """An accomplice with a key tells members by three columns of otherwise made-up records.

    This yields an AUC of about .98 to the accomplice and nothing to the house. It is no way to win:
    the accomplice's success counts as risk of the table, and only who works for the synthesizer has
    the key.
    """
    book = served.player.codebook()
    places = [book.position(name) for name in ("age", "weight", "number")]
    n_levels = [book.n_levels[place] for place in places]

    def slots(table: pd.DataFrame) -> np.ndarray:
        levels = canonicalise(table, book).levels
        digests = [hashlib.sha256(b"our key" + row.tobytes()).digest() for row in levels]
        return np.array([int.from_bytes(digest[:6], "big") for digest in digests]) % np.prod(
            n_levels
        )

    training = served.player.table("/data/anonymizer/training", data_split=TUNING)
    levels = canonicalise(independent, book).levels.copy()
    levels[:, places] = np.column_stack(np.unravel_index(slots(training), n_levels))
    message = to_frame(CanonicalTable(codebook=book, levels=levels))
    served.player.publish("messenger", message, data_split=TUNING)
    got = served.player.table("/data/synthetic", anonymizer="messenger", data_split=TUNING)
    heard = canonicalise(got, book).levels[:, places]
    known = set(np.ravel_multi_index(tuple(heard.T), n_levels).tolist())
    targets = served.player.table("/data/deanonymizer/targets", data_split=TUNING)
    scores = np.array([float(slot in known) for slot in slots(targets)])
    attack = served.player.attack(
        "membership",
        scores,
        anonymizer="messenger",
        deanonymizer="accomplice",
        data_split=TUNING,
    )
    assert attack["auc"] > 0.95
    assert attack["risk_low"] > 0.7
    assert metrics_of(served, "panel", "messenger")["risk_low"] < 0.1


# --- playing the scores ---------------------------------------------------------------------------


def test_filtering_by_distance_mends_the_distances_and_not_the_risk(served: Any) -> None:
    """Of three records each the one is kept that is farthest from the training records."""
    book = served.player.codebook()
    training = served.player.table("/data/anonymizer/training", data_split=TUNING)
    rng = np.random.default_rng(4)
    fitted = SequentialTrees().fit(training, book, rng=rng)
    candidates = canonicalise(fitted.sample(3 * len(training), rng=rng), book)
    space = fit_space(canonicalise(training, book))
    members = space.points(canonicalise(training, book))
    gaps = nearest(space.points(candidates), members).distances[:, 0].reshape(3, -1)
    kept = gaps.argmax(axis=0) * len(training) + np.arange(len(training))
    tables = {"unfiltered": candidates.take(np.arange(len(training)))}
    tables["filtered"] = candidates.take(kept)
    found = {}
    for name, table in tables.items():
        served.player.publish(name, to_frame(table), data_split=TUNING)
        found[name] = metrics_of(served, "panel", name)
    before, after = found["unfiltered"], found["filtered"]
    assert before["diagnostics.dcr_share"] > 0.55 > after["diagnostics.dcr_share"]
    assert after["density_ratio_pairs_of_columns.all_targets.auc_low"] > 0.5
    assert after["risk_low"] > 0


def test_distances_are_shown_and_never_scored(served: Any) -> None:
    declared = served.player.client.get("/challenge.json").json()
    names = [metric["name"] for kind in declared["submissions"] for metric in kind["metrics"]]
    assert not [name for name in names if "dcr" in name or "nndr" in name or "match" in name]


def test_the_hidden_tasks_are_nowhere_to_be_read(served: Any) -> None:
    texts = [
        served.player.client.get(path).text
        for path in ("/challenge.json", "/data/codebook", "/openapi.json")
    ]
    for this in served.arena.rounds.values():
        for task in this.real_aucs:
            question = task.describe(served.arena.codebook)
            assert not any(question in text for text in texts)


def test_the_split_does_not_follow_from_the_configuration(open_served: Any) -> None:
    """Two servers of one configuration, each with a secret of its own, agree by chance only."""
    arenas = [open_served(seed=None, secret=secret * 32).arena for secret in ("0a", "f5")]
    members, others, elsewhere = (
        pd.Series(list(to_frame(table).astype(str).itertuples(index=False)))
        for table in (
            arenas[0].population.training[FINAL],
            arenas[0].population.non_members[FINAL],
            arenas[1].population.training[FINAL],
        )
    )
    agreement = members.isin(elsewhere).mean() - others.isin(elsewhere).mean()
    assert abs(agreement) < 0.05
    assert arenas[0].commitment(FINAL) != arenas[1].commitment(FINAL)


@pytest.mark.parametrize("constant", [0.0, 0.5, 1.0])
def test_constants_and_ties_gain_nothing(served: Any, quiet: str, constant: float) -> None:
    scores = served.player.attack(
        "membership",
        np.full(len(served.truth()), constant),
        anonymizer=quiet,
        deanonymizer=f"constant-{constant}",
        data_split=TUNING,
    )
    assert scores["auc"] == 0.5
    assert scores["tpr_at_fpr_0.1"] == pytest.approx(0.1)
    assert scores["risk_low"] == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.1, 1.1])
def test_scores_outside_their_range_are_refused(served: Any, quiet: str, bad: float) -> None:
    scores = np.full(len(served.truth()), 0.5)
    scores[3] = bad
    file = io.BytesIO()
    np.savez(file, prediction=scores)  # as is: the client would not send it
    with pytest.raises(Refused) as refusal:
        served.player.attack(
            "membership",
            file.getvalue(),
            anonymizer=quiet,
            deanonymizer="bad",
            data_split=TUNING,
        )
    assert refusal.value.status == 422


def test_a_single_sure_predicate_is_no_way_out(served: Any) -> None:
    """Predicates that are not stated count as failures."""
    served.player.publish("copy-2", served.synthesize(Copy()), data_split=TUNING)
    table = served.player.table("/data/synthetic", anonymizer="copy-2", data_split=TUNING)
    record = table.iloc[0]
    sure = [[name, "==", record[name]] for name in ("region", "job", "outcome")]
    sure += [[name, "==", int(record[name])] for name in ("age", "visits", "number")]
    scores = served.player.attack(
        "singling-out",
        [sure],
        anonymizer="copy-2",
        deanonymizer="one-shot",
        data_split=TUNING,
    )
    assert scores["risk_low"] == 0
    assert scores["success"] < 0.1


def test_knowing_only_the_background_is_no_advantage(served: Any, quiet: str) -> None:
    this = served.arena.rounds[Split.TUNING]
    links = this.halves.background_links
    scores = served.player.attack(
        "links", links, anonymizer=quiet, deanonymizer="background", data_split=TUNING
    )
    assert scores["over_background"] == 0
    assert scores["risk_low"] == 0


# --- claims ---------------------------------------------------------------------------------------


def test_a_false_claim_is_refuted(served: Any) -> None:
    table = served.synthesize(Copy())
    served.player.publish("liar", table, data_split=TUNING, claim=CLAIM)
    found = metrics_of(served, "panel", "liar")
    assert found["claim.refuted"] == 1
    assert found["claim.epsilon_lower"] > 1
    attack = served.player.attack(
        "membership",
        exact_scores(served, "liar"),
        anonymizer="liar",
        deanonymizer="auditor",
        data_split=TUNING,
    )
    assert attack["refutes_claim"] == 1
    assert attack["epsilon_lower"] <= attack["epsilon_provable"]


def test_a_claim_that_is_not_refuted_is_not_believed(
    served: Any, independent: pd.DataFrame
) -> None:
    served.player.publish("claimant", independent, data_split=TUNING, claim=CLAIM)
    found = metrics_of(served, "panel", "claimant")
    assert found["claim.refuted"] == 0
    assert found["claim.epsilon_provable"] < 5


@pytest.mark.parametrize(
    "claim",
    [
        {"epsilon": 1.0},
        {**CLAIM, "epsilon": -1},
        {**CLAIM, "epsilon": 10**400},
        {**CLAIM, "extra": 1},
        {"training_time_s": 10**400},
        ["epsilon"],
    ],
    ids=lambda claim: str(claim)[:40],
)
def test_half_a_claim_is_refused(served: Any, independent: pd.DataFrame, claim: Any) -> None:
    with pytest.raises(Refused) as refusal:
        served.player.publish("half", independent, data_split=TUNING, claim=claim)
    assert refusal.value.status == 422


# --- asking too often -----------------------------------------------------------------------------


def test_tuning_is_rounded_and_rationed(open_served: Any) -> None:
    rationed = open_served({"quota": QuotaSettings(tuning_attempts=1)})
    table = rationed.synthesize(IndependentColumns())
    scores = rationed.player.publish("often", table, data_split=TUNING)
    assert all(value == round(value, 2) for value in scores.values())
    with pytest.raises(Refused) as refusal:
        rationed.player.publish("often", table, data_split=TUNING)
    assert refusal.value.status == 429


def test_the_final_is_scored_once_on_people_that_tuning_says_nothing_about(served: Any) -> None:
    table = served.synthesize(IndependentColumns(), FINAL)
    scores = served.player.publish("once", table, data_split=FINAL)
    assert any(value != round(value, 2) for value in scores.values())
    with pytest.raises(Refused) as refusal:
        served.player.publish("once", served.synthesize(Copy(), FINAL), data_split=FINAL)
    assert refusal.value.status == 409
    training = served.arena.population.training
    tuned, final = ({row.tobytes() for row in training[name].levels} for name in (TUNING, FINAL))
    assert len(tuned & final) < 0.02 * len(tuned)  # doubles of the population


# --- hostile files --------------------------------------------------------------------------------


def test_hostile_files_are_refused_and_cost_nothing(served: Any, independent: pd.DataFrame) -> None:
    n_records = len(independent)
    flood = independent.assign(job=[f"{place}" * 50 for place in range(n_records)])
    bomb = pa.table({"age": pa.array(np.zeros(3_000_000, dtype=np.int64))})
    buffer = io.BytesIO()
    pq.write_table(bomb, buffer, compression="zstd")
    hostile = {
        "pickle": pickle.dumps(independent),
        "bomb": buffer.getvalue(),
        "flood": flood.to_parquet(index=False),
        "few": independent.iloc[: n_records // 3].to_parquet(index=False),
        "many": pd.concat([independent] * 3).to_parquet(index=False),
        "same": pd.concat([independent.iloc[:1]] * n_records).to_parquet(index=False),
        "extra": independent.assign(secret=1).to_parquet(index=False),
        "short": independent.drop(columns="age").to_parquet(index=False),
        "infinite": independent.assign(weight=np.inf).to_parquet(index=False),
    }
    for name, content in hostile.items():
        with pytest.raises(Refused) as refusal:
            served.player.publish("hostile", content, data_split=FINAL)
        assert refusal.value.status in {400, 413, 422}, name
        assert len(str(refusal.value)) < 700, name
    history = served.player.client.get("/attempts", params={"anonymizer": "hostile"}).json()
    assert history["attempts"] == []


@pytest.mark.parametrize(
    "predicates",
    [
        ["__import__('os').getcwd()"],
        [[["age", "==", "__import__('os')"]]],
        [[["age; DROP TABLE", "==", 1]]],
        [[["age", "in", 3]]],
        [[["job", "<", "job 3"]]],
        [[["age", "==", 30]]] * 101,
        [],
        {"age": 30},
    ],
)
def test_predicates_are_data_and_nothing_else(served: Any, quiet: str, predicates: Any) -> None:
    with pytest.raises(Refused) as refusal:
        served.player.attack(
            "singling-out",
            predicates if isinstance(predicates, list) else [predicates],
            anonymizer=quiet,
            deanonymizer="coder",
            data_split=TUNING,
        )
    assert refusal.value.status == 422


# --- who may do what ------------------------------------------------------------------------------


def test_roles_are_kept_apart(open_served: Any) -> None:
    guarded = open_served({"auth": "tokens"})
    client = guarded.player.client
    assert client.get("/data/background").status_code == 401
    assert client.get("/data/practice/training").status_code == 401
    secrets = {
        role: guarded.server.tokens.create(
            Grant(role=role, holder=f"the-{role}", challenge="people")
        )
        for role in (Role.ANONYMIZER, Role.DEANONYMIZER)
    }
    mine = {
        Role.ANONYMIZER: "/data/anonymizer/training",
        Role.DEANONYMIZER: "/data/deanonymizer/targets",
    }
    for role, secret in secrets.items():
        headers = {"Authorization": f"Bearer {secret}"}
        for other, path in mine.items():
            answer = client.get(path, params={"data_split": TUNING}, headers=headers)
            assert answer.status_code == (200 if other is role else 403)


def test_saying_something_else_about_a_table_is_no_second_throw_of_the_dice(
    served: Any, independent: pd.DataFrame
) -> None:
    scores = [
        served.player.publish(
            "gambler",
            independent.sample(frac=1, random_state=seed),
            data_split=TUNING,
            claim={"training_time_s": seed},
        )
        for seed in (1, 2)
    ]
    assert scores[0] == scores[1]
