"""Run the conformance kit from the command line."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anomed_core.testing import Check, Finding


def findings_of(name: str, config: Path | None, extensions: tuple[str, ...]) -> list[Finding]:
    """Run every check and return what was found, showing which one is running.

    A plugin that can't be loaded fails the first check; no other is run then.

    Parameters
    ----------
    name
        What ``--plugin`` takes.
    config
        TOML file with one challenge; ``None`` takes the type's demo.
    extensions
        Plugins that are loaded beside it.

    Raises
    ------
    ConfigError
        If the file does not hold exactly one challenge.
    """
    from anomed_core.testing import conformance_checks

    table = None if config is None else _only_challenge(config)
    checks = conformance_checks(name, config=table, extensions=extensions)
    findings = []
    for check in _shown(checks):
        with contextlib.redirect_stderr(io.StringIO()):  # access logs, and warnings of plugins
            findings.append(check.find())
        if findings[0].outcome == "FAILED":
            break
    return findings


def _shown(checks: Iterable[Check]) -> Iterator[Check]:
    """Yield checks; on a terminal, the one that is running is named on a line that goes away."""
    from rich.console import Console

    with Console(stderr=True).status("checking") as status:
        for check in checks:
            status.update(f"{check.id}: {check.description}")
            yield check


def _only_challenge(config: Path) -> dict[str, Any]:
    from anomed_core.config import read_configuration
    from anomed_core.errors import ConfigError

    tables = read_configuration(config, environment={}).challenges
    if len(tables) != 1:
        raise ConfigError("challenges", f"one challenge is checked at a time, got {len(tables)}")
    (table,) = tables
    return {
        "id": table.id,
        "title": table.title,
        "description": table.description,
        "seed": table.seed,
        **table.options,
    }
