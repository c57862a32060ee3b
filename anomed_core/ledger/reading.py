"""What can be asked of a ledger; nothing in this file writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import sqlalchemy as sa

from anomed_core.ledger import chain
from anomed_core.ledger.account_book import AccountBook
from anomed_core.ledger.account_facts import facts_now
from anomed_core.ledger.account_faults import account_faults
from anomed_core.ledger.accounts import account_columns
from anomed_core.ledger.archive import (
    Entry,
    archive_faults,
    archived_claims,
    entries_of,
    entry_of,
    entry_under_key,
)
from anomed_core.ledger.chain import AuditRow, ChainFault
from anomed_core.ledger.claim_requests import (
    ClaimRequest,
    Quota,
    attempts_account,
    final_account,
    replay_key_of,
)
from anomed_core.ledger.claim_requests import replay_key as scoped_key
from anomed_core.ledger.criteria import criteria_faults
from anomed_core.ledger.database import Database
from anomed_core.ledger.history import EVERYTHING, Attempt, Choice, attempts_of, submitters
from anomed_core.ledger.ledger_clock import LedgerClock
from anomed_core.ledger.moments import Moment
from anomed_core.ledger.named_bodies import NamedBodies, named_bodies
from anomed_core.ledger.opening import Rules, known_rules
from anomed_core.ledger.schema import challenges, claims, scores
from anomed_core.ledger.scores import (
    BY_ACCOUNT,
    BY_REPLAY_KEY,
    by_id,
    chosen_scores,
    has_entry,
    newest_scores,
    one_score,
)
from anomed_core.ledger.teams import team_faults
from anomed_core.ledger.times import as_datetime, utc_microseconds
from anomed_core.ledger.uses import Use, uses
from anomed_core.model import Role, Score, Split, Subject


class LedgerReader:
    """Answers questions about attempts and scores; each method reads one moment.

    Parameters
    ----------
    database, clock
        As for `Ledger`, which adds what writes.
    """

    def __init__(self, database: Database, *, clock: Callable[[], int] = utc_microseconds) -> None:
        self._database = database
        self._clock = LedgerClock(clock)
        self.budgets = AccountBook(database, self._clock)
        """What may be used up, by whom, and what was decided about it."""

    def now(self) -> datetime:
        """Return the present in UTC, but never before the newest claim or what was reached.

        So nothing reopens when the clock is set back.
        """
        with self._database.reading() as connection:
            return as_datetime(self._clock.now(connection))

    def challenges(self) -> Sequence[str]:
        """Return the ids of all challenges that were ever opened, sorted."""
        with self._database.reading() as connection:
            ids = connection.execute(sa.select(challenges.c.id).order_by(challenges.c.id))
            return tuple(ids.scalars())

    def rules(self) -> dict[str, Rules]:
        """Return the rules of challenges by id; those that this release never opened have none."""
        with self._database.reading() as connection:
            return known_rules(connection)

    def score(self, score_id: int) -> Score | None:
        """Return one score."""
        with self._database.reading() as connection:
            return one_score(connection, by_id(score_id))

    def scores(
        self,
        *,
        challenge: str | None = None,
        kind: str | None = None,
        split: Split | None = None,
        anonymizer: str | None = None,
    ) -> Sequence[Score]:
        """Return scores, oldest first; each argument narrows the choice."""
        choice = {
            "challenge": challenge,
            "kind": kind,
            "split": split.value if split else None,
            "anonymizer": anonymizer,
        }
        with self._database.reading() as connection:
            return chosen_scores(connection, choice)

    def newest_scores(
        self, challenge: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[Score]:
        """Return what participants' scores are now, the newest first.

        Parameters
        ----------
        challenge
            In which challenge.
        before
            Only scores with smaller numbers.
        limit
            How many at most.
        """
        with self._database.reading() as connection:
            return newest_scores(connection, challenge, before=before, limit=limit)

    def n_scores(self) -> int:
        """Return how many scores there are, whatever is written in them."""
        with self._database.reading() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(scores)).scalar_one()

    @contextmanager
    def at_one_moment(self) -> Iterator[Moment]:
        """Let several questions be asked about one moment."""
        with self._database.reading(snapshot=True) as connection:
            yield Moment(connection)

    def replay(
        self, *, challenge: str, kind: str, subject: Subject, split: Split, replay_key: str
    ) -> Score | None:
        """Return the score that was recorded under an idempotency key, if any."""
        key = scoped_key(challenge, kind, subject, split, replay_key)
        with self._database.reading() as connection:
            return one_score(connection, BY_REPLAY_KEY, {"key": key})

    def final(self, *, challenge: str, kind: str, subject: Subject) -> Score | None:
        """Return the score of a subject's final, if it has been scored."""
        account = account_columns(challenge, final_account(kind).name, subject)["key"]
        with self._database.reading() as connection:
            return one_score(connection, BY_ACCOUNT, {"account": account})

    def has_entry(self, challenge: str, kind: str, name: str, *, fingerprint: str) -> bool:
        """Return whether an entry of the house was scored under a fingerprint."""
        with self._database.reading() as connection:
            return has_entry(connection, challenge, kind, name, fingerprint=fingerprint)

    def attempts(
        self, *, challenge: str, subject: Subject, choice: Choice = EVERYTHING
    ) -> Sequence[Attempt]:
        """Return the history of a subject, oldest first; a choice narrows it."""
        with self._database.reading() as connection:
            return attempts_of(connection, challenge, subject, choice)

    def submitters(self, *, challenge: str, kinds: Sequence[str]) -> Sequence[tuple[str, Split]]:
        """Return which anonymizers have a score of these kinds, and for which splits, sorted."""
        with self._database.reading() as connection:
            return submitters(connection, challenge, kinds)

    def remaining(
        self, *, challenge: str, kind: str, subject: Subject, quota: Quota
    ) -> tuple[int, datetime]:
        """Return the tuning attempts that are left and when the period ends, in UTC."""
        account = attempts_account(kind, quota)
        with self._database.reading() as connection:
            now = self._clock.now(connection)
            facts = facts_now(connection, challenge, account, subject, now)
        (attempts,) = facts.balances
        return int(attempts.remaining or 0), quota.ends_at(as_datetime(now))

    def uses(self, quota: Quota | None) -> Sequence[Use]:
        """Return who has used how many attempts in which kind, sorted."""
        with self._database.reading(snapshot=True) as connection:
            return uses(connection, quota, self._clock.now(connection))

    def audit_trail(self) -> Sequence[AuditRow]:
        """Return what was decided and by which reason, oldest first."""
        with self._database.reading() as connection:
            return chain.audit_rows(connection)

    def entry(self, challenge: str, number: int) -> Entry | None:
        """Return an entry of the archive by its number, if there is one in this challenge."""
        with self._database.reading() as connection:
            return entry_of(connection, challenge, number)

    def replayed_call(self, request: ClaimRequest) -> tuple[Entry, str] | None:
        """Return the archived call of a request's idempotency key, and the digest of its body."""
        key = replay_key_of(request)
        if key is None:
            return None
        with self._database.reading() as connection:
            return entry_under_key(connection, key)

    def has_started(self, claim_id: int) -> bool:
        """Return whether a claim has begun to touch what costs, and is not settled yet."""
        query = sa.select(claims.c.id).where(claims.c.id == claim_id, claims.c.state == "started")
        with self._database.reading() as connection:
            return connection.execute(query).first() is not None

    def archived(self, claim_ids: Sequence[int]) -> Sequence[int]:
        """Return which of these claims have an entry in the archive."""
        with self._database.reading() as connection:
            return archived_claims(connection, claim_ids)

    def entries(
        self,
        challenge: str,
        *,
        role: Role | None = None,
        holder: str = "",
        after: int = 0,
        until: datetime | None = None,
        limit: int | None = None,
    ) -> Sequence[Entry]:
        """Return entries of the archive, oldest first.

        Parameters
        ----------
        challenge
            Whose.
        role, holder
            Of whoever called; ``None`` for everybody.
        after
            Only entries of higher numbers.
        until
            Only what was recorded before.
        limit
            As many at most.
        """
        with self._database.reading() as connection:
            return list(
                entries_of(
                    connection,
                    challenge,
                    role=role,
                    holder=holder,
                    after=after,
                    until=until,
                    limit=limit,
                )
            )

    def verify(self) -> list[ChainFault]:
        """Check the chains of scores, audit and archive, and what is derived from those.

        Teams and accounts are checked against the audit if that is sound, accounts against claims,
        too, and the criteria of rankings against the scores if those are.
        """
        with self._database.reading(snapshot=True) as connection:
            return ledger_faults(connection)

    def named_bodies(self) -> NamedBodies:
        """Return which bodies rows name, as one moment sees them."""
        with self._database.reading(snapshot=True) as connection:
            return named_bodies(connection)

    def close(self) -> None:
        """Release connections."""
        self._database.close()


def ledger_faults(connection: sa.Connection) -> list[ChainFault]:
    """Return what `LedgerReader.verify` finds, as one transaction sees it."""
    faults = chain.stored_faults(connection)
    if all(fault.table != "audit" for fault in faults):
        faults += [
            ChainFault(table=table, row=number, problem=problem)
            for table, number, problem in (
                *team_faults(connection),
                *account_faults(connection),
            )
        ]
        faults += [
            ChainFault(table="archive", row=number, problem=problem)
            for number, problem in archive_faults(connection)
        ]
    if all(fault.table != "scores" for fault in faults):
        faults += [
            ChainFault(table="criteria", row=number, problem=problem)
            for number, problem in criteria_faults(connection)
        ]
    return faults
