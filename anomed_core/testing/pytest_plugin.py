"""Fixtures for the tests of plugins; nothing else is imported until one of them is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from anomed_core.plugins import PluginRegistry
    from anomed_core.testing.client import ChallengeClient
    from anomed_core.testing.platform import FakePlatform


@pytest.fixture
def plugin_manager() -> PluginRegistry:
    """Return a registry that holds the core's own hooks and refuses discovery.

    Whatever is installed on this machine, only what a test adds takes part.
    """
    from anomed_core.plugins import build_registry

    return build_registry(discover=False)


@pytest.fixture
def challenge_client(tmp_path: Path) -> Iterator[Callable[..., ChallengeClient]]:
    """Return a function that serves one challenge and returns a participant's client for it.

    It takes a plugin (what ``--plugin`` takes, or a module or object with hooks), and by keyword
    ``config`` (the challenge's table; the demo without it), ``extensions``, ``settings`` (keys of
    ``[server]``), ``platform`` (of `fake_platform`) and ``in_background`` (whether deliveries and
    house attacks run, as in a server).
    """
    from anomed_core.testing.plugin_under_test import served

    with ExitStack() as stack:
        n_states = 0

        def serve(
            plugin: Any,
            *,
            config: Mapping[str, Any] | None = None,
            extensions: tuple[Any, ...] = (),
            settings: Mapping[str, Any] | None = None,
            platform: FakePlatform | None = None,
            in_background: bool = False,
        ) -> ChallengeClient:
            nonlocal n_states
            n_states += 1
            return stack.enter_context(
                served(
                    plugin,
                    config=config,
                    extensions=extensions,
                    state=tmp_path / f"anomed-state-{n_states}",
                    settings=settings,
                    environment={"ANOMED_HOST": platform.host} if platform else {},
                    in_background=in_background or platform is not None,
                )
            )

        yield serve


@pytest.fixture
def fake_platform() -> Iterator[FakePlatform]:
    """Listen as the AnoMed platform would, and keep every report."""
    from anomed_core.testing.platform import listening_platform

    with listening_platform() as platform:
        yield platform
