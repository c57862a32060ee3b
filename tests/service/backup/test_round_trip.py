"""What is backed up and restored is the same server, whichever database it is in."""

import itertools
import shutil
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import attrs
import numpy as np
import pytest

from anomed_core.errors import AlreadyScoredError
from anomed_core.ledger import Database, Ledger, migrate_ledger
from anomed_core.ledger.schema import metadata
from anomed_core.model import Role, Split, Subject
from anomed_core.service.backup import back_up
from anomed_core.service.server import Server
from anomed_core.wire import encode_npz
from tests.ledger.records import final_of
from tests.ledger.released.make import FOLDER
from tests.ranked_type import open_contest
from tests.service.backup.conftest import (
    Place,
    Played,
    contents_of,
    put_back,
    rankings_of,
    rows_of,
    silent,
)

SORTS = ["sqlite", "postgresql"]
WAYS = [(one, other) for one in SORTS for other in SORTS]


@attrs.frozen(kw_only=True)
class Copy:
    """A contest and what was restored from its archive."""

    of: Played
    state: Path
    url: str


@pytest.fixture(params=WAYS, ids="-".join, scope="module")
def copy(
    request: pytest.FixtureRequest,
    played_on: Callable[[str], Played],
    place: Place,
    tmp_path_factory: pytest.TempPathFactory,
) -> Copy:
    source, target = request.param
    folder, played, url = tmp_path_factory.mktemp("copy"), played_on(source), place(target)
    done = played.archived(folder / "backup.zip")
    restored = put_back(folder / "backup.zip", folder / "state", url)
    assert (done.faults, done.damaged, restored.faults) == ([], [], [])
    assert (restored.tables, restored.n_files) == (done.tables, done.n_files)
    return Copy(of=played, state=folder / "state", url=url)


def test_every_row_and_file_is_the_same(copy: Copy) -> None:
    rows = rows_of(copy.url)
    assert rows == rows_of(copy.of.url)
    assert [table for table, found in rows.items() if not found] == []
    assert contents_of(copy.state) == contents_of(copy.of.state)
    assert len(contents_of(copy.state)) == 11
    assert (copy.state / "secret").read_bytes() == (copy.of.state / "secret").read_bytes()
    assert stat.S_IMODE((copy.state / "secret").stat().st_mode) == 0o600


def test_it_is_the_same_contest_and_goes_on(copy: Copy) -> None:
    server = open_contest(copy.state, ledger=copy.url)  # refuses other draws and data
    try:
        identity = server.tokens.identify(copy.of.token)
        assert identity is not None
        assert [grant.holder for grant in identity.grants] == ["ben"]
        assert rankings_of(server) == copy.of.rankings
        assert server.ledger.verify() == []
        with pytest.raises(AlreadyScoredError):
            submit(server, "hal")
        last = rows_of(copy.url)["claims"][-1]["id"]
        assert isinstance(last, int)
        submit(server, "new", split="tuning")
        assert rows_of(copy.url)["claims"][-1]["id"] == last + 1
        assert server.job_worker.do_one(lambda: False)
        with pytest.raises(AlreadyScoredError):
            submit(server, "ida")
        assert server.ledger.verify() == []
    finally:
        server.close()


def submit(server: Server, name: str, split: str = "validation") -> None:
    (hosted,) = server.challenges.values()
    server.submissions.submit(
        hosted,
        hosted.kind("anonymizer"),
        query={"anonymizer": name, "data_split": split},
        body=encode_npz({"guess": np.full(4, 0.5)}),
    )


# --- what is covered ------------------------------------------------------------------------------


def test_every_table_is_covered(played_on: Callable[[str], Played]) -> None:
    assert set(rows_of(played_on("sqlite").url)) == set(metadata.tables)


def test_every_value_of_a_table_is_one_that_json_has_exactly() -> None:
    types = {
        column.type.python_type for table in metadata.sorted_tables for column in table.columns
    }
    assert types <= {int, str, float}


# --- older releases -------------------------------------------------------------------------------


RELEASED = [(path, "sqlite") for path in sorted(FOLDER.glob("*.sqlite"))]


@pytest.mark.parametrize(
    ("released", "target"),
    [*RELEASED, (FOLDER / "0001.sqlite", "postgresql")],
    ids=lambda value: value if isinstance(value, str) else value.stem,
)
def test_an_older_ledger_leaves_as_it_is_and_is_migrated_where_it_arrives(
    released: Path, target: str, place: Place, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir()
    shutil.copyfile(released, state / "ledger.sqlite")
    old, new = f"sqlite:///{state}/ledger.sqlite", place(target)

    done = back_up(old, state, tmp_path / "backup.zip", progress=silent)
    restored = put_back(tmp_path / "backup.zip", tmp_path / "restored", new)

    assert done.revision == restored.revision == released.stem.removeprefix("contest-")
    assert restored.faults == []
    migrate_ledger(old)
    assert rows_of(new) == rows_of(old)


# --- a running server -----------------------------------------------------------------------------


def test_a_running_server_is_backed_up_as_one_moment(server: Server, tmp_path: Path) -> None:
    hosted, is_over = server.challenges["guessing"], threading.Event()

    def take_part() -> None:
        for number in itertools.takewhile(lambda _: not is_over.is_set(), itertools.count()):
            server.submissions.submit(
                hosted,
                hosted.kind("anonymizer"),
                query={"anonymizer": f"a-{number}", "data_split": "validation"},
                body=encode_npz({"prediction": np.full(10, float(number))}),
            )

    participant = threading.Thread(target=take_part)
    participant.start()
    archives = [tmp_path / f"{number}.zip" for number in range(3)]
    try:
        for archive in archives:
            before = server.ledger.n_scores()
            while server.ledger.n_scores() == before:
                time.sleep(0.001)
            back_up(server.state.ledger_url, server.state.root, archive, progress=silent)
    finally:
        is_over.set()
        participant.join()

    n_scores = []
    for archive in archives:
        state = tmp_path / archive.stem
        assert put_back(archive, state).faults == []
        database = Database(f"sqlite:///{state}/ledger.sqlite")
        scores = Ledger(database).scores(split=Split.VALIDATION)
        database.close()
        n_scores.append(len(scores))
        kept = {name.rpartition("/")[2] for name in contents_of(state)}
        assert {score.payload_digest for score in scores} <= kept
    assert 0 < n_scores[0] < n_scores[1] < n_scores[2]


def test_what_was_claimed_stays_claimed(server: Server, tmp_path: Path) -> None:
    server.ledger.claim(final_of(Subject(role=Role.ANONYMIZER, anonymizer="late")))
    back_up(server.state.ledger_url, server.state.root, tmp_path / "b.zip", progress=silent)
    put_back(tmp_path / "b.zip", tmp_path / "restored")
    (attempt,) = rows_of(f"sqlite:///{tmp_path}/restored/ledger.sqlite")["claims"]
    assert (attempt["state"], attempt["anonymizer"]) == ("reserved", "late")
