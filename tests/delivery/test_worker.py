"""The delivery worker delivers each score once, however the platform behaves meanwhile."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from anomed_core.delivery.platform import PlatformDelivery, platform_from
from anomed_core.delivery.worker import DeliveryWorker, SealedScoreError, delay_s
from anomed_core.ledger import DELIVER, Database, FollowUpBook, Ledger
from anomed_core.model import Role, Score, Subject
from anomed_core.web import configure_logs
from tests.e2e.processes import free_port
from tests.ledger.records import NOON, PROVENANCE, SettableClock, tuning_of

from .moody_platform import Mood, MoodyPlatform, moody_platform

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
PAIR = Subject(role=Role.DEANONYMIZER, anonymizer="alice", deanonymizer="eve")


class Office:
    """A post office with a clock that can be set."""

    def __init__(self, database: Database) -> None:
        self.clock = SettableClock()
        self.ledger = Ledger(database, clock=self.clock)
        self.follow_ups = FollowUpBook(database, clock=self.clock)

    def record(self, **changes: object) -> int:
        claim = self.ledger.claim(tuning_of(**changes))
        metrics = {"accuracy": 0.1 + 0.2}
        return self.ledger.record(claim, metrics, PROVENANCE, follow_ups=[DELIVER]).id

    def work(self, host: str, *, timeout_s: float = 5.0) -> int:
        """Do everything that is due; return how many deliveries were tried."""
        delivery = PlatformDelivery(host=host, secret="s3cret")
        worker = DeliveryWorker(
            self.follow_ups,
            lambda score, context: bool(delivery.anomed_deliver_score(score, context)),
            timeout_s=timeout_s,
        )
        n_tried = 0
        while (
            follow_up := self.follow_ups.take(worker.prefix, lease_s=worker.lease_s)
        ) is not None:
            worker.do(follow_up)
            n_tried += 1
        delivery._client.close()
        return n_tried

    def states(self) -> list[str]:
        return [fact.state for fact in self.follow_ups.facts(DELIVER)]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    configure_logs()  # the default writes tracebacks in colour, which takes a second each
    database = Database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    yield Office(database)
    database.close()


def test_real_metrics_are_reported_as_the_platform_expects_them(office: Office) -> None:
    office.record()
    office.record(subject=PAIR)
    with moody_platform() as platform:
        office.work(platform.host)
    assert list(platform.kept.values()) == [
        (
            "/submissions/anonymizer-evaluation-results",
            {"secret": "s3cret", "anonymizer": "alice", "accuracy": 0.1 + 0.2},
        ),
        (
            "/submissions/deanonymizer-evaluation-results",
            {"secret": "s3cret", "deanonymizer": "eve", "accuracy": 0.1 + 0.2},
        ),
    ]
    assert office.states() == ["done", "done"]


def test_a_sealed_score_is_reported_when_it_is_told(office: Office) -> None:
    office.record()
    closes = NOON + HOUR
    delivered = []

    def deliver(score: Score, _: object) -> bool:
        if office.clock.now < closes:
            raise SealedScoreError(closes)
        delivered.append(score.id)
        return True

    worker = DeliveryWorker(office.follow_ups, deliver)
    while office.clock.now < closes + timedelta(minutes=15):
        follow_up = office.follow_ups.take(worker.prefix, lease_s=worker.lease_s)
        if follow_up is not None:
            worker.do(follow_up)
        office.clock.now += timedelta(minutes=1)

    assert delivered == [1]
    assert office.states() == ["done"]


def host_in(mood: Mood | None, platform: MoodyPlatform) -> str:
    """Return where a platform in a mood listens; ``None`` means that nobody does."""
    if mood is None:
        return f"127.0.0.1:{free_port()}"
    platform.mood = mood
    return platform.host


@pytest.mark.parametrize("mood", [None, Mood.BROKEN, Mood.SILENT])
def test_an_hour_of_trouble_delays_and_loses_nothing(office: Office, mood: Mood | None) -> None:
    for _ in range(3):
        office.record()
    n_tried = 0
    with moody_platform() as platform:
        while office.clock.now < NOON + HOUR:
            n_tried += office.work(host_in(mood, platform), timeout_s=0.05)
            due = min(fact.next_try_at for fact in office.follow_ups.facts(DELIVER))
            office.clock.now = max(office.clock.now + SECOND, due.replace(microsecond=0) + SECOND)
        assert platform.kept == {}
        assert office.states() == ["waiting"] * 3
        assert all(fact.last_error for fact in office.follow_ups.facts(DELIVER))

        host = host_in(Mood.WELL, platform)
        while "waiting" in office.states():
            office.clock.now += timedelta(minutes=1)
            office.work(host)
    assert office.clock.now < NOON + HOUR + timedelta(minutes=35)
    assert len(platform.kept) == 3
    assert office.states() == ["done"] * 3
    assert n_tried < 3 * 30, "a platform in trouble is not to be pestered"


def test_what_was_answered_too_late_is_repeated_under_its_key(office: Office) -> None:
    office.record()
    with moody_platform(Mood.LATE) as platform:
        office.work(platform.host, timeout_s=0.2)
        assert office.states() == ["waiting"]
        platform.mood = Mood.WELL
        office.clock.now += timedelta(seconds=5)
        office.work(platform.host)
    assert len(platform.asked) == 2
    assert len(set(platform.asked)) == len(platform.kept) == 1
    assert office.states() == ["done"]


def test_what_the_platform_refuses_waits_for_the_organiser(office: Office) -> None:
    office.record()
    with moody_platform(Mood.STRICT) as platform:
        office.work(platform.host)
        office.clock.now += HOUR
        assert office.work(platform.host) == 0
        assert office.states() == ["failed"]
        platform.mood = Mood.WELL
        assert office.follow_ups.retry(DELIVER) == 1
        office.work(platform.host)
    assert office.states() == ["done"]
    assert len(platform.kept) == 1


def test_a_delivery_worker_that_died_is_followed_by_another(office: Office) -> None:
    office.record()
    assert office.follow_ups.take(DELIVER, lease_s=30) is not None
    with moody_platform() as platform:
        assert office.work(platform.host) == 0
        office.clock.now += timedelta(seconds=30)
        assert office.work(platform.host) == 1
    assert office.states() == ["done"]


def test_keys_tell_scores_apart(office: Office) -> None:
    for _ in range(3):
        office.record()
    with moody_platform() as platform:
        office.work(platform.host)
    assert len(set(platform.asked)) == 3


def test_delays_grow_to_ten_minutes() -> None:
    assert all(0.5 * 2**n <= delay_s(n + 1) <= 1.5 * 2**n for n in range(9))
    assert all(300 <= delay_s(n) <= 900 for n in (11, 100, 10_000))


def test_without_a_host_there_is_no_platform() -> None:
    assert platform_from({}) is None
    assert platform_from({"ANOMED_HOST": ""}) is None
    named = platform_from({"ANOMED_HOST": "h:1", "ANOMED_PLATFORM_SECRET": "geheim"})
    assert named is not None
    assert (named.host, named.secret) == ("h:1", "geheim")
    assert "geheim" not in repr(named)
    named._client.close()
