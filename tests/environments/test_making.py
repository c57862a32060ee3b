"""Environments are made once, never used half-made, and listed and removed by command."""

import threading
import zipfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from anomed_core import hookimpl
from anomed_core.cli import anomed
from anomed_core.environments import (
    Recipe,
    Worker,
    find_environment,
    install_environment,
    kept_environments,
    making,
    remove_environment,
)
from anomed_core.errors import (
    AnomedError,
    EnvironmentInUseError,
    EnvironmentMissingError,
    ForeignLibraryError,
)
from anomed_core.plugins import build_registry

DRIVER = Path(__file__).with_name("driver_of_tests.py")
BARE = Recipe(name="bare", driver=DRIVER)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ANOMED_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def wheel(folder: Path) -> Path:
    """Write a wheel of one module."""
    path = folder / "tiny_anomed-1.0-py3-none-any.whl"
    info = "tiny_anomed-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_anomed.py", "def answer():\n    return 42\n")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-anomed\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def test_a_library_answers_from_its_environment(tmp_path: Path) -> None:
    driver = tmp_path / "driver.py"
    driver.write_text("from tiny_anomed import answer\n")
    recipe = Recipe(name="tiny", install=((str(wheel(tmp_path)),),), driver=driver)

    with Worker(install_environment(recipe), timeout_s=60.0) as worker:
        assert worker.call("answer") == 42


def test_what_is_installed_learns_no_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets = {
        "ANOMED_SECRET": "a",
        "ANOMED_PLATFORM_SECRET": "b",
        "ANOMED_CLIENT_TOKEN": "c",
        "ANOMED_SERVER_LEDGER": "d",
        "PGPASSWORD": "e",
        "POSTGRES_PASSWORD": "f",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_INDEX_URL", "https://pypi.example.org")
    given: list[Mapping[str, str]] = []

    def look(*_: object, settings: Mapping[str, str], **__: object) -> None:
        given.append(settings)
        raise ForeignLibraryError("that is enough")

    monkeypatch.setattr(making, "run_limited", look)

    with pytest.raises(EnvironmentMissingError):
        install_environment(Recipe(name="tiny", install=(("tiny",),), driver=DRIVER))

    (settings,) = given
    assert not secrets.keys() & settings.keys()
    assert settings["PIP_INDEX_URL"] == "https://pypi.example.org"


def test_two_at_once_make_it_once() -> None:
    steps: list[str] = []
    make = partial(install_environment, BARE, progress=steps.append)
    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(steps) == 1
    assert find_environment(BARE).python.is_file()


def test_a_failed_step_is_one_sentence_and_leaves_nothing_to_use(tmp_path: Path) -> None:
    recipe = Recipe(name="gone", install=((str(tmp_path / "gone-1.0-py3-none-any.whl"),),))

    with pytest.raises(EnvironmentMissingError, match=r"gone could not be made: installing") as one:
        install_environment(recipe)

    assert "\n" not in str(one.value)
    assert [kept.is_finished for kept in kept_environments()] == [False]
    with pytest.raises(EnvironmentMissingError, match="anomed environments install gone"):
        find_environment(recipe)


def test_other_pins_are_another_environment() -> None:
    install_environment(BARE)

    with pytest.raises(EnvironmentMissingError):
        find_environment(Recipe(name="bare", install=(("numpy==2.0.0",),)))


def test_a_removed_environment_is_gone() -> None:
    install_environment(BARE)
    (kept,) = kept_environments()
    assert kept.name == "bare"
    assert kept.size_bytes > 0

    remove_environment(kept)

    assert kept_environments() == []


def test_what_a_worker_runs_in_is_not_removed() -> None:
    with Worker(install_environment(BARE), timeout_s=60.0) as worker:
        worker.call("calls")
        (kept,) = kept_environments()
        with pytest.raises(EnvironmentInUseError, match="is being made or used"):
            remove_environment(kept)
        assert worker.call("calls") == 0

    remove_environment(kept)


def test_an_environment_whose_python_is_gone_is_made_anew() -> None:
    made = install_environment(BARE)
    made.python.unlink()

    with pytest.raises(EnvironmentMissingError):
        find_environment(BARE)
    assert install_environment(BARE).python.exists()


def test_a_python_is_known_by_its_version() -> None:
    assert BARE.digest("3.11") != BARE.digest("3.12")
    assert len(BARE.digest("3.12")) == 16


def test_the_commands_list_and_remove() -> None:
    install_environment(BARE)

    listed = CliRunner().invoke(anomed, ["environments", "list"], catch_exceptions=False)
    removed = CliRunner().invoke(anomed, ["environments", "remove", "bare"], catch_exceptions=False)

    assert "bare" in listed.output
    assert "ready" in listed.output
    assert removed.output == "Removed bare.\n"
    assert kept_environments() == []


@pytest.mark.parametrize("command", ["install", "remove"])
def test_an_unknown_name_is_one_sentence(command: str) -> None:
    outcome = CliRunner().invoke(anomed, ["environments", command, "nobody"])

    assert "'nobody'" in str(outcome.exception)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ("no list", "anomed_environments must return a list of Recipe, got str"),
        (["no recipe"], "anomed_environments must return a list of Recipe, got a str in it"),
        (OSError("no disk"), "plugin 'offering': anomed_environments raised OSError: no disk"),
        (
            [BARE, Recipe(name="bare", install=(("numpy",),))],
            (
                "the environment 'bare' is offered twice, at last by offering; "
                "uninstall one of the plugins"
            ),
        ),
    ],
)
def test_a_wrong_offer_is_one_line(
    answer: object, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Offering:
        ANOMED_API = 1

        @hookimpl
        def anomed_environments(self) -> object:
            if isinstance(answer, Exception):
                raise answer
            return answer

    registry = build_registry(discover=False)
    registry.add(Offering(), name="offering")
    monkeypatch.setattr("anomed_core.plugins.build_registry", lambda: registry)

    outcome = CliRunner().invoke(anomed, ["environments", "list"])

    assert isinstance(outcome.exception, AnomedError)
    assert str(outcome.exception) == sentence
