"""Participants that speak HTTP, and notice when nobody answers."""

import http.client
import io
import json
import time
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from tests.e2e.processes import LOOPBACK

TIMEOUT_S = 60.0


@attrs.frozen(kw_only=True)
class Answer:
    """What came back; status 0 if the connection was cut before an answer."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def score_id(self) -> int:
        """Number of the score at `Location`."""
        return int(self.headers["location"].rsplit("/", 1)[1])


CUT = Answer(status=0)


def prediction(*values: float, n_records: int = 10) -> bytes:
    """Return a body: these values, then zeros."""
    buffer = io.BytesIO()
    padded = np.zeros(n_records)
    padded[: len(values)] = values
    np.savez(buffer, prediction=padded)
    return buffer.getvalue()


def ask(
    port: int,
    method: str,
    target: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Send one request over a connection of its own."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout_s)
    try:
        connection.request(method, target, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException):
        return CUT
    finally:
        connection.close()
    names = {name.lower(): value for name, value in response.getheaders()}
    is_json = names.get("content-type", "").startswith("application/json") and content
    return Answer(
        status=response.status, body=json.loads(content) if is_json else content, headers=names
    )


def submit(
    port: int,
    name: str,
    body: bytes,
    *,
    split: str = "validation",
    headers: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
) -> Answer:
    """Post an anonymizer's prediction."""
    target = f"/utility/anonymizer?anonymizer={name}&data_split={split}"
    return ask(port, "POST", target, body=body, headers=headers, timeout_s=timeout_s)


def outcome(port: int, job: str, *, timeout_s: float = TIMEOUT_S) -> Answer:
    """Ask for a job until it has ended, whoever does it; return its result."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        told = ask(port, "GET", job, timeout_s=5)
        if told.status == 200 and told.body["state"] not in {"queued", "running"}:
            return ask(port, "GET", f"{job}/result", timeout_s=5)
        time.sleep(0.1)
    raise AssertionError(f"{job} never ended; it is {told}")
