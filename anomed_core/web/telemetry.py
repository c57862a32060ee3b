"""Prometheus metrics, added up over all workers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import falcon

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


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
        Returns the number of letters in the outbox.
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
        """Count one answered request."""
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
