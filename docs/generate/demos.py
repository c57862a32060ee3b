"""The challenge types of this repository, each served once as its demo from a temporary state."""

from __future__ import annotations

import atexit
import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from anomed_core.config import ServerSettings
from anomed_core.model import ChallengeType
from anomed_core.plugins import build_registry
from anomed_core.service.opening import open_server
from anomed_core.service.server import Server
from anomed_core.service.specs import demo_table, specs_from_tables

PLUGINS = Path(__file__).parents[2] / "plugins"


@cache
def challenge_types() -> tuple[ChallengeType, ...]:
    """Return the types of the distributions below ``plugins/``, whatever else is installed."""
    registry = build_registry()
    names = [
        name
        for project in sorted(PLUGINS.glob("*/pyproject.toml"))
        for name in _entry_points(project).get("anomed.challenge_types", {})
    ]
    return tuple(found for found in map(registry.load, names) if found is not None)


def plugin_of(name: str) -> Any:
    """Return the module with the hooks of a type."""
    registry = build_registry()
    registry.load(name)
    return registry.plugins[name]


def _entry_points(project: Path) -> dict[str, dict[str, str]]:
    points: dict[str, dict[str, str]] = tomllib.loads(project.read_text())["project"].get(
        "entry-points", {}
    )
    return points


_SECRET = "00" * 32
"""Some metrics state what chance gives, which depends on the draws."""

_UNTIL_THE_END = ExitStack()
atexit.register(_UNTIL_THE_END.close)


@cache
def from_demo(name: str, tell: Callable[[Server], Any]) -> Any:
    """Return what a function tells about the demo of a type."""
    return tell(_opened(name))


@cache
def _opened(name: str) -> Server:
    """Open the demo of a type until this process ends."""
    registry = build_registry()
    challenge_type = registry.load(name)
    if challenge_type is None:
        raise ValueError(f"{name} owns no challenge type")
    server = open_server(
        specs_from_tables([demo_table(challenge_type)], registry),
        registry=registry,
        settings=ServerSettings(state=Path(_UNTIL_THE_END.enter_context(TemporaryDirectory()))),
        environment={"ANOMED_SECRET": _SECRET},
    )
    _UNTIL_THE_END.callback(server.close)
    return server
