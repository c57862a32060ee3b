"""Answers have the same support on all neighbours, and sums lose no digit."""

import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries.opendp.library import OpenDP
from anomed_dp_query.libraries.opendp.plans.sensitivity import sum_distance

OPENDP = OpenDP()


def question(plans, pipelines, lower, upper, epsilon="1"):
    types = {"name": "String", "income": "Float64", "age": "Int64"}
    figure = plans.dp_sum(plans.column("income"), lower, upper)
    body = {
        "opendp_json": plans.plan(plans.scan(types), plans.select(figure)),
        "epsilon": Decimal(epsilon),
    }
    return OPENDP.read(body, pipelines.metadata())


def frame_of(incomes):
    n_rows = len(incomes)
    return pd.DataFrame({"name": ["ada"] * n_rows, "income": incomes, "age": [1] * n_rows})


def told(asked, frame, table):
    (row,) = json.loads(OPENDP.run(asked, frame, table, Policy()).result["value"])
    return row["income"]


@pytest.mark.parametrize(
    ("lower", "upper"), [(0.0, 100.0), (-0.1, 0.3), (1e6, 1e6 + 1), (0.0, 1e-9)]
)
def test_sums_lie_on_a_grid_that_no_row_moves(plans, pipelines, lower, upper):
    table = pipelines.metadata()
    asked = question(plans, pipelines, lower, upper)
    grid, _ = sum_distance(asked.content.figures[0], asked.content, table, Policy())
    incomes = [lower + (upper - lower) * share for share in (1 / 3, 0.1, 2**-40)]
    for frame in (frame_of(incomes), frame_of([*incomes, upper]), frame_of(incomes[1:])):
        for _ in range(20):
            assert (Fraction(told(asked, frame, table)) / Fraction(grid.step)).denominator == 1


def test_the_order_of_rows_does_not_change_a_sum(plans, pipelines):
    # small beside large: added one after the other, floats would forget the small ones
    incomes = np.array([1e15, *[0.25] * 2_000, -1e15])
    table = pipelines.metadata()
    asked = question(plans, pipelines, -1e15, 1e15, epsilon="1000000000")
    grid, _ = sum_distance(asked.content.figures[0], asked.content, table, Policy())
    answers = [told(asked, frame_of(order), table) for order in (incomes, incomes[::-1])]
    assert abs(answers[0] - answers[1]) <= 40 * grid.step


def test_cells_without_end_are_clamped_and_never_overflow(plans, pipelines):
    table = pipelines.metadata()
    asked = question(plans, pipelines, 0.0, 100.0, epsilon="1000000")
    for cell, expected in ((np.inf, 100), (-np.inf, 0), (np.nan, 50), (1e308, 100), (None, 50)):
        frame = frame_of(pd.array([cell, 7.0], dtype="Float64"))
        assert told(asked, frame, table) == pytest.approx(expected + 7, abs=0.01)


def test_two_equal_questions_have_different_answers(plans, pipelines):
    table = pipelines.metadata()
    asked = question(plans, pipelines, 0.0, 100.0)
    np.random.seed(0)  # noqa: NPY002 - what a library of noise must not draw from
    first = told(asked, frame_of([1.0]), table)
    np.random.seed(0)  # noqa: NPY002
    assert told(asked, frame_of([1.0]), table) != first
