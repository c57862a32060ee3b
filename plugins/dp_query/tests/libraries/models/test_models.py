"""Models that are offered, what they cost, and what of them is refused."""

import base64
import json
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.models import DiffPrivLib
from anomed_dp_query.libraries.models.library import _anchors, in_test
from anomed_dp_query.metadata import read_smartnoise

MODELS = DiffPrivLib()
CHANGED = Policy(unit="change-one")
FEATURES = ["bill_length_mm", "bill_depth_mm"]
BOUNDS = {"_tuple": True, "_items": [[30.0, 13.0], [65.0, 23.0]]}
MARKER = "_dpl_instance:BudgetAccountant"


@pytest.fixture
def table(penguins):
    return read_smartnoise(penguins.smartnoise())


def step(model, **params):
    given = {"random_state": None, "accountant": MARKER, "epsilon": 0.5} | params
    return {"type": f"_dpl_type:{model}", "name": model.lower(), "params": given}


SCALER = step("StandardScaler", bounds=BOUNDS)
CLASSIFIER = step("LogisticRegression", epsilon=1.0, data_norm=83.7, warm_start=False, n_jobs=None)
BAYES = step("GaussianNB", bounds=BOUNDS, priors=None)


def body(*steps, version="0.6.7", **changes):
    document = {"module": "diffprivlib", "version": version, "pipeline": list(steps)}
    return {
        "diffprivlib_json": json.dumps(document),
        "feature_columns": FEATURES,
        "target_columns": ["species"],
        "test_size": Decimal("0.2"),
        "test_train_split_seed": 4,
        "imputer_strategy": "drop",
    } | changes


def refused(table, *steps, match=None, **changes):
    with pytest.raises(QueryRefused, match=match):
        MODELS.read(body(*steps, **changes), table)


@pytest.mark.parametrize("version", ["0.6.5", "0.6.6", "0.6.7"])
def test_a_pipeline_costs_the_sum_of_its_steps(table, version):
    question = MODELS.read(body(SCALER, CLASSIFIER, version=version), table)
    price = MODELS.price(question, table, CHANGED)
    assert (price.epsilon, price.delta) == (Decimal("1.5"), 0)
    scored = MODELS.price(question, table, Policy(unit="as-lomas", score_epsilon=Decimal("0.1")))
    assert scored.epsilon == Decimal("1.6")


def test_the_recorded_costs_are_met(table, exchange):
    given = exchange("dpl_cost")["request"]["body"] | {"test_size": Decimal("0.2")}
    assert MODELS.price(MODELS.read(given, table), table, CHANGED).epsilon == Decimal("1.5")


def test_a_unit_that_hides_the_number_of_rows_has_no_models(table):
    with pytest.raises(QueryRefused, match="change-one"):
        MODELS.price(MODELS.read(body(BAYES), table), table, Policy())


@pytest.mark.parametrize(
    "node",
    [
        step("LinearRegression", bounds_X=BOUNDS, bounds_y=BOUNDS),
        step("KMeans", bounds=BOUNDS, n_clusters=2),
        step("os.system"),
        step("GaussianNB"),
        step("GaussianNB", bounds=None),
        step("GaussianNB", bounds=BOUNDS, priors=[0.5, 0.5]),
        step("GaussianNB", bounds={"_tuple": True, "_items": [[0.0, 13.0], [65.0, 23.0]]}),
        step("GaussianNB", bounds={"_tuple": True, "_items": [[65.0, 13.0], [30.0, 23.0]]}),
        step("GaussianNB", bounds={"_tuple": True, "_items": [[30.0], [65.0]]}),
        step("GaussianNB", bounds=BOUNDS, random_state=0),
        step("GaussianNB", bounds=BOUNDS, accountant={"epsilon": 1000}),
        step("GaussianNB", bounds=BOUNDS, secret=1),
        step("GaussianNB", bounds=BOUNDS, epsilon=0),
        step("GaussianNB", bounds=BOUNDS, epsilon=-1),
        step("GaussianNB", bounds=BOUNDS, epsilon=None),
        step("GaussianNB", bounds=BOUNDS, epsilon="inf"),
        step("LogisticRegression"),
        step("LogisticRegression", data_norm=None),
        step("LogisticRegression", data_norm=1.0, warm_start=True),
        step("LogisticRegression", data_norm=1.0, n_jobs=-1),
        step("LogisticRegression", data_norm=1.0, max_iter=10**9),
        step("RandomForestClassifier", bounds=BOUNDS, n_estimators=10**6),
        step("RandomForestClassifier", bounds=BOUNDS, classes=["Adelie"]),
        step("PCA", bounds=BOUNDS, data_norm=1.0, n_components=2, centered=True),
        {"type": "_dpl_type:GaussianNB", "name": "x", "params": {}, "code": "1"},
        "GaussianNB",
    ],
)
def test_other_models_and_parameters_are_refused(table, node):
    refused(table, node)


