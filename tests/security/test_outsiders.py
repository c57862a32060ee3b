"""What somebody without a token may find."""

import sys
from pathlib import Path

import pytest

from anomed_core import cli
from anomed_core.web import borders


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("127.example.org", False),
        ("localhost.example.org", False),
        ("::1234", False),
        ("[::1234]", False),
        ("", False),
    ],
)
def test_loopback_is_an_address_and_no_beginning_of_one(host: str, is_loopback: bool) -> None:
    assert borders.is_loopback(host) is is_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "127.example.org"])
def test_an_open_server_is_not_reachable_by_accident(
    host: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["anomed", "serve", "--plugin", "supervised-mia", "--host", host, "--port", "0"]
    monkeypatch.setattr(sys, "argv", [*words, "--state", str(tmp_path / "state")])
    with pytest.raises(SystemExit) as end:
        cli.main()
    complaint = capsys.readouterr().err

    assert end.value.code == 2
    assert "can be reached by others while auth is open" in complaint
    assert "--auth tokens" in complaint
    assert not (tmp_path / "state").exists()
