"""Annulment: a score counts no more, and neither does what rests on it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import sqlalchemy as sa

from anomed_core.errors import LedgerError
from anomed_core.ledger.chain import Row, append_audit
from anomed_core.ledger.follow_ups import DELIVER, FAILED, WAITING
from anomed_core.ledger.schema import follow_ups, scores
from anomed_core.ledger.scores import annulled_version, append_score, newest_row
from anomed_core.ledger.settling import RETURNED, keys_of_claims, return_claim
from anomed_core.model import Role, Score, Split

Hold = Callable[[Collection[str]], None]
"""Holds accounts against all other transactions until this one ends, by their keys."""


def annul(
    connection: sa.Connection,
    score_id: int,
    reason: str,
    *,
    return_attempt: bool,
    hold: Hold,
    now: int,
) -> list[Score]:
    """Append versions that do not count, as `Ledger.annul` promises."""
    row = newest_row(connection, score_id)
    chain = _chain_of(connection, row)
    if return_attempt and chain[0]["attempt_id"] is None:
        raise LedgerError(f"Score {score_id} is the house's; there is no attempt to return.")
    attacks = list(_resting_on(connection, chain))
    words = f"the final of {row['anonymizer']} was annulled: {reason}"
    # Whoever records a score holds its accounts before it appends: the same order here.
    returned = {attack[0]["attempt_id"]: words for attack in attacks}
    if return_attempt:
        returned[chain[0]["attempt_id"]] = reason
    returned.pop(None, None)  # results of the house
    hold(keys_of_claims(connection, list(returned)))
    for claim_id, why in returned.items():
        return_claim(connection, claim_id, why)
    versions = [append_score(connection, annulled_version(row, reason), now=now)]
    _forget_follow_ups(connection, chain, reason, now=now)
    versions += [
        append_score(connection, annulled_version(attack[-1], words), now=now) for attack in attacks
    ]
    detail = {"score": str(score_id), "version": str(versions[0].id), "reason": reason}
    if return_attempt:
        detail["attempt"] = RETURNED
    if versions[1:]:
        detail["attacks"] = " ".join(str(version.supersedes) for version in versions[1:])
    append_audit(connection, "score annulled", detail, now=now)
    return versions


def _chain_of(connection: sa.Connection, newest: Row) -> list[Row]:
    """Return all versions of a score, oldest first."""
    versions = [newest]
    while versions[0]["supersedes"] is not None:
        query = sa.select(scores).where(scores.c.id == versions[0]["supersedes"])
        versions.insert(0, connection.execute(query).mappings().one())
    return versions


def _resting_on(connection: sa.Connection, final: list[Row]) -> Iterator[list[Row]]:
    """Yield the versions of all that says something about an anonymizer's final, and counts.

    These are the house's results on it, and the finals of attacks that came after it.
    """
    first, newest = final[0], final[-1]
    is_attacked = newest["role"] == Role.ANONYMIZER.value and not newest["label"]
    if not is_attacked or newest["split"] != Split.VALIDATION.value:
        return
    about = sa.select(scores).where(
        *(scores.c[name] == newest[name] for name in ("challenge", "anonymizer", "split")),
        scores.c.id > first["id"],
    )
    chains: dict[int, list[Row]] = {}
    for row in connection.execute(about.order_by(scores.c.id)).mappings():
        chains[row["id"]] = [*chains.pop(row["supersedes"], ()), row]
    for chain in chains.values():
        is_houses = chain[0]["label"] and chain[0]["kind"] == newest["kind"]
        is_attack = chain[0]["supersedes"] is None and chain[0]["role"] == Role.DEANONYMIZER.value
        if (is_houses or is_attack) and not chain[-1]["annulled"]:
            yield chain


def _forget_follow_ups(
    connection: sa.Connection, chain: list[Row], reason: str, *, now: int
) -> None:
    """Let the house attack nothing any more that does not count."""
    connection.execute(
        sa.update(follow_ups)
        .where(
            follow_ups.c.score_id.in_([row["id"] for row in chain]),
            follow_ups.c.name != DELIVER,
            follow_ups.c.state == WAITING,
        )
        .values(state=FAILED, settled_at=now, last_error=f"annulled: {reason}"[:500])
    )
