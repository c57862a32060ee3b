"""Ordering: states, then criteria within their resolutions, then time."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from anomed_core.service.ranking.rules import Column, correction, digits_needed, ordered

values = st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=1, max_size=30)


def order_of(numbers: list[float], resolution: float | None = None) -> tuple[list[int], list[int]]:
    column = Column(values=np.array(numbers), higher_is_better=False, resolution=resolution)
    order = ordered(np.zeros(len(numbers), dtype=np.int64), [column], np.arange(len(numbers)))
    return order.entries.tolist(), order.places.tolist()


@given(values)
def test_everybody_is_listed_once_and_the_better_never_later(numbers: list[float]) -> None:
    entries, places = order_of(numbers)
    found = np.array(numbers)[entries]
    told = found[~np.isnan(found)]

    assert sorted(entries) == list(range(len(numbers)))
    assert (np.diff(told) >= 0).all()
    assert places == sorted(places)


def test_entries_within_the_resolution_of_the_first_of_their_group_tie() -> None:
    assert order_of([0.30, 0.31, 0.315, 0.325], 0.01) == ([0, 1, 2, 3], [1, 1, 3, 3])


def test_the_last_bit_decides_without_a_resolution() -> None:
    assert order_of([0.1 + 0.2, 0.3]) == ([1, 0], [1, 2])


def test_what_is_missing_comes_last() -> None:
    assert order_of([float("nan"), 0.9]) == ([1, 0], [1, 2])


def test_as_many_digits_are_shown_as_tell_two_places_apart() -> None:
    assert digits_needed([0.12341, 0.12342], [True]) == 5
    assert digits_needed([0.12341, 0.12342], [False]) == 3


def test_more_attacks_are_corrected_more() -> None:
    assert correction(1) == 1
    assert correction(100) > correction(10) > 1
