"""What organisers say about whom they invite: grants, files of teams, rules of challenges."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anomed_core.errors import PluginError, UsageError

if TYPE_CHECKING:
    from anomed_core.cli.records import Records
    from anomed_core.model import BothRoles
    from anomed_core.service.registration import Wanted

ROLES = ("anonymizer", "deanonymizer", "organiser")
ALL = "all"


def grant_of(text: str) -> dict[str, str]:
    """Return challenge, role and id of ``CHALLENGE:ROLE:ID``; an id may have colons, too."""
    parts = text.split(":", 2)
    if len(parts) < len(("challenge", "role", "id")) or not all(parts):
        raise UsageError(f"--grant {text!r} is not CHALLENGE:ROLE:ID, such as iris:anonymizer:a")
    return {"challenge": parts[0], "role": parts[1], "holder": parts[2]}


def read_teams(path: Path, known: Sequence[str]) -> list[Wanted]:
    """Read a file of teams; see `anomed_core.service.inviting.teams_in`.

    Raises
    ------
    UsageError
        Naming every wrong line.
    """
    from anomed_core.service.inviting import teams_in

    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no CSV in UTF-8: {error}") from error
    return teams_in(text, known, source=str(path))


def write_privately(path: Path, text: str) -> None:
    """Write a new file that its owner alone can read, and see it on the disk.

    Raises
    ------
    UsageError
        If the file exists already.
    """
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{path} exists already; name a new file for the tokens") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink()
        raise


def rules_of_both_roles(config: Path | None, records: Records) -> dict[str, BothRoles]:
    """Return whether one team may have both roles, by challenge.

    The configuration decides, then the type that it names, then what the server was opened with.
    """
    from anomed_core.config import read_configuration
    from anomed_core.model import BothRoles
    from anomed_core.plugins import build_registry

    rules = {challenge: rules.both_roles for challenge, rules in records.ledger.rules().items()}
    if config is None:
        return rules
    registry = build_registry()
    for table in read_configuration(config).challenges:
        if table.both_roles:
            rules[table.id] = BothRoles(table.both_roles)
            continue
        try:
            loaded = registry.load(table.type)
        except PluginError:  # it may have been served with --plugin; then the ledger knows
            continue
        if loaded is not None:
            rules[table.id] = loaded.both_roles
    return rules
