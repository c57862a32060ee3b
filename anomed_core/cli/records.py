"""Open what a server remembers, without serving."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from anomed_core.config import ServerSettings
    from anomed_core.ledger import FollowUpBook, Ledger, TeamBook, TokenBook
    from anomed_core.state import Store


@attrs.frozen(kw_only=True)
class Records:
    """Ledger, tokens, teams and follow-ups of one server."""

    ledger: Ledger
    tokens: TokenBook
    teams: TeamBook
    follow_ups: FollowUpBook


def configured_server(
    config: Path | None, *, state: Path | None, ledger: str | None
) -> ServerSettings:
    """Return the settings of the server that is given the same."""
    from anomed_core.cli.options import overrides
    from anomed_core.config import read_configuration

    return read_configuration(config, overrides=overrides(state=state, ledger=ledger)).server


def ledger_url(
    config: Path | None, *, state: Path | None, ledger: str | None, must_exist: bool = True
) -> str:
    """Return the database URL that the configuration, the environment or the options name.

    Raises
    ------
    UsageError
        If there is no ledger there yet and there must be.
    """
    from anomed_core.errors import UsageError
    from anomed_core.state import StateDirectory, is_there

    settings = configured_server(config, state=state, ledger=ledger)
    if settings.ledger:
        return settings.ledger
    if must_exist and not is_there(settings.state / "ledger.sqlite"):
        raise UsageError(
            f"there is no ledger in {settings.state.absolute()}; give the CONFIG, --state or "
            "--ledger that the server was given"
        )
    return StateDirectory(settings.state, for_reading=must_exist).ledger_url


def store_of(settings: ServerSettings) -> Store:
    """Return where the server's artifacts and bodies are: a store, or its state directory."""
    from anomed_core.state import DirectoryStore, store_at

    return store_at(settings.store) or DirectoryStore(settings.state.absolute())


def configured_challenges(config: Path | None) -> tuple[str, ...]:
    """Return the ids of the challenges in a configuration; none without one."""
    from anomed_core.config import read_configuration

    if config is None:
        return ()
    return tuple(table.id for table in read_configuration(config).challenges)


@contextmanager
def open_records(
    config: Path | None, *, state: Path | None, ledger: str | None, must_exist: bool = True
) -> Iterator[Records]:
    """Open the memory that the server given the same would open, and close it in the end.

    What must exist is not written before a command writes, so that others can read it, too.
    """
    from anomed_core.ledger import Database, FollowUpBook, Ledger, TeamBook, TokenBook

    url = ledger_url(config, state=state, ledger=ledger, must_exist=must_exist)
    database = Database(url, for_reading=must_exist)
    try:
        yield Records(
            ledger=Ledger(database),
            tokens=TokenBook(database),
            teams=TeamBook(database),
            follow_ups=FollowUpBook(database),
        )
    finally:
        database.close()
