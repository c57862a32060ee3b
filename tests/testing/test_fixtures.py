"""The fixtures, used as plugin authors do."""

import numpy as np
import pandas as pd
import pytest

from anomed_core.errors import PluginNotFoundError
from anomed_core.testing import AnswerError
from tests.example_types import Doubling, Guessing, Tables, Watching


def test_the_plugin_manager_refuses_discovery(plugin_manager) -> None:
    with pytest.raises(PluginNotFoundError, match="installed: none"):
        plugin_manager.load("supervised-mia")

    plugin_manager.add(Guessing(), name="guessing")

    assert [loaded.type.name for loaded in plugin_manager.types] == ["guessing"]


def test_a_client_gets_arrays_and_submits_them(challenge_client) -> None:
    client = challenge_client(Guessing(), config={"size": 6})
    given = client.get_arrays("/data/anonymizer/training")

    assert given["X"].shape == (6,)
    assert client.score("anonymizer", {"prediction": given["y"]}) == {"mae": 0.0, "hits": 1.0}


def test_a_client_fills_in_the_parameters_that_are_not_given(challenge_client) -> None:
    client = challenge_client(Guessing())
    guess = {"prediction": np.ones(4, dtype=bool)}

    assert client.submit("deanonymizer", guess).status == 201
    (score,) = client.server.ledger.scores(kind="deanonymizer")

    assert (score.subject.anonymizer, score.subject.deanonymizer, score.split) == (
        "test-anonymizer",
        "test-deanonymizer",
        "tuning",
    )


def test_tables_and_forms_travel(challenge_client) -> None:
    client = challenge_client(Tables())
    table = client.get_table("/data/anonymizer/leaky")

    metrics = client.score("anonymizer", {"anon_data": table, "anon_scheme": "same"})

    assert metrics == {"size": 3.0}
    assert client.get_json("/data/terms") == {"rows": 3}
    assert client.score("claims", {"a": 1, "b": 2}) == {"size": 2.0}
    assert client.score("deanonymizer", pd.DataFrame({"age": [1.0], "city": ["Bonn"]}))


def test_a_refusal_is_told_with_its_reason(challenge_client) -> None:
    client = challenge_client(Guessing())

    with pytest.raises(AnswerError, match=r"answered with 422: prediction has shape \(3,\)"):
        client.score("anonymizer", {"prediction": np.zeros(3)})


def test_a_failure_of_the_plugin_is_told_with_its_exception(challenge_client) -> None:
    def fail(submission):
        raise RuntimeError("out of luck")

    client = challenge_client(Guessing(outcome=fail))

    answer = client.submit("anonymizer", {"prediction": np.zeros(4)})

    assert answer.status == 503
    assert "RuntimeError: out of luck" in answer.reason


def test_extensions_are_loaded_beside_the_type(challenge_client) -> None:
    watching = Watching()
    client = challenge_client(Guessing(), extensions=(Doubling(), watching))

    metrics = client.score("anonymizer", {"prediction": np.zeros(4)})

    assert metrics["doubled"] == 2 * metrics["mae"]
    assert len(watching.seen) == 1


def test_scores_reach_the_platform(challenge_client, fake_platform) -> None:
    client = challenge_client(Guessing(), platform=fake_platform)

    metrics = client.score("anonymizer", {"prediction": np.zeros(4)}, anonymizer="ann")
    fake_platform.wait_for(1)

    ((path, report),) = fake_platform.reports
    assert path == "/submissions/anonymizer-evaluation-results"
    assert report == {"secret": "", "anonymizer": "ann", **metrics}
