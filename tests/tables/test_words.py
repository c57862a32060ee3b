"""Numbers in sentences have the digits they have in tables."""

from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from anomed_dataset_anonymization.schema import Bounds, TableSchema
from anomed_dataset_synthesis.table.canonical import canonicalise
from anomed_dataset_synthesis.table.codebook import Codebook, NumericColumn
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.tables import write_number


@given(st.integers(-(2**64), 2**64))
def test_whole_numbers_have_all_of_their_digits(number: int) -> None:
    assert write_number(number) == str(number)
    assert write_number(Decimal(number)) == write_number(Fraction(number)) == str(number)


@given(st.decimals(-(10**6), 10**6, places=6))
def test_decimals_have_no_residue_of_floats(number: Decimal) -> None:
    assert Decimal(write_number(float(number))) == number


@pytest.mark.parametrize(("number", "words"), [(1e300, "1e+300"), (float("inf"), "inf")])
def test_what_nobody_counts_has_an_exponent(number: float, words: str) -> None:
    assert write_number(number) == words


def test_messages_name_the_numbers_that_are_there() -> None:
    ids = pd.DataFrame({"pid": [2**53 + 1, 2**60 + 1]})
    with pytest.raises(ValueError, match="from 9007199254740993 to 1152921504606846977; the"):
        TableSchema.infer(ids)
    with pytest.raises(ValueError, match="low=1234567 and high=1234577 must be a whole number"):
        Bounds(low=1_234_567, high=1_234_577, step=3)


@pytest.mark.parametrize(
    ("column", "outside", "words"),
    [
        (
            NumericColumn(name="x", kind="integer", minimum=2**60, maximum=2**60 + 7),
            2**61,
            "outside 1152921504606846976 to 1152921504606846983;",
        ),
        (NumericColumn(name="x", minimum=0.1, maximum=0.3, step=0.1), 1.0, "outside 0.1 to 0.3;"),
        (
            NumericColumn(name="x", kind="date", minimum=0, maximum=7),
            pd.Timestamp("2024-01-01"),
            "outside 1970-01-01 to 1970-01-08;",
        ),
    ],
)
def test_bounds_of_a_codebook_are_named_as_they_are_written(
    column: NumericColumn, outside: object, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        canonicalise(pd.DataFrame({"x": [outside]}), Codebook([column]))
