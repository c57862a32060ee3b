"""Whoever opens a server in a notebook gets tracebacks without what their frames hold."""

import pytest
import structlog

from tests.conftest import Guessing, OpenServer


@pytest.fixture
def as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process in which nobody has chosen how to log, as these tests have for themselves."""
    structlog.reset_defaults()
    for formatter in (structlog.dev.rich_traceback, structlog.dev.rich_monochrome_traceback):
        monkeypatch.setattr(formatter, "show_locals", True)


def fail(truth: str) -> None:
    try:
        raise ValueError(f"no {len(truth)}")
    except ValueError:
        structlog.get_logger("test").exception("an attack failed", truth_is=len(truth))


@pytest.mark.usefixtures("as_it_comes")
def test_locals_are_left_out_of_tracebacks(
    server_of: OpenServer, game: Guessing, capsys: pytest.CaptureFixture[str]
) -> None:
    fail("members 1, 4")
    assert " locals " in capsys.readouterr().out

    server_of(game)
    fail("members 1, 4")
    told = capsys.readouterr().out

    assert "ValueError: no 12" in told
    assert " locals " not in told


@pytest.mark.usefixtures("as_it_comes")
def test_what_somebody_chose_is_kept(server_of: OpenServer, game: Guessing) -> None:
    structlog.configure(processors=[structlog.processors.JSONRenderer()])
    chosen = structlog.get_config()["processors"]

    server_of(game)

    assert structlog.get_config()["processors"] == chosen
