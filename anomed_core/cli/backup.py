"""``anomed backup``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from anomed_core.cli import EXIT_PROBLEM
from anomed_core.cli.options import json_option, overrides, print_json, records_options
from anomed_core.cli.progress import Progress
from anomed_core.cli.records import ledger_url

if TYPE_CHECKING:
    from anomed_core.service.backup import BackedUp


@click.command()
@records_options
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Archive to write; it must not be there yet.",
)
@click.option("--without-secret", is_flag=True, help="Leave the secret out; keep it elsewhere.")
@json_option
def backup(
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    output: Path,
    without_secret: bool,
    as_json: bool,
) -> None:
    """Write the ledger, submissions, frozen data and secret of a server to one file.

    The server may run meanwhile. Give the CONFIG, --state, --ledger or --store that it was given.
    The archive does not depend on the database: anomed restore puts it into SQLite or PostgreSQL.

    Exit code 1 if the archive is written, but the server's own files are not as they were recorded.
    """
    from anomed_core.config import read_configuration
    from anomed_core.service.backup import back_up
    from anomed_core.state import store_at

    url = ledger_url(config, state=state, ledger=ledger)
    settings = read_configuration(config, overrides=overrides(state=state)).server
    folder = settings.state
    from_environment = bool(os.environ.get("ANOMED_SECRET"))
    done = back_up(
        url,
        folder,
        output,
        store=store_at(settings.store),
        with_secret=not (without_secret or from_environment),
        progress=Progress(),
    )
    if as_json:
        print_json(attrs.asdict(done))
    else:
        _tell(done, folder / "secret")
    if done.faults or done.damaged:
        raise click.exceptions.Exit(EXIT_PROBLEM)


def _tell(done: BackedUp, secret: Path) -> None:
    rows = ", ".join(f"{n_rows} {table}" for table, n_rows in done.tables.items() if n_rows)
    click.echo(f"{done.file}: {done.size_bytes / 1e6:,.1f} MB, {done.n_files} files; rows: {rows}.")
    if done.secret:
        click.echo(
            "THE SECRET IS INSIDE: whoever has this file knows every draw and the truth; keep it "
            "as you keep passwords."
        )
    else:
        click.echo(
            f"The secret is not inside, and no score repeats without it: keep {secret} or "
            "ANOMED_SECRET, whichever the server uses. The ground truth is inside."
        )
    for name in done.damaged:
        click.echo(f"{name} is left out: it is damaged, its content is not what its name says.")
    for fault in done.faults:
        click.echo(f"{fault.table} row {fault.row}: {fault.problem}")
