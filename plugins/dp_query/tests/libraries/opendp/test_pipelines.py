"""Pipelines that are answered, and what they cost."""

from decimal import Decimal

import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.library import QueryRefused
from anomed_dp_query.libraries.opendp.library import OpenDP
from anomed_dp_query.metadata import read_smartnoise

OPENDP = OpenDP()


def asked(pipelines, *nodes, fixed_delta=None, policy=None, **facts):
    table = pipelines.metadata(**facts)
    body = {"opendp_json": pipelines.text(pipelines.chain(*nodes)), "fixed_delta": fixed_delta}
    question = OPENDP.read(body, table)
    policy = policy or Policy()
    price = OPENDP.price(question, table, policy)
    return price, OPENDP.run(question, pipelines.table(), table, policy).result["value"]


def variance(pipelines, size, measurement):
    return (
        *pipelines.clamped(30.0, 65.0),
        pipelines.call("then_resize", size=size, constant=43.61),
        pipelines.call("then_variance"),
        measurement,
    )


# OpenDP 0.10.0, 0.14.2 and 0.16.0 agree on these: the first is (65 - 30)^2 / 346 / 5
@pytest.mark.parametrize(
    ("size", "name", "cost"),
    [
        (346, "laplace", 0.7080924855500751),
        (346, "gaussian", 3.1939748239773467),
        (344, "laplace", 0.7122093023265228),
        (344, "gaussian", 3.2148860393755263),
    ],
)
def test_a_pipeline_costs_what_the_library_s_map_says(pipelines, size, name, cost):
    nodes = variance(pipelines, size, pipelines.measure(name, scale=5.0))
    price, value = asked(pipelines, *nodes, fixed_delta=Decimal("1e-5"))
    assert float(price.epsilon) == pytest.approx(cost, rel=1e-11)
    assert price.delta == (Decimal("1e-5") if name == "gaussian" else 0)
    assert isinstance(value, float)


def test_a_count_of_scale_ten_costs_a_tenth_exactly(pipelines):
    nodes = (pipelines.selected(), pipelines.call("then_count"))
    price, value = asked(pipelines, *nodes, pipelines.measure("laplace", scale=10.0))
    assert (price.epsilon, price.delta) == (Decimal("0.1"), 0)
    assert isinstance(value, int)


def test_a_mean_costs_what_the_library_s_map_says(pipelines):
    nodes = (
        *pipelines.clamped(30.0, 65.0),
        pipelines.call("then_resize", size=344, constant=43.61),
        pipelines.call("then_mean"),
        pipelines.measure("laplace", scale=0.1),
    )
    price, _ = asked(pipelines, *nodes)
    assert float(price.epsilon) == pytest.approx(1.0174418604676907, rel=1e-11)


def test_recorded_costs_of_lomas_are_met(exchange):
    table = read_smartnoise(exchange("metadata")["response"])
    for name in ("opendp_cost", "opendp_cost_gaussian_scale5_delta1e-5"):
        one = exchange(name)
        body = one["request"]["body"] | {"fixed_delta": Decimal("1e-5")}
        price = OPENDP.price(OPENDP.read(body, table), table, Policy(unit="as-lomas"))
        assert float(price.epsilon) == pytest.approx(one["response"]["epsilon"], rel=1e-11)
        assert float(price.delta) == one["response"]["delta"]


@pytest.mark.parametrize(
    ("facts", "unit", "factor"),
    [({}, "add-remove", 1), ({}, "change-one", 2), ({"max_contributions": 4}, "add-remove", 4)],
)
def test_the_price_is_that_of_the_dataset_s_unit(pipelines, facts, unit, factor):
    nodes = (pipelines.selected(), pipelines.call("then_count"))
    measurement = pipelines.measure("geometric", scale=10.0)
    price, _ = asked(pipelines, *nodes, measurement, policy=Policy(unit=unit), **facts)
    assert price.epsilon == Decimal("0.1") * factor


def test_categories_are_counted_in_the_order_that_was_asked_for(pipelines):
    nodes = (
        pipelines.selected("name"),
        pipelines.call("then_count_by_categories", categories=pipelines.listed("bob", "ada")),
    )
    price, value = asked(pipelines, *nodes, pipelines.measure("laplace", scale=0.01))
    truth = pipelines.table()["name"].value_counts()
    assert price.epsilon == 100
    assert value == [truth["bob"], truth["ada"], 0]


def test_a_gaussian_vector_of_counts_is_charged_as_a_rho(pipelines):
    nodes = (
        pipelines.selected("name"),
        pipelines.call(
            "then_count_by_categories",
            categories=pipelines.listed("ada"),
            MO="L2Distance<f64>",
            null_category=False,
        ),
        pipelines.measure("gaussian", scale=10.0),
    )
    policy = Policy(accounting="zcdp")
    price, value = asked(pipelines, *nodes, fixed_delta=Decimal("1e-6"), policy=policy)
    assert price.rho == Decimal("0.005")
    assert len(value) == 1


def test_a_sum_of_equal_cells_takes_casts_and_comparisons(pipelines):
    nodes = (
        pipelines.selected("name"),
        pipelines.call("then_is_equal", value="ada"),
        pipelines.call("then_cast_default", TOA="i32"),
        pipelines.call("then_clamp", bounds=[0, 1]),
        pipelines.call("then_sum"),
        pipelines.measure("geometric", scale=0.01),
    )
    _, value = asked(pipelines, *nodes)
    assert value == (pipelines.table()["name"] == "ada").sum()


def test_casts_that_may_fail_are_imputed(pipelines):
    nodes = (
        pipelines.selected("age"),
        pipelines.call("then_cast", TOA="i64"),
        pipelines.call("then_impute_constant", constant=30),
        pipelines.call("then_clamp", bounds=[0, 120]),
        pipelines.call("then_sum"),
        pipelines.measure("laplace", scale=0.05),
    )
    price, value = asked(pipelines, *nodes)
    assert price.epsilon == 2400
    assert value == pipelines.table()["age"].sum()


def test_a_gaussian_needs_its_delta(pipelines):
    nodes = (pipelines.selected(), pipelines.call("then_count"))
    with pytest.raises(QueryRefused, match="fixed_delta must be set"):
        asked(pipelines, *nodes, pipelines.measure("gaussian", scale=10.0))


def test_an_approximation_may_be_written_out(pipelines):
    measured = pipelines.chain(
        pipelines.selected(), pipelines.call("then_count"), pipelines.measure("gaussian", scale=9.0)
    )
    node = pipelines.call("make_zCDP_to_approxDP", "combinators", args=[measured])
    price, _ = asked(pipelines, node, fixed_delta=Decimal("1e-6"))
    plain, _ = asked(pipelines, measured, fixed_delta=Decimal("1e-6"))
    assert price.epsilon == plain.epsilon


def test_a_comma_or_a_line_s_end_in_a_cell_is_no_other_row(pipelines):
    table = pipelines.metadata()
    frame = pipelines.table(3).assign(name=["ada,1,2\nada,1,2\nada,1,2", "bob", "b\rob"])
    nodes = (pipelines.selected("name"), pipelines.call("then_count"))
    text = pipelines.text(pipelines.chain(*nodes, pipelines.measure("laplace", scale=0.01)))
    question = OPENDP.read({"opendp_json": text, "fixed_delta": None}, table)
    assert OPENDP.run(question, frame, table, Policy()).result["value"] == 3
