"""Sign in and out, and look around."""

from __future__ import annotations

import sys

import click

from anomed_client import signing_in
from anomed_client.cli.call import Call, command
from anomed_client.settings import drop_tokens, tokens_file


@click.option("--token-stdin", is_flag=True, help="Read the token from standard input.")
@click.option("--as", "kept_as", default="default", help="Name of the profile that is written.")
@click.argument("address", required=False)
def _login(call: Call, address: str | None, *, token_stdin: bool, kept_as: str) -> None:
    """Try a token and keep it, with the address, for later."""
    token = call.settings().token if call.token_file is not None else None
    if token_stdin:
        token = sys.stdin.readline().strip()
    found = signing_in.login(
        address or call.url,
        challenge=call.challenge,
        name=call.name,
        token=token,
        profile=kept_as,
        options=call.options(),
    )
    who = f"{found.me.role} {found.me.name}".strip() if found.me is not None else "nobody"
    told = {"url": found.url, "challenge": found.id, "signed_in_as": who}
    call.show(["challenge", "signed in as"], [[found.id, who]], told)


@click.argument("address", required=False)
def _logout(call: Call, address: str | None) -> None:
    """Forget the tokens of a server."""
    url = address or call.settings().url
    dropped = drop_tokens(url)
    click.echo(f"{dropped} token(s) of {tokens_file()} forgotten", err=True)


def _describe(call: Call) -> None:
    """Show data, submissions, metrics and rules of the challenge."""
    found = call.connect()
    if call.as_json:
        told = found.request("GET", "/challenge.json") if not found.server.published else None
        click.echo(told.body.decode() if told is not None else "{}")
    else:
        click.echo(str(found.describe()))


login = command("login")(_login)
logout = command("logout")(_logout)
describe = command("describe")(_describe)
