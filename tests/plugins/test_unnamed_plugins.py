"""Plugins that nobody named: extensions that are installed, and what is broken about them."""

import importlib
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from anomed_core import application, hookimpl
from anomed_core.config import Configuration, ServerSettings
from anomed_core.errors import (
    ConfigError,
    PluginConflictError,
    PluginError,
)
from anomed_core.plugins import PluginRegistry, build_registry, scan
from tests.example_types import Watching
from tests.plugins.conftest import WATCHING, Install


@pytest.mark.parametrize("spelling", ["watcher", "watcher:plugin"])
def test_an_installed_extension_may_also_be_named(spelling: str, install: Install) -> None:
    source = WATCHING + "import sys\nplugin = sys.modules[__name__]\n"
    install("anomed-watch", extensions={"watch": "watcher"}, modules={"watcher": source})
    registry = build_registry()
    registry.add(importlib.import_module("watcher"), name=spelling)

    assert registry.load_extensions() == {}
    assert len(registry.implementations("anomed_score_recorded")) == 1


def test_two_plugins_of_one_name_are_a_conflict(registry: PluginRegistry) -> None:
    registry.add(Watching(), name="watching")

    with pytest.raises(PluginConflictError, match="loaded under the name 'watching'; load one of"):
        registry.add(Watching(), name="watching")


def test_whoever_opens_challenges_hears_of_broken_extensions(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = "raise RuntimeError('out of order')"
    install("anomed-bad", extensions={"bad": "bad_extension"}, modules={"bad_extension": broken})
    monkeypatch.setattr(application, "configure_logs", lambda: None)

    with capture_logs() as from_python, pytest.raises(ConfigError):
        application.create_app([], settings=ServerSettings(state=tmp_path / "state"))
    with capture_logs() as from_files:
        application.challenges_of(Configuration(), [])

    for lines in (from_python, from_files):
        (line,) = [line for line in lines if line.get("extension") == "bad"]
        assert (line["event"], line["log_level"]) == ("extension not loaded", "error")
        assert "RuntimeError: out of order" in line["reason"]


def test_a_broken_extension_harms_nobody(install: Install) -> None:
    install(
        "fake",
        extensions={"bad": "fake_bad", "exiting": "fake_exiting", "fine": "fake_fine"},
        modules={
            "fake_bad": "1 / 0",
            "fake_exiting": "raise SystemExit(9)",
            "fake_fine": WATCHING,
        },
    )
    registry = build_registry()

    broken = registry.load_extensions()

    assert [info.slug for info in broken] == ["bad", "exiting"]
    assert all(isinstance(error, PluginError) for error in broken.values())
    assert registry.plugins.get("fine") is not None


def test_a_broken_type_says_why_when_it_is_listed(install: Install) -> None:
    install("fake", types={"bad": "fake_bad"}, modules={"fake_bad": "1 / 0"})
    (info,) = (info for info in scan() if info.distribution == "fake")

    error = build_registry().load_quietly(info)

    assert error is not None
    assert "ZeroDivisionError" in str(error)


def test_extensions_may_wrap_what_owners_answer(registry: PluginRegistry) -> None:
    class Wrapping(Watching):
        @hookimpl(wrapper=True)
        def anomed_evaluate_utility(self, submission):  # type: ignore[no-untyped-def]
            return (yield)

    assert registry.add(Wrapping(), name="wrapping") is None
