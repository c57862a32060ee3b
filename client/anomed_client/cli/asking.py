"""Call operations, and look at what is left for that."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from anomed_client.accounts import Account
from anomed_client.cli.call import Call, assignments, command
from anomed_client.downloads import Arrays
from anomed_client.errors import UsageError
from anomed_client.payloads import npz_of

_TARGET = click.option("--target", help="The anonymizer that is asked about.")


@click.argument("operation")
@click.argument("payload", required=False)
@click.option("--split", type=click.Choice(["tuning", "validation"]), help="What it is about.")
@_TARGET
@click.option("--with", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for an answer of arrays or a table.",
)
def _call(call: Call, operation: str, payload: str | None, **given: Any) -> None:
    """Call OPERATION and print its answer; PAYLOAD is JSON, or @FILE."""
    answer = call.connect().call(
        operation,
        _read(payload),
        split=given["split"],
        target=given["target"],
        **assignments(given["parameters"], "--with"),
    )
    output: Path | None = given["output"]
    if isinstance(answer, Arrays):
        _write(output, npz_of(answer))
    elif isinstance(answer, bytes):
        _write(output, answer)
    elif hasattr(answer, "to_parquet"):
        _write(output, answer.to_parquet(index=False))
    else:
        click.echo(json.dumps(answer))


def _read(payload: str | None) -> Any:
    if payload is None or payload.startswith("@"):
        return None if payload is None else Path(payload[1:])
    try:
        return json.loads(payload)
    except ValueError as error:
        raise UsageError(
            f"{payload[:80]!r} is no JSON value: {error}; a file is named as @FILE."
        ) from error


def _write(output: Path | None, content: bytes) -> None:
    if output is None:
        raise UsageError("The answer is a file; say where it is to be: --output FILE.")
    output.write_bytes(content)


@_TARGET
def _accounts(call: Call, target: str | None) -> None:
    """Show how your accounts stand."""
    _show(call, call.connect().accounts(target=target).values())


@click.argument("account")
@_TARGET
@click.option("--yes", is_flag=True, help="Do not ask before.")
def _seal(call: Call, account: str, target: str | None, yes: bool) -> None:
    """Close ACCOUNT for ever: nothing is taken from it any more."""
    if not yes and not click.confirm("Nobody opens it again. Seal it?", err=True):
        raise UsageError("Nothing was sealed.")
    _show(call, [call.connect().seal(account, target=target)])


def _show(call: Call, found: Iterable[Account]) -> None:
    found = list(found)
    columns = ["account", "state", "resource", "limit", "reserved", "spent", "remaining"]
    rows = [
        [one.name, one.state, b.resource, b.limit, b.reserved, b.spent, b.remaining]
        for one in found
        for b in one.balances
    ]
    call.show(columns, rows, [asdict(one) for one in found])


call = command("call")(_call)
accounts = command("accounts")(_accounts)
seal = command("seal")(_seal)
