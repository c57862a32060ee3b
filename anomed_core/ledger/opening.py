"""Whether a challenge that is opened is the one that its scores were recorded with."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from anomed_core.errors import LedgerMismatchError
from anomed_core.ledger.chain import append_audit
from anomed_core.ledger.criteria import RankedMetric, ranked_text, rebuild_criteria
from anomed_core.ledger.schema import audit, challenges, scores
from anomed_core.model import Account, BothRoles, Resource, Role
from anomed_core.model.amounts import amount_text, text_or_none
from anomed_core.wire.digests import canonical_json

_ACTION = "secret used"


@attrs.frozen(kw_only=True)
class Rules:
    """What an organiser's commands must know of a challenge, without loading its plugin.

    Attributes
    ----------
    both_roles
        Whether one team may hold tokens of both roles.
    kinds
        Who submits, by the name of the submission kind.
    accounts
        What operations take from, as it is declared.
    """

    both_roles: BothRoles = BothRoles.WARN
    kinds: Mapping[str, Role] = attrs.field(factory=dict)
    accounts: tuple[Account, ...] = ()

    def as_text(self) -> str:
        """Return the rules as the ledger keeps them."""
        kinds = {name: role.value for name, role in self.kinds.items()}
        accounts = [_written(account) for account in self.accounts]
        return canonical_json(
            {"both_roles": self.both_roles.value, "kinds": kinds, "accounts": accounts}
        )


NO_RULES = Rules()
"""Of a challenge that nobody can submit to."""


def known(connection: sa.Connection, challenge: str) -> sa.Row[Any, Any, Any] | None:
    """Return fingerprint, ranked metrics and rules of a challenge, as it was opened last."""
    recorded = sa.select(challenges.c.fingerprint, challenges.c.ranked, challenges.c.rules).where(
        challenges.c.id == challenge
    )
    return connection.execute(recorded).first()


def known_rules(connection: sa.Connection) -> dict[str, Rules]:
    """Return the rules of challenges by id; those that this release has never opened have none."""
    recorded = sa.select(challenges.c.id, challenges.c.rules).where(challenges.c.rules != "")
    by_challenge = {}
    for challenge, text in connection.execute(recorded):
        stored = json.loads(text)
        by_challenge[challenge] = Rules(
            both_roles=BothRoles(stored["both_roles"]),
            kinds={name: Role(role) for name, role in stored["kinds"].items()},
            accounts=tuple(map(_read, stored.get("accounts", ()))),
        )
    return by_challenge


def _written(account: Account) -> dict[str, Any]:
    resources = [
        {
            "name": resource.name,
            "limit": text_or_none(resource.limit),
            "lapse": resource.lapse.value,
            "limits": {holder: amount_text(own) for holder, own in resource.limits.items()},
        }
        for resource in account.resources
    ]
    return {
        "name": account.name,
        "resources": resources,
        "shared": account.shared,
        "period_s": account.period_s,
    }


def _read(stored: Mapping[str, Any]) -> Account:
    resources = [Resource(**resource) for resource in stored["resources"]]
    return Account(**{**stored, "resources": resources})


def bind(
    connection: sa.Connection,
    challenge: str,
    fingerprint: str,
    *,
    accept_change: bool,
    ranked: Collection[RankedMetric],
    rules: Rules,
    secret_digest: str,
    now: int,
) -> None:
    """Write down what a challenge is opened with, as `Ledger.open_challenge` promises."""
    before = known(connection, challenge)
    if before is None:
        connection.execute(
            sa.insert(challenges).values(id=challenge, fingerprint=fingerprint, opened_at=now)
        )
        _remember_secret(connection, secret_digest, now=now)
    elif before.fingerprint != fingerprint:  # else another worker was faster
        if not accept_change:
            _refuse_change_after_scores(connection, challenge, secret_digest)
        connection.execute(
            sa.update(challenges)
            .where(challenges.c.id == challenge)
            .values(fingerprint=fingerprint)
        )
        detail = {"challenge": challenge, "from": before.fingerprint, "to": fingerprint}
        append_audit(connection, "challenge changed", detail, now=now)
        _remember_secret(connection, secret_digest, now=now)
    if before is None or before.ranked != ranked_text(ranked):
        rebuild_criteria(connection, challenge, ranked)
    connection.execute(
        sa.update(challenges).where(challenges.c.id == challenge).values(rules=rules.as_text())
    )


def _refuse_change_after_scores(
    connection: sa.Connection, challenge: str, secret_digest: str
) -> None:
    """Raise `LedgerMismatchError` if the challenge has scores.

    A wrong secret changes all draws and so the fingerprint; then it is named as the cause, since
    accepting the change would only hide it.
    """
    n_scores = connection.execute(
        sa.select(sa.func.count()).where(scores.c.challenge == challenge)
    ).scalar_one()
    if not n_scores:
        return
    if _remembered_secret(connection) not in {None, secret_digest}:
        raise LedgerMismatchError(
            f"challenge {challenge!r} has {n_scores} scores that were recorded with another "
            "secret, from which its draws come; bring back the file secret of that state "
            "directory, or its ANOMED_SECRET"
        )
    raise LedgerMismatchError(
        f"challenge {challenge!r} has {n_scores} scores that were recorded with other "
        "data or metrics; restore those, give the challenge another id, or start once "
        "with --accept-metric-change"
    )


def _remember_secret(connection: sa.Connection, digest: str, *, now: int) -> None:
    """Append an audit row with the digest of the secret, if it is not the newest known one."""
    if digest and _remembered_secret(connection) != digest:
        append_audit(connection, _ACTION, {"digest": digest}, now=now)


def _remembered_secret(connection: sa.Connection) -> str | None:
    newest = sa.select(audit.c.detail).where(audit.c.action == _ACTION).order_by(audit.c.id.desc())
    detail = connection.execute(newest.limit(1)).scalar()
    return None if detail is None else str(json.loads(detail)["digest"])
