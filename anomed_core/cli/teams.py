"""``anomed teams``."""

from __future__ import annotations

from pathlib import Path

import attrs
import click

from anomed_core.cli.options import (
    given_reason,
    json_option,
    print_json,
    print_table,
    records_options,
)
from anomed_core.cli.records import open_records

reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="Why; it stands in the audit."
)


@click.group()
def teams() -> None:
    """List, disqualify, reinstate and rename teams."""


@teams.command("list")
@records_options
@json_option
def list_teams(config: Path | None, state: Path | None, ledger: str | None, as_json: bool) -> None:
    """List teams that have, or had, tokens: their ids, shown names, and who is disqualified."""
    with open_records(config, state=state, ledger=ledger) as records:
        known = records.teams.facts()
    if as_json:
        print_json([attrs.asdict(team) for team in known])
    else:
        rows = [[team.team, team.name, " ".join(team.ids), team.disqualified] for team in known]
        print_table(["team", "shown as", "ids", "disqualified"], rows)


@teams.command("disqualify")
@click.argument("team")
@records_options
@click.option(
    "--reason", required=True, metavar="TEXT", help="Why; the team reads it, and so do its rivals."
)
def disqualify(
    team: str, config: Path | None, state: Path | None, ledger: str | None, reason: str
) -> None:
    """Let a team submit nothing more, and take it out of the rankings.

    Nobody can attack it, attacks on it and by it do not count, and no recorded score changes.
    """
    why = given_reason(reason)
    with open_records(config, state=state, ledger=ledger) as records:
        records.teams.disqualify(team, why)
    click.echo(f"The team {team} is disqualified; anomed teams reinstate takes that back.")


@teams.command("reinstate")
@click.argument("team")
@records_options
@reason_option
def reinstate(
    team: str, config: Path | None, state: Path | None, ledger: str | None, reason: str
) -> None:
    """Let a disqualified team compete again; all counts that counted before."""
    why = given_reason(reason)
    with open_records(config, state=state, ledger=ledger) as records:
        records.teams.reinstate(team, why)
    click.echo(f"The team {team} competes again.")


@teams.command("rename")
@click.argument("team")
@click.argument("name")
@records_options
@reason_option
def rename(
    team: str,
    name: str,
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    reason: str,
) -> None:
    """Show a team under another NAME in rankings and reports; its ids stay what they are."""
    why = given_reason(reason)
    with open_records(config, state=state, ledger=ledger) as records:
        records.teams.rename(team, name, why)
    click.echo(f"The team {team} is shown as {name}.")
