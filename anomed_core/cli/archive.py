"""``anomed archive``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from anomed_core.cli.options import json_option, print_json, print_table, records_options
from anomed_core.cli.records import configured_server, open_records
from anomed_core.cli.subjects import chosen_challenge, name_of, named_subject

if TYPE_CHECKING:
    from anomed_core.ledger import Entry, KeptBody
    from anomed_core.state import FiledBodies

_subject_option = click.option(
    "--subject",
    metavar="ID",
    help="Only calls of this anonymizer, or of ANONYMIZER/DEANONYMIZER.",
)
_challenge_option = click.option(
    "--challenge", metavar="ID", help="Which one, if there are several."
)


@click.group()
def archive() -> None:
    """List and export what was asked and answered in paid calls."""


@archive.command("list")
@records_options
@_subject_option
@_challenge_option
@json_option
def list_calls(
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    subject: str | None,
    challenge: str | None,
    as_json: bool,
) -> None:
    """List paid calls, oldest first: by whom, what was spent, and how they ended."""
    from anomed_core.service.archived_calls import entry_as_json

    with _entries(config, state, ledger, subject=subject, challenge=challenge) as entries:
        told = [entry_as_json(entry) for entry in entries]
        rows = [
            [
                entry.id,
                name_of(entry.subject),
                entry.operation,
                "; ".join(
                    f"{one['account']}/{one['resource']}={one['amount']}"
                    for one in document["lines"]
                ),
                entry.outcome,
                f"{entry.recorded_at:%Y-%m-%d %H:%M}",
            ]
            for entry, document in zip(entries, told, strict=True)
        ]
    if as_json:
        print_json(told)
    else:
        print_table(["id", "by", "operation", "spent", "outcome", "at"], rows)


@archive.command("export")
@records_options
@_subject_option
@_challenge_option
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where to: one JSON object a line, with request and answer.",
)
def export_calls(
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    subject: str | None,
    challenge: str | None,
    output: Path,
) -> None:
    """Write paid calls with their bodies; what is no JSON is written in base64."""
    from anomed_core.errors import UsageError
    from anomed_core.service.archived_calls import content_of, entry_as_json

    if output.exists():
        raise UsageError(f"{output} is there already; name another file")
    bodies = _bodies(config, state, ledger)
    with _entries(config, state, ledger, subject=subject, challenge=challenge) as entries:
        lines = [
            json.dumps(
                {
                    **entry_as_json(entry),
                    "request_body": _told(entry.request, content_of(bodies, entry, entry.request)),
                    "answer_body": _told(entry.answer, content_of(bodies, entry, entry.answer)),
                }
            )
            for entry in entries
        ]
    output.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    click.echo(f"{len(lines)} calls in {output}")


def _told(body: KeptBody, content: bytes | None) -> Any:
    import base64

    if content is None:
        return None
    if body.media_type == "application/json":
        return json.loads(content)
    return base64.b64encode(content).decode()


def _bodies(config: Path | None, state: Path | None, ledger: str | None) -> FiledBodies:
    from anomed_core.service.records import open_state

    settings = configured_server(config, state=state, ledger=ledger)
    return open_state(settings, for_reading=True).call_bodies


@contextmanager
def _entries(
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    *,
    subject: str | None,
    challenge: str | None,
) -> Iterator[list[Entry]]:
    from anomed_core.service.acting import own_id

    with open_records(config, state=state, ledger=ledger) as records:
        where = chosen_challenge(records, challenge)
        who = named_subject(subject) if subject is not None else None
        entries = records.ledger.entries(
            where, role=who.role if who else None, holder=own_id(who) if who else ""
        )
        yield [one for one in entries if who is None or one.subject == who]
