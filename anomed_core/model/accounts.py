"""Accounts: what a subject may use up, how much of it, and what a call takes of it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import attrs

from anomed_core.model._converters import as_tuple, choice_of, matching, naming
from anomed_core.model.amounts import as_amount

_RESOURCE = matching(
    r"[a-z][a-z0-9_.-]*", "lower-case letters, digits, hyphens, underscores, dots, as in epsilon"
)
# What has a slash is the core's: the attempts and the final of a submission kind.
_ACCOUNT = matching(
    r"[a-z][a-z0-9_-]*(/[a-z][a-z0-9_-]*)?", "lower-case letters, digits, hyphens, as in privacy"
)


class Lapse(StrEnum):
    """What becomes of a reserved amount if a call fails after it began to touch what costs."""

    RELEASED = "released"
    SPENT = "spent"


class AccountState(StrEnum):
    """Whether an account may be used.

    `FROZEN` until an organiser thaws it; `SEALED` for ever. What is under way goes on in both.
    """

    OPEN = "open"
    FROZEN = "frozen"
    SEALED = "sealed"


def _as_lapse(value: Lapse | str) -> Lapse:
    return choice_of(Lapse, value)


def _as_limits(limits: Mapping[str, Any]) -> dict[str, Decimal]:
    if not isinstance(limits, Mapping):
        raise TypeError(f"it is {limits!r}; allowed is a mapping of ids to amounts")
    return {holder: as_amount(limit) for holder, limit in limits.items()}


@attrs.frozen(kw_only=True, field_transformer=naming)
class Resource:
    """Something that is used up.

    Attributes
    ----------
    name
        Lower-case letters, digits, hyphens, underscores, dots.
    limit
        How much an account holds before an organiser grants more, as an exact decimal; 0 for
        nothing, ``None`` for no limit.
    lapse
        What becomes of what a call has reserved if it fails after it began: ``released`` gives it
        back, as for attempts; ``spent`` does not, as for privacy.
    description
        One sentence for people.
    limits
        Limits of single holders in place of `limit`, by the id that they go by: the anonymizer's,
        or the deanonymizer's for its attacks.

    Examples
    --------
    >>> Resource(name="epsilon", limit="0.3", lapse="spent").limit
    Decimal('0.3')
    """

    name: str = attrs.field(validator=_RESOURCE)
    limit: Decimal | None = attrs.field(converter=attrs.converters.optional(as_amount))
    lapse: Lapse = attrs.field(default=Lapse.RELEASED, converter=_as_lapse)
    description: str = ""
    limits: Mapping[str, Decimal] = attrs.field(factory=dict, converter=_as_limits)

    def limit_of(self, holder: str) -> Decimal | None:
        """Return the limit of a holder, by its id; of nobody in particular, `limit`."""
        return self.limits.get(holder, self.limit)


@attrs.frozen(kw_only=True, field_transformer=naming)
class Account:
    """What belongs together of what is used up, and to whom.

    Attributes
    ----------
    name
        Lower-case letters, digits, hyphens.
    resources
        At least one, of different names.
    shared
        Whether all subjects of a challenge have one account together, instead of one each.
    period_s
        After how many seconds it begins anew, at multiples of it since 1970-01-01 UTC; ``None``
        for never.
    description
        One sentence for people.
    """

    name: str = attrs.field(validator=_ACCOUNT)
    resources: tuple[Resource, ...] = attrs.field(
        converter=as_tuple, validator=attrs.validators.min_len(1)
    )
    shared: bool = False
    period_s: int | None = attrs.field(
        default=None, validator=attrs.validators.optional(attrs.validators.ge(1))
    )
    description: str = ""

    @resources.validator
    def _differ(self, _: attrs.Attribute[Any], resources: tuple[Resource, ...]) -> None:
        names = [resource.name for resource in resources]
        if len(set(names)) < len(names):
            raise ValueError(
                f"the resources of the account {self.name!r} must have different names, got {names}"
            )

    def resource(self, name: str) -> Resource:
        """Return one of its resources.

        Raises
        ------
        ValueError
            If there is none of that name.
        """
        found = next((resource for resource in self.resources if resource.name == name), None)
        if found is None:
            there = ", ".join(resource.name for resource in self.resources)
            raise ValueError(
                f"the account {self.name!r} has no resource {name!r}; there are {there}"
            )
        return found


def _name_of(account: Account | str) -> str:
    return account.name if isinstance(account, Account) else account


@attrs.frozen
class Line:
    """An amount of a resource that is taken from an account.

    Attributes
    ----------
    account
        Its name, or the account itself.
    resource
        Name of the resource.
    amount
        How much, as an exact decimal from 0.

    Examples
    --------
    >>> Line("privacy", "epsilon", 0.1).amount
    Decimal('0.1')
    """

    account: str = attrs.field(converter=_name_of)
    resource: str
    amount: Decimal = attrs.field(converter=as_amount)


@attrs.frozen(kw_only=True)
class Holding:
    """How an account stands in one of its resources, as its holder's calls are told.

    Attributes
    ----------
    account, resource
        Their names.
    state
        Whether anything may be taken from the account.
    limit
        What was declared and granted; ``None`` without a limit, as `remaining` is then.
    granted, reserved, spent, remaining
        Exact decimals. What is reserved is under way.
    """

    account: str
    resource: str
    state: AccountState
    limit: Decimal | None
    granted: Decimal
    reserved: Decimal
    spent: Decimal
    remaining: Decimal | None
