"""A command ends at its time limit with all of its children, and fails with one sentence."""

import os
import sys
import time
from pathlib import Path

import pytest

from anomed_core.environments import run_limited
from anomed_core.errors import ForeignLibraryError


@pytest.mark.timed
def test_a_process_ends_with_its_children_at_the_time_limit(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys, pathlib, time;"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid));"
        "time.sleep(60)"
    )
    start = time.monotonic()
    with pytest.raises(ForeignLibraryError, match="longer than its limit of 5 s"):
        run_limited([sys.executable, "-c", script], timeout_s=5.0, what="sleeping", settings={})
    assert time.monotonic() - start < 30.0
    child = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 10.0
    while _is_running(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(child)


def _is_running(process_id: int) -> bool:
    """Tell a live process from none and from a zombie that its new parent hasn't reaped."""
    status = Path(f"/proc/{process_id}/stat")
    if not Path("/proc/self/stat").exists():
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return False
        return True
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_program_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(ForeignLibraryError, match="could not start"):
        run_limited(["/no/such/program"], timeout_s=5.0, what="nothing", settings={})


def test_a_failing_program_is_quoted() -> None:
    script = "import sys; sys.exit('out of luck')"
    with pytest.raises(ForeignLibraryError, match="trying failed with code 1: out of luck"):
        run_limited([sys.executable, "-c", script], timeout_s=60.0, what="trying", settings={})
