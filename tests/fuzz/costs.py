"""What a request costs before its attempt is claimed: CPU time, and memory beyond its body."""

import ctypes
import heapq
import time
from pathlib import Path
from typing import Self

import pyarrow as pa

MIB = 2**20
MOST_BODY_BYTES = 10**6
MOST_CPU_S = 1.0
MOST_MEMORY_BYTES = 64 * MIB
N_SHOWN = 10
SLOWEST: list[tuple[float, str]] = []
"""CPU seconds and a line for each of the requests that took the most time, as a heap."""


def judge(what: str, *, cpu_s: float, grown_bytes: int, body: bytes) -> None:
    """Note what a request has cost, and refuse one that costs more than any may."""
    line = f"{cpu_s:6.3f} s {grown_bytes / MIB:6.1f} MiB {len(body):8d} B  {what}"
    heapq.heappush(SLOWEST, (cpu_s, line))
    if len(SLOWEST) > N_SHOWN:
        heapq.heappop(SLOWEST)
    assert len(body) <= MOST_BODY_BYTES, line
    assert cpu_s < MOST_CPU_S, line
    assert grown_bytes - len(body) < MOST_MEMORY_BYTES, line


def peak_bytes(pid: int | str = "self") -> int:
    """Return the largest memory that a process has used since its peak was forgotten."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def forget_peak(pid: int | str = "self") -> int:
    """Begin to measure anew; return what is used now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak_bytes(pid)


class Meter:
    """Measures this process until it is stopped, or the block ends.

    Attributes
    ----------
    cpu_s
        CPU time of all threads.
    grown_bytes
        By how much the process was larger, at its largest, than in the beginning.
    """

    cpu_s = 0.0
    grown_bytes = 0

    def __enter__(self) -> Self:
        pa.default_memory_pool().release_unused()
        ctypes.CDLL(None).malloc_trim(0)
        self._is_running = True
        self._used = forget_peak()
        self._began = time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Measure no further."""
        if self._is_running:
            self.cpu_s = time.process_time() - self._began
            self.grown_bytes = peak_bytes() - self._used
            self._is_running = False
