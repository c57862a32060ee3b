"""``anomed outbox``."""

from __future__ import annotations

import os
from pathlib import Path

import click

from anomed_core.cli.options import (
    json_option,
    print_json,
    print_table,
    records_options,
)
from anomed_core.cli.records import open_records


@click.group()
def outbox() -> None:
    """List and retry deliveries to a platform."""


@outbox.command("list")
@records_options
@json_option
def list_deliveries(
    config: Path | None, state: Path | None, ledger: str | None, as_json: bool
) -> None:
    """List deliveries and their state; scores wait even where nobody is named to receive them."""
    from anomed_core.ledger import DELIVER

    with open_records(config, state=state, ledger=ledger) as records:
        facts = records.follow_ups.facts(DELIVER)
    rows = [
        {
            "score": fact.score_id,
            "state": fact.state,
            "tries": fact.tries,
            "next_try": f"{fact.next_try_at:%Y-%m-%d %H:%M:%S}Z" if fact.state == "waiting" else "",
            "last_error": fact.last_error,
        }
        for fact in facts
    ]
    if as_json:
        print_json(rows)
    elif not any(fact.tries for fact in facts) and "ANOMED_HOST" not in os.environ:
        click.echo(
            f"Nothing has been delivered yet: {len(rows)} scores wait until a server is started "
            "with ANOMED_HOST, or with a plugin that delivers."
        )
    else:
        names = ["score", "state", "tries", "next try", "last error"]
        print_table(names, [list(row.values()) for row in rows])


@outbox.command("retry")
@click.argument("score_id", required=False)
@records_options
def retry(
    score_id: str | None, config: Path | None, state: Path | None, ledger: str | None
) -> None:
    """Make the delivery of SCORE_ID, or of all that have not arrived, due now."""
    from anomed_core.ledger import DELIVER

    if score_id is not None and not score_id.isdecimal():
        if config is not None:
            raise click.BadParameter(
                f"{score_id!r} is not a whole number; anomed outbox list shows them",
                param_hint="SCORE_ID",
            )
        config = Path(score_id)
        score_id = None
    with open_records(config, state=state, ledger=ledger) as records:
        n_due = records.follow_ups.retry(DELIVER, score_id=int(score_id) if score_id else None)
    click.echo(f"{n_due} deliveries are due now; a running server delivers them.")
