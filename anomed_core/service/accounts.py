"""Accounts of a challenge: whose they are, how they stand, and what must be sealed before."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import attrs

from anomed_core.errors import NotAllowedError, UnknownResourceError, UsageError
from anomed_core.ledger import AccountFacts, Claim, Ledger, Left
from anomed_core.model import Account, AccountState, Holding, Line, Role, Subject, amount_text
from anomed_core.model.amounts import NOTHING, less, text_or_none, total
from anomed_core.service.hosting import HostedChallenge

_PLAYERS = (Role.ANONYMIZER, Role.DEANONYMIZER)

Place = tuple[str, str]
"""Names of an account and of one of its resources."""


def holder_of(subject: Subject) -> Subject | None:
    """Return a subject as the holder of accounts; nobody in particular unless it plays."""
    return subject if subject.role in _PLAYERS else None


def accounts_of(hosted: HostedChallenge, subject: Subject) -> list[Account]:
    """Return the accounts that a subject's calls are paid from, and those that all share."""
    is_pair = bool(subject.anonymizer and subject.deanonymizer)
    found = {
        account.name: account
        for operation in hosted.operations
        if subject.role in operation.audience and operation.with_target == is_pair
        for account in operation.accounts
    }
    return list(found.values())


def account_of(hosted: HostedChallenge, subject: Subject, name: str) -> Account:
    """Return an account of a subject by its name.

    Raises
    ------
    UnknownResourceError
        If there is none.
    """
    for account in accounts_of(hosted, subject):
        if account.name == name:
            return account
    raise UnknownResourceError(
        f"You have no account {name[:80]!r}; /accounts lists those you have."
    )


def holdings_of(hosted: HostedChallenge, subject: Subject, ledger: Ledger) -> tuple[Holding, ...]:
    """Return how the accounts stand that a subject's calls are paid from, resource by resource."""
    return tuple(
        Holding(
            account=account.name,
            state=facts.state,
            resource=balance.resource,
            limit=balance.limit,
            granted=balance.granted,
            reserved=balance.reserved,
            spent=balance.spent,
            remaining=balance.remaining,
        )
        for account in accounts_of(hosted, subject)
        for facts in [ledger.budgets.of(hosted.id, account, holder_of(subject))]
        for balance in facts.balances
    )


def require_sealed(hosted: HostedChallenge, name: str, subject: Subject, ledger: Ledger) -> None:
    """Refuse what may be done only after an account was sealed.

    Parameters
    ----------
    hosted
        The challenge.
    name
        Of the account; empty if none need be sealed.
    subject
        Whose it is.
    ledger
        Knows its state.

    Raises
    ------
    NotAllowedError
        If it is not sealed.
    """
    if not name:
        return
    account = hosted.accounts[name]
    facts = ledger.budgets.of(hosted.id, account, holder_of(subject))
    if facts.state is not AccountState.SEALED:
        raise NotAllowedError(
            f"The account {name!r} must be sealed before; POST to /accounts/{name}/seal, after "
            "which nothing is taken from it any more."
        )


def seal(hosted: HostedChallenge, account: Account, subject: Subject, ledger: Ledger) -> None:
    """Seal an account in its holder's name; one that is sealed stays so.

    Raises
    ------
    NotAllowedError
        If others share it.
    """
    if account.shared:
        raise NotAllowedError(
            f"The account {account.name!r} is everybody's, so only the organiser may seal it."
        )
    try:
        ledger.budgets.seal(
            hosted.id, account.name, subject, reason="its holder asked for it", by="holder"
        )
    except UsageError:
        if ledger.budgets.of(hosted.id, account, subject).state is not AccountState.SEALED:
            raise


def account_as_json(account: Account, facts: AccountFacts) -> dict[str, Any]:
    """Return an account and how it stands as JSON values; amounts are texts."""
    declared = {resource.name: resource for resource in account.resources}
    ends_at = facts.period_ends_at
    return {
        "name": account.name,
        "description": account.description,
        "shared": account.shared,
        "state": facts.state.value,
        "period_ends_at": ends_at.isoformat() if ends_at else None,
        "resources": [
            {
                "name": balance.resource,
                "description": declared[balance.resource].description,
                "limit": text_or_none(balance.limit),
                "granted": text_or_none(balance.granted),
                "reserved": text_or_none(balance.reserved),
                "spent": text_or_none(balance.spent),
                "remaining": text_or_none(balance.remaining),
                "lapse": declared[balance.resource].lapse.value,
            }
            for balance in facts.balances
        ],
    }


def overdrawn(reserved: Iterable[Line], spent: Iterable[Line] | None) -> str:
    """Say what was spent beyond what was reserved; empty if nothing.

    Examples
    --------
    >>> overdrawn([Line("privacy", "epsilon", 1)], [Line("privacy", "epsilon", 2)])
    "2 epsilon of 'privacy' instead of 1"
    >>> overdrawn([Line("privacy", "epsilon", 1)], None)
    ''
    """
    allowed = _summed(reserved)
    return "; ".join(
        f"{amount_text(amount)} {resource} of {account!r} instead of "
        f"{amount_text(allowed.get((account, resource), NOTHING))}"
        for (account, resource), amount in _summed(spent or ()).items()
        if amount > allowed.get((account, resource), NOTHING)
    )


def remaining_after(claim: Claim, spent: Iterable[Line] | None) -> tuple[Left, ...]:
    """Return what is left of the accounts of a claim, once less than reserved was spent."""
    reserved = _summed(Line(o.account.name, o.resource, o.amount) for o in claim.request.lines)
    used = reserved | _summed(spent or ())

    def left(one: Left) -> Left:
        place = one.account, one.resource
        if one.remaining is None:
            return one
        back = less(reserved.get(place, NOTHING), used.get(place, NOTHING))
        return attrs.evolve(one, remaining=total((one.remaining, back)))

    return tuple(map(left, claim.left))


def _summed(lines: Iterable[Line]) -> dict[Place, Decimal]:
    sums: dict[Place, Decimal] = {}
    for line in lines:
        place = line.account, line.resource
        sums[place] = total((sums.get(place, NOTHING), line.amount))
    return sums
