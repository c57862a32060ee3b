"""Prometheus metrics, added up over all workers."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import falcon

_METHODS = frozenset(falcon.HTTP_METHODS)

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - what is used there belongs to us


def shared_folder(state: Path) -> Path:
    """Return where the workers that share a state directory count.

    Counts are written through memory maps of files: on a full disk that would end the worker with
    SIGBUS. So the files are in memory, where the system has a place for that.
    """
    name = hashlib.sha256(os.fsencode(state)).hexdigest()[:16]
    folder = _IN_MEMORY / f"anomed-{os.getuid()}-{name}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        is_ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
    except OSError:
        is_ours = False
    return folder if is_ours else state / "run" / "metrics"


def share_between_workers(folder: Path, *, begin_anew: bool) -> None:
    """Make all workers of this server count into one folder.

    Must be called before `prometheus_client` is imported, since it looks at the environment then.

    Parameters
    ----------
    folder
        Where the workers' files are.
    begin_anew
        Whether counts of an earlier run are dropped.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if begin_anew:
        for file in folder.glob("*.db"):
            file.unlink(missing_ok=True)
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
        self._n_waiting = n_waiting
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
        registry = self._registry
        if FOLDER_VARIABLE in os.environ:
            from prometheus_client import multiprocess

            registry = self._prometheus.CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        resp.content_type = self._prometheus.CONTENT_TYPE_LATEST
        resp.data = self._prometheus.generate_latest(registry) + self._outbox()

    def _outbox(self) -> bytes:
        lines = (
            "# HELP anomed_outbox_waiting Scores that wait to be reported to a platform.",
            "# TYPE anomed_outbox_waiting gauge",
            f"anomed_outbox_waiting {self._n_waiting()}",
            "",
        )
        return "\n".join(lines).encode()
