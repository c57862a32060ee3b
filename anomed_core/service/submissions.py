"""The service that takes submissions: one way through the server for every plugin.

decode -> validate -> claim -> evaluate -> check -> record. Everything before the claim costs the
participant nothing; every failure of ours after it gives the attempt back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import datetime
from typing import TypeVar

import attrs
import structlog

from anomed_core.engine import Engine
from anomed_core.errors import (
    AlreadyScoredError,
    LedgerFullError,
    SubmissionRejected,
    culprit_of,
)
from anomed_core.ledger import DELIVER, Claim, ClaimRequest, Ledger, Quota
from anomed_core.model import (
    Score,
    Split,
    Subject,
    Submission,
    SubmissionKind,
    Target,
)
from anomed_core.service.accounts import require_sealed
from anomed_core.service.decoding import read_submission
from anomed_core.service.evaluation import Evaluation, Validation
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.house_attacks import attack_follow_ups
from anomed_core.service.kept_submissions import (
    KeptSubmissions,
    refuse_annulled,
    require_final,
    require_submission,
)
from anomed_core.service.parameters import checked_parameters, split_of, subject_of
from anomed_core.service.phases import refuse_outside
from anomed_core.service.releases import Releases
from anomed_core.state.payloads import Body, body_digest
from anomed_core.wire import Limits

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


@attrs.frozen(kw_only=True)
class Receipt:
    """What a participant gets for a submission.

    Attributes
    ----------
    score
        As it was recorded.
    remaining
        Attempts left; ``None`` without quota.
    resets_at
        When there are new ones, in UTC; ``None`` without quota.
    replayed
        Whether it is the stored answer to an earlier request with the same idempotency key.
    """

    score: Score
    remaining: int | None = None
    resets_at: datetime | None = None
    replayed: bool = False


@attrs.frozen(kw_only=True)
class Submissions:
    """Takes submissions to every hosted challenge.

    Attributes
    ----------
    ledger
        Where claims and scores are kept.
    inline, engine
        Where evaluations run that are declared cheap, and where all others do.
    kept
        Where bodies are kept.
    limits
        Bounds on bodies.
    quota
        Tuning attempts per subject; ``None`` for no limit.
    lease_s
        Seconds after which a claim is void: longer than any evaluation may take.
    recorded
        All called after each recorded score.
    releases
        Gives claims back after failures.
    """

    ledger: Ledger
    inline: Engine
    engine: Engine
    kept: KeptSubmissions
    limits: Limits
    quota: Quota | None = None
    lease_s: float = 120.0
    recorded: tuple[Callable[[], None], ...] = ()
    releases: Releases = attrs.field(
        default=attrs.Factory(lambda self: Releases(self.ledger), takes_self=True)
    )

    def submit(
        self,
        hosted: HostedChallenge,
        kind: SubmissionKind,
        *,
        query: Mapping[str, str],
        body: Body,
        request_id: str = "",
        replay_key: str | None = None,
    ) -> Receipt:
        """Take a submission all the way to a recorded score.

        Parameters
        ----------
        hosted
            The challenge.
        kind
            One of its submission kinds.
        query
            Declared query parameters as they came, and the id of the token's holder.
        body
            The body as it came.
        request_id
            For the log and the ledger.
        replay_key
            The request's idempotency key, if it has one.

        Returns
        -------
        Receipt
            The score is durable.

        Raises
        ------
        RequestError
            If the submission is refused; it costs nothing.
        ServiceError
            If we failed; the attempt is free again.
        """
        parameters = checked_parameters(kind.parameters, query)
        subject, split = subject_of(kind, query), split_of(kind, parameters)
        digest = body_digest(body)
        earlier = self._earlier(hosted, kind, subject, split, digest, replay_key)
        if earlier is not None:
            return Receipt(score=earlier, replayed=True)
        if split in hosted.phases:
            refuse_outside(hosted.phases[split], split, self.ledger)
        if split is Split.VALIDATION:
            require_sealed(hosted, kind.requires_sealed, subject, self.ledger)
        submission = read_submission(
            kind,
            body,
            self.limits,
            subject=subject,
            split=split,
            parameters=parameters,
            digest=digest,
        )
        target = self.kept.target_of(hosted, submission)
        if target is not None:
            refuse_annulled(target)
            if kind.with_target:
                require_submission(target, split if kind.same_split else None)
            if kind.after_final and split is Split.VALIDATION:
                require_final(target)
        self._validate(hosted, kind, submission)
        request = ClaimRequest(
            challenge=hosted.id,
            kind=kind.name,
            subject=subject,
            split=split,
            payload_digest=digest,
            parameters=parameters,
            fingerprint=hosted.fingerprint,
            lease_s=self.lease_s,
            request_id=request_id,
            replay_key=replay_key,
            quota=self.quota,
        )
        try:
            claim = self.ledger.claim(request)
        except AlreadyScoredError:  # perhaps by this request's twin, while it was validated
            earlier = self._earlier(hosted, kind, subject, split, digest, replay_key)
            if earlier is None:
                raise
            return Receipt(score=earlier, replayed=True)
        score = self._settle(hosted, kind, submission, claim, body, target=target)
        for tell in self.recorded:
            tell()
        self._tell_observers(hosted, score)
        resets_at = self.quota.ends_at(self.ledger.now()) if self.quota is not None else None
        return Receipt(score=score, remaining=claim.remaining, resets_at=resets_at)

    def _earlier(
        self,
        hosted: HostedChallenge,
        kind: SubmissionKind,
        subject: Subject,
        split: Split,
        digest: str,
        replay_key: str | None,
    ) -> Score | None:
        """Return the score to replay, or refuse a second final before its body matters."""
        if replay_key is not None:
            score = self.ledger.replay(
                challenge=hosted.id,
                kind=kind.name,
                subject=subject,
                split=split,
                replay_key=replay_key,
            )
            if score is not None and score.payload_digest != digest:
                raise SubmissionRejected(
                    "This Idempotency-Key was used with another body before; use a new key."
                )
            if score is not None:
                return score
        if split is Split.VALIDATION:
            final = self.ledger.final(challenge=hosted.id, kind=kind.name, subject=subject)
            if final is not None:
                raise AlreadyScoredError(score_id=final.id)
        return None

    def _validate(
        self, hosted: HostedChallenge, kind: SubmissionKind, submission: Submission
    ) -> None:
        refusal = self._engine_for(kind).run(Validation(challenge=hosted.id, submission=submission))
        if refusal is not None:
            raise SubmissionRejected(refusal)

    @contextmanager
    def _kept(self, body: Body) -> Iterator[Callable[[], None]]:
        """Store a body for as long as it is evaluated; what is yielded keeps it."""
        staged = _stored(lambda: self.kept.payloads.stage(body))
        with staged:
            yield lambda: _stored(staged.publish)

    def _settle(
        self,
        hosted: HostedChallenge,
        kind: SubmissionKind,
        submission: Submission,
        claim: Claim,
        body: Body,
        *,
        target: Target | None,
    ) -> Score:
        """Do what follows a claim; a body is kept with its score, so that no other takes room."""
        is_kept = submission.split in kind.keeps
        evaluation = Evaluation(challenge=hosted.id, submission=submission, target=target)
        try:
            with self._kept(body) if is_kept else nullcontext(_nothing) as keep:
                metrics = self._engine_for(kind).run(evaluation)
                keep()
            return self.ledger.record(
                claim,
                metrics,
                hosted.provenance_of(kind.name),
                follow_ups=self._follow_up_names(hosted, kind, submission.split),
            )
        except BaseException as error:
            self.releases.release(claim, type(error).__name__)
            raise

    def _engine_for(self, kind: SubmissionKind) -> Engine:
        return self.inline if kind.cheap else self.engine

    def _follow_up_names(
        self, hosted: HostedChallenge, kind: SubmissionKind, split: Split
    ) -> list[str]:
        """Return what is to be done about a recorded score."""
        attacks = attack_follow_ups(hosted, kind.name) if split in kind.keeps else []
        return [DELIVER, *attacks]

    def _tell_observers(self, hosted: HostedChallenge, score: Score) -> None:
        for observe in hosted.registry.implementations("anomed_score_recorded"):
            try:
                observe(challenge=hosted.challenge, score=score)
            except (Exception, SystemExit) as error:
                log.exception("observer failed", culprit=culprit_of(error), score=score.id)


def _nothing() -> None:
    """Keep nothing."""


def _stored(store: Callable[[], Result]) -> Result:
    try:
        return store()
    except OSError as error:
        raise LedgerFullError(
            "The submission could not be stored; nothing was scored, try again later."
        ) from error
