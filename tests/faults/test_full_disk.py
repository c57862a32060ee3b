"""A full disk costs nobody an attempt, corrupts nothing, and is over when there is room."""

import os
import pwd
import signal
import tempfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.e2e.processes import RunningServer, free_port
from tests.postgresql import UNPRIVILEGED, VARIABLE, create_database, running_postgresql

from .books import books_of, verify_by_command
from .conftest import ProbeServer
from .participants import CUT, Answer, ask, prediction, submit
from .small_disk import SmallDisk, small_disk
from .test_kill import wait_for, workers_of

N_BEFORE, N_ATTEMPTS = 5, 60
QUOTA = 3
FULL = 507


def finals(server: RunningServer, names: list[str]) -> dict[str, Answer]:
    return {
        name: submit(server.port, name, prediction(0, number + 1))
        for number, name in enumerate(names)
    }


def values_of(answers: dict[str, Answer]) -> dict[str, tuple[int, float]]:
    return {
        name: (answer.score_id, answer.body["mean"])
        for name, answer in answers.items()
        if answer.status == 201
    }


def remaining(server: RunningServer, name: str) -> int:
    outlook = ask(server.port, "GET", f"/attempts?anonymizer={name}").body
    left: int = outlook["kinds"]["anonymizer"]["tuning_remaining"]
    return left


def play(server: RunningServer, disk: SmallDisk) -> dict[str, tuple[int, float]]:
    """Fill the disk under a server, make room, and return the finals that were acknowledged."""
    before = finals(server, [f"before-{n}" for n in range(N_BEFORE)])
    assert {answer.status for answer in before.values()} == {201}
    workers = workers_of(server)
    disk.fill()
    names = [f"during-{n}" for n in range(N_ATTEMPTS)]
    during = finals(server, names)
    refused = {name: answer for name, answer in during.items() if answer.status != 201}
    tuning = submit(server.port, names[-1], prediction(0, 1), split="tuning")

    assert {answer.status for answer in refused.values()} == {FULL}, refused
    assert {answer.body["title"] for answer in refused.values()} == {"Insufficient storage"}
    assert tuning.status in {201, FULL}
    assert ask(server.port, "GET", "/").status == 200
    assert ask(server.port, "GET", "/data/both").status == 200
    history = [ask(server.port, "GET", f"/attempts?anonymizer={name}") for name in refused]
    assert {answer.status for answer in history} == {200}
    assert remaining(server, names[-1]) == QUOTA - (tuning.status == 201)
    assert workers_of(server) == workers

    disk.make_room()
    after: dict[str, Answer] = {}

    def are_all_scored() -> bool:
        """Hand in again; claims that could not be given back before are, within a second or two."""
        after.update(
            finals(server, [name for name in refused if after.get(name, CUT).status != 201])
        )
        return {answer.status for answer in after.values()} == {201}

    wait_for(are_all_scored, timeout_s=10)
    assert workers_of(server) == workers
    return values_of(before) | values_of(during) | values_of(after)


OPTIONS = {"quota": {"tuning_attempts": QUOTA}}


def test_the_state_directory_is_full(
    probe_server: ProbeServer, ledger_options: list[str], disk: SmallDisk
) -> None:
    server = probe_server(
        "--workers", "2", *ledger_options, folder=disk.folder / "server", server=OPTIONS
    )
    acknowledged = play(server, disk)
    with books_of(disk.folder / "server", ledger_options) as books:
        books.prove(acknowledged)


def test_killed_while_the_disk_is_full(probe_server: ProbeServer, disk: SmallDisk) -> None:
    folder, port = disk.folder / "server", free_port()
    server = probe_server("--workers", "2", folder=folder, port=port)
    before = finals(server, ["alice"])
    disk.fill()
    during = finals(server, [f"during-{n}" for n in range(N_ATTEMPTS)])
    os.killpg(server.group, signal.SIGKILL)
    disk.make_room()
    server = probe_server("--workers", "2", folder=folder, port=port)
    refused = [name for name, answer in during.items() if answer.status == FULL]
    after = finals(server, refused)

    assert {answer.status for answer in after.values()} == {201}
    with books_of(folder, []) as books:
        books.prove(values_of(before) | values_of(during) | values_of(after))
    assert verify_by_command(folder, []).endswith("chain unbroken.")


@pytest.mark.usefixtures("postgresql")  # skips, or fails, where there is none
def test_the_disk_of_postgresql_is_full(probe_server: ProbeServer, tmp_path: Path) -> None:
    """A server of its own: one whose tables vanish with a disk serves nobody else well."""
    if VARIABLE in os.environ:
        pytest.skip(f"{VARIABLE} names a server; its disk is not ours to fill")
    with (
        tempfile.TemporaryDirectory(prefix="anomed-disk-") as place,
        small_disk(Path(place), size_mib=24) as disk,
        running_postgresql() as url,
    ):
        Path(place).chmod(0o755)
        options = ["--ledger", on_disk(url, disk)]
        server = probe_server("--workers", "2", *options, folder=tmp_path, server=OPTIONS)
        acknowledged = play(server, disk)
        with books_of(tmp_path, options) as books:
            books.prove(acknowledged)


def on_disk(url: str, disk: SmallDisk) -> str:
    """Return the URL of a new database whose tables are on a disk."""
    place = disk.folder / "tables"
    place.mkdir()
    os.chown(place, pwd.getpwnam(UNPRIVILEGED).pw_uid, -1)
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"small_{os.urandom(4).hex()}"
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE TABLESPACE {name} LOCATION '{place}'"))
    engine.dispose()
    return create_database(url, tablespace=name)
