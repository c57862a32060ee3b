"""What a submission is on its way: asked for, judged, and answered with a receipt."""

from __future__ import annotations

from datetime import datetime

import attrs

from anomed_core.errors import SubmissionRejected
from anomed_core.ledger import ClaimRequest
from anomed_core.model import Score, Split, Subject, Submission, SubmissionKind, Target
from anomed_core.service.hosting import HostedChallenge
from anomed_core.state.payloads import Body


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
class AskedSubmission:
    """A submission whose query is right.

    Attributes
    ----------
    hosted, kind
        What it is handed in to.
    subject, split
        By whom, for what.
    request
        What it claims.
    """

    hosted: HostedChallenge
    kind: SubmissionKind
    subject: Subject
    split: Split
    request: ClaimRequest


@attrs.frozen(kw_only=True)
class JudgedSubmission:
    """A submission that nothing speaks against.

    Attributes
    ----------
    asked
        What it is handed in to, and by whom.
    submission
        What it decodes to.
    body
        As it came.
    target
        The anonymizer that it attacks; ``None`` if it attacks nobody.
    """

    asked: AskedSubmission
    submission: Submission
    body: Body
    target: Target | None


def refuse_other_body(request: ClaimRequest, digest: str) -> None:
    """Refuse a request whose idempotency key belongs to another body.

    Raises
    ------
    SubmissionRejected
        If the digests differ.
    """
    if request.payload_digest != digest:
        raise SubmissionRejected(
            "This Idempotency-Key was used with another body before; use a new key."
        )
