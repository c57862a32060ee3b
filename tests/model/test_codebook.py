from typing import Any

import pytest

from anomed_core.model import CodebookColumn

AGE: dict[str, Any] = {
    "name": "age",
    "kind": "cardinal",
    "role": "qi",
    "description": "Age.",
    "unit": "years",
    "low": 0,
    "high": 99,
    "step": 1,
}


def test_a_cardinal_column_is_described_by_its_range() -> None:
    assert CodebookColumn(**AGE).to_document() == {
        "name": "age",
        "kind": "cardinal",
        "dtype": "int64",
        "domain": {"low": 0, "high": 99, "step": 1},
        "role": "qi",
    }


def test_fractional_steps_make_fractional_numbers() -> None:
    assert CodebookColumn(**AGE | {"step": 0.5}).dtype == "float64"


def test_an_ordinal_column_is_described_by_its_values() -> None:
    grade = CodebookColumn(
        name="grade", kind="ordinal", role="other", description="Grade.", values=("low", "high")
    )
    assert grade.to_document()["domain"] == ["low", "high"]
    assert grade.dtype == "string"


@pytest.mark.parametrize(
    "change",
    [
        {"step": None},
        {"values": ("young", "old")},
        {"kind": "nominal"},
        {"kind": "nominal", "low": None, "high": None, "step": None},
        {"kind": "nominal", "low": None, "high": None, "values": ("young", "old")},
        {"low": None, "high": None, "step": None},
    ],
)
def test_a_domain_that_does_not_fit_the_kind_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"column 'age' is \w+: a cardinal column has low"):
        CodebookColumn(**AGE | change)
