"""``anomed tokens``."""

from __future__ import annotations

from pathlib import Path

import click

from anomed_core.cli.options import (
    json_option,
    print_json,
    print_table,
    records_options,
)
from anomed_core.cli.records import configured_challenges, open_records

_ROLES = ("anonymizer", "deanonymizer", "organiser")


@click.group()
def tokens() -> None:
    """Create, list and revoke tokens."""


@tokens.command("create")
@click.argument("role", type=click.Choice(_ROLES))
@click.argument("holder")
@click.option(
    "--challenge",
    metavar="ID",
    help="The challenge it is valid for; an organiser's may be valid for all [default for them].",
)
@records_options
@json_option
def create(
    role: str,
    holder: str,
    challenge: str | None,
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    as_json: bool,
) -> None:
    """Create a token for HOLDER, the id it competes under, and show it this once."""
    from anomed_core.errors import UsageError
    from anomed_core.ledger import EVERY_CHALLENGE, Identity
    from anomed_core.model import Role
    from anomed_core.service.parameters import IDENTIFIER

    if challenge is None and role != "organiser":
        raise UsageError(f"a token for an {role} needs --challenge ID")
    if not IDENTIFIER.fullmatch(holder):
        raise UsageError(
            f"{holder!r} is not an identifier: one has 1 to 128 letters, digits or ._@+:- and "
            "begins with a letter or digit"
        )
    identity = Identity(role=Role(role), holder=holder, challenge=challenge or EVERY_CHALLENGE)
    with open_records(config, state=state, ledger=ledger, must_exist=False) as records:
        known = configured_challenges(config) or records.ledger.challenges()
        if challenge is not None and known and challenge not in known:
            raise UsageError(
                f"there is no challenge {challenge!r}; there are {', '.join(known)}; add it to "
                "the configuration first and give that as CONFIG"
            )
        token = records.tokens.create(identity)
        records.ledger.audit(
            "token created", role=role, holder=holder, challenge=identity.challenge
        )
    if as_json:
        print_json(
            {"role": role, "holder": holder, "challenge": identity.challenge, "token": token}
        )
        return
    click.echo(token)
    click.echo(
        f"Shown this once. Clients send it as http://{holder}:TOKEN@HOST:PORT/ or as Bearer.",
        err=True,
    )


@tokens.command("list")
@records_options
@json_option
def list_tokens(config: Path | None, state: Path | None, ledger: str | None, as_json: bool) -> None:
    """List tokens by their ids; the tokens themselves are not kept."""
    with open_records(config, state=state, ledger=ledger) as records:
        facts = records.tokens.facts()
    rows = [
        {
            "id": fact.id[:12],
            "role": fact.identity.role.value,
            "holder": fact.identity.holder,
            "challenge": fact.identity.challenge,
            "created": f"{fact.created_at:%Y-%m-%d %H:%M:%S}Z",
            "revoked": f"{fact.revoked_at:%Y-%m-%d %H:%M:%S}Z" if fact.revoked_at else "",
        }
        for fact in facts
    ]
    if as_json:
        print_json(rows)
    else:
        names = ["id", "role", "holder", "challenge", "created", "revoked"]
        print_table(names, [list(row.values()) for row in rows])


@tokens.command("revoke")
@click.argument("token_id")
@records_options
def revoke(token_id: str, config: Path | None, state: Path | None, ledger: str | None) -> None:
    """Revoke the token whose id begins with TOKEN_ID (see: anomed tokens list)."""
    from anomed_core.errors import UsageError

    with open_records(config, state=state, ledger=ledger) as records:
        if not records.tokens.revoke(token_id):
            raise UsageError(
                f"{token_id!r} is not the beginning of exactly one valid token's id; give at least "
                "8 digits as anomed tokens list shows them"
            )
        records.ledger.audit("token revoked", token=token_id)
    click.echo(f"Token {token_id} is revoked.")
