"""``anomed plugins``: what is installed, and why something is broken."""

import time
from pathlib import Path
from typing import Any

import pytest

from anomed_core.cli.plugin_commands import ENTRY_POINT_GROUPS
from anomed_core.plugins.scan import CHALLENGE_TYPES, EXTENSIONS
from anomed_core.testing import Check
from anomed_core.testing.checks.failure import (
    ConformanceError,
    DoubtfulError,
    NotApplicableError,
    NotCheckedError,
)
from tests.cli.conftest import Anomed
from tests.plugins.conftest import GOOD, WATCHING, Install, install, packages

__all__ = ["install", "packages"]


def install_three(install: Install) -> None:
    install(
        "fake",
        types={"good-game": "fake_good", "bad-game": "fake_bad"},
        extensions={"watching": "fake_watching"},
        modules={
            "fake_good": GOOD.format(name="good-game"),
            "fake_bad": "1 / 0",
            "fake_watching": WATCHING,
        },
    )


def test_broken_plugins_are_listed_with_their_error(anomed: Anomed, install: Install) -> None:
    install_three(install)

    answer = anomed("plugins", "list", "--json")

    rows = {row["name"]: row for row in answer.json if row["distribution"] == "fake"}
    assert answer.code == 0
    assert {name: row["state"] for name, row in rows.items()} == {
        "good-game": "ok",
        "bad-game": "broken",
        "watching": "ok",
    }
    assert "ZeroDivisionError" in rows["bad-game"]["error"]
    assert (rows["good-game"]["kind"], rows["watching"]["kind"]) == ("challenge type", "extension")
    assert (rows["good-game"]["api"], rows["bad-game"]["api"]) == (1, None)


def test_the_table_for_people_says_the_same(anomed: Anomed, install: Install) -> None:
    install_three(install)

    answer = anomed("plugins", "list")

    assert answer.code == 0
    assert all(word in answer.out for word in ("good-game", "broken", "ZeroDivisionError"))


def test_a_plugin_that_exits_on_import_ends_nothing(anomed: Anomed, install: Install) -> None:
    install("fake", types={"rude": "fake_rude"}, modules={"fake_rude": "raise SystemExit(9)"})

    answer = anomed("plugins", "list", "--json")

    assert answer.code == 0
    assert any(row["name"] == "rude" and row["state"] == "broken" for row in answer.json)


def test_a_plugin_is_shown_with_hooks_keys_routes_and_metrics(anomed: Anomed, game: str) -> None:
    facts = anomed("plugins", "show", game, "--json").json

    assert facts["name"] == "guessing"
    assert "anomed_evaluate_utility" in facts["hooks"]
    assert {"key": "size", "type": "int", "default": "10", "limits": ">= 1"} in facts["config"]
    assert {
        "method": "POST",
        "route": "/utility/anonymizer",
        "for": "anonymizer",
        "description": "Guessed numbers.",
    } in facts["routes"]
    assert [metric["name"] for metric in facts["metrics"]] == ["hits", "mae", "acc"]


def test_a_plugin_is_shown_to_people(anomed: Anomed, game: str) -> None:
    answer = anomed("plugins", "show", game)

    assert answer.code == 0
    assert answer.out.startswith("guessing: The guessing game\n")


def test_an_installed_extension_is_shown(anomed: Anomed, install: Install) -> None:
    install_three(install)

    facts = anomed("plugins", "show", "watching", "--json").json

    assert (facts["name"], facts["hooks"]) == ("watching", ["anomed_score_recorded"])
    assert facts["distribution"] == "fake"


def test_an_extension_of_a_module_is_shown(anomed: Anomed, game: str) -> None:
    facts = anomed("plugins", "show", "tests.cli.extension:plugin", "--json").json

    assert (facts["name"], facts["hooks"]) == (
        "tests.cli.extension:plugin",
        ["anomed_score_recorded"],
    )
    assert facts["distribution"] is None


def test_a_plugin_adds_commands(anomed: Anomed, install: Install) -> None:
    command = '''
import click
from anomed_core import hookimpl
ANOMED_API = 1
@hookimpl
def anomed_cli_commands():
    return {"hello": "fake_commands:hello"}
@click.command()
def hello():
    """Greet."""
    click.echo("Hello.")
'''
    install("fake", extensions={"greeting": "fake_commands"}, modules={"fake_commands": command})

    assert anomed("hello").out == "Hello.\n"
    listed = anomed("--help").out.partition("Commands of installed plugins:")[2]
    assert "hello" in listed
    assert "Greet. (fake)" in listed
    assert "did you mean 'hello'?" in anomed("helo").err


