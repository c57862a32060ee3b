"""The ledger in a SQL database."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from anomed_core.errors import LedgerError, LedgerMismatchError
from anomed_core.ledger import claims, rows, statements
from anomed_core.ledger.chain import chain_faults, row_hash
from anomed_core.ledger.clock import LedgerClock
from anomed_core.ledger.contract import (
    Attempt,
    ChainFault,
    Claim,
    ClaimRequest,
    Ledger,
    Provenance,
    Quota,
)
from anomed_core.ledger.database import Database
from anomed_core.ledger.follow_ups import DONE, WAITING
from anomed_core.ledger.process_identity import this_process
from anomed_core.ledger.rows import (
    MICROSECOND,
    as_datetime,
    as_microseconds,
    attempt_of,
    claim_keys,
    final_key,
    metrics_text,
    score_of,
    subject_columns,
    utc_microseconds,
)
from anomed_core.ledger.schema import (
    attempts,
    audit,
    chain_heads,
    challenges,
    follow_ups,
    scores,
)
from anomed_core.ledger.schema import clock as clock_table
from anomed_core.model import Score, Split, Subject
from anomed_core.wire.digests import canonical_json

_LARGEST_ID = 2**63 - 1


class SqlLedger(Ledger):
    """See `anomed_core.ledger.contract.Ledger`.

    Parameters
    ----------
    database
        Where it is kept.
    clock
        Returns microseconds since 1970-01-01 UTC. Where it runs backwards, the newest time in the
        ledger is taken instead, so that nothing reopens.
    """

    def __init__(self, database: Database, *, clock: Callable[[], int] = utc_microseconds) -> None:
        self._database = database
        self._clock = LedgerClock(clock)

    def open_challenge(self, challenge: str, fingerprint: str, *, accept_change: bool) -> None:
        """See `Ledger.open_challenge`."""
        recorded = sa.select(challenges.c.fingerprint).where(challenges.c.id == challenge)
        with self._database.reading() as connection:
            if connection.execute(recorded).scalar() == fingerprint:
                return  # nothing to write, so that a worker can start on a full disk
        with self._database.writing() as connection:
            now = self._clock.now(connection)
            self._clock.reach(connection, now)
            self._database.serialise(connection, f"challenge {challenge}")
            known = connection.execute(recorded).scalar()
            if known == fingerprint:
                return  # another worker was faster
            if known is None:
                connection.execute(
                    sa.insert(challenges).values(
                        id=challenge, fingerprint=fingerprint, opened_at=now
                    )
                )
                return
            n_scores = connection.execute(
                sa.select(sa.func.count()).where(scores.c.challenge == challenge)
            ).scalar_one()
            if n_scores and not accept_change:
                raise LedgerMismatchError(
                    f"challenge {challenge!r} has {n_scores} scores that were recorded with other "
                    "data or metrics; restore those, give the challenge another id, or start once "
                    "with --accept-metric-change"
                )
            connection.execute(
                sa.update(challenges)
                .where(challenges.c.id == challenge)
                .values(fingerprint=fingerprint)
            )
            self._append_audit(
                connection,
                "challenge changed",
                {"challenge": challenge, "from": known, "to": fingerprint},
            )

    def challenges(self) -> Sequence[str]:
        """See `Ledger.challenges`."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(challenges.c.id).order_by(challenges.c.id))
            return tuple(rows.scalars())

    def claim(self, request: ClaimRequest) -> Claim:
        """See `Ledger.claim`."""
        try:
            # Nobody has been told of a claim: one that a power cut undoes was never there.
            with self._database.writing(durable=False) as connection:
                if request.quota is not None:
                    about = (request.challenge, request.kind, request.subject.key)
                    self._database.serialise(connection, f"quota {about}")
                now = self._clock.now(connection)
                claims.void_dead(connection, request, now)
                remaining = claims.remaining_or_refuse(connection, request, now)
                row = {
                    **subject_columns(
                        request.challenge, request.kind, request.subject, request.split
                    ),
                    **claim_keys(request),
                    "state": "claimed",
                    "payload_digest": request.payload_digest,
                    "request_id": request.request_id,
                    "claimed_at": now,
                    "lease_until": now + int(request.lease_s * MICROSECOND),
                    "owner": this_process(),
                }
                attempt_id = connection.execute(statements.CLAIM, row).scalar_one()
        except sa.exc.IntegrityError:
            with self._database.reading() as connection:
                refusal = claims.refusal(connection, request, self._clock.now(connection))
            raise refusal from None
        return Claim(id=attempt_id, request=request, remaining=remaining)

    def record(
        self,
        claim: Claim,
        metrics: Mapping[str, float],
        provenance: Provenance,
        *,
        tasks: Sequence[str] = (),
    ) -> Score:
        """See `Ledger.record`."""
        request = claim.request
        with self._database.writing() as connection:
            now = self._clock.now(connection)
            settled = connection.execute(statements.SETTLE, {"attempt": claim.id, "now": now})
            if settled.rowcount != 1:
                raise LedgerError("The claim ran out before the score was recorded; try again.")
            score = self._append_score(
                connection,
                {
                    **subject_columns(
                        request.challenge, request.kind, request.subject, request.split
                    ),
                    "attempt_id": claim.id,
                    "origin": "participant",
                    "label": "",
                    "metrics": metrics_text(metrics),
                    "parameters": canonical_json(dict(request.parameters)),
                    "payload_digest": request.payload_digest,
                    "fingerprint": request.fingerprint,
                },
                provenance,
                now,
            )
            self._add_follow_ups(connection, score.id, tasks)
            return score

    def _add_follow_ups(
        self, connection: sa.Connection, score_id: int, tasks: Sequence[str]
    ) -> None:
        if tasks:
            due = {"state": WAITING, "next_try_at": self._clock.machine_now()}
            connection.execute(
                statements.ADD_FOLLOW_UPS,
                [{"score_id": score_id, "task": task, **due} for task in tasks],
            )

    def supersede(
        self,
        score: Score,
        metrics: Mapping[str, float],
        provenance: Provenance,
        *,
        fingerprint: str,
        tasks: Sequence[str] = (),
    ) -> Score:
        """See `Ledger.supersede`."""
        with self._database.writing() as connection:
            self._database.serialise(connection, f"supersede {score.id}")
            versions = sa.select(scores.c.id).where(
                sa.or_(scores.c.id == score.id, scores.c.supersedes == score.id)
            )
            known = list(connection.execute(versions).scalars())
            if known != [score.id]:
                raise LedgerError(f"Score {score.id} is unknown, or was superseded already.")
            new = self._append_score(
                connection,
                {
                    **subject_columns(score.challenge, score.kind, score.subject, score.split),
                    "attempt_id": None,
                    "origin": score.origin,
                    "label": score.label,
                    "metrics": metrics_text(metrics),
                    "parameters": canonical_json(dict(score.parameters)),
                    "payload_digest": score.payload_digest,
                    "fingerprint": fingerprint,
                },
                provenance,
                self._clock.now(connection),
                supersedes=score.id,
            )
            self._add_follow_ups(connection, new.id, tasks)
            return new

    def record_house(  # noqa: PLR0913 - as in the contract
        self,
        *,
        challenge: str,
        kind: str,
        subject: Subject,
        split: Split,
        label: str,
        metrics: Mapping[str, float],
        payload_digest: str,
        fingerprint: str,
        provenance: Provenance,
        settles: tuple[int, str] | None = None,
    ) -> Score:
        """See `Ledger.record_house`."""
        with self._database.writing() as connection:
            now = self._clock.now(connection)
            if settles is not None:
                _settle_follow_up(connection, *settles, now)
            return self._append_score(
                connection,
                {
                    **subject_columns(challenge, kind, subject, split),
                    "attempt_id": None,
                    "origin": "house",
                    "label": label,
                    "metrics": metrics_text(metrics),
                    "parameters": "{}",
                    "payload_digest": payload_digest,
                    "fingerprint": fingerprint,
                },
                provenance,
                now,
            )

    def _append_score(
        self,
        connection: sa.Connection,
        values: dict[str, Any],
        provenance: Provenance,
        now: int,
        *,
        supersedes: int | None = None,
    ) -> Score:
        row = {
            **values,
            "core_version": provenance.core_version,
            "plugin": provenance.plugin,
            "plugin_version": provenance.plugin_version,
            "supersedes": supersedes,
            "recorded_at": now,
        }
        row = self._append(connection, scores, row)
        return score_of(row)

    def release(self, claim: Claim, reason: str) -> None:
        """See `Ledger.release`."""
        with self._database.writing() as connection:
            connection.execute(
                sa.update(attempts)
                .where(attempts.c.id == claim.id, attempts.c.state == "claimed")
                .values(**claims.RELEASED, reason=reason, settled_at=self._clock.now(connection))
            )

    def replay(
        self, *, challenge: str, kind: str, subject: Subject, split: Split, replay_key: str
    ) -> Score | None:
        """See `Ledger.replay`."""
        key = rows.replay_key(challenge, kind, subject, split, replay_key)
        return self._found(statements.BY_REPLAY_KEY, key)

    def final(self, *, challenge: str, kind: str, subject: Subject) -> Score | None:
        """See `Ledger.final`."""
        key = final_key(challenge, kind, subject, Split.VALIDATION)
        return self._found(statements.BY_FINAL_KEY, key)

    def _found(self, query: sa.Select[Any], key: str | None) -> Score | None:
        with self._database.reading() as connection:
            row = connection.execute(query, {"key": key}).mappings().first()
        return score_of(row) if row else None

    def score(self, score_id: int) -> Score | None:
        """See `Ledger.score`."""
        if not 0 < score_id <= _LARGEST_ID:  # more than a database can look for
            return None
        with self._database.reading() as connection:
            query = sa.select(scores).where(scores.c.id == score_id)
            row = connection.execute(query).mappings().first()
        return score_of(row) if row else None

    def scores(
        self,
        *,
        challenge: str | None = None,
        kind: str | None = None,
        split: Split | None = None,
        anonymizer: str | None = None,
    ) -> Sequence[Score]:
        """See `Ledger.scores`."""
        query = sa.select(scores).order_by(scores.c.id)
        chosen = {
            "challenge": challenge,
            "kind": kind,
            "split": split.value if split else None,
            "anonymizer": anonymizer,
        }
        for name, value in chosen.items():
            if value is not None:
                query = query.where(scores.c[name] == value)
        with self._database.reading() as connection:
            return [score_of(row) for row in connection.execute(query).mappings()]

    def n_scores(self) -> int:
        """See `Ledger.n_scores`."""
        with self._database.reading() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(scores)).scalar_one()

    def attempts(self, *, challenge: str, subject: Subject) -> Sequence[Attempt]:
        """See `Ledger.attempts`."""
        query = (
            sa.select(attempts, scores.c.id.label("score_id"))
            .select_from(attempts.outerjoin(scores, scores.c.attempt_id == attempts.c.id))
            .where(
                attempts.c.challenge == challenge,
                attempts.c.role == subject.role.value,
                attempts.c.anonymizer == subject.anonymizer,
                attempts.c.deanonymizer == subject.deanonymizer,
            )
            .order_by(attempts.c.id)
        )
        with self._database.reading() as connection:
            return [attempt_of(row) for row in connection.execute(query).mappings()]

    def remaining(
        self, *, challenge: str, kind: str, subject: Subject, quota: Quota
    ) -> tuple[int, datetime]:
        """See `Ledger.remaining`."""
        with self._database.reading() as connection:
            used, ends_at = claims.used_of_quota(
                connection,
                challenge=challenge,
                kind=kind,
                subject=subject,
                quota=quota,
                now=self._clock.now(connection),
            )
        return max(0, quota.attempts - used), as_datetime(ends_at)

    def verify(self) -> list[ChainFault]:
        """See `Ledger.verify`."""
        faults = []
        with self._database.reading(snapshot=True) as connection:
            for table in (scores, audit):
                head = connection.execute(
                    sa.select(chain_heads).where(chain_heads.c.name == table.name)
                ).first()
                stored = connection.execution_options(yield_per=1000).execute(
                    sa.select(table).order_by(table.c.id)
                )
                faults += chain_faults(
                    table.name,
                    stored.mappings(),
                    length=head.length if head else 0,
                    head=head.hash if head else "",
                )
        return faults

    def audit(self, action: str, **detail: str) -> None:
        """See `Ledger.audit`."""
        with self._database.writing() as connection:
            self._append_audit(connection, action, detail)

    def _append_audit(
        self, connection: sa.Connection, action: str, detail: Mapping[str, str]
    ) -> None:
        self._append(
            connection,
            audit,
            {
                "action": action,
                "detail": canonical_json(dict(detail)),
                "recorded_at": self._clock.now(connection),
            },
        )

    def _append(
        self, connection: sa.Connection, table: sa.Table, values: dict[str, Any]
    ) -> dict[str, Any]:
        """Append a row to a chain; the head's row lock serialises everybody who appends."""
        chain = {"chain": table.name}
        head = connection.execute(statements.HEAD, chain).one()
        row = {"id": head.length + 1, **values, "previous_hash": head.hash}
        row["hash"] = row_hash(row)
        connection.execute(statements.APPEND[table.name], row)
        connection.execute(
            statements.ADVANCE, {**chain, "new_length": row["id"], "new_hash": row["hash"]}
        )
        return row

    def now(self) -> datetime:
        """See `Ledger.now`."""
        with self._database.reading() as connection:
            return as_datetime(self._clock.now(connection))

    def reach(self, moment: datetime) -> None:
        """See `Ledger.reach`."""
        wanted = as_microseconds(moment)
        with self._database.reading() as connection:
            if connection.execute(sa.select(clock_table.c.reached)).scalar_one() >= wanted:
                return
        with self._database.writing() as connection:
            self._clock.reach(connection, wanted)

    def ping(self) -> None:
        """See `Ledger.ping`."""
        with self._database.writing() as connection:
            connection.execute(
                sa.update(chain_heads)
                .where(chain_heads.c.name == "scores")
                .values(length=chain_heads.c.length)
            )

    def close(self) -> None:
        """See `Ledger.close`."""
        self._database.close()


def _settle_follow_up(connection: sa.Connection, score_id: int, task: str, now: int) -> None:
    """Mark a follow-up as done, exactly once."""
    settled = connection.execute(
        sa.update(follow_ups)
        .where(
            follow_ups.c.score_id == score_id,
            follow_ups.c.task == task,
            follow_ups.c.state == WAITING,
        )
        .values(state=DONE, settled_at=now, last_error="")
    )
    if settled.rowcount != 1:
        raise LedgerError(f"The result of {task} on score {score_id} was recorded before.")
