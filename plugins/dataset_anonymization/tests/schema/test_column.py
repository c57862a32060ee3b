"""A column's kind, type, domain and tolerance must fit each other."""

import pytest
from anomed_dataset_anonymization.schema import Bounds, Column, ColumnRole

AGES = Bounds(low=0, high=99)


def column(**changes):
    return Column(
        **{"name": "age", "kind": "cardinal", "dtype": "int64", "domain": AGES, **changes}
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"name": ""}, "needs a name"),
        ({"dtype": "datetime64"}, "dtype 'datetime64'"),
        ({"dtype": "string"}, "numeric bounds"),
        ({"kind": "nominal"}, "must list the values"),
        ({"domain": ["a", "b"], "dtype": "string"}, "must be bounds"),
        ({"kind": "nominal", "domain": [], "dtype": "string"}, "empty domain"),
        ({"kind": "nominal", "domain": ["a", "a"], "dtype": "string"}, "twice"),
        ({"kind": "nominal", "domain": ["a", 1], "dtype": "string"}, "value 1"),
        ({"kind": "nominal", "domain": [1, True], "dtype": "int64"}, "value True"),
        ({"kind": "nominal", "domain": [0.5], "dtype": "float64"}, "float64 does not allow"),
        ({"kind": "ordinal", "domain": ["low"], "dtype": "string"}, "at least two"),
        ({"kind": "nominal", "domain": [1], "tolerance": 1}, "tolerance must be 0"),
        ({"tolerance": -1}, "0 or more"),
        ({"tolerance": float("nan")}, "0 or more"),
        ({"domain": Bounds(low=0.5, high=9.5)}, "whole numbers"),
        ({"domain": Bounds(low=0, high=2**60)}, "2\\*\\*53"),
    ],
)
def test_a_contradictory_column_is_refused_with_the_reason(changes, reason):
    with pytest.raises(ValueError, match=reason):
        column(**changes)


@pytest.mark.parametrize("ends", [(1, 1), (2, 1), (0, float("inf")), (float("nan"), 1)])
def test_bounds_need_two_finite_ends_in_order(ends):
    with pytest.raises(ValueError, match="bounds"):
        Bounds(low=ends[0], high=ends[1])


@pytest.mark.parametrize("step", [0, -1, 100, float("nan")])
def test_a_step_is_positive_and_fits_the_bounds(step):
    with pytest.raises(ValueError, match="bounds"):
        Bounds(low=0, high=99, step=step)


def test_bounds_are_a_whole_number_of_steps_apart():
    assert Bounds(low=0.1, high=0.7, step=0.2).span == pytest.approx(0.6)
    with pytest.raises(ValueError, match="whole number of steps of 3 apart"):
        Bounds(low=0, high=10, step=3)


@pytest.mark.parametrize(("low", "step"), [(-2.01, 0.01), (14651610.323, 0.001), (2**53 - 1, 1)])
def test_bounds_may_be_one_step_apart_however_floats_round(low, step):
    high = round(low + step, 3)
    assert Bounds(low=low, high=high, step=step).span == pytest.approx(step, rel=1e-4)
    with pytest.raises(ValueError, match="step <= high - low"):
        Bounds(low=low, high=high, step=2 * step)


def test_the_bounds_of_an_ordered_list_are_its_positions():
    size = column(kind="ordinal", dtype="string", domain=["S", "M", "L"])
    assert size.bounds == Bounds(low=0, high=2, step=1)


def test_a_nominal_column_has_no_bounds_and_a_number_no_values():
    with pytest.raises(ValueError, match="no bounds"):
        _ = column(kind="nominal", dtype="string", domain=["a", "b"]).bounds
    with pytest.raises(ValueError, match="not a list"):
        _ = column().values


@pytest.mark.parametrize(
    "original",
    [
        column(role="qi", tolerance=2, hierarchy="decades"),
        column(dtype="float64", domain=Bounds(low=-0.5, high=0.5, step=0.25)),
        column(kind="nominal", dtype="bool", domain=[False, True], role="sensitive"),
    ],
)
def test_a_column_survives_its_document(original):
    assert Column.from_document(original.to_document()) == original


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"name": "a", "kind": "nominal", "dtype": "string"}, "lacks the keys \\['domain'\\]"),
        ({**column().to_document(), "unit": "a"}, "unknown keys \\['unit'\\]"),
        ({**column().to_document(), "domain": {"low": 1}}, "use low, high and step"),
        ({**column().to_document(), "role": "secret"}, "secret"),
    ],
)
def test_a_document_of_another_form_is_refused(document, reason):
    with pytest.raises(ValueError, match=reason):
        Column.from_document(document)


def test_the_role_of_a_quasi_identifier_is_spelled_qi():
    assert column(role="qi").role is ColumnRole.QUASI_IDENTIFIER
    assert column(role="qi").to_document()["role"] == "qi"
