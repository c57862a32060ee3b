"""Amounts keep all their digits, and whatever is none is refused in a sentence."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.model import Account, Line, Resource, amount_text, as_amount
from anomed_core.model.amounts import less, total

amounts = st.builds(
    lambda digits, last: Decimal((0, tuple(map(int, str(digits))), last)),
    st.integers(0, 10**40 - 1),
    st.integers(-30, -10),
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (np.float64(0.1), "0.1"),
        (1, "1"),
        (np.int64(3), "3"),
        ("0.10", "0.1"),
        ("1e-18", "0.000000000000000001"),
        ("1E+3", "1000"),
        (".5", "0.5"),
        ("5.", "5"),
        ("007", "7"),
        (Decimal("2.50"), "2.5"),
        (10**30, "1" + "0" * 30),
        ("1e-30", "0." + "0" * 29 + "1"),
        ("0" * 400, "0"),
        ("-0", "0"),
        (-0.0, "0"),
        ("0e400", "0"),
        ("1" + "0" * 400 + "e-400", "1"),
    ],
)
def test_an_amount_has_one_text(value: object, text: str) -> None:
    assert amount_text(as_amount(value)) == text


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (float("nan"), "no finite number"),
        ("NaN", "no finite number"),
        (Decimal("sNaN"), "no finite number"),
        (float("inf"), "no finite number"),
        ("-Infinity", "no finite number"),
        (-1, "negative"),
        ("-1e-18", "negative"),
        (Decimal("-0.1"), "negative"),
        ("1" * 400, "more than 40 digits"),
        ("0." + "1" * 41, "more than 40 digits"),
        (10**400, "beyond 1e-30 to 1e30"),
        pytest.param(10**5000, "beyond 1e-30 to 1e30", id="an integer too long to write"),
        ("1e400", "beyond 1e-30 to 1e30"),
        ("1e31", "beyond 1e-30 to 1e30"),
        ("1e99999999999999999999", "beyond 1e-30 to 1e30"),
        (5e-324, "beyond 1e-30 to 1e30"),
        ("1e-31", "beyond 1e-30 to 1e30"),
        ("", "no finite number"),
        (".", "no finite number"),
        ("e5", "no finite number"),
        ("1 ", "no finite number"),
        ("1_0", "no finite number"),
        ("\u0661", "no finite number"),
        ("0x10", "no finite number"),
        (True, "no number"),
        (None, "no number"),
        ([1], "no number"),
        (1j, "no number"),
    ],
)
def test_what_is_no_amount_is_refused_in_a_sentence(value: object, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refusal:
        as_amount(value)

    assert len(str(refusal.value)) < 250
    assert "\n" not in str(refusal.value)


@given(values=st.lists(amounts, max_size=20))
def test_sums_are_exact(values: list[Decimal]) -> None:
    read = [as_amount(amount_text(as_amount(value))) for value in values]

    assert read == values
    assert Fraction(total(read)) == sum(map(Fraction, values))
    assert less(total(read), total(read)) == 0


def test_three_tenths_are_three_times_a_tenth() -> None:
    tenth = as_amount(0.1)

    assert total([tenth] * 3) == as_amount("0.3")
    assert total([tenth] * 3 + [as_amount("1e-18")]) > as_amount("0.3")


def test_whatever_has_an_amount_reads_it_so() -> None:
    privacy = Account(name="privacy", resources=[Resource(name="epsilon", limit=0.3)])

    assert Line(privacy, "epsilon", 0.1) == Line("privacy", "epsilon", "0.10")
    assert privacy.resource("epsilon").limit == Decimal("0.3")
    assert Resource(name="queries", limit=None).limit is None
    for wrong in ("NaN", -1, "1e400"):
        with pytest.raises(ValueError, match="is no amount"):
            Line("privacy", "epsilon", wrong)
        with pytest.raises(ValueError, match="is no amount"):
            Resource(name="epsilon", limit=wrong)


@pytest.mark.parametrize("name", ["", "Privacy", "a b", "a/b/c", "/a", "1a"])
def test_names_of_accounts_are_words(name: str) -> None:
    with pytest.raises(ValueError, match="lower-case letters"):
        Account(name=name, resources=[Resource(name="epsilon", limit=1)])


def test_an_account_holds_different_resources() -> None:
    epsilon = Resource(name="epsilon", limit=1)

    with pytest.raises(ValueError, match="different names"):
        Account(name="privacy", resources=[epsilon, epsilon])
    with pytest.raises(ValueError, match="has no resource 'delta'; there are epsilon"):
        Account(name="privacy", resources=[epsilon]).resource("delta")
