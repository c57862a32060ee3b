"""Servers of one ledger: who lives, and releases that run side by side."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from anomed_core.errors import AttemptInProgressError, LedgerMismatchError
from anomed_core.ledger import (
    Database,
    Ledger,
    Neighbours,
    RequestCounts,
    contract_ledger,
    database,
    migrate_ledger,
    neighbours,
)
from anomed_core.ledger.schema import claims, processes
from tests.ledger.records import final_of, score_of
from tests.postgresql import create_database, postgresql

__all__ = ["postgresql"]

ELSEWHERE = "another-boot/pid:[1]/17/4711"

NEXT = '''
"""An invented migration, as the next release may bring it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    """Expand: a new table, and columns that may be left out."""
    op.create_table("moods", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("scores", sa.Column("mood", sa.Text))
    op.add_column("claims", sa.Column("replica", sa.Text, nullable=False, server_default=""))


def contract():
    """Take away what the release before needs."""
    op.drop_table("device_codes")
'''


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.sqlite"
    return create_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def old(url: str) -> Iterator[Database]:
    """A server of this release, that goes on."""
    database = Database(url)
    Ledger(database).open_challenge("iris", "f" * 64, accept_change=False)
    yield database
    database.close()


class Releases:
    """Lets code of this release stand for the next one, with one migration more."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._mine = database._MIGRATIONS
        self._next = folder / "migrations"
        shutil.copytree(self._mine, self._next, ignore=shutil.ignore_patterns("__pycache__"))
        (self._next / "versions" / "m0008_invented.py").write_text(NEXT)

    def be(self, number: int) -> None:
        for module in (database, neighbours):
            self._monkeypatch.setattr(module, "RELEASE", number)
        self._monkeypatch.setattr(database, "HEAD", f"{number:04}")
        self._monkeypatch.setattr(database, "_MIGRATIONS", self._next if number > 7 else self._mine)


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Releases:
    assert database.RELEASE == 7, "a new release takes the next number here"
    return Releases(tmp_path, monkeypatch)


def opened(url: str) -> tuple[Database, Ledger]:
    database = Database(url)
    return database, Ledger(database)


def test_two_neighbouring_releases_play_one_competition(
    url: str, old: Database, releases: Releases
) -> None:
    before = Ledger(old)
    score_of(before, final_of(), 0.25)
    releases.be(8)
    assert migrate_ledger(url) == ("0007", "0008")
    releases.be(7)
    score_of(before, final_of(kind="other"), 0.5)  # it runs on

    restarted, again = opened(url)  # it may also be started anew
    assert migrate_ledger(url) == ("0008", "0008")
    releases.be(8)
    newer, after = opened(url)
    score_of(after, final_of(kind="third"), 0.75)

    assert [score.metrics["accuracy"] for score in again.scores()] == [0.25, 0.5, 0.75]
    for ledger in (before, again, after):
        assert ledger.verify() == []
    restarted.close()
    newer.close()


def test_nothing_is_taken_away_while_an_older_server_is_at_work(
    url: str, old: Database, releases: Releases
) -> None:
    Neighbours(old).beat()
    releases.be(8)
    migrate_ledger(url)

    with pytest.raises(LedgerMismatchError, match="with 0007 was at work"):
        contract_ledger(url)
    with old.writing() as connection:
        connection.execute(sa.update(processes).values(beaten_at=1))
    assert contract_ledger(url) == ["0008"]
    with old.reading() as connection:
        assert not sa.inspect(connection).has_table("device_codes")


def test_an_older_release_refuses_a_ledger_that_does_not_serve_it_any_more(
    url: str, old: Database, releases: Releases
) -> None:
    releases.be(8)
    migrate_ledger(url)
    contract_ledger(url)
    releases.be(7)

    for open_it in (lambda: Database(url), lambda: migrate_ledger(url)):
        with pytest.raises(LedgerMismatchError, match="serves those with 0008 and newer"):
            open_it()


def test_a_new_release_refuses_a_ledger_that_was_not_migrated(
    url: str, old: Database, releases: Releases
) -> None:
    releases.be(8)

    with pytest.raises(LedgerMismatchError, match="anomed ledger migrate"):
        Database(url)


# --- who lives -----------------------------------------------------------------------------------


def claimed_elsewhere(old: Database, *, beaten_s_ago: float | None) -> Ledger:
    """Claim a final for a process of another machine, which was heard of so long ago."""
    ledger = Ledger(old)
    ledger.claim(final_of())
    Neighbours(old).beat()
    with old.writing() as connection:
        connection.execute(sa.update(claims).values(owner=ELSEWHERE))
        connection.execute(sa.update(processes).values(name=ELSEWHERE))
        if beaten_s_ago is None:
            connection.execute(sa.delete(processes))
        else:
            ago = int(beaten_s_ago * 1e6)
            connection.execute(sa.update(processes).values(beaten_at=processes.c.beaten_at - ago))
    return ledger


def test_a_final_is_free_again_once_its_server_is_silent(old: Database) -> None:
    ledger = claimed_elsewhere(old, beaten_s_ago=60)

    assert score_of(ledger, final_of(), 1.0).id == 1


@pytest.mark.parametrize("beaten_s_ago", [1, None])
def test_a_final_is_held_for_one_that_lives_or_was_never_heard_of(
    old: Database, beaten_s_ago: float | None
) -> None:
    ledger = claimed_elsewhere(old, beaten_s_ago=beaten_s_ago)

    with pytest.raises(AttemptInProgressError):
        ledger.claim(final_of())


def test_who_leaves_is_forgotten(old: Database) -> None:
    told = Neighbours(old)
    for _ in range(2):
        told.beat()
    with old.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(processes)).scalar() == 1
    told.leave()
    with old.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(processes)).scalar() == 0


def test_clocks_of_one_machine_agree(old: Database) -> None:
    assert abs(Neighbours(old).clock_offset_s()) < neighbours.MOST_OFFSET_S


def test_requests_are_counted_by_all_servers_together(url: str, old: Database) -> None:
    other = Database(url)
    counts = RequestCounts(old), RequestCounts(other)

    assert [counts[n % 2].add("ada", 3) for n in range(3)] == [(1, 3), (2, 3), (3, 3)]
    assert counts[0].add("ben", 3) == (1, 3)
    assert counts[1].add("ada", 4) == (1, 4)
    assert counts[0].add("ada", 3) == (2, 4)  # a clock that is late begins nothing anew
    counts[0].forget(4)
    assert counts[1].add("ben", 4) == (1, 4)
    other.close()
