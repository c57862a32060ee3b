"""``anomed ledger``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from anomed_core.cli import EXIT_PROBLEM
from anomed_core.cli.options import json_option, print_json, print_table, records_options
from anomed_core.cli.progress import Progress
from anomed_core.cli.records import configured_server, ledger_url, open_records, store_of


@click.group("ledger")
def ledger_group() -> None:
    """Verify and migrate the ledger, and read its audit."""


@ledger_group.command("verify")
@records_options
@click.option("--full", is_flag=True, help="Read every object of the store, and judge its content.")
@json_option
def verify(
    config: Path | None, state: Path | None, ledger: str | None, full: bool, as_json: bool
) -> None:
    """Check the hash chains of the ledger, the criteria that rankings read, and the store.

    Of the store, whether it holds what the ledger names; with --full, whether all of it is what its
    names say. Exit code 1 if a row or an object is not as it was recorded.
    """
    from anomed_core.service.store_keeping import StoreFault, store_faults

    settings = configured_server(config, state=state, ledger=ledger)
    with open_records(config, state=state, ledger=ledger) as records:
        faults = records.ledger.verify()
        n_scores = records.ledger.n_scores()
        objects: list[StoreFault] = []
        if settings.store or settings.state.is_dir():
            objects = store_faults(
                store_of(settings), records.ledger, full=full, progress=Progress()
            )
        else:
            click.echo(f"There is no {settings.state}: only the ledger is checked.", err=True)
    if as_json:
        print_json(
            {
                "scores": n_scores,
                "faults": [attrs.asdict(fault) for fault in faults],
                "store": [attrs.asdict(fault) for fault in objects],
            }
        )
    else:
        for fault in faults:
            click.echo(f"{fault.table} row {fault.row}: {fault.problem}")
        for missing in objects:
            click.echo(f"{missing.name}: {missing.problem}")
        if not (faults or objects):
            click.echo(f"All is as it was recorded: {n_scores} scores, chain unbroken.")
    if faults or objects:
        raise click.exceptions.Exit(EXIT_PROBLEM)


@ledger_group.command("audit")
@records_options
@click.option("--action", metavar="TEXT", help="Only rows whose action has these words.")
@json_option
def audit(
    config: Path | None, state: Path | None, ledger: str | None, action: str | None, as_json: bool
) -> None:
    """List what was decided about tokens, teams, attempts, scores and challenges, oldest first."""
    with open_records(config, state=state, ledger=ledger) as records:
        rows = [row for row in records.ledger.audit_trail() if (action or "") in row.action]
    if as_json:
        print_json([attrs.asdict(row) for row in rows])
        return
    print_table(
        ["id", "recorded", "action", "detail"],
        [[row.id, f"{row.recorded_at:%Y-%m-%d %H:%M:%S}Z", row.action, row.detail] for row in rows],
    )


@ledger_group.command("migrate")
@records_options
@click.option(
    "--contract",
    is_flag=True,
    help="Take away what only older releases need, once none of their servers runs any more.",
)
def migrate(config: Path | None, state: Path | None, ledger: str | None, contract: bool) -> None:
    """Bring the ledger to the schema of this release; back it up first.

    Servers of the release before may go on meanwhile, until --contract.
    """
    from anomed_core.ledger import contract_ledger, migrate_ledger

    url = ledger_url(config, state=state, ledger=ledger, must_exist=False)
    before, after = migrate_ledger(url)
    if before == after:
        click.echo(f"The ledger has the schema {after} already.")
    else:
        click.echo(f"The ledger went from {before or 'nothing'} to {after}.")
    if contract:
        contracted = contract_ledger(url)
        what = ", ".join(contracted) or "nothing"
        click.echo(f"What only releases before {after} needed is gone (of {what}).")
