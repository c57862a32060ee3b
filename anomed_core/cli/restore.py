"""``anomed restore``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

from anomed_core.cli import EXIT_PROBLEM
from anomed_core.cli.options import json_option, overrides, print_json, records_options
from anomed_core.cli.progress import Progress

if TYPE_CHECKING:
    from anomed_core.service.backup import Restored


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@records_options
@json_option
def restore(
    file: Path, config: Path | None, state: Path | None, ledger: str | None, as_json: bool
) -> None:
    """Put an archive of anomed backup into an empty state directory and an empty database.

    Give the CONFIG, --state, --ledger or --store that the server will be given. An archive of an
    older release is migrated. A failure leaves nothing behind.

    Exit code 1 if all is restored, but rows were not as they were recorded already in the archive.
    """
    from anomed_core.config import read_configuration
    from anomed_core.service.backup import restore as put_back
    from anomed_core.state import store_at

    settings = read_configuration(config, overrides=overrides(state=state, ledger=ledger)).server
    store = store_at(settings.store)
    done = put_back(file, settings.state, url=settings.ledger, store=store, progress=Progress())
    if as_json:
        print_json(attrs.asdict(done))
    else:
        _tell(done)
    if done.faults:
        raise click.exceptions.Exit(EXIT_PROBLEM)


def _tell(done: Restored) -> None:
    rows = ", ".join(f"{n_rows} {table}" for table, n_rows in done.tables.items() if n_rows)
    click.echo(f"{done.state} is as of {done.made_at}: {done.n_files} files; rows: {rows}.")
    if not done.secret:
        click.echo(
            f"There was no secret inside: put that of the server into {done.state / 'secret'} or "
            "ANOMED_SECRET before you start it."
        )
    for fault in done.faults:
        click.echo(f"{fault.table} row {fault.row}: {fault.problem}")
    if not done.faults:
        click.echo("All is as it was recorded: digests fit, chain unbroken.")
