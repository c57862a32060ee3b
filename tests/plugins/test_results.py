"""What hooks return is judged before anything relies on it."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core import Metric, Role
from anomed_core.errors import ContractError
from anomed_core.plugins import checked_metrics, collected

DECLARED = (
    Metric(name="acc", kind="k", bounds=(0, 1), primary=True),
    Metric(name="gain", kind="k"),
)


def checked(result: Any) -> dict[str, float]:
    return checked_metrics(result, DECLARED, "anomed_evaluate_utility")


# --- collections ----------------------------------------------------------------------------------


def test_generators_tuples_and_sets_are_flattened_in_order() -> None:
    def generator() -> Iterator[Role]:
        yield Role.PUBLIC

    assert collected([generator(), (Role.ORGANISER,), [], {Role.PUBLIC}], Role, "hook") == [
        Role.PUBLIC,
        Role.ORGANISER,
        Role.PUBLIC,
    ]


@pytest.mark.parametrize("result", [3, "text", b"bytes", {"a": 1}, Role.PUBLIC, object()])
def test_what_is_no_list_is_refused(result: Any) -> None:
    with pytest.raises(
        ContractError, match=f"hook must return a list of Metric, got {type(result).__name__}"
    ):
        collected([result], Metric, "hook")


def test_a_list_of_other_things_is_refused() -> None:
    with pytest.raises(ContractError, match="must return a list of Metric, got a int in it"):
        collected([[DECLARED[0], 3]], Metric, "hook")


# --- metrics --------------------------------------------------------------------------------------


def test_metrics_come_out_in_declared_order_as_plain_floats() -> None:
    metrics = checked({"gain": np.float32(0.5), "acc": np.int64(1)})

    assert list(metrics.items()) == [("acc", 1.0), ("gain", 0.5)]
    assert [type(value) for value in metrics.values()] == [float, float]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_full_precision_is_kept(value: float) -> None:
    assert checked({"acc": 1, "gain": np.float64(value)})["gain"] == value


def test_negative_zero_is_zero() -> None:
    assert str(checked({"acc": -0.0, "gain": 0})["acc"]) == "0.0"


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"acc": 1}, r"missing \['gain'\], undeclared \[\]"),
        ({"acc": 1, "gain": 1, "more": 1}, r"missing \[\], undeclared \['more'\]"),
        ({"acc": 1, 3: 1}, r"missing \['gain'\], undeclared \['3'\]"),
        ({}, r"missing \['acc', 'gain'\]"),
    ],
)
def test_exactly_the_declared_names_are_taken(result: Mapping[Any, Any], text: str) -> None:
    with pytest.raises(ContractError, match=text):
        checked(result)


@pytest.mark.parametrize("result", [None, 0.5, [("acc", 1)], "acc"])
def test_what_is_no_mapping_is_refused(result: Any) -> None:
    with pytest.raises(ContractError, match="must return a mapping, got"):
        checked(result)


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), np.float64("nan"), -float("inf"), np.float16("inf")]
)
def test_what_is_not_finite_is_refused(value: float) -> None:
    with pytest.raises(ContractError, match="gain must be finite"):
        checked({"acc": 1, "gain": value})


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_what_is_out_of_bounds_is_refused(value: float) -> None:
    with pytest.raises(
        ContractError, match=rf"acc must be finite and within \[0, 1\], got {value}"
    ):
        checked({"acc": value, "gain": 0})


@pytest.mark.parametrize("value", [1 + 2e-16, -3e-17])
def test_rounding_at_a_bound_is_no_fault(value: float) -> None:
    """A mean of ones may come out as 1.0000000000000002: no reason to refuse the perfect."""
    assert checked({"acc": value, "gain": 0})["acc"] in {0.0, 1.0}


@pytest.mark.parametrize(
    "value", [True, np.bool_(True), "0.5", None, 1j, np.array([0.5]), Fraction(1, 2), [0.5]]
)
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ContractError, match="gain must be a number, got"):
        checked({"acc": 1, "gain": value})


def test_an_array_without_axes_is_a_number() -> None:
    assert checked({"acc": 1, "gain": np.array(0.5)})["gain"] == 0.5


def test_an_integer_beyond_all_floats_is_refused() -> None:
    with pytest.raises(ContractError, match="gain must be finite"):
        checked({"acc": 1, "gain": 10**400})
