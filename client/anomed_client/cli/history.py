"""Look at attempts and at the ranking."""

from __future__ import annotations

from dataclasses import asdict

import click

from anomed_client.cli.call import Call, command
from anomed_client.ranking import Ranking

_SPLIT = click.option(
    "--split", type=click.Choice(["tuning", "validation"]), default="validation", show_default=True
)


@click.option("--target", help="Only attacks on this anonymizer.")
def _attempts(call: Call, target: str | None) -> None:
    """Show your attempts, and what is left."""
    found = call.connect().attempts(target=target)
    columns = ["id", "kind", "split", "anonymizer", "deanonymizer", "state", "score"]
    rows = [
        [a.id, a.kind, a.split, a.anonymizer, a.deanonymizer, a.state, a.score_id] for a in found
    ]
    told = {
        "attempts": [asdict(attempt) for attempt in found],
        "kinds": {name: asdict(outlook) for name, outlook in found.kinds.items()},
    }
    call.show(columns, rows, told)
    if not call.as_json:
        for name, outlook in found.kinds.items():
            left = outlook.tuning_remaining
            left_told = "" if left is None else f", {left} tuning attempts left"
            click.echo(f"{name}: final {outlook.final}{left_told}", err=True)


@_SPLIT
@click.argument("ranking", required=False)
def _rank(call: Call, ranking: str | None, split: str) -> None:
    """Show who is ahead."""
    _show(call, call.connect().ranking(ranking, split=split))  # type: ignore[arg-type]  # click's choice


@_SPLIT
@click.option("--interval-s", type=click.FloatRange(min=1), default=5.0, show_default=True)
@click.argument("ranking", required=False)
def _watch(call: Call, ranking: str | None, split: str, interval_s: float) -> None:
    """Show who is ahead, and again whenever that changes, until Ctrl-C."""
    for now in call.connect().watch(ranking, split=split, interval_s=interval_s):  # type: ignore[arg-type]  # click's choice
        _show(call, now)


def _show(call: Call, ranking: Ranking) -> None:
    columns, rows = ranking.rows()
    call.show(columns, rows, asdict(ranking))


attempts = command("attempts")(_attempts)
rank = command("rank")(_rank)
watch = command("watch")(_watch)
