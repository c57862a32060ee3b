"""CPU time and memory of a server's process group, read from `/proc`."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs

from tests.e2e.processes import process_group

SAMPLING_INTERVAL_S = 0.05
KIB_PER_MIB = 1024


def cpu_seconds(group: int) -> float:
    """Return user and system time that a group has used so far, ended children included."""
    return sum(state.cpu_s for state in process_group(group))


@attrs.define(kw_only=True)
class PeakMemory:
    """The largest worker of a group over a while, in MiB.

    `resident_mib` is the kernel's own high-water mark since the worker started, the others are
    samples. It counts mapped files, which are the kernel's page cache: shared by all workers and
    given back under pressure. `proportional_mib` (PSS) divides shared pages by those who share
    them, and `anonymous_mib` leaves files out: it is the memory that a worker really needs.
    """

    resident_mib: float = 0.0
    proportional_mib: float = 0.0
    anonymous_mib: float = 0.0

    def include(self, group: int) -> None:
        """Raise the peaks to what the workers of `group` use now."""
        for worker in process_group(group)[1:]:
            usage = _sizes(worker.pid, "status") | _sizes(worker.pid, "smaps_rollup")
            self.resident_mib = max(self.resident_mib, usage.get("VmHWM", 0.0))
            self.proportional_mib = max(self.proportional_mib, usage.get("Pss", 0.0))
            self.anonymous_mib = max(self.anonymous_mib, usage.get("Anonymous", 0.0))


@contextmanager
def watching_memory(group: int) -> Iterator[PeakMemory]:
    """Sample the workers' memory twenty times a second until the block ends."""
    peak = PeakMemory()
    finished = threading.Event()

    def sample() -> None:
        while not finished.is_set():
            peak.include(group)
            finished.wait(SAMPLING_INTERVAL_S)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield peak
    finally:
        finished.set()
        thread.join()
        peak.include(group)


def wait_until_idle(group: int) -> None:
    """Wait until a group has used no CPU time for half a second (workers may still be starting)."""
    used = cpu_seconds(group)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        time.sleep(0.5)
        before, used = used, cpu_seconds(group)
        if used - before < 0.02:
            return


def _sizes(pid: int, file: str) -> dict[str, float]:
    """Return the lines of `/proc/<pid>/<file>` that end in kB, in MiB; none if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    sizes = (line.split() for line in lines if line.endswith(" kB"))
    return {name.rstrip(":"): int(kib) / KIB_PER_MIB for name, kib, _ in sizes}
