"""Distributions that are installed for one test."""

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from anomed_core.plugins import PluginRegistry, build_registry

Install = Callable[..., None]

GOOD = """
from anomed_core import ChallengeType, hookimpl
ANOMED_API = 1
@hookimpl
def anomed_challenge_types():
    return [ChallengeType(name={name!r}, title="Good", config_class="m:C")]
"""
"""Source of a plugin that loads."""

WATCHING = """
from anomed_core import hookimpl
ANOMED_API = 1
@hookimpl
def anomed_score_recorded(score):
    pass
"""
"""Source of an extension that loads."""


@pytest.fixture
def registry() -> PluginRegistry:
    """Return a registry that holds the core alone."""
    return build_registry(discover=False)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder on the path; what is imported from it is forgotten in the end."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    before = set(sys.modules)
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def install(packages: Path) -> Install:
    """Put a distribution's metadata and modules where Python finds them."""

    def install(
        distribution: str,
        *,
        types: Mapping[str, str] | None = None,
        extensions: Mapping[str, str] | None = None,
        modules: Mapping[str, str] | None = None,
        version: str = "1.0",
    ) -> None:
        folder = packages / f"{distribution.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        groups = {"anomed.challenge_types": types, "anomed.extensions": extensions}
        (folder / "entry_points.txt").write_text(
            "\n".join(
                f"[{group}]\n" + "\n".join(f"{name} = {target}" for name, target in points.items())
                for group, points in groups.items()
                if points
            )
        )
        for name, source in (modules or {}).items():
            (packages / f"{name}.py").write_text(source)
        importlib.invalidate_caches()

    return install