@pytest.mark.parametrize(
    "module",
    [
        "def anomed_cli_commands(:",
        "def anomed_cli_commands():\n    return {1: dict(a=1)}",
        "def anomed_cli_commands():\n    return ['hello']",
        "def anomed_cli_commands():\n    return {'hello': 'nowhere.at:all'}",
        "raise SystemExit(3)",
    ],
)
def test_help_works_beside_plugins_that_cannot_be_read(
    module: str, anomed: Anomed, install: Install
) -> None:
    install("fake", extensions={"greeting": "fake_broken"}, modules={"fake_broken": module})

    answer = anomed("--help")

    assert answer.code == 0
    assert "serve " in answer.out


def test_help_looks_where_plugins_are_looked_for() -> None:
    assert set(ENTRY_POINT_GROUPS) == {CHALLENGE_TYPES, EXTENSIONS}


def test_what_cannot_be_loaded_fails_one_check_with_advice(anomed: Anomed, tmp_path: Path) -> None:
    """A package in pieces: --plugin takes one file, and this one imports the others."""
    package = tmp_path / "in_pieces"
    package.mkdir()
    (package / "plugin.py").write_text("import in_pieces.config\n")

    for name, advice in {
        str(package): "is not a .py file; give a plugin's name, module:object or a .py file",
        str(
            package / "plugin.py"
        ): "'in_pieces', which is not installed; install its package first",
    }.items():
        (row,) = anomed("plugins", "check", name, "--json").json
        assert (row["id"], row["outcome"]) == ("loads", "FAILED")
        assert advice in row["text"]


ENDS = {
    "FAILED": ConformanceError,
    "not checked": NotCheckedError,
    "warning": DoubtfulError,
    "skipped": NotApplicableError,
}


def found(outcome: str, looked_at: str = "") -> Any:
    """Return a check that ends as it is told to."""

    def run() -> str:
        if outcome in ENDS:
            raise ENDS[outcome]("told so")
        return looked_at

    return Check(id="something-to-check", description="Be checked.", run=run)


@pytest.mark.parametrize(
    ("outcomes", "code", "said"),
    [
        (["ok", "ok"], 0, "it: 2 checks, 0 failed\n2 kinds"),
        (["ok", "warning", "skipped"], 0, "it: 3 checks, 0 failed, 1 warning, 1 skipped\n2 kinds"),
        (["ok", "not checked"], 1, "it: 2 checks, 0 failed, 1 not checked\n2 kinds"),
        (["ok", "FAILED"], 1, "it: 2 checks, 1 failed\n2 kinds"),
    ],
)
def test_what_is_not_checked_is_no_success(
    outcomes: list[str], code: int, said: str, anomed: Anomed, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = [found(outcome, "2 kinds") for outcome in outcomes]
    monkeypatch.setattr("anomed_core.testing.conformance_checks", lambda *_, **__: checks)

    answer = anomed("plugins", "check", "it")

    assert answer.code == code
    assert answer.out.endswith(f"{said}\n")
    rows = anomed("plugins", "check", "it", "--json").json
    assert [row["outcome"] for row in rows] == outcomes
    assert rows[0]["looked_at"] == "2 kinds"


def test_a_check_that_takes_long_is_named_meanwhile(
    anomed: Anomed, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Check(id="slow", description="Take long.", run=lambda: time.sleep(0.1))
    monkeypatch.setattr("anomed_core.testing.conformance_checks", lambda *_, **__: [slow])
    monkeypatch.setattr("anomed_core.cli.conformance._SLOW_S", 0.01)

    assert "slow has been running for 0 s" in anomed("plugins", "check", "it").err


def test_a_name_that_is_taken_on_this_machine_is_told(
    anomed: Anomed, install: Install, tmp_path: Path
) -> None:
    install_three(install)

    taken = anomed("plugins", "new", "good-game", "--directory", str(tmp_path))
    free = anomed("plugins", "new", "better-game", "--directory", str(tmp_path))

    assert "good-game is the name of a plugin of fake" in taken.out
    assert "is the name of" not in free.out


def test_what_cannot_be_checked_is_not_counted(anomed: Anomed, install: Install) -> None:
    install_three(install)

    answer = anomed("plugins", "check", "watching")

    assert answer.code == 1
    assert "watching: nothing could be checked" in answer.out


def test_a_type_without_a_demo_says_what_to_declare(anomed: Anomed, game: str) -> None:
    answer = anomed("demo", "--plugin", game)

    assert answer.code != 0
    assert 'demo=DemoConfig(play="module:function")' in answer.err
