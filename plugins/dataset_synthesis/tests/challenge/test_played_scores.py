"""Playing the scores, tried on the served challenge: by distances, constants, a second throw."""

import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from anomed_client import Refused
from anomed_dataset_synthesis.generators import Copy, IndependentColumns, SequentialTrees
from anomed_dataset_synthesis.neighbours import fit_space, nearest
from anomed_dataset_synthesis.table.canonical import canonicalise, to_frame

from anomed_core import Role, Split
from anomed_core.config import QuotaSettings
from anomed_core.ledger import Grant

from .cheating import FINAL, TUNING, metrics_of


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
