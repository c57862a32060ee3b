"""The table of what is asked again, cell by cell."""

from __future__ import annotations

import email.utils
import random
from datetime import UTC, datetime, timedelta

import pytest
from anomed_client.answers import retry_after_s
from anomed_client.http import Answer, Lost
from anomed_client.retries import Tries, Verdict, verdict


def told(status: int, title: str = "", **headers: str) -> Answer:
    body = b'{"title": "%s"}' % title.encode() if title else b"<html>"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, body=body, headers=named)


LOST = [
    # how                 GET      with a key  to the published server
    ("unreachable", "again", "again", "again"),
    ("broken", "again", "again", "never"),
    ("stalled", "again", "again", "never"),
    ("tls", "never", "never", "never"),
]

ANSWERED: list[tuple[Answer, Verdict, Verdict, Verdict]] = [
    (told(200), "take", "take", "take"),
    (told(201), "take", "take", "take"),
    (told(304), "take", "take", "take"),
    *(
        (told(status, "Refused"), "never", "never", "never")
        for status in (400, 401, 403, 404, 405, 407, 411, 413, 415, 416, 422, 507)
    ),
    (told(409, "Already scored"), "never", "never", "never"),
    (told(409, "Evaluation in progress"), "in progress", "in progress", "never"),
    (told(408, "Upload too slow"), "once more", "once more", "never"),
    (told(429, "Quota exhausted", x_requests_remaining="0"), "again", "again", "never"),
    (told(429), "again", "again", "never"),
    (told(429, "Quota exhausted", x_attempts_remaining="0"), "again", "never", "never"),
    (told(502), "again", "again", "never"),
    (told(503), "again", "again", "never"),
    (told(504), "again", "again", "never"),
    (told(503, "Ledger unavailable"), "again", "again", "never"),
    (told(500, "Internal error"), "once more", "once more", "never"),
    (told(500), "once more", "once more", "never"),
    (told(503, "Evaluation failed"), "once more", "once more", "never"),
    (told(504, "Evaluation timed out"), "never", "never", "never"),
    (told(307), "never", "never", "never"),
]


@pytest.mark.parametrize(("how", "get", "keyed", "published"), LOST)
def test_lost(how: str, get: Verdict, keyed: Verdict, published: Verdict) -> None:
    lost = Lost(how, "reason")  # type: ignore[arg-type]

    assert verdict(lost) == get
    assert verdict(lost, is_post=True) == keyed
    assert verdict(lost, is_post=True, is_safe=False) == published


@pytest.mark.parametrize(("answer", "get", "keyed", "published"), ANSWERED)
def test_answered(answer: Answer, get: Verdict, keyed: Verdict, published: Verdict) -> None:
    assert verdict(answer) == get
    assert verdict(answer, is_post=True) == keyed
    assert verdict(answer, is_post=True, is_safe=False) == published


def waited(tries: Tries, n: int, chosen: Verdict = "again", at_least_s: float = 0.0) -> list[bool]:
    return [tries.wait(chosen, at_least_s=at_least_s) for _ in range(n)]


def test_five_tries_have_four_waits_that_grow() -> None:
    waits: list[float] = []
    tries = Tries(5, 1e9, sleep=waits.append, rng=random.Random(0))

    assert waited(tries, 5) == [True] * 4 + [False]
    assert all(0 <= wait <= 0.5 * 2**n for n, wait in enumerate(waits))


def test_no_wait_is_longer_than_twenty_seconds() -> None:
    waits: list[float] = []
    waited(Tries(50, 1e9, sleep=waits.append, rng=random.Random(0)), 49)

    assert 15 < max(waits) <= 20


def test_once_more_is_once() -> None:
    assert waited(Tries(5, 1e9, sleep=lambda _: None), 2, "once more") == [True, False]


def test_one_try_switches_retries_off() -> None:
    assert waited(Tries(1, 1e9, sleep=lambda _: None), 1) == [False]


def test_the_server_is_not_asked_earlier_than_it_says() -> None:
    waits: list[float] = []
    waited(Tries(3, 1e9, sleep=waits.append), 1, at_least_s=7.0)

    assert waits == [7.0]


def test_patience_ends_at_once() -> None:
    waits: list[float] = []

    assert waited(Tries(9, 10, sleep=waits.append), 3, at_least_s=4.0) == [True, True, False]
    assert waits == [4.0, 4.0]


def test_long_waits_are_told() -> None:
    told_s: list[float] = []
    waited(Tries(3, 1e9, told=told_s.append, sleep=lambda _: None), 1, at_least_s=3.0)

    assert told_s == [3.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0.0), ("77959", 77959.0), ("-1", None), ("1.5", None), ("", None), ("Tomorrow", None)],
)
def test_retry_after_in_seconds(text: str, expected: float | None) -> None:
    assert retry_after_s(told(503, retry_after=text)) == expected


def test_retry_after_as_a_date() -> None:
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)
    text = email.utils.format_datetime(in_an_hour, usegmt=True)

    assert retry_after_s(told(503, retry_after=text)) == pytest.approx(3600, abs=5)
    assert retry_after_s(told(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT")) == 0.0
