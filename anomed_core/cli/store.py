"""``anomed store``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from anomed_core.cli.options import json_option, print_json, print_table, records_options
from anomed_core.cli.records import configured_server, open_records, store_of

_HOUR_S = 3600.0


@click.group("store")
def store_group() -> None:
    """Look after what servers of one ledger share."""


@store_group.command("gc")
@records_options
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option(
    "--older-than",
    "hours",
    type=click.FloatRange(min=1),
    default=24.0,
    show_default=True,
    metavar="HOURS",
    help="Leave what was written since.",
)
@json_option
def gc(
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    dry_run: bool,
    hours: float,
    as_json: bool,
) -> None:
    """Remove submissions, data and archived bodies that nothing names any more.

    They are left by evaluations that failed on our side, and by servers that were killed. Servers
    may run meanwhile: an upload may be ahead of its row, so what is young stays.
    """
    from anomed_core.service.store_keeping import collect

    store = store_of(configured_server(config, state=state, ledger=ledger))
    with open_records(config, state=state, ledger=ledger) as records:
        done = collect(store, records.ledger, dry_run=dry_run, older_than_s=hours * _HOUR_S)
    if as_json:
        print_json(
            {
                "store": store.url,
                "removed": not dry_run,
                "objects": [attrs.asdict(stored) for stored in done.objects],
                "unfinished": done.n_unfinished,
            }
        )
        return
    if done.objects:
        rows = [[stored.name, f"{stored.size_bytes:,}"] for stored in done.objects]
        print_table(["object", "bytes"], rows)
    what = "would be removed from" if dry_run else "were removed from"
    unfinished = "" if dry_run else f"; {done.n_unfinished} unfinished uploads were given up"
    click.echo(
        f"{len(done.objects)} objects of {done.size_bytes:,} bytes {what} {store.url}{unfinished}."
    )
