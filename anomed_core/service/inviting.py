"""Who is invited: grants by the words of organisers, and files of teams."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from anomed_core.errors import UsageError
from anomed_core.ledger import EVERY_CHALLENGE, Grant
from anomed_core.model import Role
from anomed_core.service.registration import Wanted

ROLES = ("anonymizer", "deanonymizer", "organiser")
ALL = "all"
"""Stands for each challenge that there is."""

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
    if text not in ROLES:
        raise UsageError(f"{text!r} is no role; there are {', '.join(ROLES)}")
    return Role(text)


def teams_in(text: str, known: Sequence[str], *, source: str) -> list[Wanted]:
    """Read a file of teams.

    Parameters
    ----------
    text
        CSV with the columns ``team`` and ``role``; ``challenge`` is ``all`` and ``id`` the team
        where the column or the cell is missing. Fields are parted by commas or semicolons.
    known
        The challenges that there are.
    source
        What messages call the file.

    Raises
    ------
    UsageError
        Naming every wrong line.
    """
    rows = _rows(text, source)
    header = next(rows, (1, []))[1]
    if not {"team", "role"} <= set(header) <= set(_COLUMNS) or len(set(header)) != len(header):
        raise UsageError(
            f"{source} begins with the columns {', '.join(header) or 'none'}; allowed are team, "
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
        raise UsageError(f"{source}, {'; '.join(wrong)}")
    if not wanted:
        raise UsageError(f"{source} names no team; write one a line below the header")
    return wanted


def _rows(text: str, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, with the numbers of their last lines."""
    try:
        first = text.partition("\n")[0]
        delimiter = ";" if ";" in first and "," not in first else ","
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise UsageError(f"{source} is no CSV in UTF-8: {error}") from error


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
