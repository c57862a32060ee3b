"""Numbers as participants are told them say nothing about others, and are found back."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from anomed_core.service.told_numbers import ATTEMPTS, SCORES, ToldNumbers

OURS, THEIRS = (ToldNumbers.of_secret(bytes([byte]) * 32) for byte in (1, 2))
NUMBERS = st.integers(0, 2**52 - 1)


@given(NUMBERS, st.sampled_from([SCORES, ATTEMPTS]))
def test_what_is_told_is_found_back_and_no_number_of_json_loses_digits(
    number: int, what: str
) -> None:
    told = OURS.told(number, what)
    assert OURS.meant(told, what) == number
    assert 0 <= told < 2**52 == int(float(2**52))
    assert OURS.told(OURS.meant(number, what), what) == number


def test_the_order_is_gone_and_every_server_and_sequence_has_its_own() -> None:
    told = [OURS.told(number) for number in range(1, 1_000)]
    rises = sum(later > sooner for sooner, later in itertools.pairwise(told))
    assert 400 < rises < 600
    assert min(told) > 2**40 // 1_000
    others = {THEIRS.told(number) for number in range(1, 1_000)}
    attempts = {OURS.told(number, ATTEMPTS) for number in range(1, 1_000)}
    assert not set(told) & others
    assert not set(told) & attempts


@given(st.integers())
def test_whatever_is_asked_for_stands_for_one_number_or_none(told: int) -> None:
    meant = OURS.meant(told)
    assert meant == 0 or OURS.told(meant) == told


def test_where_everybody_may_see_everything_numbers_are_what_they_are() -> None:
    plain = ToldNumbers(None)
    assert (plain.told(17), plain.meant(17)) == (17, 17)
