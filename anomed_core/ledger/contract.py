"""What the rules need from a ledger, whatever database stands behind it.

Atomicity: each method is one transaction; when it returns, its effect survives ``kill -9`` and
power loss; when it raises, it had none. Methods may be called from any thread of any process on any
machine that shares the ledger. `anomed_core.testing.ledger_contract` holds the tests of this
contract.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime

import attrs

from anomed_core.model import Score, Split, Subject


@attrs.frozen(kw_only=True)
class Quota:
    """How many attempts a subject has.

    Attributes
    ----------
    attempts
        Largest number of attempts within a period.
    period_s
        Length of the period in seconds; periods start at multiples of it since 1970-01-01 UTC, so
        a period of 86,400 s is a day in UTC.
    """

    attempts: int = attrs.field(validator=attrs.validators.ge(1))
    period_s: int = attrs.field(default=86_400, validator=attrs.validators.ge(1))


@attrs.frozen(kw_only=True)
class ClaimRequest:
    """One submission that asks to be evaluated.

    Attributes
    ----------
    challenge, kind, subject, split
        What is claimed; on the validation split, once.
    payload_digest
        SHA-256 of the body, hexadecimal.
    parameters
        Declared query parameters of the submission.
    fingerprint
        Of the challenge's data and metrics.
    lease_s
        Seconds after which the claim is void if nothing was recorded: the claimant has died.
    request_id
        Of the HTTP request, for the log.
    replay_key
        The request's idempotency key, if it has one.
    quota
        Attempts per period; ``None`` for no limit.
    """

    challenge: str
    kind: str
    subject: Subject
    split: Split
    payload_digest: str
    parameters: Mapping[str, str] = attrs.field(factory=dict)
    fingerprint: str
    lease_s: float
    request_id: str = ""
    replay_key: str | None = None
    quota: Quota | None = None


@attrs.frozen(kw_only=True)
class Claim:
    """A granted claim; settle it with `Ledger.record` or `Ledger.release`.

    Attributes
    ----------
    id
        Number of the attempt.
    request
        What was claimed.
    remaining
        Attempts left after this one in the current period; ``None`` without quota, 0 on finals.
    """

    id: int
    request: ClaimRequest
    remaining: int | None


@attrs.frozen(kw_only=True)
class Attempt:
    """A row of a subject's history.

    Attributes
    ----------
    id
        Number of the attempt.
    kind, subject, split
        What was claimed.
    state
        ``claimed``, ``scored`` or ``released``.
    reason
        Why it was released, if it was.
    score_id
        The recorded score, if there is one.
    claimed_at, settled_at
        In UTC.
    """

    id: int
    kind: str
    subject: Subject
    split: Split
    state: str
    reason: str
    score_id: int | None
    claimed_at: datetime
    settled_at: datetime | None


@attrs.frozen(kw_only=True)
class Provenance:
    """Which code made a score."""

    core_version: str
    plugin: str
    plugin_version: str


@attrs.frozen(kw_only=True)
class ChainFault:
    """A place where the ledger's chain is broken.

    Attributes
    ----------
    table
        ``scores`` or ``audit``.
    row
        Number of the row that is missing, changed or out of order.
    problem
        One sentence.
    """

    table: str
    row: int
    problem: str


class Ledger(ABC):
    """The memory of a server: attempts, scores, and who changed what."""

    @abstractmethod
    def open_challenge(self, challenge: str, fingerprint: str, *, accept_change: bool) -> None:
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

        Raises
        ------
        LedgerMismatchError
            If scores with another fingerprint exist and the change is not accepted.
        """

    @abstractmethod
    def challenges(self) -> Sequence[str]:
        """Return the ids of all challenges that were ever opened, sorted."""

    @abstractmethod
    def claim(self, request: ClaimRequest) -> Claim:
        """Reserve an attempt.

        Exactly one of any number of simultaneous claims on one final is granted.

        Raises
        ------
        AlreadyScoredError
            If the final has been scored.
        AttemptInProgressError
            If somebody else holds the claim and its lease has not run out.
        QuotaExhaustedError
            If the subject has no attempt left in this period.
        """

    @abstractmethod
    def record(
        self,
        claim: Claim,
        metrics: Mapping[str, float],
        provenance: Provenance,
        *,
        tasks: Sequence[str] = (),
    ) -> Score:
        """Turn a claim into a score; claim, score and follow-ups change together.

        Parameters
        ----------
        claim
            As it was granted.
        metrics
            Name to value, in declared order.
        provenance
            Which code made it.
        tasks
            What is to be done about the score later: a follow-up each.

        Returns
        -------
        Score
            Durable.

        Raises
        ------
        LedgerError
            If the claim was void already, because its lease ran out and somebody else took it.
        """

    @abstractmethod
    def release(self, claim: Claim, reason: str) -> None:
        """Give an attempt back after a failure of ours; does nothing if it is settled."""

    @abstractmethod
    def replay(
        self, *, challenge: str, kind: str, subject: Subject, split: Split, replay_key: str
    ) -> Score | None:
        """Return the score that was recorded under an idempotency key, if any."""

    @abstractmethod
    def final(self, *, challenge: str, kind: str, subject: Subject) -> Score | None:
        """Return the score of a subject's final, if it has been scored."""

    @abstractmethod
    def record_house(  # noqa: PLR0913 - the columns of a row, all by keyword
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
        """Record a result of the server's own attacks.

        Parameters
        ----------
        challenge, kind, subject, split
            What the attacked submission is about.
        label
            Name of the attack.
        metrics
            Name to value.
        payload_digest, fingerprint
            Of the attacked submission and of the challenge.
        provenance
            Which code made it.
        settles
            Score and task of the follow-up that is done with this; both change together, so that no
            result is recorded twice.

        Raises
        ------
        LedgerError
            If that follow-up was settled before.
        """

    @abstractmethod
    def supersede(
        self,
        score: Score,
        metrics: Mapping[str, float],
        provenance: Provenance,
        *,
        fingerprint: str,
        tasks: Sequence[str] = (),
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
        tasks
            What is to be done about the new version.

        Raises
        ------
        LedgerError
            If there is no such score, or a newer version of it.
        """

    @abstractmethod
    def score(self, score_id: int) -> Score | None:
        """Return one score."""

    @abstractmethod
    def scores(
        self,
        *,
        challenge: str | None = None,
        kind: str | None = None,
        split: Split | None = None,
        anonymizer: str | None = None,
    ) -> Sequence[Score]:
        """Return scores, oldest first; each argument narrows the choice."""

    @abstractmethod
    def n_scores(self) -> int:
        """Return how many scores there are, whatever is written in them."""

    @abstractmethod
    def attempts(self, *, challenge: str, subject: Subject) -> Sequence[Attempt]:
        """Return the history of a subject, oldest first."""

    @abstractmethod
    def remaining(
        self, *, challenge: str, kind: str, subject: Subject, quota: Quota
    ) -> tuple[int, datetime]:
        """Return the tuning attempts that are left and when the period ends, in UTC."""

    @abstractmethod
    def verify(self) -> list[ChainFault]:
        """Check the whole chain of scores and of audit rows."""

    @abstractmethod
    def audit(self, action: str, **detail: str) -> None:
        """Append an audit row."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the present in UTC, but never before the newest claim or what was reached.

        So nothing reopens when the clock is set back.
        """

    @abstractmethod
    def reach(self, moment: datetime) -> None:
        """Remember that a time has come: `now` never returns an earlier one again."""

    @abstractmethod
    def ping(self) -> None:
        """Raise `LedgerError` if the ledger cannot be written."""

    @abstractmethod
    def close(self) -> None:
        """Release connections."""
