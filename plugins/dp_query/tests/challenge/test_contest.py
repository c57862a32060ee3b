"""A contest is played: asked, sealed, estimated, and what was spent comes from the ledger."""

import json
from decimal import Decimal

import numpy as np
import pytest
from anomed_client import Refused
from anomed_dp_query.challenge.demo import ask_marginals

from anomed_core import ConfigError, Split

COLUMNS = ["sex", "region", "admission_type", "diagnosis", "severity", "outcome"]


def test_one_release_for_each_pair_has_the_error_of_the_reference(
    serve, settings, recorded, tmp_path
):
    """`laplace_one_release_per_used_pair` at epsilon 1, expected 0.2765 on 60 given questions."""
    reference = recorded("workload.json")
    questions = tmp_path / "questions.json"
    questions.write_text(json.dumps(reference["workload"]))
    world = serve(settings(questions=str(questions)))
    analyst = world.join("pairs")

    known = ask_marginals(analyst, "REGISTER", COLUMNS, size=2, epsilon=Decimal(1))
    analyst.seal("contest")
    asked = analyst.document("anonymizer/workload")
    counts = known.counts
    looked_up = [
        counts[tuple(c for c in COLUMNS if c in one["where"])][
            tuple(known.levels[c].index(one["where"][c]) for c in COLUMNS if c in one["where"])
        ]
        for one in asked
    ]
    score = analyst.submit(looked_up, split="validation")

    expected = reference["expected_error"]["laplace_one_release_per_used_pair"]
    at_one = dict(zip(reference["tiers"], expected, strict=True))[1.0]
    # fifteen pairs of columns: so the deviation of the mean of 60 errors is 0.035
    assert score["error@1"] == pytest.approx(at_one, abs=0.1)
    assert score["auec"] == score["error@1"]
    assert score["epsilon_spent"] == pytest.approx(0.99999)
    assert 2 < score["efficiency@1"] < 8


def test_the_workload_is_for_those_who_ask_no_more(serve, settings):
    world = serve(settings())
    analyst = world.join("ada")
    analyst.query("REGISTER", by=["sex"], epsilon="0.1")

    with pytest.raises(Refused, match="'contest' must be sealed"):
        analyst.document("anonymizer/workload")
    with pytest.raises(Refused, match="'contest' must be sealed"):
        analyst.submit(np.zeros(60), split="validation")
    analyst.seal("contest")

    assert len(analyst.document("anonymizer/workload")) == 60
    with pytest.raises(Refused, match="sealed"):
        analyst.query("REGISTER", by=["sex"], epsilon="0.1")
    analyst.query("PRACTICE", by=["sex"], epsilon="0.1")


def test_the_hidden_workload_is_drawn_by_the_server(serve, settings):
    contest = serve(settings()).arena.contest

    assert contest.workload[Split.TUNING] != contest.workload[Split.VALIDATION]
    assert contest.shape == (60,)


def test_a_budget_cannot_be_overdrawn(serve, settings):
    analyst = serve(settings()).join("ada")
    for _ in range(3):
        analyst.query("REGISTER", epsilon="0.3")

    with pytest.raises(Refused):
        analyst.query("REGISTER", epsilon="0.3")
    analyst.query("REGISTER", epsilon="0.1")
    assert str(analyst.accounts()["register"]["epsilon"].remaining) == "0"


def test_a_price_lists_its_parts_and_costs_nothing(serve, settings):
    analyst = serve(settings()).join("ada")

    told = analyst.price("REGISTER", by=["sex", "region"], epsilon=0.1)

    assert told["price"]["epsilon"] == "0.1"
    assert [part["what"] for part in told["price"]["parts"]] == ["count of rows by sex, region"]
    assert {(line["account"], line["resource"], line["amount"]) for line in told["lines"]} == {
        ("register", "epsilon", "0.1"),
        ("contest", "queries", "1"),
    }
    assert str(analyst.accounts()["register"]["epsilon"].spent) == "0"


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ({"by": ["income"], "epsilon": 1}, "By names the column 'income'"),
        ({"epsilon": 0}, "Epsilon must be from"),
        ({"epsilon": 2}, "epsilon"),
    ],
)
def test_what_is_refused_costs_nothing(serve, settings, question, sentence):
    analyst = serve(settings()).join("ada")

    with pytest.raises(Refused, match=sentence):
        analyst.query("REGISTER", **question)
    assert str(analyst.accounts()["register"]["epsilon"].spent) == "0"


def test_a_table_without_a_budget_is_not_there(serve, settings):
    config = settings()
    config["datasets"]["OTHER"] = {"source": "simulated:hospital-register?n=100&seed=3"}
    analyst = serve(config).join("ada")

    with pytest.raises(Refused, match="granted nothing of 'OTHER'"):
        analyst.query("OTHER", epsilon="0.1")


def test_several_tiers_have_tables_budgets_and_errors_of_their_own(serve, settings):
    config = settings(tiers={"0.5": "LOW", "4": "REGISTER"})
    config["datasets"]["LOW"] = {"source": "simulated:hospital-register?n=2000&seed=6"}
    world = serve(config)
    analyst = world.join("ada")
    analyst.query("LOW", epsilon="0.5")
    with pytest.raises(Refused):
        analyst.query("LOW", epsilon="0.1")
    analyst.query("REGISTER", epsilon="1.5")
    analyst.seal("contest")
    truth = world.arena.contest.truth(Split.VALIDATION)

    score = analyst.submit([np.full(60, 1e9), truth[1]], split="validation")

    assert (score["error@0.5"], score["error@4"]) == (1.0, 0.0)
    assert score["auec"] == 0.5
    assert score["epsilon_spent"] == 2.0


@pytest.mark.parametrize(
    ("change", "key", "sentence"),
    [
        ({"practice": "NONE"}, "practice", "names the dataset 'NONE'"),
        ({"tiers": {"x": "REGISTER"}}, "contest", "the epsilon 'x'"),
        ({"tiers": {"1": "PRACTICE"}}, "contest", "everybody sees practice"),
        ({"secret_value": "none"}, "secret", "admission_type' has elective, emergency"),
        ({"targets": 2_000}, "targets", "take fewer targets or more outsiders"),
        ({"n_conditions": [3, 9]}, "questions", "allow fewer conditions"),
    ],
)
def test_what_cannot_be_played_ends_the_start(serve, settings, change, key, sentence):
    with pytest.raises(ConfigError, match=sentence) as refused:
        serve(settings(**change))
    assert key in str(refused.value)


def test_units_that_cannot_be_compared_make_no_contest(serve, settings):
    config = settings()
    config["datasets"]["REGISTER"]["unit"] = "as-lomas"
    with pytest.raises(ConfigError, match="there is no contest"):
        serve(config)
