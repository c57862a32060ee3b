"""Run the conformance kit from the command line."""

from __future__ import annotations

import contextlib
import io
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from anomed_core.testing import Check, Finding

_SLOW_S = 10.0


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
        noise = io.StringIO()  # logs, warnings, and what plugins print
        with contextlib.redirect_stderr(noise), contextlib.redirect_stdout(noise):
            findings.append(check.find())
        if findings[0].outcome == "FAILED":
            break
    return findings


def summary_of(name: str, findings: Sequence[Finding]) -> str:
    """Return how many checks ended how, and what there was to look at."""
    if findings[0].outcome == "FAILED":  # no other was run
        return f"{name}: nothing could be checked"
    counts = Counter(finding.outcome.value for finding in findings)
    parts = [f"{len(findings)} checks", f"{counts['FAILED']} failed"]
    parts += [
        f"{counts[outcome]} {outcome}"
        for outcome in ("not checked", "warning", "skipped")
        if counts[outcome]
    ]
    looked_at = next((f.looked_at for f in findings if f.id == "something-to-check"), "")
    return f"{name}: {', '.join(parts)}" + (f"\n{looked_at}" if looked_at else "")


def _shown(checks: Iterable[Check]) -> Iterator[Check]:
    """Yield checks; on a terminal, the one that is running is named on a line that goes away.

    Elsewhere, such as in the log of a test run, one that takes long is named every ten seconds.
    """
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("checking") as status:
        for check in checks:
            status.update(f"{check.id}: {check.description}")
            with _named_if_slow(check, console.file, is_needed=not console.is_terminal):
                yield check


@contextlib.contextmanager
def _named_if_slow(check: Check, file: IO[str], *, is_needed: bool) -> Iterator[None]:
    done = threading.Event()
    begin = time.monotonic()

    def tell() -> None:
        while not done.wait(_SLOW_S):
            file.write(f"{check.id} has been running for {time.monotonic() - begin:.0f} s\n")
            file.flush()

    thread = threading.Thread(target=tell, daemon=True)
    if is_needed:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if is_needed:
            thread.join()


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
