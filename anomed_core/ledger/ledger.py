"""The ledger: attempts and scores, kept in a SQL database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from anomed_core.errors import LedgerError
from anomed_core.ledger import annulment, archive, chain, opening
from anomed_core.ledger.claim_requests import ATTEMPT
from anomed_core.ledger.claiming import ClaimingLedger
from anomed_core.ledger.criteria import RankedMetric, ranked_text
from anomed_core.ledger.follow_ups import settle_follow_up
from anomed_core.ledger.job_rows import DONE, Job, finish_job, require_held
from anomed_core.ledger.opening import NO_RULES, Rules
from anomed_core.ledger.schema import chain_heads
from anomed_core.ledger.scores import (
    NewScore,
    Provenance,
    append_score,
    has_entry,
    new_version,
    newest_row,
)
from anomed_core.ledger.times import as_microseconds
from anomed_core.model import Score, Subject
from anomed_core.wire.digests import canonical_json


class Ledger(ClaimingLedger):
    """The memory of a server: attempts, scores, and who changed what.

    Each method is one transaction: when it returns, its effect survives ``kill -9`` and power loss;
    when it raises, it had none. Methods may be called from any thread of any process on any machine
    that shares the database. What a claim alone writes may be undone by a power cut, since nobody
    was told of it.

    Parameters
    ----------
    database
        Where it is kept.
    clock
        Returns microseconds since 1970-01-01 UTC. Where it runs backwards, the newest time in the
        ledger is taken instead, so that nothing reopens.
    """

    def open_challenge(
        self,
        challenge: str,
        fingerprint: str,
        *,
        accept_change: bool,
        ranked: Collection[RankedMetric] = (),
        rules: Rules = NO_RULES,
        secret_digest: str = "",
    ) -> None:
        """Bind a challenge's id to the fingerprint of its data and metrics.

        Parameters
        ----------
        challenge
            Identifier.
        fingerprint
            Hexadecimal digest.
        accept_change
            Whether another fingerprint than that of the recorded scores is taken, with an audit
            row, instead of refused.
        ranked
            Metrics that rankings read. Where others were declared before, the criteria of all
            finals are written anew.
        rules
            What organisers' commands are told about it.
        secret_digest
            Tells the server's secret, from which all draws come, from others without giving it
            away; a mismatch is explained by it.

        Raises
        ------
        LedgerMismatchError
            If scores with another fingerprint exist and the change is not accepted.
        """
        self._database.serve(challenge, fingerprint)
        with self._database.reading() as connection:
            declared = (fingerprint, ranked_text(ranked), rules.as_text())
            if opening.known(connection, challenge) == declared:
                return  # nothing to write, so that a worker can start on a full disk
        with self._database.writing() as connection:
            now = self._clock.now(connection)
            self._clock.reach(connection, now)
            self._database.serialise(connection, f"challenge {challenge}")
            opening.bind(
                connection,
                challenge,
                fingerprint,
                accept_change=accept_change,
                ranked=ranked,
                rules=rules,
                secret_digest=secret_digest,
                now=now,
            )

    def record_house(self, new: NewScore, *, settles: tuple[int, str] | None = None) -> Score:
        """Record a result of the server's own attacks.

        Parameters
        ----------
        new
            What came of the attack, as `attack_result` says it.
        settles
            Score and name of the follow-up that is done with this; both change together, so that no
            result is recorded twice.

        Raises
        ------
        LedgerError
            If that follow-up was settled before.
        """
        with self._database.writing() as connection:
            now = self._clock.now(connection)
            if settles is not None and not settle_follow_up(connection, *settles, now=now):
                raise LedgerError(
                    f"The result of {settles[1]} on score {settles[0]} was recorded before."
                )
            return append_score(connection, new, now=now)

    def record_audit(self, results: Sequence[NewScore], *, job: Job) -> list[Score]:
        """Record results of the server's own attacks, and that the job is done that asked for them.

        Parameters
        ----------
        results
            What came of the attacks.
        job
            Tells these results.

        Raises
        ------
        LedgerError
            If the job is not its taker's any more.
        """
        with self._database.writing() as connection:
            require_held(connection, job)
            now = self._clock.now(connection)
            recorded = [append_score(connection, new, now=now) for new in results]
            told = {score.label: dict(score.metrics) for score in recorded}
            finish_job(connection, job, state=DONE, told=canonical_json(told), now=now)
            return recorded

    def record_entry(self, new: NewScore, *, follow_ups: Sequence[str] = ()) -> Score | None:
        """Record an entry of the house, once for each fingerprint.

        Parameters
        ----------
        new
            The entry; its label is its name.
        follow_ups
            Names of what is to be done about the score later.

        Returns
        -------
        Score or None
            ``None`` if somebody else has recorded it.
        """
        about = (new.challenge, new.kind, new.label)
        with self._database.writing() as connection:
            self._database.serialise(connection, f"entry {about}")
            if has_entry(connection, *about, fingerprint=new.fingerprint):
                return None
            score = append_score(connection, new, now=self._clock.now(connection))
            self._add_follow_ups(connection, score, follow_ups)
            return score

    def supersede(
        self,
        score: Score,
        metrics: Mapping[str, float],
        provenance: Provenance,
        *,
        fingerprint: str,
        follow_ups: Sequence[str] = (),
    ) -> Score:
        """Record the result of evaluating a score's submission again; the old row stays.

        Parameters
        ----------
        score
            The newest version so far.
        metrics
            Name to value.
        provenance
            Which code made it.
        fingerprint
            Of the challenge as it is now.
        follow_ups
            Names of what is to be done about the new version.

        Raises
        ------
        LedgerError
            If there is no such score, a newer version of it, or it was annulled.
        """
        new = new_version(score, metrics, provenance, fingerprint=fingerprint)
        with self._database.writing() as connection:
            self._database.serialise(connection, f"supersede {score.id}")
            newest_row(connection, score.id)
            version = append_score(connection, new, now=self._clock.now(connection))
            self._add_follow_ups(connection, version, follow_ups)
            return version

    def annul(self, score_id: int, reason: str, *, return_attempt: bool = False) -> list[Score]:
        """Append a version of a score that does not count; the old row stays.

        With a final of an anonymizer, the house's results on it are annulled, and the finals of
        attacks on it, whose attempts return: nobody pays for a target that is taken away.

        Parameters
        ----------
        score_id
            Number of the newest version so far.
        reason
            Why, for everybody who reads the score, and for the audit.
        return_attempt
            Whether the attempt returns, so that a final may be handed in once more.

        Returns
        -------
        list of Score
            The new version, `annulled`, and those of all that is annulled with it.

        Raises
        ------
        LedgerError
            If there is no such score, a newer version of it, or it was annulled already; if an
            attempt shall return that the house never made.
        """
        with self._database.writing() as connection:
            self._database.serialise(connection, f"supersede {score_id}")
            now = self._clock.now(connection)
            return annulment.annul(
                connection,
                score_id,
                reason,
                return_attempt=return_attempt,
                hold=lambda keys: self._database.serialise(connection, *keys),
                now=now,
            )

    def grant_attempts(
        self,
        *,
        challenge: str,
        kind: str,
        subjects: Sequence[Subject],
        number: int,
        reason: str,
    ) -> None:
        """Give subjects more tuning attempts in the period that runs, beyond their quota.

        Parameters
        ----------
        challenge, kind
            What for.
        subjects
            Each gets as many.
        number
            How many more.
        reason
            For the audit.
        """
        self.budgets.grant(
            challenge, f"attempts/{kind}", subjects, {ATTEMPT: Decimal(number)}, reason=reason
        )

    def retire_archive(self, before: datetime) -> list[int]:
        """Remove the bodies of archived calls that are older; their digests stay in the chain.

        Returns
        -------
        list of int
            Claims of the calls that had bodies until now.
        """
        with self._database.writing() as connection:
            self._database.serialise(connection, "retire archive")
            now = self._clock.now(connection)
            return archive.retire(connection, before=as_microseconds(before), now=now)

    def audit(self, action: str, **detail: str) -> None:
        """Append an audit row."""
        with self._database.writing() as connection:
            chain.append_audit(connection, action, detail, now=self._clock.now(connection))

    def reach(self, moment: datetime) -> None:
        """Remember that a time has come: `now` never returns an earlier one again."""
        wanted = as_microseconds(moment)
        with self._database.reading() as connection:
            if self._clock.reached(connection) >= wanted:
                return
        with self._database.writing() as connection:
            self._clock.reach(connection, wanted)

    def ping(self) -> None:
        """Raise `LedgerError` if the ledger cannot be written."""
        with self._database.writing() as connection:
            connection.execute(
                sa.update(chain_heads)
                .where(chain_heads.c.name == "scores")
                .values(length=chain_heads.c.length)
            )
