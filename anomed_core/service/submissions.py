"""Submissions that were kept: decoded again for attackers, house attacks and re-evaluation."""

from __future__ import annotations

import json

import attrs

from anomed_core.errors import SubmissionRejected
from anomed_core.ledger import Ledger
from anomed_core.model import FormSchema, Purpose, Role, Score, Split, Submission, Target
from anomed_core.service.decoding import decode
from anomed_core.service.hosting import HostedChallenge
from anomed_core.state.payloads import Body, PayloadStore
from anomed_core.wire import Limits


@attrs.frozen(kw_only=True)
class SubmissionStore:
    """Finds kept submissions.

    Attributes
    ----------
    ledger
        Knows which there are.
    payloads
        Holds their bodies.
    limits
        Bounds on decoding.
    """

    ledger: Ledger
    payloads: PayloadStore
    limits: Limits

    def of_score(self, hosted: HostedChallenge, score: Score) -> Submission | None:
        """Return the submission that a score was given for; ``None`` if it was not kept."""
        kind = hosted.kind(score.kind)
        schema = kind.schema_for(score.split)
        try:
            stored = self.payloads.read(score.payload_digest)
            body: Body = stored
            if isinstance(schema, FormSchema):
                parts = json.loads(stored)
                body = {name: self.payloads.read(digest) for name, digest in parts.items()}
        except FileNotFoundError:
            return None
        return Submission(
            kind=kind.name,
            subject=score.subject,
            split=score.split,
            parameters=score.parameters,
            payload=decode(body, schema, self.limits),
            digest=score.payload_digest,
        )

    def target(
        self,
        hosted: HostedChallenge,
        anonymizer: str,
        *,
        whole: bool,
        split: Split | None = None,
    ) -> Target:
        """Return an anonymizer as attackers meet it.

        Parameters
        ----------
        hosted
            The challenge.
        anonymizer
            Its identifier.
        whole
            Whether its kept submission is wanted, too.
        split
            The split that the submission must be for; ``None`` takes the final if there is one and
            else the newest.
        """
        finals = self._scores(hosted, anonymizer, Split.VALIDATION)
        candidates = list(reversed(finals))
        if whole and (split is Split.TUNING or (split is None and not finals)):
            candidates = list(reversed(self._scores(hosted, anonymizer, Split.TUNING)))
        submission = None
        if whole:
            kept = (self.of_score(hosted, score) for score in candidates)
            submission = next((found for found in kept if found is not None), None)
        return Target(anonymizer=anonymizer, scores=tuple(finals), submission=submission)

    def attacked(self, hosted: HostedChallenge, anonymizer: str, *, split: Split | None) -> Target:
        """Return an anonymizer together with what it has submitted.

        Parameters
        ----------
        hosted, anonymizer, split
            As for `target`.

        Raises
        ------
        SubmissionRejected
            If it has submitted nothing that could be attacked.
        """
        target = self.target(hosted, anonymizer, whole=True, split=split)
        if target.submission is None:
            where = f" on {split} data" if split else ""
            raise SubmissionRejected(
                f"The anonymizer {anonymizer!r} has submitted nothing yet that could be attacked"
                f"{where}; choose another one or wait for it."
            )
        return target

    def _scores(self, hosted: HostedChallenge, anonymizer: str, split: Split) -> list[Score]:
        return [
            score
            for kind in hosted.kinds
            if kind.purpose is Purpose.UTILITY and kind.submitter is Role.ANONYMIZER
            for score in self.ledger.scores(
                challenge=hosted.id, kind=kind.name, split=split, anonymizer=anonymizer
            )
            if score.origin == "participant"
        ]
