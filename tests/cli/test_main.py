"""The submissions: help, exit codes, and one line for whatever went wrong."""

import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.startup import install_plugins
from tests.cli.conftest import Anomed

HEAVY = {
    "alembic",
    "attrs",
    "cattrs",
    "falcon",
    "gunicorn",
    "httpx",
    "numpy",
    "pandas",
    "pluggy",
    "pyarrow",
    "rich",
    "scipy",
    "sklearn",
    "sqlalchemy",
    "structlog",
}
COMMANDS = ["challenge", "demo", "dummy", "ledger", "openapi", "outbox", "plugins", "routes"]
COMMANDS += ["attempts", "scores", "serve", "teams", "tokens"]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["serve", "--help"]], ids=str)
def test_help_imports_nothing_heavy(
    arguments: list[str], process: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    answer = process(*arguments)

    assert answer.returncode == 0
    assert "click" in imported(answer)
    assert not imported(answer) & HEAVY


def imported(answer: subprocess.CompletedProcess[str]) -> set[str]:
    """Return the packages that a process imported, as ``-X importtime`` tells."""
    return {
        line.rpartition("|")[2].strip().split(".")[0]
        for line in answer.stderr.splitlines()
        if line.startswith("import time:")
    }


def test_help_lists_every_command(anomed: Anomed) -> None:
    answer = anomed("--help")

    assert answer.code == 0
    assert all(f"\n  {name} " in answer.out for name in COMMANDS)
    assert "Exit codes: 0 all is well" in answer.out


@pytest.mark.parametrize("arguments", [[], ["scores"], ["challenge"]], ids=str)
def test_a_group_alone_prints_its_help(arguments: list[str], anomed: Anomed) -> None:
    answer = anomed(*arguments)

    assert (answer.code, answer.err) == (0, "")
    assert answer.out == anomed(*arguments, "--help").out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, anomed: Anomed) -> None:
    answer = anomed(command, "-h")

    assert answer.code == 0
    assert answer.out.startswith(f"Usage: anomed {command}")


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["sevre"], "anomed: there is no command 'sevre'; did you mean 'serve'? (see: anomed --h"),
        (["plugins", "lst"], "anomed: No such command 'lst'."),
        (["serve", "--prot", "1"], "anomed: No such option"),
        (["serve", "--port", "x"], "anomed: Invalid value for '--port': 'x' is not a valid int"),
        (["serve", "nowhere.toml"], "anomed: there is no file "),
        (["serve", "--plugin", "nothing"], "anomed: there is no plugin 'nothing'; "),
        (["serve", "--plugin", "nowhere.py"], "anomed: there is no plugin file nowhere.py"),
        (["serve"], "anomed: challenges: there is none; add a table [challenges.<id>]"),
        (["challenge", "check"], "anomed: challenges: there is none"),
        (["scores", "list"], "anomed: there is no ledger in "),
        (["ledger", "verify"], "anomed: there is no ledger in "),
        (["scores", "list", "--ledger", "x://y"], "anomed: The ledger cannot be opened with "),
        (["plugins", "show", "nothing"], "anomed: there is no plugin 'nothing'; "),
        (["tokens", "create", "anonymizer", "a"], "anomed: a token for an anonymizer needs --chal"),
        (
            ["tokens", "create", "anonymizer", "a b", "--challenge", "c"],
            "anomed: 'a b' is not an identifier: one has 1 to 128 letters",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_one_line_and_code_2(arguments: list[str], line: str, anomed: Anomed) -> None:
    answer = anomed(*arguments)

    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(line)
    assert answer.err.count("\n") == 1


def test_what_the_system_refuses_is_one_line_and_code_2(
    anomed: Anomed, config: str, game: str, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file")

    answer = anomed("dummy", config, "--plugin", game, "--output", "taken/below")

    assert answer.code == 2
    assert answer.err == (
        "anomed: taken/below/mine cannot be read or written: Not a directory; name another place\n"
    )


def test_a_full_disk_is_one_line_and_code_2(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "anomed_core", "plugins", "list", "--json"],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=120,
            check=False,
        )

    assert (done.returncode, done.stderr) == (2, "anomed: No space left on device\n")


def test_a_mistake_in_the_configuration_names_its_key(
    anomed: Anomed, config: str, game: str
) -> None:
    with open(config, "a") as file:  # noqa: PTH123 - one more line
        file.write("sise = 7\n")

    answer = anomed("challenge", "check", config, "--plugin", game)

    assert answer.code == 2
    assert answer.err == (
        "anomed: challenges.mine.sise: unknown key; did you mean 'size'? allowed are level, size, "
        "words\n"
    )


def test_fifty_installed_plugins_are_found_and_none_is_imported(
    process: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    folder = tmp_path / "site-packages"
    install_plugins(folder, 50)

    helped = process("--help", PYTHONPATH=str(folder))
    missed = process("plugins", "show", "fake-50", PYTHONPATH=str(folder))

    assert helped.returncode == 0
    assert "fake-49" in missed.stderr
    assert "was imported" not in helped.stderr + missed.stderr


def test_a_taken_port_is_one_line_before_any_preparation(anomed: Anomed, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        answer = anomed("serve", "--plugin", "supervised-mia", "--port", str(port))

    assert (answer.code, answer.out) == (2, "")
    assert answer.err == (
        f"anomed: cannot listen on 127.0.0.1:{port}: Address already in use; give another --port "
        "or --host, or end the server that listens there\n"
    )
    assert not (tmp_path / "anomed-state").exists()
