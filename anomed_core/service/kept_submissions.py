"""Submissions that were kept: decoded again for attackers, house attacks and re-evaluation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import attrs

from anomed_core.errors import NotAllowedError, SubmissionRejected
from anomed_core.ledger import Ledger
from anomed_core.model import FormSchema, Purpose, Score, Split, Submission, Target
from anomed_core.service.decoding import read_submission
from anomed_core.service.hosting import HostedChallenge
from anomed_core.service.ranking.versions import versions
from anomed_core.service.transcripts import Transcripts
from anomed_core.state.payloads import PayloadStore
from anomed_core.wire import Limits


@attrs.frozen(kw_only=True)
class KeptSubmissions:
    """Finds kept submissions.

    Attributes
    ----------
    ledger
        Knows which there are.
    payloads
        Holds their bodies.
    limits
        Bounds on decoding.
    transcripts
        Tell what anonymizers have asked in paid calls.
    """

    ledger: Ledger
    payloads: PayloadStore
    limits: Limits
    transcripts: Transcripts

    def of_score(
        self, hosted: HostedChallenge, score: Score, *, until: datetime | None = None
    ) -> Submission | None:
        """Return the submission that a score was given for; ``None`` if it was not kept.

        Neither is there one of a kind that an extension added, once that is gone.

        Parameters
        ----------
        hosted
            The challenge.
        score
            Of a submission.
        until
            Up to when its transcript counts, if its kind has one; the time of the score, if it is
            not given.
        """
        submission = self._body_of(hosted, score)
        if submission is None:
            return None
        return self.with_own_transcript(hosted, submission, until=until or score.recorded_at)

    def with_own_transcript(
        self, hosted: HostedChallenge, submission: Submission, *, until: datetime | None = None
    ) -> Submission:
        """Return a submission with what its anonymizer has asked, if its kind is declared so.

        Parameters
        ----------
        hosted
            The challenge.
        submission
            What was handed in.
        until
            Only what was recorded before.
        """
        kind = hosted.kind(submission.kind)
        if not kind.with_transcript or kind.purpose is not Purpose.UTILITY:
            return submission
        told = self.transcripts.of(hosted.id, submission.anonymizer, until=until)
        return attrs.evolve(submission, transcript=told)

    def _body_of(self, hosted: HostedChallenge, score: Score) -> Submission | None:
        if score.kind not in hosted.metrics:
            return None
        kind = hosted.kind(score.kind)
        try:
            is_form = isinstance(kind.schema_for(score.split), FormSchema)
            body = self.payloads.body(score.payload_digest, is_form=is_form)
        except FileNotFoundError:
            return None
        return read_submission(
            kind,
            body,
            self.limits,
            subject=score.subject,
            split=score.split,
            parameters=score.parameters,
            digest=score.payload_digest,
        )

    def is_newest(self, score: Score) -> bool:
        """Return whether nobody has handed in another one of the kind for tuning since.

        Finals are handed in once, so each is the newest.
        """
        if score.split is not Split.TUNING:
            return True
        recorded = self.ledger.scores(
            challenge=score.challenge,
            kind=score.kind,
            split=score.split,
            anonymizer=score.subject.anonymizer,
        )
        own = (s for s in recorded if s.origin == "participant" and s.subject == score.subject)
        return all(first.id <= score.id for first, last in versions(own) if not last.annulled)

    def target_of(
        self, hosted: HostedChallenge, submission: Submission, *, before: int | None = None
    ) -> Target | None:
        """Return the anonymizer that a submission attacks; ``None`` if it attacks nobody.

        Parameters
        ----------
        hosted
            The challenge.
        submission
            What was handed in.
        before
            See `target`.
        """
        kind = hosted.kind(submission.kind)
        if kind.purpose is Purpose.UTILITY:
            return None
        target = self.target(
            hosted,
            submission.anonymizer,
            whole=kind.with_target,
            split=submission.split if kind.same_split else None,
            before=before,
            kinds=hosted.attacked_by(kind),
        )
        if not kind.with_transcript:
            return target
        scored = self.ledger.score(before) if before is not None else None
        until = scored.recorded_at if scored is not None else None
        told = self.transcripts.of(hosted.id, submission.anonymizer, until=until)
        return attrs.evolve(target, transcript=told)

    def target(
        self,
        hosted: HostedChallenge,
        anonymizer: str,
        *,
        whole: bool,
        split: Split | None = None,
        before: int | None = None,
        kinds: Collection[str] = (),
    ) -> Target:
        """Return an anonymizer as attackers meet it.

        Parameters
        ----------
        hosted
            The challenge.
        anonymizer
            Its identifier.
        whole
            Whether to load its stored submission.
        split
            The split that the submission must be for; ``None`` takes the final if there is one and
            else the newest.
        before
            Only what was submitted before the score of this number; ``None`` takes all.
        kinds
            Names of the attacked submission kinds; those of the type's owner, if none are given.
        """
        kinds = kinds or hosted.attacked_kinds
        finals = _standing(self._scores(hosted, anonymizer, kinds, Split.VALIDATION, before))
        candidates = list(reversed(finals))
        if whole and (split is Split.TUNING or (split is None and not finals)):
            tuning = self._scores(hosted, anonymizer, kinds, Split.TUNING, before)
            candidates = [score for score in reversed(tuning) if not score.annulled]
        submission = None
        if whole:
            kept = (self.of_score(hosted, score) for score in candidates)
            submission = next((one for one in kept if one is not None), None)
        return Target(anonymizer=anonymizer, scores=tuple(finals), submission=submission)

    def with_rivals(
        self,
        hosted: HostedChallenge,
        submission: Submission,
        target: Target | None,
        *,
        before: int | None = None,
    ) -> Target | None:
        """Return a target with what others have submitted, if its kind is declared so.

        Whoever wants to may have read it: annulled finals, too, and for kinds without
        ``same_split`` the newest submission for tuning of who has no final.

        Parameters
        ----------
        hosted
            The challenge.
        submission
            What attacks the target.
        target
            What is attacked, if anything is.
        before
            See `target`.
        """
        kind = hosted.kind(submission.kind)
        if target is None or not kind.with_rivals:
            return target
        kinds = hosted.attacked_by(kind)
        splits = [submission.split] if kind.same_split else [Split.VALIDATION, Split.TUNING]
        readable: dict[str, Score] = {}
        shown: set[str] = set()
        for split in splits:
            for name, scores in self._by_anonymizer(hosted, kinds, split, before).items():
                if name == target.anonymizer or name in shown:
                    continue
                shown.add(name)
                chosen = scores if split is Split.VALIDATION else scores[-1:]
                readable |= {score.payload_digest: score for score in chosen}
        kept = (self._body_of(hosted, score) for score in readable.values())
        return attrs.evolve(target, rivals=tuple(one for one in kept if one is not None))

    def _by_anonymizer(
        self, hosted: HostedChallenge, kinds: Collection[str], split: Split, before: int | None
    ) -> dict[str, list[Score]]:
        found: dict[str, list[Score]] = {}
        for kind in kinds:
            recorded = self.ledger.scores(challenge=hosted.id, kind=kind, split=split)
            for first, score in versions(recorded):
                if score.origin == "participant" and (before is None or first.id < before):
                    found.setdefault(score.subject.anonymizer, []).append(score)
        return found

    def _scores(
        self,
        hosted: HostedChallenge,
        anonymizer: str,
        kinds: Collection[str],
        split: Split,
        before: int | None,
    ) -> list[Score]:
        return [
            score
            for kind in kinds
            for first, score in versions(
                self.ledger.scores(
                    challenge=hosted.id, kind=kind, split=split, anonymizer=anonymizer
                )
            )
            if score.origin == "participant" and (before is None or first.id < before)
        ]


def _standing(finals: Sequence[Score]) -> list[Score]:
    """Leave out annulled finals after which another one was handed in."""
    last = {score.kind: score.id for score in finals}
    return [score for score in finals if not score.annulled or last[score.kind] == score.id]


def refuse_annulled(target: Target) -> None:
    """Refuse to attack an anonymizer whose final does not count any more.

    Raises
    ------
    NotAllowedError
        If it was annulled.
    """
    reason = next((score.annulled for score in target.scores if score.annulled), "")
    if reason:
        raise NotAllowedError(
            f"The final of the anonymizer {target.anonymizer!r} was annulled ({reason}); "
            "choose another one."
        )


def required_submission(target: Target, split: Split | None = None) -> Submission:
    """Return what an anonymizer has submitted, or refuse to go on with it.

    Parameters
    ----------
    target
        The anonymizer, with its submission if it has one.
    split
        The split that the submission must be for; ``None`` if any will do.

    Raises
    ------
    SubmissionRejected
        If it has none.
    """
    if target.submission is None:
        where = f" on {split} data" if split else ""
        raise SubmissionRejected(
            f"The anonymizer {target.anonymizer!r} has submitted nothing yet that could be "
            f"attacked{where}; choose another one or wait for it."
        )
    return target.submission


def require_final(target: Target) -> None:
    """Refuse a final that attacks an anonymizer without one: it would be spent for nothing.

    Whoever shows an easy submission first, and the real one once all attackers have spent their
    finals, would be attacked by nobody.

    Raises
    ------
    SubmissionRejected
        If an anonymizer is named that has no final.
    """
    if target.anonymizer and not target.scores:
        raise SubmissionRejected(
            f"The anonymizer {target.anonymizer!r} has no final yet, so a final against it would "
            "count for nothing; wait for its final, or attack it with data_split=tuning."
        )
