"""A claim ends with its process where that can be proved, and with its lease elsewhere."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from anomed_core.errors import AttemptInProgressError
from anomed_core.ledger import Database, Ledger
from anomed_core.system.process_identity import is_gone, this_process
from tests.ledger.records import final_of, score_of

pytestmark = pytest.mark.skipif(this_process() == "", reason="nothing can be proved without /proc")

CLAIMANT = """
import sys
from anomed_core.ledger import Database, Ledger
from tests.ledger.records import final_of
Ledger(Database(sys.argv[1])).claim(final_of())
print("claimed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def child() -> subprocess.Popen[bytes]:
    """Start a process that ends when its standard input is closed."""
    process = subprocess.Popen(
        ["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, close_fds=True
    )
    yield process  # type: ignore[misc]  # pytest takes generators
    process.kill()
    process.communicate()


def named(pid: int) -> str:
    here = this_process().rsplit("/", 2)[0]
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123 - as short as can be
        return f"{here}/{pid}/{stat.read().rpartition(')')[2].split()[19]}"


def test_this_process_lives() -> None:
    assert not is_gone(this_process())


def test_a_child_lives_until_it_is_killed(child: subprocess.Popen[bytes]) -> None:
    name = named(child.pid)
    assert not is_gone(name)
    child.kill()
    child.wait()
    assert is_gone(name)


def test_a_process_that_nobody_waited_for_is_gone(child: subprocess.Popen[bytes]) -> None:
    name = named(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # leaves it as a zombie
    assert is_gone(name)


def test_a_reused_process_id_is_not_its_predecessor() -> None:
    before, started = this_process().rsplit("/", 1)
    assert is_gone(f"{before}/{int(started) - 1}")


@pytest.mark.parametrize("name", ["", "elsewhere/pid:[1]/1/1", "nonsense"])
def test_what_cannot_be_proved_is_not_gone(name: str) -> None:
    assert not is_gone(name)


def test_a_forked_child_has_a_name_of_its_own() -> None:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, this_process().encode())
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(read, 1000).decode() not in {"", this_process()}


def test_the_claim_of_a_killed_process_is_free_at_once(database: Database, ledger_url: str) -> None:
    ledger = Ledger(database)
    claimant = subprocess.Popen(
        [sys.executable, "-c", CLAIMANT, ledger_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert claimant.stdout is not None
        assert claimant.stdout.readline() == b"claimed\n"
        with pytest.raises(AttemptInProgressError):
            ledger.claim(final_of())
        claimant.send_signal(signal.SIGKILL)
        claimant.wait()
        score_of(ledger, final_of())
    finally:
        claimant.kill()
        claimant.communicate()
    history = ledger.attempts(challenge="iris", subject=final_of().subject)
    assert [attempt.state for attempt in history] == ["released", "scored"]


def test_a_claim_without_a_provable_owner_waits_for_its_lease(
    database: Database, open_database: Callable[[], Database]
) -> None:
    ledger = Ledger(database)
    ledger.claim(final_of())
    with open_database().writing() as connection:
        connection.exec_driver_sql("UPDATE claims SET owner = 'elsewhere/pid:[1]/1/1'")
    with pytest.raises(AttemptInProgressError):
        ledger.claim(final_of())
