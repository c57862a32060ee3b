"""A contest that fills every table, on either database, and its archive."""

from collections.abc import Callable, Mapping
from pathlib import Path

import attrs
import numpy as np
import pytest

from anomed_core.ledger import (
    Database,
    DeviceCodes,
    Grant,
    Job,
    Neighbours,
    RequestCounts,
    TeamBook,
    TokenBook,
)
from anomed_core.ledger.transfer import leaving_ledger
from anomed_core.model import Role
from anomed_core.service.backup import BackedUp, Restored, back_up, restore
from anomed_core.service.server import Server
from anomed_core.state.kept_files import kept_files
from anomed_core.wire import encode_npz
from tests.ledger.contest import anonymizer
from tests.ledger.released.make import use_budgets
from tests.postgresql import create_database, postgresql
from tests.ranked_type import open_contest, play_contest

__all__ = ["postgresql"]

Place = Callable[[str], str]


def silent(_what: str, _n_done: int, _n_all: int) -> None:
    """Tell nobody."""


def rows_of(url: str) -> dict[str, list[Mapping[str, object]]]:
    """Return all rows of a ledger by table."""
    with leaving_ledger(url) as ledger:
        return {table: list(ledger.rows(table)) for table in ledger.tables}


def contents_of(state: Path) -> dict[str, bytes]:
    """Return the files of a state directory that an archive holds."""
    return {name: (state / name).read_bytes() for name in kept_files(state)}


def put_back(archive: Path, state: Path, url: str = "") -> Restored:
    """Restore without a word."""
    return restore(archive, state, url=url, progress=silent)


@attrs.frozen(kw_only=True)
class Played:
    """A contest that was played, and where.

    Attributes
    ----------
    url, state
        Ledger and state directory.
    token
        Of the anonymizer ben.
    rankings
        What everybody sees.
    """

    url: str
    state: Path
    token: str
    rankings: list[dict[str, object]]

    def archived(self, archive: Path) -> BackedUp:
        """Back it up without a word."""
        return back_up(self.url, self.state, archive, progress=silent)


def rankings_of(server: Server) -> list[dict[str, object]]:
    """Return all rankings, as everybody sees them."""
    (hosted,) = server.challenges.values()
    return [table.as_dict() for table in server.rankings.tables(hosted)]


def played_in(state: Path, url: str) -> Played:
    """Play a contest in which every table gets rows."""
    server = open_contest(state, ledger=url)
    play_contest(server)
    (hosted,) = server.challenges.values()
    server.submissions.submit(
        hosted,
        hosted.kind("anonymizer"),
        query={"anonymizer": "hal", "data_split": "validation"},
        body=encode_npz({"guess": np.full(4, 2 / 3)}),
    )
    job = server.jobs.submit(
        hosted,
        hosted.kind("anonymizer"),
        query={"anonymizer": "ida", "data_split": "validation"},
        body=encode_npz({"guess": np.full(4, 1 / 3)}),
    )
    assert isinstance(job, Job)
    server.ledger.grant_attempts(
        challenge=hosted.id,
        kind="anonymizer",
        subjects=[anonymizer("ben")],
        number=3,
        reason="a crash\u2028\n in between",
    )
    use_budgets(server.ledger, hosted.id)
    server.submissions.kept.payloads.keep({"table": b"1,2\n", "codebook": b"{}"})
    server.state.artifacts.freeze("a key", lambda: {"x": np.arange(5), "y": np.eye(2)})
    database = Database(url)
    token = TokenBook(database).create(
        Grant(role=Role.ANONYMIZER, holder="ben", challenge=hosted.id)
    )
    Neighbours(database).beat()
    RequestCounts(database).add("ben", 3)
    DeviceCodes(database).create(challenge=hosted.id, asked_by="a notebook")
    TeamBook(database).rename("ben", 'Ben "B" \\ Söhne \U0001f600', "they asked for it")
    database.close()
    rankings = rankings_of(server)
    server.close()
    return Played(url=url, state=state, token=token, rankings=rankings)


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Return the URL of an empty database of either sort."""

    def make(sort: str) -> str:
        if sort == "postgresql":
            return create_database(request.getfixturevalue("postgresql"))
        return f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.sqlite"

    return make


@pytest.fixture(scope="session")
def played_on(tmp_path_factory: pytest.TempPathFactory, place: Place) -> Callable[[str], Played]:
    """Return the contest that was played on a database of either sort; nobody changes it."""
    contests: dict[str, Played] = {}

    def find(sort: str) -> Played:
        if sort not in contests:
            state = tmp_path_factory.mktemp("played") / "state"
            contests[sort] = played_in(state, place(sort))
        return contests[sort]

    return find


@pytest.fixture(scope="session")
def archive(played_on: Callable[[str], Played], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive of the contest on SQLite."""
    path = tmp_path_factory.mktemp("archive") / "backup.zip"
    played_on("sqlite").archived(path)
    return path