@pytest.mark.parametrize("changes", [
    {"imputer_strategy": "mean"}, {"imputer_strategy": "median"}, {"imputer_strategy": "nope"},
    {"imputer_strategy": "most_frequent"}, {"feature_columns": ["nope"]}, {"feature_columns": []},
    {"feature_columns": ["species"]}, {"target_columns": None}, {"target_columns": ["nope"]},
    {"target_columns": ["body_mass_g"]}, {"test_size": 0}, {"test_size": 1}, {"test_size": None},
    {"test_train_split_seed": -1}, {"test_train_split_seed": 0.5}, {"diffprivlib_json": "{}"},
    {"diffprivlib_json": "gASVBw=="}, {"diffprivlib_json": None}, {"diffprivlib_json": "[" * 9_999},
])  # fmt: skip
def test_other_requests_are_refused(table, changes):
    refused(table, BAYES, **changes)


def test_numbers_that_are_none_are_refused(table):
    for constant in ("NaN", "Infinity"):
        text = body(BAYES)["diffprivlib_json"].replace("0.5", constant)
        refused(table, BAYES, diffprivlib_json=text, match="finite")


def test_a_pipeline_is_transformers_and_a_classifier(table):
    refused(table, SCALER, match="classifier last")
    refused(table, CLASSIFIER, SCALER, match="classifier last")
    refused(table, BAYES, step("GaussianNB", bounds=BOUNDS), match="one name")
    refused(table, match="1 to 4 steps")
    refused(table, BAYES, version="9", match=r"version 0\.6")


def test_the_side_of_a_row_depends_on_no_other_row():
    few, many = in_test(500, share=0.2, seed=4), in_test(501, share=0.2, seed=4)
    assert (few == many[:500]).all()
    assert 0.12 < few.mean() < 0.28
    assert (few != in_test(500, share=0.2, seed=5)).any()


def test_classes_are_those_of_the_metadata_whoever_is_in_the_table(table):
    question = MODELS.read(body(step("RandomForestClassifier", bounds=BOUNDS)), table)
    assert question.steps[0].parameters["classes"] == ["Adelie", "Chinstrap", "Gentoo"]
    anchors = _anchors(question, table)
    assert anchors["species"].tolist() == ["Adelie", "Chinstrap", "Gentoo"]
    assert set(anchors["bill_length_mm"]) == {47.5}


@pytest.mark.slow
def test_models_are_fitted_by_the_library(table, penguins):
    missing = MODELS.missing()
    if missing:
        pytest.skip(missing)
    frame = penguins.table()
    place = frame["species"].map({"Adelie": 35.0, "Chinstrap": 47.0, "Gentoo": 60.0})
    frame["bill_length_mm"] = place + np.random.default_rng(0).normal(0, 1, len(frame))
    frame.loc[:5, "bill_depth_mm"] = np.nan
    policy = Policy(unit="change-one", score_epsilon=Decimal(10))
    for steps in (
        [step("GaussianNB", bounds=BOUNDS, epsilon=20.0)],
        [SCALER, CLASSIFIER],
        [step("RandomForestClassifier", bounds=BOUNDS, epsilon=20.0, n_estimators=10)],
    ):
        question = MODELS.read(body(*steps), table)
        result = MODELS.run(question, frame, table, policy).result
        data = base64.b64decode(result["model"])
        assert b"diffprivlib.models" in data
        assert 0 <= result["score"] <= 1
        assert b"anomed" not in data
    assert MODELS.run(question, frame, table, CHANGED).result["score"] is None
    # a class that only one row has, or none, is a class of every model
    one_class = pd.concat([frame[frame["species"] == "Adelie"]], ignore_index=True)
    told = MODELS.run(MODELS.read(body(BAYES), table), one_class, table, CHANGED)
    assert told.result["model"]
