"""Is the process alive, can it do its work, what has it counted."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from falcon.testing import TestClient

from anomed_core import hookimpl
from anomed_core.service.server import Server
from anomed_core.web import create_web_app
from anomed_core.web.telemetry import shared_folder
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


@in_memory
def test_workers_count_outside_of_a_disk_that_may_be_full(tmp_path: Path) -> None:
    folder, other = shared_folder(tmp_path), shared_folder(tmp_path / "other")
    try:
        assert folder == shared_folder(tmp_path) != other
        assert folder.parent == SHARED_MEMORY
        assert folder.stat().st_mode & 0o077 == 0
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(other)


@in_memory
def test_a_folder_that_somebody_else_has_made_is_not_used(tmp_path: Path) -> None:
    folder = shared_folder(tmp_path)
    folder.rmdir()
    folder.symlink_to(tmp_path)
    try:
        assert shared_folder(tmp_path) == tmp_path / "run" / "metrics"
    finally:
        folder.unlink()


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_methods_that_nobody_knows_are_counted_as_one(client: TestClient) -> None:
    for method in ("BREW", "STEAL"):
        client.simulate_request(method, "/")
    counted = client.simulate_get("/metrics").text
    assert 'method="other"' in counted
    assert "BREW" not in counted
