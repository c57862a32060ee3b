"""A platform that is away delays no participant, and gets every score once when it is back."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.delivery.moody_platform import Mood, moody_platform
from tests.e2e.processes import LOOPBACK, free_port

from .conftest import ProbeServer
from .participants import prediction, submit
from .test_kill import wait_for

pytestmark = pytest.mark.timed

PROMPTLY_S = 3.0  # half of what a platform may take would be more


def outbox(folder: Path, *words: str) -> str:
    command = [sys.executable, "-m", "anomed_core", "outbox", *words]
    command += ["--state", str(folder / "state")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def deliveries(folder: Path) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(outbox(folder, "list", "--json"))
    return listed


@pytest.mark.parametrize("mood", [None, Mood.BROKEN, Mood.SILENT], ids=["down", "broken", "silent"])
def test_scores_outlive_the_server_and_reach_the_platform(
    probe_server: ProbeServer, tmp_path: Path, mood: Mood | None
) -> None:
    folder, port, platform_port = tmp_path / "server", free_port(), free_port()
    environment = {"ANOMED_HOST": f"{LOOPBACK}:{platform_port}"}

    def serve() -> Any:
        return probe_server("--workers", "2", folder=folder, port=port, environment=environment)

    def hand_in(name: str, value: float) -> None:
        began = time.monotonic()
        assert submit(port, name, prediction(0, value)).status == 201
        assert time.monotonic() - began < PROMPTLY_S

    with ExitStack() as stack:
        if mood is not None:
            stack.enter_context(moody_platform(mood, port=platform_port))
        server = serve()
        for number, name in enumerate(["a", "b", "c"]):
            hand_in(name, number)
        time.sleep(1)
        os.killpg(server.group, signal.SIGKILL)
        serve()
        hand_in("d", 3)
        if mood is not Mood.SILENT:  # whom the first delivery waits for
            wait_for(lambda: any(delivery["last_error"] for delivery in deliveries(folder)))
        assert [delivery["state"] for delivery in deliveries(folder)] == ["waiting"] * 4

    with moody_platform(port=platform_port) as platform:
        assert "deliveries are due now" in outbox(folder, "retry")
        wait_for(lambda: len(platform.kept) == 4)
        wait_for(lambda: {delivery["state"] for delivery in deliveries(folder)} == {"done"})
        assert outbox(folder, "retry").startswith("0 deliveries")
    reports = {report["anonymizer"]: report["mean"] for _, report in platform.kept.values()}
    assert reports == {"a": 0.0, "b": 0.1, "c": 0.2, "d": pytest.approx(0.3)}
