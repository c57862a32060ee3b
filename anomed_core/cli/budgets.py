"""``anomed budgets``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
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
from anomed_core.cli.subjects import (
    EVERYBODY,
    chosen_challenge,
    name_of,
    named_subject,
    refuse_without_token,
)
from anomed_core.errors import UsageError

if TYPE_CHECKING:
    from decimal import Decimal

    from anomed_core.config import ServerSettings
    from anomed_core.ledger import AccountFacts
    from anomed_core.ledger.account_book import AccountBook
    from anomed_core.model import Account, Subject

_AMOUNTS = ("limit", "granted", "reserved", "spent", "remaining")

challenge_option = click.option(
    "--challenge", metavar="ID", help="Which one, if there are several."
)
reason_option = click.option(
    "--reason", required=True, metavar="TEXT", help="Why; it stands in the audit."
)
config_argument = click.argument("config", type=click.Path(path_type=Path, dir_okay=False))


def deciding(command: Any) -> Any:
    """Add what every decision needs: CONFIG, SUBJECT, ACCOUNT, and a reason."""
    decorators = (
        config_argument,
        click.argument("subject"),
        click.argument("account"),
    )
    options = (challenge_option, reason_option, state_option, ledger_option)
    for add in reversed((*decorators, *options)):
        command = add(command)
    return command


@click.group()
def budgets() -> None:
    """List what may be used up by whom, give more of it, freeze and seal accounts.

    SUBJECT is the id of an anonymizer, or ANONYMIZER/DEANONYMIZER for the attacks of one on the
    other; of an account that all share, it is the word everybody. ACCOUNT is a name that the
    challenge type declares, attempts/KIND, final/KIND or stored/submissions.
    """


@attrs.frozen(kw_only=True)
class Chosen:
    """The account that a command is about."""

    records: Records
    challenge: str
    account: Account
    subject: Subject | None

    def told(self) -> AccountFacts:
        """Return how it stands."""
        return self.records.ledger.budgets.of(self.challenge, self.account, self.subject)


@contextmanager
def chosen_account(
    config: Path,
    *,
    subject: str,
    account: str,
    challenge: str | None,
    state: Path | None,
    ledger: str | None,
) -> Iterator[Chosen]:
    """Open the records, and find the account that is meant."""
    settings = configured_server(config, state=state, ledger=ledger)
    with open_records(config, state=state, ledger=ledger) as records:
        where = chosen_challenge(records, challenge)
        declared = declared_account(records, where, account, settings)
        yield Chosen(
            records=records,
            challenge=where,
            account=declared,
            subject=holder_named(records, where, declared, subject),
        )


def declared_account(
    records: Records, challenge: str, name: str, settings: ServerSettings
) -> Account:
    """Return an account of a challenge as it is declared.

    Raises
    ------
    UsageError
        If there is none of that name; says which there are.
    """
    from anomed_core.ledger import accounts_of_kind, stored_account
    from anomed_core.service.outlook import quota_of

    rules, quota = records.ledger.rules()[challenge], quota_of(settings.quota)
    stored = stored_account(settings.limits.stored_bytes_per_subject or None)
    known = {account.name: account for account in (*rules.accounts, stored)}
    for kind in rules.kinds:
        known |= {account.name: account for account in accounts_of_kind(kind, quota)}
    if name not in known:
        raise UsageError(
            f"{challenge!r} has no account {name!r}; there are {', '.join(known) or 'none'}"
        )
    return known[name]


def holder_named(records: Records, challenge: str, account: Account, text: str) -> Subject | None:
    """Return whose account is meant.

    Raises
    ------
    UsageError
        If all share it and somebody is named, or the name may be misspelt.
    """
    if account.shared:
        if text != EVERYBODY:
            raise UsageError(
                f"all share the account {account.name!r}; give {EVERYBODY} instead of {text!r}"
            )
        return None
    subject = named_subject(text)
    if _has_tokens(records, challenge) and subject not in _known_subjects(records, challenge):
        refuse_without_token(records, challenge, subject, text, hint="anomed budgets list")
    return subject


@lru_cache(maxsize=1)  # a file may name thousands
def _known_subjects(records: Records, challenge: str) -> frozenset[Subject | None]:
    return frozenset(facts.subject for facts in records.ledger.budgets.all(challenge))


@lru_cache(maxsize=1)
def _has_tokens(records: Records, challenge: str) -> bool:
    """Return whether participants have tokens; who has none may be misspelt then."""
    return any(
        grant.challenge == challenge
        for token in records.tokens.facts()
        for grant in token.identity.grants
    )


def amounts_named(account: Account, texts: tuple[str, ...]) -> dict[str, Decimal]:
    """Return amounts by resource.

    Raises
    ------
    UsageError
        If one is none, or is given twice, or there is no such resource.
    """
    from anomed_core.model import as_amount

    amounts: dict[str, Decimal] = {}
    for text in texts:
        resource, equals, amount = text.partition("=")
        if not equals:
            raise UsageError(f"{text!r} is not RESOURCE=AMOUNT, such as epsilon=0.5")
        if resource in amounts:
            raise UsageError(f"{resource!r} is given twice")
        try:
            account.resource(resource)
            amounts[resource] = as_amount(amount)
        except ValueError as error:
            raise UsageError(str(error)) from error
    return amounts


@budgets.command("grant")
@deciding
@click.argument("amounts", metavar="RESOURCE=AMOUNT...", nargs=-1, required=True)
@json_option
def grant(amounts: tuple[str, ...], reason: str, as_json: bool, **which: Any) -> None:
    """Give an account more than its limit; if it begins anew, until this period ends."""
    why = given_reason(reason)
    with chosen_account(**which) as chosen:
        more = amounts_named(chosen.account, amounts)
        for name in more:
            if chosen.account.resource(name).limit is None:
                raise UsageError(f"{name!r} has no limit: there is nothing to grant")
        chosen.records.ledger.budgets.grant(
            chosen.challenge, chosen.account.name, [chosen.subject], more, reason=why
        )
        facts = chosen.told()
    _tell(facts, as_json=as_json)


@budgets.command("raise")
@deciding
@click.argument("limits", metavar="RESOURCE=LIMIT...", nargs=-1, required=True)
@json_option
def raise_limits(limits: tuple[str, ...], reason: str, as_json: bool, **which: Any) -> None:
    """Let an account hold so much altogether; if it begins anew, until this period ends.

    A limit is never lowered: what was promised may be under way. Freeze the account instead.
    """
    why = given_reason(reason)
    with chosen_account(**which) as chosen:
        wanted = amounts_named(chosen.account, limits)
        chosen.records.ledger.budgets.raise_limits(
            chosen.challenge, chosen.account, chosen.subject, wanted, reason=why
        )
        facts = chosen.told()
    _tell(facts, as_json=as_json)


def _decide(
    decision: Callable[[AccountBook], Callable[..., None]],
    outcome: str,
    *,
    reason: str,
    **which: Any,
) -> None:
    """Let the book of accounts decide about one account, and say how it is now."""
    why = given_reason(reason)
    with chosen_account(**which) as chosen:
        decide = decision(chosen.records.ledger.budgets)
        decide(chosen.challenge, chosen.account.name, chosen.subject, reason=why)
    click.echo(f"{chosen.account.name} of {name_of(chosen.subject)} {outcome}.")


@budgets.command("freeze")
@deciding
def freeze(reason: str, **which: Any) -> None:
    """Let nothing more be taken from an account until it is thawed; what is under way goes on."""
    _decide(lambda book: book.freeze, "is frozen", reason=reason, **which)


@budgets.command("thaw")
@deciding
def thaw(reason: str, **which: Any) -> None:
    """Open a frozen account again."""
    _decide(lambda book: book.thaw, "is open again", reason=reason, **which)


@budgets.command("seal")
@deciding
def seal(reason: str, **which: Any) -> None:
    """Close an account for ever; what is under way goes on."""
    _decide(lambda book: book.seal, "is sealed for ever", reason=reason, **which)


@budgets.command("list")
@records_options
@click.option("--challenge", metavar="ID", help="Only this challenge.")
@click.option("--account", metavar="NAME", help="Only this account.")
@json_option
def list_budgets(
    config: Path | None,
    state: Path | None,
    ledger: str | None,
    challenge: str | None,
    account: str | None,
    as_json: bool,
) -> None:
    """List accounts that were used or decided about: what is left of them, and their states.

    Attempts and finals are listed by anomed attempts list; these and what is stored, here with
    their --account.
    """
    rows = stored_rows(config, state=state, ledger=ledger, challenge=challenge, account=account)
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo("No account was used or decided about yet.")
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])


def stored_rows(
    config: Path | None,
    *,
    state: Path | None,
    ledger: str | None,
    challenge: str | None,
    account: str | None,
) -> list[dict[str, str | None]]:
    """Return a row for each resource of stored accounts; those of attempts only if named."""
    with open_records(config, state=state, ledger=ledger) as records:
        return [
            row
            for facts in records.ledger.budgets.all(challenge)
            if account in {None, facts.account}
            if account is not None or "/" not in facts.account
            for row in rows_of(facts)
        ]


def rows_of(facts: AccountFacts) -> list[dict[str, str | None]]:
    """Return a row for each resource of an account, with amounts as text."""
    from anomed_core.model.amounts import text_or_none

    ends_at = facts.period_ends_at
    return [
        {
            "challenge": facts.challenge,
            "subject": name_of(facts.subject),
            "account": facts.account,
            "resource": balance.resource if balance else None,
            **{
                name: text_or_none(getattr(balance, name)) if balance else None for name in _AMOUNTS
            },
            "state": facts.state.value,
            "until": ends_at.isoformat() if ends_at is not None else None,
        }
        for balance in facts.balances or (None,)
    ]


def _tell(facts: AccountFacts, *, as_json: bool) -> None:
    rows = rows_of(facts)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        until = f", until {row['until']}" if row["until"] else ""
        left = f"{row['remaining']} of {row['limit']}" if row["limit"] else "no limit of"
        click.echo(
            f"{row['subject']} has {left} {row['resource']} left in {row['account']} of "
            f"{row['challenge']}{until}."
        )
