"""A contest is played: asked, sealed, estimated, and what was spent comes from the ledger."""

import json
from decimal import Decimal

import numpy as np
import pytest
from anomed_client import Refused
from anomed_dp_query.challenge.demo import ask_marginals

from anomed_core import ConfigError, Split

COLUMNS = ["sex", "region", "admission_type", "diagnosis", "severity", "outcome"]


@pytest.fixture
def referred(serve, settings, recorded, tmp_path):
    """Return a contest with 60 given questions, and the error that is expected at epsilon 1."""
    reference = recorded("workload.json")
    questions = tmp_path / "questions.json"
    questions.write_text(json.dumps(reference["workload"]))
    errors = reference["expected_error"]["laplace_one_release_per_used_pair"]
    expected = dict(zip(reference["tiers"], errors, strict=True))[1.0]
    return serve(settings(questions=str(questions))), expected


def played(world, name):
    """Play `laplace_one_release_per_used_pair` at epsilon 1 over HTTP; return the final's score."""
    analyst = world.join(name)
    known = ask_marginals(analyst, "REGISTER", COLUMNS, size=2, epsilon=Decimal(1))
    analyst.seal("contest")
    estimates = []
    for one in analyst.document("anonymizer/workload"):
        pair = tuple(name for name in COLUMNS if name in one["where"])
        place = tuple(known.levels[name].index(one["where"][name]) for name in pair)
        estimates.append(known.counts[pair][place])
    return analyst.submit(estimates, split="validation")


def test_a_final_is_scored_with_what_the_ledger_says_was_spent(referred):
    world, expected = referred

    score = played(world, "ada")

    # the mean of 60 errors has a deviation of 0.035
    assert score["error@1"] == pytest.approx(expected, abs=0.2)
    assert score["auec"] == score["error@1"]
    assert score["epsilon_spent"] == pytest.approx(0.99999)
    assert 1 < score["efficiency@1"] < 12


@pytest.mark.slow
def test_one_release_for_each_pair_has_the_error_of_the_reference(referred):
    """0.2765 is expected; the mean of 16 analysts has a deviation of 0.009."""
    world, expected = referred

    errors = [played(world, f"analyst-{number}")["error@1"] for number in range(16)]

    assert np.mean(errors) == pytest.approx(expected, abs=0.03)


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
