"""What organisers say about whom they invite: grants, files of teams, rules of challenges."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from anomed_core.errors import PluginError, UsageError

if TYPE_CHECKING:
    from anomed_core.cli.records import Records
    from anomed_core.model import BothRoles, Role
    from anomed_core.service.registration import Wanted

ROLES = ("anonymizer", "deanonymizer", "organiser")
ALL = "all"
_COLUMNS = ("team", "challenge", "role", "id")


def grants_for(
    team: str, *, challenge: str, role: str, holder: str, known: Sequence[str], line: int = 0
) -> Iterator[Wanted]:
    """Yield a grant for a challenge, or one for each where all are meant.

    Parameters
    ----------
    team, role, holder
        Who, and what they may be.
    challenge
        An id, or ``all``.
    known
        The challenges that there are; none if nobody knows any yet.
    line
        Of the file that says so.

    Raises
    ------
    UsageError
        If there is no such challenge or role.
    """
    from anomed_core.ledger import EVERY_CHALLENGE, Grant
    from anomed_core.service.registration import Wanted

    chosen: Sequence[str] = [challenge]
    if challenge == ALL and role == "organiser":
        chosen = [EVERY_CHALLENGE]
    elif challenge == ALL:
        if not known:
            raise UsageError("nobody knows which challenges there are; give the CONFIG")
        chosen = known
    elif known and challenge not in known:
        raise UsageError(
            f"there is no challenge {challenge!r}; there are {', '.join(known)}; add it to the "
            "configuration first and give that as CONFIG"
        )
    for one in chosen:
        grant = Grant(role=_role(role), holder=holder, challenge=one)
        yield Wanted(team=team, grant=grant, line=line)


def _role(text: str) -> Role:
    from anomed_core.model import Role

    if text not in ROLES:
        raise UsageError(f"{text!r} is no role; there are {', '.join(ROLES)}")
    return Role(text)


def grant_of(text: str) -> dict[str, str]:
    """Return challenge, role and id of ``CHALLENGE:ROLE:ID``; an id may have colons, too."""
    parts = text.split(":", 2)
    if len(parts) < len(("challenge", "role", "id")) or not all(parts):
        raise UsageError(f"--grant {text!r} is not CHALLENGE:ROLE:ID, such as iris:anonymizer:a")
    return {"challenge": parts[0], "role": parts[1], "holder": parts[2]}


def read_teams(path: Path, known: Sequence[str]) -> list[Wanted]:
    """Read a file of teams.

    Parameters
    ----------
    path
        CSV with the columns ``team`` and ``role``; ``challenge`` is ``all`` and ``id`` the team
        where the column or the cell is missing. Fields are parted by commas or semicolons.
    known
        The challenges that there are.

    Raises
    ------
    UsageError
        Naming every wrong line.
    """
    rows = _rows(path)
    header = next(rows, (1, []))[1]
    if not {"team", "role"} <= set(header) <= set(_COLUMNS) or len(set(header)) != len(header):
        raise UsageError(
            f"{path} begins with the columns {', '.join(header) or 'none'}; allowed are team, "
            "role, challenge and id, and team and role are needed"
        )
    wanted: list[Wanted] = []
    wrong: list[str] = []
    for line, cells in rows:
        try:
            wanted += _of_line(dict(zip(header, cells, strict=False)), cells, header, known, line)
        except UsageError as error:
            wrong.append(f"line {line}: {error}")
    if wrong:
        raise UsageError(f"{path}, {'; '.join(wrong)}")
    if not wanted:
        raise UsageError(f"{path} names no team; write one a line below the header")
    return wanted


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, with the numbers of their last lines."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        first = text.partition("\n")[0]
        delimiter = ";" if ";" in first and "," not in first else ","
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} is no CSV in UTF-8: {error}") from error


def _of_line(
    row: dict[str, str], cells: list[str], header: list[str], known: Sequence[str], line: int
) -> list[Wanted]:
    if len(cells) != len(header):
        raise UsageError(f"it has {len(cells)} fields; the header has {len(header)}")
    if not row["team"]:
        raise UsageError("the team is missing")
    return list(
        grants_for(
            row["team"],
            challenge=row.get("challenge") or ALL,
            role=row["role"],
            holder=row.get("id") or row["team"],
            known=known,
            line=line,
        )
    )


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
