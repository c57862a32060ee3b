"""One participant's crowd does not take the others' threads."""

import pytest

from anomed_core.errors import QuotaExhaustedError, ServerBusyError
from anomed_core.service.under_way import UnderWay


def test_one_too_many_is_refused_and_the_others_are_not() -> None:
    under_way = UnderWay(2, most_together=9)
    with under_way.one_of("alice"), under_way.one_of("alice"):
        with pytest.raises(QuotaExhaustedError, match="2 submissions of yours are being handled"):
            under_way.one_of("alice").__enter__()
        with under_way.one_of("bob"):
            pass

    with under_way.one_of("alice"):
        pass


def test_a_failure_is_under_way_no_more() -> None:
    under_way = UnderWay(1, most_together=9)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), under_way.one_of("alice"):
            raise ZeroDivisionError


def test_threads_are_left_for_those_who_only_ask() -> None:
    under_way = UnderWay(2, most_together=3)
    with (
        under_way.one_of("a"),
        under_way.one_of("b"),
        under_way.one_of("c"),
        pytest.raises(ServerBusyError, match="send it again in a moment"),
    ):
        under_way.one_of("d").__enter__()

    with under_way.one_of("d"):
        pass
