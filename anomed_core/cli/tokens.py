"""``anomed tokens``."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomed_core.cli.invitations import (
    ALL,
    ROLES,
    grant_of,
    read_teams,
    rules_of_both_roles,
    write_privately,
)
from anomed_core.cli.options import (
    json_option,
    print_json,
    print_table,
    records_options,
)
from anomed_core.cli.records import Records, configured_challenges, open_records

if TYPE_CHECKING:
    from anomed_core.ledger import Grant, NewToken
    from anomed_core.service.registration import Wanted

_WHICH = "WHICH is the beginning of the token's id, at least 8 digits, or the name of the team."


@click.group()
def tokens() -> None:
    """Create, import, list, re-issue and revoke tokens."""


@tokens.command("create")
@click.argument("role", type=click.Choice(ROLES))
@click.argument("holder")
@click.option(
    "--challenge",
    "chosen",
    metavar="ID",
    multiple=True,
    help="The challenge it is valid for, or 'all' for each that there is now; an organiser's is "
    "then valid for later ones, too [default for them]. May be repeated.",
)
@click.option("--team", metavar="NAME", help="Whose it is [default: HOLDER].")
@click.option(
    "--grant",
    "more",
    metavar="CHALLENGE:ROLE:ID",
    multiple=True,
    help="What the same token grants besides. May be repeated.",
)
@records_options
@json_option
def create(
    role: str,
    holder: str,
    chosen: tuple[str, ...],
    team: str | None,
    more: tuple[str, ...],
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    as_json: bool,
) -> None:
    """Create a token for HOLDER, the id it competes under, and show it this once."""
    from anomed_core.errors import UsageError
    from anomed_core.service.inviting import grants_for

    if not chosen and role != "organiser":
        raise UsageError(f"a token for an {role} needs --challenge ID")
    asked = [{"challenge": one, "role": role, "holder": holder} for one in chosen or (ALL,)]
    asked += [grant_of(text) for text in more]
    with open_records(config, state=state, ledger=ledger, must_exist=False) as records:
        known = configured_challenges(config) or tuple(records.ledger.challenges())
        wanted = [
            one
            for each in asked
            for one in grants_for(
                team or holder,
                challenge=each["challenge"],
                role=each["role"],
                holder=each["holder"],
                known=known,
            )
        ]
        show = partial(_show_one, as_json=as_json)
        _create(records, wanted, config, hand_over=show)


@tokens.command("import")
@click.argument("teams", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="New file for the tokens, which its owner alone can read [default: they are printed].",
)
@records_options
@json_option
def import_tokens(
    teams: Path,
    output: Path | None,
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    as_json: bool,
) -> None:
    """Create one token for each team in a CSV file, all or none, and show them this once.

    The columns are team and role; challenge ('all' without it) and id (the team's name without it)
    may be added. A team may have several lines.
    """
    with open_records(config, state=state, ledger=ledger, must_exist=False) as records:
        known = configured_challenges(config) or tuple(records.ledger.challenges())
        wanted = read_teams(teams, known)
        show = partial(_show_all, output=output, as_json=as_json)
        _create(records, wanted, config, hand_over=show, refuses_twice=True, source=teams)


def _create(
    records: Records,
    wanted: Sequence[Wanted],
    config: Path | None,
    *,
    hand_over: Callable[[Sequence[NewToken], Sequence[str]], None],
    refuses_twice: bool = False,
    source: Path | None = None,
) -> None:
    """Judge what is wanted, hand the tokens over and make them valid, in one transaction."""
    from anomed_core.errors import UsageError
    from anomed_core.service.registration import Registration, by_team

    registration = Registration(rules_of_both_roles(config, records), refuses_twice)
    warnings: list[str] = []

    def judge(known: Any) -> None:
        try:
            warnings.extend(registration.warnings(wanted, known))
        except UsageError as error:
            raise UsageError(f"{source}, {error}" if source else str(error)) from error

    records.tokens.create_all(by_team(wanted), judge=judge, hand_over=hand_over)
    for warning in warnings:
        click.echo(f"Warning: {warning}.", err=True)


def _show_one(new: Sequence[NewToken], created: Sequence[str], *, as_json: bool) -> None:
    _show(new[0].team, new[0].grants, created[0], as_json=as_json)


def _show(team: str, grants: Sequence[Grant], token: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"team": team, "grants": _as_json(grants), "token": token})
        return
    click.echo(token)
    click.echo(
        f"Shown this once. Clients send it as http://{grants[0].holder}:TOKEN@HOST:PORT/ or as "
        "Bearer.",
        err=True,
    )


def _show_all(
    new: Sequence[NewToken], created: Sequence[str], *, output: Path | None, as_json: bool
) -> None:
    rows = [(one.team, token) for one, token in zip(new, created, strict=True)]
    if output is not None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([("team", "token"), *rows])
        write_privately(output, text.getvalue())
    if as_json:
        pairs = zip(new, created, strict=True)
        print_json(
            [
                {"team": one.team, "grants": _as_json(one.grants)}
                | ({} if output else {"token": token})
                for one, token in pairs
            ]
        )
    elif output is not None:
        click.echo(f"{len(rows)} tokens are in {output}, and nowhere else.")
    else:
        print_table(["team", "token"], rows)
        click.echo("Shown this once.", err=True)


def _as_json(grants: Sequence[Grant]) -> list[dict[str, str]]:
    return [
        {"challenge": grant.challenge, "role": grant.role.value, "id": grant.holder}
        for grant in grants
    ]


@tokens.command("list")
@records_options
@json_option
def list_tokens(config: Path | None, state: Path | None, ledger: str | None, as_json: bool) -> None:
    """List tokens by their ids, with what they grant; the tokens themselves are not kept."""
    with open_records(config, state=state, ledger=ledger) as records:
        facts = records.tokens.facts()
    rows = [
        {
            "id": fact.id[:12],
            "team": fact.identity.team,
            "grants": _as_json(fact.identity.grants),
            "created": f"{fact.created_at:%Y-%m-%d %H:%M:%S}Z",
            "revoked": f"{fact.revoked_at:%Y-%m-%d %H:%M:%S}Z" if fact.revoked_at else "",
        }
        for fact in facts
    ]
    if as_json:
        print_json(rows)
        return
    worded = [" ".join(str(grant) for grant in fact.identity.grants) for fact in facts]
    print_table(
        ["id", "team", "grants", "created", "revoked"],
        [
            [row["id"], row["team"], text, row["created"], row["revoked"]]
            for row, text in zip(rows, worded, strict=True)
        ],
    )


@tokens.command("reissue", epilog=_WHICH)
@click.argument("which")
@records_options
@json_option
def reissue(
    which: str, config: Path | None, state: Path | None, ledger: str | None, as_json: bool
) -> None:
    """Revoke a token, or all of a team, and show a new one that grants the same, this once."""
    with open_records(config, state=state, ledger=ledger) as records:
        show = partial(_show_one, as_json=as_json)
        records.tokens.reissue(which, hand_over=show)


@tokens.command("revoke", epilog=_WHICH)
@click.argument("which")
@records_options
def revoke(which: str, config: Path | None, state: Path | None, ledger: str | None) -> None:
    """Revoke a token, or all tokens of a team, at once."""
    with open_records(config, state=state, ledger=ledger) as records:
        revoked = records.tokens.revoke(which)
    for fact in revoked:
        click.echo(f"Token {fact.id[:12]} of the team {fact.identity.team} is revoked.")
