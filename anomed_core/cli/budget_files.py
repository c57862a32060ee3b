"""``anomed budgets export|import``: accounts as a table, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomed_core.cli.archive import list_calls
from anomed_core.cli.budgets import (
    budgets,
    config_argument,
    declared_account,
    holder_named,
    reason_option,
    stored_rows,
)
from anomed_core.cli.options import given_reason, ledger_option, records_options, state_option
from anomed_core.cli.records import Records, configured_server, open_records
from anomed_core.cli.subjects import chosen_challenge
from anomed_core.errors import UsageError

if TYPE_CHECKING:
    from anomed_core.config import ServerSettings
    from anomed_core.ledger import Wanted

_NEEDED = ("subject", "account")
_READ = (*_NEEDED, "challenge", "resource", "limit", "state")
_TOLD = ("granted", "reserved", "spent", "remaining", "until")
"""Columns that an export has and that an import cannot change."""


@budgets.command("export")
@records_options
@click.option("--challenge", metavar="ID", help="Only this challenge.")
@click.option("--account", metavar="NAME", help="Only this account.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="A row for each resource.",
)
def export_budgets(
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    challenge: str | None,
    account: str | None,
    form: str,
) -> None:
    """Write what anomed budgets list shows to standard output, every amount with all its digits."""
    rows = stored_rows(config, state=state, ledger=ledger, challenge=challenge, account=account)
    if form == "json":
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        ["challenge", "subject", "account", "resource", "limit", *_TOLD[:-1], "state", "until"]
    )
    writer.writerows(list(row.values()) for row in rows)
    click.echo(text.getvalue(), nl=False)


@budgets.command("import")
@config_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@reason_option
@state_option
@ledger_option
def import_budgets(
    config: Path, file: Path, reason: str, state: Path | None, ledger: str | None
) -> None:
    """Make accounts what FILE says: limits are raised, states changed; all of it, or nothing.

    FILE is CSV or JSON with the columns subject and account, and resource and limit, state, or
    both, as anomed budgets export writes them; challenge may be left out where there is one, and
    other columns are not read. What is so already is no decision, so a file may be imported twice.
    """
    why = given_reason(reason)
    rows = _rows_of(file)
    settings = configured_server(config, state=state, ledger=ledger)
    with open_records(config, state=state, ledger=ledger) as records:
        wanted, wrong = [], []
        for place, row in rows:
            try:
                wanted.append(_wanted(records, row, settings))
            except UsageError as error:
                wrong.append(f"{place}: {error}")
        if wrong:
            raise UsageError(f"{file}, {'; '.join(wrong)}")
        n_decisions = records.ledger.budgets.adopt(wanted, reason=why)
    click.echo(f"{n_decisions} decisions were made about {len(rows)} rows of {file}.")


def _wanted(records: Records, row: Mapping[str, str], settings: ServerSettings) -> Wanted:
    from anomed_core.ledger import Wanted
    from anomed_core.model import AccountState, as_amount

    missing = [name for name in _NEEDED if not row.get(name)]
    if missing:
        raise UsageError(f"the {missing[0]} is missing")
    challenge = chosen_challenge(records, row.get("challenge") or None)
    account = declared_account(records, challenge, row["account"], settings)
    limits = {}
    try:
        if row.get("limit"):
            limits[account.resource(row.get("resource", "")).name] = as_amount(row["limit"])
        state = AccountState(row["state"]) if row.get("state") else None
    except ValueError as error:
        raise UsageError(str(error)) from error
    return Wanted(
        challenge=challenge,
        account=account,
        subject=holder_named(records, challenge, account, row["subject"]),
        limits=limits,
        state=state,
    )


def _rows_of(file: Path) -> list[tuple[str, dict[str, str]]]:
    """Return the rows of a file, with what to call them."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8: {error}") from error
    rows = _from_json(file, text) if text.lstrip().startswith("[") else _from_csv(file, text)
    if not rows:
        raise UsageError(f"{file} names no account; write one a row, below the header in CSV")
    strange = {name for _, row in rows for name in row} - {*_READ, *_TOLD}
    if strange:
        raise UsageError(
            f"{file} has unknown columns: {', '.join(sorted(map(str, strange)))}; read are "
            f"{', '.join(_READ)}"
        )
    return rows


def _from_json(file: Path, text: str) -> list[tuple[str, dict[str, str]]]:
    from decimal import Decimal

    try:
        rows: Any = json.loads(text, parse_float=Decimal)
    except ValueError as error:
        raise UsageError(f"{file} is no JSON: {error}") from error
    if not all(isinstance(row, dict) for row in rows):
        raise UsageError(f"{file} is no list of objects, one for each row")
    return [
        (f"row {number}", {name: "" if cell is None else str(cell) for name, cell in row.items()})
        for number, row in enumerate(rows, start=1)
    ]


def _from_csv(file: Path, text: str) -> list[tuple[str, dict[str, str]]]:
    first = text.partition("\n")[0]
    delimiter = ";" if ";" in first and "," not in first else ","
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader]
    except csv.Error as error:
        raise UsageError(f"{file} is no CSV: {error}") from error
    filled = [(line, cells) for line, cells in lines if any(cells)]
    header: Sequence[str] = filled[0][1] if filled else []
    wrong = [str(line) for line, cells in filled if len(cells) != len(header)]
    if wrong or len(set(header)) != len(header):
        raise UsageError(
            f"{file} must have as many fields in each line as different columns in its header"
            + (f", unlike line {wrong[0]}" if wrong else "")
        )
    return [(f"line {line}", dict(zip(header, cells, strict=True))) for line, cells in filled[1:]]


budgets.add_command(list_calls, "archive")
