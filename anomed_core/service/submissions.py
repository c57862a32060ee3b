"""The service that takes submissions: one way through the server for every plugin.

decode -> validate -> claim -> evaluate -> check -> record. Everything before the claim costs the
participant nothing; every failure of ours after it gives the attempt back. Where a job takes a
submission, the second half is done by whoever comes to it; see `anomed_core.service.jobs`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from decimal import Decimal
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
from anomed_core.ledger import (
    BYTES,
    DELIVER,
    Claim,
    ClaimLine,
    ClaimRequest,
    Job,
    Ledger,
    NewJob,
    Quota,
    stored_account,
)
from anomed_core.model import (
    Score,
    Split,
    SubmissionKind,
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
    required_submission,
)
from anomed_core.service.parameters import checked_parameters, split_of, subject_of
from anomed_core.service.phases import refuse_outside
from anomed_core.service.releases import Releases
from anomed_core.service.submission_stages import (
    AskedSubmission,
    JudgedSubmission,
    Receipt,
    refuse_other_body,
)
from anomed_core.state.payloads import Body, Staged, body_digest, body_size
from anomed_core.wire import Limits

log = structlog.get_logger(__name__)

Result = TypeVar("Result")


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
        asked = self.asked(
            hosted, kind, query=query, body=body, request_id=request_id, replay_key=replay_key
        )
        earlier = self.earlier(asked)
        if earlier is not None:
            return Receipt(score=earlier, replayed=True)
        judged = self.judged(asked, body)
        claim = self.claimed(asked)
        if isinstance(claim, Score):
            return Receipt(score=claim, replayed=True)
        try:
            score = self.scored(judged, claim)
        except BaseException as error:
            self.releases.release(claim, type(error).__name__)
            raise
        resets_at = self.quota.ends_at(self.ledger.now()) if self.quota is not None else None
        return Receipt(score=score, remaining=claim.remaining, resets_at=resets_at)

    def asked(
        self,
        hosted: HostedChallenge,
        kind: SubmissionKind,
        *,
        query: Mapping[str, str],
        body: Body,
        request_id: str,
        replay_key: str | None,
        by_job: bool = False,
    ) -> AskedSubmission:
        """Return what a submission would claim, if its query is right; see `submit`."""
        parameters = checked_parameters(kind.parameters, query)
        subject, split = subject_of(kind, query), split_of(kind, parameters)
        request = ClaimRequest(
            challenge=hosted.id,
            kind=kind.name,
            subject=subject,
            split=split,
            payload_digest=body_digest(body),
            parameters=parameters,
            fingerprint=hosted.fingerprint,
            lease_s=self.lease_s,
            request_id=request_id,
            replay_key=replay_key,
            quota=self.quota,
            lines=self._stored(body) if split in kind.keeps else (),
            by_job=by_job,
        )
        return AskedSubmission(
            hosted=hosted, kind=kind, subject=subject, split=split, request=request
        )

    def _stored(self, body: Body) -> tuple[ClaimLine, ...]:
        """Return what a body takes of what its subject may have on our disk."""
        limit = self.limits.stored_bytes_per_subject
        if not limit:
            return ()
        size = Decimal(body_size(body))
        return (ClaimLine(account=stored_account(limit), resource=BYTES, amount=size),)

    def earlier(self, asked: AskedSubmission) -> Score | None:
        """Return the score to replay, or refuse a second final before its body matters."""
        hosted, kind, request = asked.hosted, asked.kind, asked.request
        if request.replay_key is not None:
            score = self.ledger.replay(
                challenge=hosted.id,
                kind=kind.name,
                subject=asked.subject,
                split=asked.split,
                replay_key=request.replay_key,
            )
            if score is not None:
                refuse_other_body(request, score.payload_digest)
                return score
        if asked.split is Split.VALIDATION:
            final = self.ledger.final(challenge=hosted.id, kind=kind.name, subject=asked.subject)
            if final is not None:
                raise AlreadyScoredError(score_id=final.id)
        return None

    def judged(self, asked: AskedSubmission, body: Body) -> JudgedSubmission:
        """Ask all that may refuse a submission before it costs anything; see `submit`."""
        hosted, split = asked.hosted, asked.split
        if split in hosted.phases:
            refuse_outside(hosted.phases[split], split, self.ledger)
        if split is Split.VALIDATION:
            require_sealed(hosted, asked.kind.requires_sealed, asked.subject, self.ledger)
        judged = self.read(asked, body)
        refusal = self._engine_for(asked.kind).run(
            Validation(challenge=hosted.id, submission=judged.submission)
        )
        if refusal is not None:
            raise SubmissionRejected(refusal)
        return judged

    def read(self, asked: AskedSubmission, body: Body) -> JudgedSubmission:
        """Decode a submission, and find what it attacks.

        Raises
        ------
        RequestError
            If it does not fit its schema, or there is nothing to attack, or not any more.
        """
        kind, split = asked.kind, asked.split
        submission = read_submission(
            kind,
            body,
            self.limits,
            subject=asked.subject,
            split=split,
            parameters=asked.request.parameters,
            digest=asked.request.payload_digest,
        )
        submission = self.kept.with_own_transcript(asked.hosted, submission)
        target = self.kept.target_of(asked.hosted, submission)
        if target is not None:
            refuse_annulled(target)
            if kind.with_target:
                required_submission(target, split if kind.same_split else None)
            if kind.after_final and split is Split.VALIDATION:
                require_final(target)
        return JudgedSubmission(asked=asked, submission=submission, body=body, target=target)

    def claimed(self, asked: AskedSubmission, *, job: NewJob | None = None) -> Claim | Score:
        """Claim an attempt; return the score if this request's twin was faster."""
        try:
            return self.ledger.claim(asked.request, job=job)
        except AlreadyScoredError:
            earlier = self.earlier(asked)
            if earlier is None:
                raise
            return earlier

    def scored(self, judged: JudgedSubmission, claim: Claim, *, job: Job | None = None) -> Score:
        """Evaluate and record; a body is kept with its score, so that no other takes room.

        Whatever is raised, the claim is as it was.
        """
        hosted, kind = judged.asked.hosted, judged.asked.kind
        is_kept = judged.asked.split in kind.keeps
        target = self.kept.with_rivals(hosted, judged.submission, judged.target)
        evaluation = Evaluation(challenge=hosted.id, submission=judged.submission, target=target)
        with self._kept(judged.body) if is_kept else nullcontext(_nothing) as keep:
            metrics = self._engine_for(kind).run(evaluation)
            keep()
        score = self.ledger.record(
            claim,
            metrics,
            hosted.provenance_of(kind.name),
            follow_ups=self._follow_up_names(hosted, kind, judged.asked.split),
            job=job,
        )
        for tell in self.recorded:
            tell()
        self._tell_observers(hosted, score)
        return score

    @contextmanager
    def _kept(self, body: Body) -> Iterator[Callable[[], None]]:
        """Store a body for as long as it is evaluated; what is yielded keeps it."""
        staged = stored(lambda: self.kept.payloads.stage(body))
        with staged:
            yield lambda: stored(lambda: self._publish(staged, body))

    def _publish(self, staged: Staged, body: Body) -> None:
        """Keep what was staged; write it again if somebody removed the folder meanwhile."""
        try:
            staged.publish()
        except FileNotFoundError:
            self.kept.payloads.keep(body)

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


def stored(store: Callable[[], Result]) -> Result:
    """Store something.

    Raises
    ------
    LedgerFullError
        If it cannot be stored.
    """
    try:
        return store()
    except OSError as error:
        raise LedgerFullError(
            "The submission could not be stored; nothing was scored, try again later."
        ) from error
