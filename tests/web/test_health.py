"""Is the process alive, can it do its work, what has it counted."""

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import falcon
import pytest
from falcon.testing import TestClient

from anomed_core import hookimpl
from anomed_core.service.server import Server
from anomed_core.web import create_web_app, telemetry
from anomed_core.web.health import ReadyResource
from anomed_core.web.telemetry import FOLDER_VARIABLE, Telemetry, shared_folder
from tests.conftest import OpenServer
from tests.example_types import Guessing


def test_a_process_that_answers_is_alive(client: TestClient) -> None:
    assert client.simulate_get("/livez").content == b'{"status": "alive"}'


def test_a_healthy_server_is_ready(client: TestClient) -> None:
    response = client.simulate_get("/readyz")

    assert (response.status_code, response.json) == (200, {"status": "ready"})


def test_a_ledger_that_cannot_be_written_is_not_ready(client: TestClient, server: Server) -> None:
    server.ledger.close()
    (server.state.root / "ledger.sqlite").write_text("not a database" * 1000)

    response = client.simulate_get("/readyz")

    assert response.status_code == 503
    assert response.json["problems"] == ["ledger: The ledger cannot be used now; try again."]
    assert client.simulate_get("/livez").status_code == 200


class Ailing(Guessing):
    def __init__(self, complaint: Any) -> None:
        super().__init__()
        self.complaint = complaint

    @hookimpl
    def anomed_health(self, challenge: Any) -> str | None:
        if isinstance(self.complaint, Exception):
            raise self.complaint
        complaint: str | None = self.complaint
        return complaint


@pytest.mark.parametrize(
    ("complaint", "problems"),
    [
        ("The model is not there.", ["guessing (ailing-0): The model is not there."]),
        (
            ZeroDivisionError("secret"),
            ["guessing (ailing-0): its health check failed; see the log"],
        ),
    ],
)
def test_a_challenge_that_complains_is_not_ready(
    complaint: Any, problems: list[str], server_of: OpenServer
) -> None:
    response = TestClient(create_web_app(server_of(Ailing(complaint)))).simulate_get("/readyz")

    assert response.status_code == 503
    assert response.json == {"status": "not ready", "problems": problems}


def test_a_challenge_without_complaint_is_ready(server_of: OpenServer) -> None:
    client = TestClient(create_web_app(server_of(Ailing(None))))

    assert client.simulate_get("/readyz").status_code == 200


def test_requests_are_counted_by_route_and_not_by_address(client: TestClient) -> None:
    for number in range(3):
        client.simulate_get(f"/scores/{number}")
        client.simulate_get(f"/nowhere/{number}")

    page = client.simulate_get("/metrics").text

    assert (
        'anomed_requests_total{method="GET",route="/scores/{score_id:int}",status="404"} 3.0'
        in page
    )
    assert 'anomed_requests_total{method="GET",route="none",status="404"} 3.0' in page
    assert "anomed_outbox_waiting 0" in page
    assert "/nowhere" not in page


# --- where and what is counted --------------------------------------------------------------------


SHARED_MEMORY = Path("/dev/shm")
in_memory = pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="there is no /dev/shm here")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = shared_folder(tmp_path, server=os.getpid())
    yield folder
    if not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)


@in_memory
def test_workers_count_outside_of_a_disk_that_may_be_full(folder: Path, tmp_path: Path) -> None:
    assert folder == shared_folder(tmp_path, server=os.getpid())
    assert folder.parent == SHARED_MEMORY
    assert folder.stat().st_mode & 0o077 == 0


@in_memory
def test_each_server_counts_for_itself_and_clears_up_after_dead_ones(
    folder: Path, tmp_path: Path
) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        running = shared_folder(tmp_path, server=other.pid)
        shared_folder(tmp_path, server=os.getpid())
        assert running.is_dir()
        other.kill()
    shared_folder(tmp_path, server=os.getpid())

    assert folder.is_dir()
    assert not running.exists()


@in_memory
def test_a_folder_that_somebody_else_has_made_is_not_used(folder: Path, tmp_path: Path) -> None:
    folder.rmdir()
    folder.symlink_to(tmp_path)
    try:
        chosen = shared_folder(tmp_path, server=os.getpid())
    finally:
        folder.unlink()

    assert chosen == tmp_path / "run" / f"metrics-{os.getpid()}"


def test_counting_never_decides_an_answer(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError("no such folder")

    monkeypatch.setattr(Telemetry, "count", fail)

    assert client.simulate_get("/livez").status_code == 200


def test_what_is_counted_is_told_without_folder_and_ledger(
    client: TestClient, server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "gone"))
    server.ledger.close()
    (server.state.root / "ledger.sqlite").write_text("not a database" * 1000)

    response = client.simulate_get("/metrics")

    assert (response.status_code, response.text) == (200, "")


# --- a ledger that does not answer ----------------------------------------------------------------


def test_readiness_does_not_wait_for_a_ledger_that_stands_still(server: Server) -> None:
    may_answer = threading.Event()
    asked = []

    class StandingLedger:
        def ping(self) -> None:
            asked.append(threading.current_thread())
            may_answer.wait(30)

    standing = attrs.evolve(server, ledger=StandingLedger())  # type: ignore[arg-type]
    app = falcon.App()
    app.add_route("/readyz", ReadyResource(standing, timeout_s=0.1))
    client = TestClient(app)
    try:
        for _ in range(3):
            response = client.simulate_get("/readyz")
            assert response.status_code == 503
            assert response.json["problems"] == ["ledger: The ledger does not answer in time."]
        assert len(asked) == 1
    finally:
        may_answer.set()
    asked[0].join()

    assert client.simulate_get("/readyz").json == {"status": "ready"}


def test_what_is_counted_does_not_wait_for_a_ledger_that_stands_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(telemetry, "LEDGER_TIMEOUT_S", 0.1)
    may_answer = threading.Event()

    def wait() -> int:
        may_answer.wait(30)
        return 0

    app = falcon.App()
    counts = Telemetry(wait)
    counts.count(method="GET", route="/x", status=200, seconds=0.1)
    app.add_route("/metrics", counts)
    try:
        text = TestClient(app).simulate_get("/metrics").text
    finally:
        may_answer.set()

    assert "anomed_requests_total" in text
    assert "anomed_outbox_waiting" not in text


def test_a_ledger_that_is_gone_is_not_ready(client: TestClient, server: Server) -> None:
    (server.state.root / "ledger.sqlite").unlink()

    response = client.simulate_get("/readyz")

    assert response.status_code == 503
    assert response.json["problems"] == ["ledger: The ledger cannot be used now; try again."]
