"""Open the challenges of a configuration without serving them."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from anomed_core.service import HostedChallenge
    from anomed_core.service.server import Server

_WARNINGS, _ERRORS = 30, 40


@contextmanager
def temporary_server(config: Path | None, plugins: Sequence[str]) -> Iterator[Server]:
    """Open a server whose state is thrown away."""
    from anomed_core.application import server_from_files

    log_on_standard_error(_WARNINGS)
    with tempfile.TemporaryDirectory() as folder:
        server = server_from_files(
            config, plugins=plugins, overrides={"state": folder, "ledger": "", "store": ""}
        )
        try:
            yield server
        finally:
            server.close()


@contextmanager
def recorded_server(
    config: Path | None,
    *,
    plugins: Sequence[str],
    state: Path | None,
    ledger: str | None,
    accept_change: bool = False,
) -> Iterator[Server]:
    """Open the server that left its records here, and close it in the end.

    Nothing is written before a command writes, so that others can read it, too.

    Raises
    ------
    UsageError
        If no server has been here: then nothing is created.
    """
    from anomed_core.application import server_from_files
    from anomed_core.cli.options import overrides
    from anomed_core.cli.records import ledger_url

    log_on_standard_error(_ERRORS)
    ledger_url(config, state=state, ledger=ledger)
    _require_secret(config, state=state)
    server = server_from_files(
        config,
        plugins=plugins,
        overrides=overrides(state=state, ledger=ledger),
        accept_change=accept_change,
        for_reading=True,
    )
    try:
        yield server
    finally:
        server.close()


def chosen_challenges(server: Server, challenge_id: str | None) -> list[HostedChallenge]:
    """Return the challenge that was named, or all of them if none was.

    Raises
    ------
    UsageError
        If there is none of this name.
    """
    from anomed_core.errors import UsageError

    if challenge_id is None:
        return list(server.challenges.values())
    if challenge_id not in server.challenges:
        raise UsageError(
            f"there is no challenge {challenge_id!r}; there are {', '.join(server.challenges)}"
        )
    return [server.challenges[challenge_id]]


def log_on_standard_error(level: int) -> None:
    """Log on standard error what is of a level or above: what a command prints is its result."""
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _require_secret(config: Path | None, *, state: Path | None) -> None:
    """Refuse to look at a ledger without the secret that its draws came from."""
    from anomed_core.cli.options import overrides
    from anomed_core.config import read_configuration
    from anomed_core.errors import UsageError
    from anomed_core.state import is_there

    folder = read_configuration(config, overrides=overrides(state=state)).server.state
    if not os.environ.get("ANOMED_SECRET") and not is_there(folder / "secret"):
        raise UsageError(
            f"there is no secret in {folder.absolute()}; give --state or ANOMED_SECRET as to serve"
        )
