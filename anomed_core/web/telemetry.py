"""Prometheus metrics, added up over all workers."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import falcon
import structlog

from anomed_core.errors import LedgerError
from anomed_core.system.deadline import InTime

log = structlog.get_logger(__name__)

_METHODS = frozenset(falcon.HTTP_METHODS)

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
LEDGER_TIMEOUT_S = 5.0
"""Seconds that the ledger has where an answer can do without it: half of what scrapers wait."""


_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - what is used there belongs to us


def shared_folder(state: Path, *, server: int) -> Path:
    """Return where the workers of a server count, and remove what dead servers left there.

    Counts are written through memory maps of files: on a full disk that would end the worker with
    SIGBUS. So the files are in memory, where the system has a place for that. Each server has a
    folder of its own: two of them may run on one state, and each removes its own in the end.

    Parameters
    ----------
    state
        The state directory.
    server
        Process id of the workers' parent.
    """
    name = hashlib.sha256(os.fsencode(state)).hexdigest()[:16]
    family = f"anomed-{os.getuid()}-{name}-"
    folder = _IN_MEMORY / f"{family}{server}"
    try:
        for other in _IN_MEMORY.glob(f"{family}*"):
            if not _lives(other.name.removeprefix(family)):
                shutil.rmtree(other, ignore_errors=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        facts = folder.lstat()
        is_ours = stat.S_ISDIR(facts.st_mode) and facts.st_uid == os.getuid()
    except OSError:
        is_ours = False
    return folder if is_ours else state / "run" / f"metrics-{server}"


def _lives(process: str) -> bool:
    return process.isdecimal() and Path(f"/proc/{process}").exists()


def share_between_workers(folder: Path) -> None:
    """Make all workers of this server count into one folder.

    Must be called before `prometheus_client` is imported, since it looks at the environment then.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ[FOLDER_VARIABLE] = str(folder)


class Telemetry:
    """Counts requests, and shows what is counted.

    Parameters
    ----------
    n_waiting
        Returns how many deliveries wait in the outbox.
    """

    def __init__(self, n_waiting: Callable[[], int]) -> None:
        import prometheus_client as prometheus

        self._prometheus = prometheus
        self._n_waiting = InTime(n_waiting, timeout_s=LEDGER_TIMEOUT_S)
        self._registry = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "anomed_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self._registry,
        )
        self._seconds = prometheus.Histogram(
            "anomed_request_seconds",
            "Seconds from the first byte of a request to its answer.",
            ["method", "route"],
            registry=self._registry,
            buckets=(0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0),
        )
        self._children: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    def count(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request; methods that nobody knows count as one."""
        method = method if method in _METHODS else "other"
        key = (method, route, status)
        children = self._children.get(key)
        if children is None:
            children = (self._requests.labels(*key), self._seconds.labels(method, route))
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def on_get(self, _: falcon.Request, resp: falcon.Response) -> None:
        """Send all metrics in Prometheus' text format."""
        resp.content_type = self._prometheus.CONTENT_TYPE_LATEST
        resp.data = self._counts() + self._outbox()

    def _counts(self) -> bytes:
        """Return what all workers counted; nothing where somebody has removed their folder."""
        registry = self._registry
        folder = os.environ.get(FOLDER_VARIABLE)
        if folder is not None:
            from prometheus_client import multiprocess

            registry = self._prometheus.CollectorRegistry()
            if Path(folder).is_dir():
                multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return self._prometheus.generate_latest(registry)

    def _outbox(self) -> bytes:
        """Return how many deliveries wait, if the ledger can be asked."""
        try:
            n_waiting = self._n_waiting()
        except (LedgerError, TimeoutError):
            log.exception("deliveries that wait could not be counted")
            return b""
        lines = (
            "# HELP anomed_outbox_waiting Scores that wait to be reported to a platform.",
            "# TYPE anomed_outbox_waiting gauge",
            f"anomed_outbox_waiting {n_waiting}",
            "",
        )
        return "\n".join(lines).encode()
