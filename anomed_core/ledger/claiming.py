"""The ledger's way of a claim: granted, started, committed or lapsed; a score is recorded so."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from anomed_core.errors import LedgerError
from anomed_core.ledger import claim_requests, claims, refusals, settling
from anomed_core.ledger.archive import ArchiveEntry, append_entry
from anomed_core.ledger.claim_requests import Claim, ClaimRequest, keys_of
from anomed_core.ledger.follow_ups import add_follow_ups
from anomed_core.ledger.job_rows import DONE, Job, NewJob, add_job, finish_job, require_held
from anomed_core.ledger.reading import LedgerReader
from anomed_core.ledger.scores import Provenance, append_score
from anomed_core.model import Line, Score


class ClaimingLedger(LedgerReader):
    """The part of `Ledger` through which each evaluation goes.

    Parameters
    ----------
    database, clock
        As for `Ledger`.
    """

    def claim(
        self, request: ClaimRequest, *, started: bool = False, job: NewJob | None = None
    ) -> Claim:
        """Reserve what a request takes: all of its lines, or nothing.

        Of any number of simultaneous claims, as many are granted as the accounts hold; on one
        final, exactly one.

        Parameters
        ----------
        request
            What is claimed.
        started
            Whether it begins at once to touch what costs; see `start`.
        job
            Holds the claim; both are durable together.

        Raises
        ------
        AlreadyScoredError
            If the final has been scored.
        AttemptInProgressError
            If somebody else holds the claim and its lease has not run out.
        QuotaExhaustedError
            If the subject has no attempt left in this period.
        BudgetExhaustedError
            If another account has not enough left.
        AccountFrozenError, AccountSealedError
            If nothing may be taken from an account.
        """
        keys = keys_of(request)
        while True:
            try:
                # Without a job, nobody is told of a claim: one that a power cut undoes was never.
                # Comparing and claiming must not interleave with others on these accounts.
                with self._database.writing(durable=job is not None, alone_on=keys) as connection:
                    now = self._clock.now(connection)
                    dead = settling.dead_claims(connection, request, now)
                    if not dead:
                        claim = claims.add_claim(connection, request, started=started, now=now)
                        if job is not None:
                            add_job(connection, job, claim=claim, now=now)
                        return claim
            except sa.exc.IntegrityError:
                # The failed insert has ended its transaction; a new one can look at the winner.
                raise self._refusal_of_replay(request) from None
            self._lapse(dead, settling.NEVER_ENDED, durable=False)

    def _refusal_of_replay(self, request: ClaimRequest) -> Exception:
        key = claim_requests.replay_key_of(request)
        if key is None:
            return LedgerError("The ledger cannot be used now; try again.", reason="a race")
        with self._database.reading() as connection:
            return refusals.of_replay(connection, key, self._clock.now(connection))

    def start(self, claim: Claim) -> None:
        """Note that what was claimed for begins to touch what costs.

        If it fails before, all that it has reserved is released; after it, what the resources say.

        Raises
        ------
        LedgerError
            If the claim is void already, because its lease ran out.
        """
        with self._database.writing(durable=False) as connection:
            if not settling.start_claim(connection, claim.id):
                raise LedgerError("The claim ran out before it was used; try again.")

    def commit(
        self,
        claim: Claim,
        *,
        spent: Iterable[Line] | None = None,
        entry: ArchiveEntry | None = None,
        job: Job | None = None,
    ) -> int | None:
        """Turn what a claim has reserved into what is gone for good.

        Parameters
        ----------
        claim
            As it was granted.
        spent
            How much was spent of its lines, where that differs: less is given back. More is an
            incident: the difference is taken as far as it goes, and the account is frozen. Lines
            that are not named are spent as they were reserved.
        entry
            What was asked and answered, for the archive; both are recorded together.
        job
            What holds the claim, if a job does.

        Returns
        -------
        int or None
            Number of the archive's entry, if there is one.

        Raises
        ------
        LedgerError
            If the claim was void already, because its lease ran out; or the job is not its taker's
            any more.
        ValueError
            If something was spent that the claim has no line for.
        """
        with self._committing(claim, spent=spent, job=job) as (connection, now, lines):
            number = None
            if entry is not None:
                number = append_entry(connection, claim.id, entry, lines, now=now)
            if job is not None:
                finish_job(connection, job, state=DONE, entry_id=number, now=now)
            return number

    @contextmanager
    def _committing(
        self, claim: Claim, *, spent: Iterable[Line] | None = None, job: Job | None = None
    ) -> Iterator[tuple[sa.Connection, int, list[Line]]]:
        """Commit a claim together with what the block writes; yield when, and what it took."""
        keys = keys_of(claim.request) if job is None else ()
        with self._database.writing(alone_on=keys) as connection:
            if job is not None:
                require_held(connection, job)
                keys = settling.keys_of_claims(connection, [claim.id])
                self._database.serialise(connection, *keys)
            now = self._clock.now(connection)
            lines = settling.commit_claim(connection, claim.id, spent=spent, now=now)
            if lines is None:
                raise LedgerError("The claim ran out before the score was recorded; try again.")
            yield connection, now, lines

    def record(
        self,
        claim: Claim,
        metrics: Mapping[str, float],
        provenance: Provenance,
        *,
        follow_ups: Sequence[str] = (),
        job: Job | None = None,
    ) -> Score:
        """Turn a claim into a score; claim, score, follow-ups and job change together.

        Parameters
        ----------
        claim
            As it was granted.
        metrics
            Name to value, in declared order.
        provenance
            Which code made it.
        follow_ups
            Names of what is to be done about the score later.
        job
            What holds the claim, if a job does.

        Returns
        -------
        Score
            Durable.

        Raises
        ------
        LedgerError
            If the claim was void already, because its lease ran out and somebody else took it; or
            the job is not its taker's any more.
        """
        with self._committing(claim, job=job) as (connection, now, _):
            new = claim_requests.new_score(claim, metrics, provenance)
            score = append_score(connection, new, now=now)
            self._add_follow_ups(connection, score, follow_ups)
            if job is not None:
                finish_job(connection, job, state=DONE, score_id=score.id, now=now)
            return score

    def _add_follow_ups(
        self, connection: sa.Connection, score: Score, names: Sequence[str]
    ) -> None:
        # By the machine's own clock, as they are taken: one that was set back delays nothing.
        add_follow_ups(connection, score.id, names, due_at=self._clock.machine_now())

    def release(self, claim: Claim, reason: str, *, entry: ArchiveEntry | None = None) -> None:
        """End a claim after a failure of ours; does nothing if it is settled.

        What it has reserved is given back; if it was started, as far as the resources say. A call
        that something was spent on is archived as lost; the entry says more of it than is known
        anyway.
        """
        self._lapse([claim.id], reason, entry=entry)

    def settle_dead(self) -> int:
        """End all claims whose holder died or whose lease is over, and return how many.

        The next claim of the same accounts would do so, too.
        """
        with self._database.reading() as connection:
            dead = settling.all_dead_claims(connection, self._clock.now(connection))
        self._lapse(dead, settling.NEVER_ENDED)
        return len(dead)

    def _lapse(
        self,
        claim_ids: Collection[int],
        reason: str,
        *,
        durable: bool = True,
        entry: ArchiveEntry | None = None,
    ) -> None:
        for claim_id in claim_ids:
            with self._database.writing(durable=durable) as connection:
                self._database.serialise(
                    connection, *settling.keys_of_claims(connection, [claim_id])
                )
                now = self._clock.now(connection)
                settling.lapse_claim(connection, claim_id, reason, entry=entry, now=now)
