"""Audits find no fault in what is offered, and find each that was planted."""

import json
import os
from decimal import Decimal

import attrs
import numpy as np
import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.auditing import (
    AuditCase,
    audit_releases,
    neighbours,
    pipeline_cases,
)
from anomed_dp_query.libraries.library import Released
from anomed_dp_query.libraries.opendp.library import OpenDP
from anomed_dp_query.libraries.registry import libraries

UNITS = [Policy(), Policy(unit="change-one"), Policy(unit="change-one", size_is_public=True)]
N_RUNS = max(30, int(os.environ.get("ANOMED_FUZZ_CASES", "20")))
"""Of each mechanism; `make fuzz` makes 400."""


class HalfNoise(OpenDP):
    """Spends twice what it was paid."""

    def _shares(self, question, table, policy):
        shares = super()._shares(question, table, policy)
        return attrs.evolve(shares, budgets=tuple(2 * budget for budget in shares.budgets))

    def price(self, question, table, policy):
        return super()._shares(question, table, policy).price(policy)


class SameLength(OpenDP):
    """Takes neighbours to have the same number of rows, one of which is added (leak 13)."""

    def run(self, question, frame, table, policy):
        noise = np.random.default_rng().laplace(scale=3.4e-9)
        return Released(kind="opendp", result={"value": frame["income"].sum() + noise})


class NoNoise(OpenDP):
    """Releases a sum of squares as it is, as diffprivlib's LinearRegression does."""

    def run(self, question, frame, table, policy):
        return Released(kind="opendp", result={"value": float((frame["income"] ** 2).sum())})


def plan(plans, *figures, epsilon="1"):
    types = {"name": "String", "income": "Float64", "age": "Int64"}
    document = plans.plan(plans.scan(types), plans.select(*figures))
    return {"opendp_json": document, "epsilon": Decimal(epsilon)}


def cases_of(plans, library):
    income = plans.column("income")
    figures = {
        "rows": plans.frame_len(),
        "sum": plans.dp_sum(income, 0.0, 100.0),
        "mean": plans.dp_sum(income, 0.0, 100.0, symbol="dp_mean"),
        "median": plans.plugin("dp_median", income, plans.series([10.0, 50.0, 90.0]), plans.NULL),
        "different": plans.plugin("dp_n_unique", plans.column("age"), plans.NULL),
    }
    return [
        AuditCase(name=name, library=library, body=plan(plans, figure))
        for name, figure in figures.items()
    ]


@pytest.mark.parametrize("policy", UNITS, ids=["add-remove", "change-one", "public size"])
def test_each_allowed_mechanism_stays_below_its_price(plans, pipelines, policy):
    table = pipelines.metadata(max_contributions=3)
    opendp = OpenDP()
    cases = [*cases_of(plans, opendp), *pipeline_cases(opendp, table)]
    if policy.size_is_public:
        cases = [case for case in cases if case.name != "rows"]
    frame = pipelines.table(6)
    audits = audit_releases(cases, table, policy, frame=frame, n_runs=N_RUNS)
    assert len(audits) == len(cases)
    assert not [audit for audit in audits if audit.is_refuted]
    assert all(audit.epsilon_lower >= 0 for audit in audits)


def test_a_perfect_count_shows_most_of_its_epsilon(plans, pipelines):
    # 0.859 is expected of a thousand runs by the closed form of Laplace noise, less of fewer
    case = AuditCase(name="rows", library=OpenDP(), body=plan(plans, plans.frame_len()))
    (audit,) = audit_releases(
        [case], pipelines.metadata(), Policy(), frame=pipelines.table(6), n_runs=600
    )
    assert 0.4 < audit.epsilon_lower < 1.0


@pytest.mark.parametrize("fault", [HalfNoise, SameLength, NoNoise])
def test_planted_faults_are_found(plans, pipelines, fault):
    figure = plans.dp_sum(plans.column("income"), 0.0, 100.0)
    case = AuditCase(name="sum", library=fault(), body=plan(plans, figure))
    (audit,) = audit_releases(
        [case], pipelines.metadata(), Policy(), frame=pipelines.table(6), n_runs=250
    )
    assert audit.is_refuted


def test_counts_stay_below_their_price(pipelines):
    body = {"where": {"name": "cid"}, "epsilon": Decimal(1)}
    case = AuditCase(name="counts", library=libraries()["counts"], body=body)
    (audit,) = audit_releases(
        [case], pipelines.metadata(), Policy(), frame=pipelines.table(6), n_runs=250
    )
    assert 0 < audit.epsilon_lower < 1


def test_a_canary_has_all_rows_that_a_person_may_have(pipelines):
    frame = pipelines.table(6)
    table = pipelines.metadata(max_contributions=3)
    with_canary, without = neighbours(frame, table, Policy())
    assert (len(with_canary), len(without)) == (9, 6)
    with_canary, without = neighbours(frame, table, Policy(unit="change-one"))
    assert len(with_canary) == len(without) == 9
    assert json.loads(with_canary.tail(1).to_json(orient="records")) == [
        {"name": "cid", "income": 100.0, "age": 120}
    ]


def test_an_audit_of_nothing_is_refused(pipelines):
    with pytest.raises(ValueError, match="0 questions"):
        audit_releases([], pipelines.metadata(), Policy(), frame=pipelines.table(6))
