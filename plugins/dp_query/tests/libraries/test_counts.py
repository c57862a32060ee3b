"""Counts are priced by what they ask, and noised by what they cost."""

from decimal import Decimal
from itertools import product

import numpy as np
import pytest
from anomed_dp_query.accounting import Policy
from anomed_dp_query.libraries import Library, QueryRefused
from anomed_dp_query.libraries.counts import Counts
from anomed_dp_query.utility import discrete_laplace_mae, discrete_laplace_variance

LIBRARY, POLICY = Counts(), Policy()


def read(register, **body):
    return LIBRARY.read(body, register.METADATA)


def released(register, frame, policy=POLICY, **body):
    return LIBRARY.run(read(register, **body), frame, register.METADATA, policy).result


def test_it_is_a_library():
    assert isinstance(LIBRARY, Library)
    assert LIBRARY.missing() is None


def test_a_count_costs_what_it_says_digit_by_digit(register):
    question = read(register, by=["sex"], epsilon=Decimal("0.1"))

    (part,) = LIBRARY.price(question, register.METADATA, POLICY).parts
    assert (part.epsilon, part.delta, part.rho) == (Decimal("0.1"), 0, Decimal("0.005"))
    assert part.what == "count of rows by sex"


def test_a_rho_is_told_as_an_epsilon_at_the_reporting_delta(register):
    question = read(register, rho=Decimal("0.5"))

    price = LIBRARY.price(question, register.METADATA, POLICY)
    assert float(price.epsilon) == pytest.approx(5.2215344445)
    assert (price.rho, price.delta) == (Decimal("0.5"), Decimal("1e-6"))


@pytest.mark.parametrize("epsilon", ["0.1", "1"])
def test_noise_is_discrete_laplace_of_that_epsilon(register, epsilon):
    """Cells of nobody, whose counts are the noise alone: 12 months x 14 chapters x 12 regions."""
    frame = register.draw(10, 1).iloc[:0]
    by = ["admission_month", "diagnosis", "region"]
    noise = np.array(released(register, frame, by=by, epsilon=Decimal(epsilon))["counts"])

    assert np.abs(noise).mean() == pytest.approx(discrete_laplace_mae(float(epsilon)), rel=0.1)
    assert noise.var() == pytest.approx(discrete_laplace_variance(float(epsilon)), rel=0.2)


def test_changing_one_costs_twice_the_noise(register):
    frame, policy = register.draw(10, 1).iloc[:0], Policy(unit="change-one")
    by = ["admission_month", "diagnosis", "region"]
    noise = released(register, frame, policy, by=by, epsilon=Decimal(1))["counts"]

    assert np.abs(noise).mean() == pytest.approx(discrete_laplace_mae(0.5), rel=0.1)
    question = read(register, epsilon=Decimal(1))
    assert LIBRARY.variance(question, register.METADATA, policy) == 8


def test_gaussian_noise_has_the_deviation_of_its_rho(register):
    frame = register.draw(10, 1).iloc[:0]
    by = ["admission_month", "diagnosis", "region"]
    noise = np.array(released(register, frame, by=by, rho=Decimal("0.02"))["counts"])

    assert noise.std() == pytest.approx(5, rel=0.1)


def test_all_cells_are_answered_in_the_order_that_is_told(register):
    frame = register.draw(2_000, 3)
    result = released(register, frame, by=["sex", "severity"], epsilon=Decimal(100))

    counts = dict(zip(product(*result["levels"]), result["counts"], strict=True))
    expected = frame.groupby(["sex", "severity"]).size().to_dict()
    assert {cell: count for cell, count in counts.items() if count} == expected


def test_conditions_choose_who_is_counted(register):
    frame = register.draw(500, 3)
    where = {"sex": "female", "age": [18, 64]}
    (count,) = released(register, frame, where=where, epsilon=Decimal(100))["counts"]

    assert count == len(frame.query("sex == 'female' and 18 <= age <= 64"))


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"epsilon": Decimal(1), "mechanism": "none"}, "a count has no 'mechanism'"),
        ({}, "an epsilon or a rho"),
        ({"epsilon": Decimal(1), "rho": Decimal(1)}, "an epsilon or a rho"),
        ({"epsilon": Decimal(0)}, "epsilon must be from"),
        ({"epsilon": Decimal("nan")}, "epsilon must be from"),
        ({"epsilon": 0.1}, "must be a number"),
        ({"epsilon": Decimal(1), "by": ["crp"]}, "not all public"),
        ({"epsilon": Decimal(1), "by": ["sex", "sex"]}, "names a column twice"),
        ({"epsilon": Decimal(1), "by": ["name"]}, "the column 'name'"),
        ({"epsilon": Decimal(1), "by": "sex"}, "must be a list"),
        ({"epsilon": Decimal(1), "by": ["age", "diagnosis", "region"]}, "name fewer columns"),
        ({"epsilon": Decimal(1), "where": {"sex": "x"}}, "its values are"),
    ],
)
def test_what_is_not_a_count_is_refused_in_a_sentence(register, body, sentence):
    with pytest.raises(QueryRefused, match=sentence):
        LIBRARY.read(body, register.METADATA)
