"""The state directory: one secret for all processes, private to its owner."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from anomed_core.errors import ConfigError, UsageError
from anomed_core.state import StateDirectory

ASK = """
import sys
from anomed_core.state import StateDirectory
sys.stdin.readline()
print(StateDirectory(sys.argv[1]).secret().hex())
"""


def test_processes_that_race_get_one_secret(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(tmp_path / "state")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for racer in racers:  # all have imported what they need when they wait for the line
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    secrets = {racer.communicate(timeout=60)[0].strip() for racer in racers}

    assert len(secrets) == 1
    assert len(bytes.fromhex(secrets.pop())) == 32
    assert [path.name for path in (tmp_path / "state").glob("secret*")] == ["secret"]


def test_the_secret_is_private(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "state")
    state.secret()

    assert stat.S_IMODE((state.root / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE(state.root.stat().st_mode) == 0o700


def test_the_secret_outlives_the_process(tmp_path: Path) -> None:
    assert StateDirectory(tmp_path).secret() == StateDirectory(tmp_path).secret()


def test_directories_have_secrets_of_their_own(tmp_path: Path) -> None:
    assert StateDirectory(tmp_path / "a").secret() != StateDirectory(tmp_path / "b").secret()


def test_a_secret_in_the_environment_takes_precedence(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path)
    state.secret()

    assert state.secret("ab" * 16) == bytes.fromhex("ab" * 16)


@pytest.mark.parametrize("text", ["short", "ab" * 15, "zz" * 16, "ab" * 15 + "a"])
def test_poor_secrets_are_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ANOMED_SECRET: the secret must be at least 32"):
        StateDirectory(tmp_path).secret(text)


def test_a_damaged_secret_is_not_replaced(tmp_path: Path) -> None:
    """A new one would change who is a member while the challenge runs."""
    (tmp_path / "secret").write_text("")

    with pytest.raises(ConfigError, match="secret: the secret must be at least 32"):
        StateDirectory(tmp_path).secret()
    assert (tmp_path / "secret").read_text() == ""


def test_a_place_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match=r"cannot be created .*choose another with --state"):
        StateDirectory(tmp_path / "file" / "state")


def test_relative_paths_are_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert StateDirectory("here").root == tmp_path / "here"
