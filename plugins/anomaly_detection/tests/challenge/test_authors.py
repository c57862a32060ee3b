"""What authors hand in: rows that are trained on by a job, and what the report says of them."""

import json

import numpy as np
from anomed_anomaly_detection.challenge.baselines import plain_trigger, poisoned_rows
from anomed_anomaly_detection.plugin import _DIGITS, _PAIR

from anomed_core import Split
from anomed_core.service.encoding import encode_body
from anomed_core.testing import served

CONFIG = {
    "data": {**_DIGITS, "copies": 3},
    "tasks": {"pair": {**_PAIR, "options": {**_PAIR["options"], "p_backdoor": 0.25}}},
    "recipe": {"epochs": 40},
    "floors": {"success_cycle": 0.4},
    "entries": ["mahalanobis"],
    "panel": ["mahalanobis"],
}


def rows_of(client):
    arena = client.hosted.challenge.definition
    trigger = plain_trigger(arena)
    return {**poisoned_rows(arena, trigger, "poison"), **trigger}


def test_rows_wait_as_a_job_and_are_trained_on_after_a_restart(tmp_path):
    with served("anomaly-detection", config=CONFIG, state=tmp_path) as client:
        kind = client.hosted.kind("poison")
        body = encode_body(rows_of(client), kind.schema_for(Split.TUNING))
        query = {"form": "poison", "anonymizer": "author", "data_split": "tuning"}
        told = client._connection.exchange("POST", kind.path, parameters=query, body=body)
        job = json.loads(told.body)["id"]
    assert told.status == 202

    with served("anomaly-detection", config=CONFIG, state=tmp_path) as client:
        assert client._waited_for(job).status == 201
        (score,) = client.server.ledger.scores(challenge=client.hosted.id, kind="poison")

    assert score.metrics["backdoor_success"] > 0.4
    assert score.metrics["effective"] == 1.0


def test_the_same_rows_in_another_order_are_no_second_throw(tmp_path):
    with served("anomaly-detection", config=CONFIG, state=tmp_path) as client:
        rows = rows_of(client)
        turned = rows | {"X": rows["X"][::-1].copy(), "y": rows["y"][::-1].copy()}
        first, second = (client.score("poison", each, anonymizer="t") for each in (rows, turned))

    assert first == second


def test_reports_show_detectors_curves_and_what_success_costs(tmp_path):
    from anomed_anomaly_detection.challenge.house import entry_scores, house_entries
    from anomed_anomaly_detection.challenge.report import _detectors_table, _seen

    from anomed_core import DataRequest

    with served("anomaly-detection", config=CONFIG, state=tmp_path) as client:
        arena = client.hosted.challenge.definition
        (task,) = arena.tasks.values()
        (entry,) = house_entries(arena)
        given = entry.payload(DataRequest(parameters={"data_split": "validation"}))
        kept = entry_scores(arena, task, arena.entered["mahalanobis"], Split.VALIDATION)
        flags = task.flags[Split.VALIDATION].astype(float)
        for name, scores in (("perfect", flags), ("mahalanobis", given["score"])):
            client.score("pair", {"score": scores}, deanonymizer=name, data_split="validation")
        recorded = list(client.server.ledger.scores(challenge=client.hosted.id))
        seen = list(_seen(arena, task, recorded, lambda _: None))
        table = _detectors_table(seen)

    assert np.array_equal(given["score"], kept.scores)
    assert {row[0]: row[1].text for row in table.rows}["perfect"] == "1.000"
    assert len(kept.by_layer) == 3
