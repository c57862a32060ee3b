"""What is logged about a failure: one line that names plugin, hook and place."""

import json

import pytest
import structlog

from anomed_core import hookimpl
from anomed_core.plugins import build_registry
from anomed_core.web.logs import configure_logs
from tests.example_types import Guessing


@pytest.fixture(autouse=True)
def logs_as_in_a_server():
    before = structlog.get_config()
    configure_logs()
    yield
    structlog.configure(**before)


class Ailing(Guessing):
    @hookimpl
    def anomed_health(self):
        raise RuntimeError("no pulse")


def line_of(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    line: dict[str, str] = json.loads(capsys.readouterr().err)
    return line


def test_whatever_a_hook_raises_is_logged_with_plugin_hook_and_line(capsys) -> None:
    registry = build_registry(discover=False)
    registry.add(Ailing(), name="game")
    try:
        registry.caller("guessing", "anomed_health")(challenge=None)
    except RuntimeError:
        structlog.get_logger().exception("a health check failed")

    line = line_of(capsys)

    assert line["culprit"].startswith(f"in plugin 'game', hook anomed_health, at {__file__}:")
    assert "RuntimeError: no pulse" in line["exception"]


def test_what_is_nobodys_fault_names_nobody(capsys) -> None:
    structlog.get_logger().warning("delivery failed", exc_info=OSError("no route"))

    assert "culprit" not in line_of(capsys)
