"""``anomed attempts``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anomed_core.cli.options import (
    given_reason,
    json_option,
    ledger_option,
    print_json,
    print_table,
    records_options,
    state_option,
)
from anomed_core.cli.records import Records, configured_server, open_records
from anomed_core.cli.subjects import chosen_challenge, named_subject, refuse_without_token
from anomed_core.errors import UsageError

if TYPE_CHECKING:
    from anomed_core.ledger import Quota
    from anomed_core.model import Subject


@click.group()
def attempts() -> None:
    """List who has used how many attempts, and grant more."""


@attempts.command("list")
@records_options
@click.option("--challenge", metavar="ID", help="Only this challenge.")
@click.option("--kind", metavar="KIND", help="Only this submission kind.")
@json_option
def list_attempts(
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    challenge: str | None,
    kind: str | None,
    as_json: bool,
) -> None:
    """List who has used how many attempts, and what is left in this period.

    The quota is that of CONFIG, or of the environment.
    """
    quota = _quota(config, state=state, ledger=ledger)
    with open_records(config, state=state, ledger=ledger) as records:
        rows = [
            {
                "challenge": use.challenge,
                "kind": use.kind,
                "anonymizer": use.subject.anonymizer,
                "deanonymizer": use.subject.deanonymizer,
                "tuning": use.n_tuning,
                "used": use.n_used if quota else None,
                "granted": use.n_granted if quota else None,
                "left": max(0, quota.attempts + use.n_granted - use.n_used) if quota else None,
                "final": use.final,
            }
            for use in records.ledger.uses(quota)
            if challenge in {None, use.challenge} and kind in {None, use.kind}
        ]
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo("Nobody has made such an attempt yet.")
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])


@attempts.command("grant")
@click.argument("config", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("who", metavar="SUBJECT...", nargs=-1, required=True)
@click.option("--challenge", metavar="ID", help="Which one, if there are several.")
@click.option("--kind", metavar="KIND", help="For which submission kind, if there are several.")
@click.option(
    "--split",
    type=click.Choice(["tuning", "validation"]),
    default="tuning",
    show_default=True,
    help="A final is returned by annulling the one that was scored, and by nothing else.",
)
@click.option("--number", type=click.IntRange(1, 10**6), required=True, help="How many more.")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the audit.")
@state_option
@ledger_option
@json_option
def grant_attempts(
    config: Path,
    who: tuple[str, ...],
    challenge: str | None,
    kind: str | None,
    split: str,
    number: int,
    reason: str,
    state: Path | None,
    ledger: str | None,
    as_json: bool,
) -> None:
    """Give more tuning attempts, beyond the quota, until the period ends that runs now.

    It is what anomed budgets grant does with the account attempts/KIND.

    SUBJECT is the id of an anonymizer, or ANONYMIZER/DEANONYMIZER for the attacks of one on the
    other. All are granted, or none.
    """
    why = given_reason(reason)
    if split == "validation":
        raise UsageError(
            "there is one final for each; annul the one that was scored to return it: anomed "
            "scores annul ID --return-attempt"
        )
    quota = _quota(config, state=state, ledger=ledger)
    if quota is None:
        raise UsageError(f"{config} sets no quota.tuning_attempts: everybody may tune for ever")
    subjects = [named_subject(text) for text in who]
    with open_records(config, state=state, ledger=ledger) as records:
        chosen = chosen_challenge(records, challenge)
        of_kind = _kind(records, chosen, subjects, kind)
        for subject, text in zip(subjects, who, strict=True):
            _refuse_strangers(records, chosen, subject, text)
        records.ledger.grant_attempts(
            challenge=chosen, kind=of_kind, subjects=subjects, number=number, reason=why
        )
        about = {"challenge": chosen, "kind": of_kind}
        left = [records.ledger.remaining(**about, subject=s, quota=quota) for s in subjects]
    rows = [
        {**about, "subject": text, "left": n, "until": until.isoformat()}
        for text, (n, until) in zip(who, left, strict=True)
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(
            f"{row['subject']} has {row['left']} tuning attempts left in {of_kind} of {chosen}, "
            f"until {row['until']}."
        )


def _quota(config: Path | None, *, state: Path | None, ledger: str | None) -> Quota | None:
    from anomed_core.service.outlook import quota_of

    return quota_of(configured_server(config, state=state, ledger=ledger).quota)


def _kind(records: Records, challenge: str, subjects: Sequence[Subject], named: str | None) -> str:
    """Return the submission kind that is meant, which all subjects must be able to submit to."""
    kinds = records.ledger.rules()[challenge].kinds
    roles = {subject.role for subject in subjects}
    fitting = [name for name, role in kinds.items() if roles == {role}]
    if named is None and len(fitting) == 1:
        return fitting[0]
    if named not in fitting:
        wrong = f"{named!r} is no kind for these" if named else "say which --kind is meant"
        raise UsageError(f"{wrong}; there are {', '.join(fitting) or 'none for both roles'}")
    return named


def _refuse_strangers(records: Records, challenge: str, subject: Subject, text: str) -> None:
    """Refuse who has neither submitted nor a token: it may be misspelt."""
    from anomed_core.ledger import Choice

    if not records.ledger.attempts(challenge=challenge, subject=subject, choice=Choice(limit=1)):
        refuse_without_token(records, challenge, subject, text, hint="anomed attempts list")
